--- Faults on order, in local environments: the next requests that fit fail, wait, or have their
-- answers lost, and the next tool calls are refused by the provider.
--
-- A fault is a table; which members it may have says `FIELDS`. The first that fits is used, as many
-- `times` as it says.
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local options = require "scalekit.options"
local route = require "scalekit.route"

local problem = require "scalekit.vmcp.problem"

local faults = {}

local KEY = "switch/faults"
local API = "/api/v1/"
local SWITCHES = "/switches/"

local MOST_FAULTS = 100

--- What a fault may have: a type, and for numbers the least and the most.
faults.FIELDS = {
  operation = { "string" },          -- "CreateMcpConfig" or "mcp.create_config"
  path = { "string" },               -- the beginning of a path, "/api/v1/" by default
  tool_name = { "string" },          -- a call of this tool, not a request
  status = { "number", 400, 599 },   -- of the answer, or the provider's class
  error_code = { "string" },         -- instead of the one that goes with the status
  message = { "string" },
  retry_after = { "number", 0, 86400 }, -- seconds
  seconds = { "number", 0, 60 },     -- how long the answer waits
  lose = { "boolean" },              -- the request is served, and its answer never sent
  times = { "number", 1, 10000 },
}

local by_name = {}
for _, op in ipairs(ops) do
  by_name[op.id], by_name[op.resource .. "." .. op.name] = op, op
end

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  return names
end

local function suggestion(name, map)
  local near = options.nearest(name, names_of(map))
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

local function check_field(name, value)
  local rule = faults.FIELDS[name]
  if not rule then
    return ("unknown option '%s'%s"):format(tostring(name), suggestion(tostring(name), faults.FIELDS))
  elseif type(value) ~= rule[1] then
    return ("option '%s' must be a %s"):format(name, rule[1])
  elseif rule[2] and not (value >= rule[2] and value <= rule[3]) then
    return ("option '%s' must be from %d to %d"):format(name, rule[2], rule[3])
  end
end

--- What is wrong with a fault, or nil.
-- @tparam table fault
-- @treturn string|nil
function faults.wrong(fault)
  for name, value in pairs(fault) do
    local wrong = check_field(name, value)
    if wrong then return wrong end
  end
  if fault.operation and not by_name[fault.operation] then
    return ("there is no operation '%s'%s"):format(fault.operation,
      suggestion(fault.operation, by_name))
  elseif not fault.status and not fault.seconds and not fault.lose then
    return "say what is to happen: status, seconds or lose"
  elseif fault.tool_name and not fault.status then
    return "a tool that fails needs a status"
  end
end

--- Adds a fault, one that has nothing wrong.
-- @treturn boolean|nil true
-- @treturn table problem
function faults.add(app, fault)
  local entry = {}
  for name, value in pairs(fault) do entry[name] = value end
  entry.times = entry.times or 1
  local ok, refusal = app.store:update(KEY, function(text)
    local list = text and json.decode(text) or json.array {}
    if #list >= MOST_FAULTS then
      return nil, problem.violation("", "there are too many faults on order", "repeated.max_items")
    end
    list[#list + 1] = entry
    return json.encode(list)
  end)
  if not ok then return nil, problem.store(refusal) end
  return not refusal or nil, refusal
end

--- Takes all faults back.
function faults.clear(app)
  app.store:delete(KEY)
end

-- Uses the first fault that fits.
local function take(app, fits)
  if not app.has_switches or not app.store:get(KEY) then return nil end
  local _, fault = app.store:update(KEY, function(text)
    local list = text and json.decode(text) or {}
    for i, entry in ipairs(list) do
      if fits(entry) then
        entry.times = entry.times - 1
        if entry.times <= 0 then table.remove(list, i) end
        return #list > 0 and json.encode(list), entry
      end
    end
  end)
  return type(fault) == "table" and fault or nil
end

--- The fault that a request runs into.
-- @treturn table|nil
function faults.of_request(app, request)
  local path = request.path
  if path:sub(1, #SWITCHES) == SWITCHES then return nil end
  return take(app, function(fault)
    if fault.tool_name then
      return false
    elseif fault.operation then
      return route.match(request.method, path) == by_name[fault.operation]
    end
    local prefix = fault.path or API
    return path:sub(1, #prefix) == prefix
  end)
end

--- The answer that a fault makes, nil when the request is to be served.
function faults.response(fault)
  if not fault.status then return nil end
  local refused = problem.of_class(fault.status,
    fault.message or "A fault that was ordered", fault.error_code)
  if fault.retry_after then
    refused.headers["retry-after"] = ("%d"):format(math.ceil(fault.retry_after))
  end
  return problem.response(refused)
end

--- The refusal that a tool call runs into, as `execution` describes failures.
-- @treturn table|nil { status, code, message }
function faults.of_tool(app, tool)
  local fault = take(app, function(entry)
    return entry.tool_name == tool.name
  end)
  return fault and {
    status = fault.status,
    code = fault.error_code or problem.of_class(fault.status, "").error_code,
    message = fault.message or "The provider refused the call",
  }
end

return faults
