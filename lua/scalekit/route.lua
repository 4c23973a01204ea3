--- Between an operation's arguments and its place in an HTTP request: paths
-- and query strings, both ways. Pure functions over rows of `scalekit.ops`.
-- @module scalekit.route

local core = require "scalekit.core"
local ops = require "scalekit.ops"
local schema = require "scalekit.schema"

local route = {}

-- "/a/{id}:verb" → { { text = "a" }, { suffix = ":verb" } }, { "id" }
local function parse(path)
  local segments, names = {}, {}
  for segment in path:gmatch "[^/]+" do
    local name, suffix = segment:match "^{(.+)}(.*)$"
    segments[#segments + 1] = name and { suffix = suffix } or { text = segment }
    names[#names + 1] = name
  end
  return segments, names
end

-- "/a/{id}/b" → { "/a/", "id", "/b" }
local function split(path)
  local parts, at = {}, 1
  for before, name, after in path:gmatch "()({[%w_]+})()" do
    parts[#parts + 1] = path:sub(at, before - 1)
    parts[#parts + 1] = name:sub(2, -2)
    at = after
  end
  parts[#parts + 1] = path:sub(at)
  return parts
end

local rows, templates = {}, {}
for i, op in ipairs(ops) do
  templates[op] = split(op.path)
  local segments, names = parse(op.path)
  rows[i] = { op = op, segments = segments }
  op.path_params = names
end

--- The path of an operation in parts: text and the names of parameters, in turn.
-- @treturn table
function route.template(op)
  return templates[op]
end

local PLAIN = "^[%w%-_~]+$" -- needs no encoding and cannot be "." or ".."

-- A value as one segment of a path, or nil and what is wrong with it.
local function encode_segment(name, value)
  if value == nil or value == "" then
    return nil, { field = name, description = "is required", constraint = "required" }
  elseif value:find(PLAIN) then
    return value
  elseif value == "." or value == ".." then
    return nil,
      { field = name, description = "cannot be '" .. value .. "'", constraint = "string.pattern" }
  elseif not core.utf8_length(value) then
    return nil, { field = name, description = "is not valid UTF-8", constraint = "string.utf8" }
  end
  return core.percent(value)
end

--- The names of an operation's path parameters are in `op.path_params`.
-- This builds the path; a value that would leave its segment is refused.
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] table a violation
function route.path(op, args)
  local parts = templates[op]
  if not parts[2] then return parts[1] end
  local path = parts[1]
  for i = 2, #parts, 2 do
    local value, bad = encode_segment(parts[i], args[parts[i]])
    if not value then return nil, bad end
    path = path .. value .. parts[i + 1]
  end
  return path
end

-- What stands before the verb of a path such as "/things/{id}:verb".
local function before(text, suffix)
  if suffix == "" then return text end
  if #text > #suffix and text:sub(-#suffix) == suffix then return text:sub(1, -#suffix - 1) end
  return nil
end

local function match_segments(pattern, given)
  if #pattern ~= #given then return nil end
  local values = {}
  for i, segment in ipairs(pattern) do
    if segment.text then
      if segment.text ~= given[i] then return nil end
    else
      local value = before(given[i], segment.suffix)
      if not value then return nil end
      values[#values + 1] = value
    end
  end
  return values
end

--- Finds the operation that serves a request.
-- @tparam string method
-- @tparam string path as received, still percent-encoded
-- @treturn[1] table the row of `scalekit.ops`
-- @treturn[1] table path parameters by name, decoded
-- @treturn[2] nil
-- @treturn[2] string "not_found" or "method_not_allowed"
function route.match(method, path)
  if path:sub(1, 1) ~= "/" or path:find("//", 1, true) or path:sub(-1) == "/" then
    return nil, "not_found"
  end
  local given = {}
  for segment in path:gmatch "[^/]+" do
    local decoded = core.unpercent(segment)
    if not decoded or not core.utf8_length(decoded) then return nil, "not_found" end
    given[#given + 1] = decoded
  end
  local reason = "not_found"
  for _, row in ipairs(rows) do
    local values = match_segments(row.segments, given)
    if values and row.op.method == method then
      local params = {}
      for i, name in ipairs(row.op.path_params) do params[name] = values[i] end
      return row.op, params
    elseif values then
      reason = "method_not_allowed"
    end
  end
  return nil, reason
end

--- The methods that a path of the API serves.
-- @treturn table array
function route.methods(path)
  local methods = {}
  for _, row in ipairs(rows) do
    if route.match(row.op.method, path) then methods[row.op.method] = true end
  end
  local list = {}
  for method in pairs(methods) do list[#list + 1] = method end
  return list
end

local function encode(value)
  if type(value) == "number" then return ("%d"):format(value) end
  return core.percent(tostring(value))
end

--- The query string of an operation's arguments, without "?"; "" where there
-- are none. Lists repeat their key. Names come in the order of the alphabet.
function route.query(op, args)
  local wire, names, parts = schema.wire_names[op.query], {}, {}
  for name in pairs(args) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = args[name]
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      parts[#parts + 1] = wire[name] .. "=" .. encode(one)
    end
  end
  return table.concat(parts, "&")
end

--- Splits a query string or a form body into pairs, decoded.
-- @treturn[1] table array of `{ name, value }`
-- @treturn[2] nil where an escape is malformed or gives what is not UTF-8
function route.pairs(text)
  local list = {}
  for part in (text or ""):gmatch "[^&]+" do
    local name, value = part:match "^([^=]*)=?(.*)$"
    name = core.unpercent((name:gsub("%+", " ")))
    value = core.unpercent((value:gsub("%+", " ")))
    if not (name and core.utf8_length(name) and value and core.utf8_length(value)) then
      return nil
    end
    list[#list + 1] = { name, value }
  end
  return list
end

local TRUTH = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false }

local function read_value(value, kind)
  if kind == "bool" then
    if TRUTH[value] == nil then return value end
    return TRUTH[value]
  end
  return value
end

--- The arguments in a received query string, checked; names as the client's
-- options have them. Unknown parameters are ignored, as the service does.
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] table violations, whose fields are the names on the wire
function route.read_query(op, text)
  local wire, list = schema.wire_names[op.query], route.pairs(text)
  if not list then
    return nil, { {
      field = "", description = "malformed escape, or not UTF-8", constraint = "string.pattern",
    } }
  end
  local kinds, by_wire = schema.kinds[op.query], {}
  for name, on_wire in pairs(wire) do by_wire[on_wire] = name end
  local args = {}
  for _, pair in ipairs(list) do
    local name = by_wire[pair[1]]
    local kind = name and kinds[name]
    if kind and kind.repeated then
      args[name] = args[name] or {}
      table.insert(args[name], pair[2])
    elseif kind then
      args[name] = read_value(pair[2], kind.type)
    end
  end
  local checked, violations = op.query:check(args, "receive")
  if checked then return checked end
  for _, violation in ipairs(violations) do
    local name, rest = violation.field:match "^([%w_]+)(.*)$"
    if wire[name] then violation.field = wire[name] .. rest end
  end
  return nil, violations
end

return route
