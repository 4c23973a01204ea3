--- From the arguments of a call to its request: names, checks, path, query and body.
-- @module scalekit.arguments

local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local options = require "scalekit.options"
local route = require "scalekit.route"
local schema = require "scalekit.schema"

local arguments = {}

local MISUSE = { type = true, unknown = true }
local NONE = {}

-- By operation, the names that are no part of its query or body, and a list of
-- those that are not the contract's.
local aside, aliases_of = {}, {}
for _, op in ipairs(ops) do
  aside[op], aliases_of[op] = { timeout = true }, {}
  for _, name in ipairs(op.path_params) do aside[op][name] = true end
  for alias in pairs(op.aliases or {}) do table.insert(aliases_of[op], alias) end
end

local function twice(one, other)
  return ("give either '%s' or '%s'"):format(one, other)
end

-- Options given flat, put where the request has them; `said` notes it.
local function put_inside(op, rest, said)
  for name, member in pairs(op.inside) do
    local value, there = rest[name], rest[member]
    if there == nil or type(there) == "table" then
      local copy, path = {}, member .. "." .. name
      for key, part in pairs(there or {}) do copy[key] = part end
      if value ~= nil and copy[name] ~= nil then return twice(name, path) end
      if value ~= nil then copy[name], said[path] = value, name end
      rest[name], rest[member] = nil, copy
    end
  end
end

-- Whether the arguments are called what the contract calls them.
local function is_plain(op, args)
  local aliases = aliases_of[op]
  for i = 1, #aliases do
    if args[aliases[i]] ~= nil then return false end
  end
  return not op.inside
end

-- The arguments under the names of the contract; then what the caller called what,
-- and what is misuse.
local function translate(op, args)
  if is_plain(op, args) then return args, NONE end
  local rest, said, aliases = {}, {}, op.aliases
  for name, value in pairs(args) do
    local real = aliases and aliases[name] or name
    if real ~= name then
      if args[real] ~= nil then return nil, said, twice(name, real) end
      said[real] = name
    end
    rest[real] = value
  end
  return rest, said, op.inside and put_inside(op, rest, said)
end

-- Violations speak of the options as the caller wrote them.
local function rename(violations, said)
  for _, violation in ipairs(violations) do
    for path, name in pairs(said) do
      local rest = violation.field:sub(#path + 1)
      if violation.field:sub(1, #path) == path and (rest == "" or rest:find "^[.%[]") then
        violation.field = name .. rest
        break
      end
    end
  end
  return violations
end

-- An account is meant by its id, or by its connection and its user.
local function is_selected(args)
  local function given(name)
    return args[name] ~= nil and args[name] ~= "" and args[name] ~= json.null
  end
  return given "id" or (given "connector" and (given "identifier" or given "organization_id"))
end

local function not_selected()
  return {
    field = "connector", constraint = "required",
    description = "give connected_account_id, or connection_name and identifier",
  }
end

local function suggest(op, violation)
  if violation.constraint ~= "unknown" or violation.field:find "[.%[]" then return end
  local names = { "timeout" }
  for name in pairs(schema.kinds[op.body or op.query or schema.Empty]) do names[#names + 1] = name end
  for _, name in ipairs(op.path_params) do names[#names + 1] = name end
  for alias in pairs(op.aliases or {}) do names[#names + 1] = alias end
  for flat in pairs(op.inside or {}) do names[#names + 1] = flat end
  local near = options.nearest(violation.field, names)
  violation.description = near and (" (did you mean '%s'?)"):format(near) or ""
end

-- What `prepare` answers where something is wrong.
local function refuse(op, bad, violations)
  for _, violation in ipairs(violations) do
    suggest(op, violation)
    if MISUSE[violation.constraint] then
      local nested = violation.constraint ~= "unknown" or violation.field:find "[.%[]"
      return nil, nil, (nested and "%s: %s: %s" or "%s: unknown option '%s'%s"):format(
        op.label, violation.field, violation.description)
    end
  end
  if bad then table.insert(violations, 1, bad) end
  return nil, errors.invalid(violations, op.label)
end

local function new_writer(op)
  if op.query or op.inside or op.selects then return false end
  return core.request_writer {
    path = route.template(op), model = op.body or schema.Empty, body = op.body ~= nil,
    null = json.null, array_mt = json.array_mt, raw_mt = json.raw_mt,
    empty_array = json.empty_array,
  }
end

--- What writes the request of an operation at one go, where there is nothing to be said
-- about the arguments.
-- @local
-- @tparam table op
-- @return userdata `writer:write(base, args)`; false where the operation has none
function arguments.writer(op)
  if op.writer == nil then op.writer = new_writer(op) end
  return op.writer
end

--- Checks the arguments of an operation.
-- @local
-- @tparam table op a row of `scalekit.ops`
-- @tparam table|nil args
-- @treturn[1] table `{ path, query, body, timeout }`
-- @treturn[2] nil
-- @treturn[2] table error: a value that the service would refuse
-- @treturn[3] nil
-- @treturn[3] nil
-- @treturn[3] string misuse, to be raised at the caller's line
function arguments.prepare(op, args)
  if args == nil then args = {} end
  local writer = arguments.writer(op)
  if writer then
    local path, body = writer:write("", args)
    if path then return { path = path, query = "", body = body } end
  end
  if type(args) ~= "table" then
    return nil, nil, ("%s: expected a table of options, got %s"):format(op.label, type(args))
  end
  local timeout = args.timeout
  if timeout ~= nil then
    timeout = duration.seconds(timeout)
    if not timeout then
      return nil, nil, op.label
        .. ': timeout must be a time above 0: seconds, or a text such as "90s" or "1h30m"'
    end
  end
  local given, said, misuse = translate(op, args)
  if misuse then return nil, nil, op.label .. ": " .. misuse end
  local params = op.path_params
  for i = 1, #params do
    local name = params[i]
    local value = given[name]
    if value ~= nil and type(value) ~= "string" then
      return nil, nil, ("%s: %s: expected string, got %s"):format(op.label, name, type(value))
    end
  end
  local path, bad = route.path(op, given)
  if op.selects and not is_selected(given) then bad = not_selected() end
  local model = op.body or op.query or schema.Empty
  local checked, violations = model:check(given, "send", json, aside[op])
  if bad or violations then return refuse(op, bad, rename(violations or {}, said)) end
  return {
    path = path,
    query = op.query and route.query(op, checked) or "",
    body = op.body and json.encode(checked),
    timeout = timeout,
  }
end

return arguments
