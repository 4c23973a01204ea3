--- What the service's rules do not say and a careful caller wants: an empty
-- list of tools is refused, and a create whose answer was lost is looked up.
-- @module scalekit.resource.mcp_configs

local ALL = require "scalekit.all"
local client = require "scalekit.client"
local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local resource = require "scalekit.resource"

local mcp_configs = {}

local by_name = {}
for _, op in ipairs(ops) do by_name[op.name] = op end

local EMPTY = "an empty list would expose every tool of the connection; "
  .. "name the tools, or say scalekit.ALL"

-- One mapping in which ALL has become what the wire wants, an absent list;
-- and whether its list of tools is empty.
local function expand_one(mapping)
  local tools = mapping.tools
  if tools == nil or tools == json.null
    or (type(tools) == "table" and tools ~= ALL and next(tools) == nil)
  then
    return mapping, true
  elseif tools ~= ALL then
    return mapping, false
  end
  local copy = {}
  for name, value in pairs(mapping) do copy[name] = value end
  copy.tools = nil
  return copy, false
end

-- A copy of the arguments with ALL expanded, and what is wrong with them. A
-- list that is none goes to the model as it is.
local function expand(args)
  local violations = {}
  if type(args) ~= "table" or type(args.connection_tool_mappings) ~= "table" then
    return args, violations
  end
  local copy, mappings = {}, {}
  for name, value in pairs(args) do copy[name] = value end
  for key, mapping in pairs(args.connection_tool_mappings) do
    local empty = false
    if type(mapping) == "table" then mapping, empty = expand_one(mapping) end
    if empty and type(key) == "number" then
      violations[#violations + 1] = {
        field = ("connection_tool_mappings[%d].tools"):format(key),
        description = EMPTY, constraint = "repeated.min_items",
      }
    end
    mappings[key] = mapping
  end
  copy.connection_tool_mappings = mappings
  return copy, violations
end

-- A mapping as text, for comparing what was asked for with what is there.
local function fingerprint(mappings)
  local lines = {}
  for i, mapping in ipairs(mappings or {}) do
    local tools = {}
    for j, tool in ipairs(mapping.tools or {}) do tools[j] = tool end
    table.sort(tools)
    lines[i] = mapping.connection_name .. " " .. table.concat(tools, " ")
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

-- After a create whose answer was lost: the config of that name, if it is there
-- and has just the tools that were asked for. Names are unique, so it is ours
-- or as good as ours.
local function look_up(self, args, problem, deadline)
  local left = deadline - core.now()
  if problem.kind == "cancelled" or left <= 0 then return nil, problem end
  local found = self:list_configs { filter_name = args.name, timeout = left }
  for _, config in ipairs(found and found.configs or {}) do
    if config.name == args.name and (config.description or "") == (args.description or "")
      and fingerprint(config.connection_tool_mappings) == fingerprint(args.connection_tool_mappings)
    then
      return { config = config }
    end
  end
  return nil, problem
end

--- Checks the arguments of an operation that writes mappings.
-- @tparam table op
-- @tparam table|nil args
-- @treturn[1] table request, for `client:call`
-- @treturn[1] table the arguments, ALL expanded
-- @treturn[2] nil
-- @treturn[2] table error: a value that is refused
-- @treturn[3] nil
-- @treturn[3] nil
-- @treturn[3] string misuse, to be raised at the caller's line
function mcp_configs.prepare(op, args)
  local expanded, violations = expand(args)
  local request, err, misuse = client.prepare(op, expanded)
  if misuse then return nil, nil, misuse end
  if #violations > 0 then
    for _, violation in ipairs(err and err.fields or {}) do
      violations[#violations + 1] = violation
    end
    return nil, errors.invalid(violations, op.name)
  end
  if not request then return nil, err end
  return request, expanded
end

local function guarded(op)
  return function()
    return function(self, args)
      if not resource.is(self) then error(op.name .. ": call it with a colon", 2) end
      local request, expanded, misuse = mcp_configs.prepare(op, args)
      if misuse then error(misuse, 2) end
      if not request then return nil, expanded end
      local deadline = core.now() + (request.timeout or self.client.timeout)
      local value, problem = self.client:call(op, request)
      if value or op.name ~= "create_config" or problem.outcome ~= "unknown" then
        return value, problem
      end
      return look_up(self, expanded, problem, deadline)
    end
  end
end

resource.refine("mcp", "create_config", guarded(by_name.create_config))
resource.refine("mcp", "update_config", guarded(by_name.update_config))

return mcp_configs
