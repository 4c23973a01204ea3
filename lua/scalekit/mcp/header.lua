--- What goes from a message into HTTP headers: the Base64 sentinel, and the
-- tool parameters that a schema marks with `x-mcp-header`.
--
-- Values come from arguments that a language model chose, so they count as
-- hostile: this encoder is the only way from a value into a header.
-- @module scalekit.mcp.header

local core = require "scalekit.core"
local json = require "scalekit.json"

local header = {}

local MAX_VALUE = 8192
local MAX_INTEGER = 2 ^ 53 - 1
local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"

--- Whether a text may be the name of a header.
function header.is_name(text)
  return text:find(TOKEN) ~= nil
end

--- Whether a text may be sent as the value of a header unchanged: no line
-- break, no NUL, no other control character but the tab.
function header.is_value(text)
  return not text:gsub("\t", ""):find "%c"
end

--- The form of a text that survives a header: itself, or wrapped in
-- `=?base64?…?=` where it holds control or non-ASCII bytes, has blanks at an
-- end, or looks wrapped already.
-- @tparam string text
-- @treturn string
function header.encode(text)
  local plain = not text:find "[%c\128-\255]"
    and not text:find "^ " and not text:find " $"
    and not (text:find "^=%?base64%?" and text:find "%?=$")
  if plain then return text end
  return "=?base64?" .. core.base64(text) .. "?="
end

-- Keywords that hold schemas, by the shape they hold them in. The keywords
-- const, enum, default and examples hold data and are never entered.
local ONE = {
  "items", "additionalItems", "contains", "additionalProperties", "propertyNames",
  "unevaluatedItems", "unevaluatedProperties", "not", "if", "then", "else", "contentSchema",
}
local LIST = { "allOf", "anyOf", "oneOf", "prefixItems", "items" }
local MAP = { "$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies" }
local PRIMITIVE = { string = true, integer = true, boolean = true }

-- Adds the annotations below `schema` to `found`; the reason if one is illegal.
-- `path` is nil where only illegal places are left.
local function scan(schema, path, found)
  if not json.is_object(schema) then return nil end
  local name = schema["x-mcp-header"]
  if name ~= nil then
    if type(name) ~= "string" or not header.is_name(name) then
      return "x-mcp-header is not a header name"
    elseif not path or #path == 0 then
      return "x-mcp-header '" .. name .. "' is not on a plain property"
    elseif not PRIMITIVE[schema.type] then
      return "x-mcp-header '" .. name .. "' is not on a string, integer or boolean"
    elseif found[name:lower()] then
      return "x-mcp-header '" .. name .. "' is used twice"
    end
    found[name:lower()] = true
    found[#found + 1] = { name = "Mcp-Param-" .. name, path = path }
  end
  for _, keyword in ipairs(ONE) do
    local reason = scan(schema[keyword], nil, found)
    if reason then return reason end
  end
  for _, keyword in ipairs(LIST) do
    if json.is_array(schema[keyword]) then
      for _, one in ipairs(schema[keyword]) do
        local reason = scan(one, nil, found)
        if reason then return reason end
      end
    end
  end
  for _, keyword in ipairs(MAP) do
    for _, one in pairs(json.is_object(schema[keyword]) and schema[keyword] or {}) do
      local reason = scan(one, nil, found)
      if reason then return reason end
    end
  end
  for key, one in pairs(json.is_object(schema.properties) and schema.properties or {}) do
    local below
    if path then
      below = {}
      for i, step in ipairs(path) do below[i] = step end
      below[#below + 1] = key
    end
    local reason = scan(one, below, found)
    if reason then return reason end
  end
  return nil
end

--- The parameters of a tool that have to be repeated in headers.
-- @tparam table schema the tool's decoded `inputSchema`
-- @treturn[1] table array of `{ name = header name, path = { property … } }`
-- @treturn[2] nil the tool must not be used
-- @treturn[2] string why
function header.mirrors(schema)
  local found = {}
  local reason = scan(schema, {}, found)
  if reason then return nil, reason end
  return found
end

local function text_of(value)
  if type(value) == "string" then
    return value
  elseif type(value) == "boolean" then
    return tostring(value)
  elseif type(value) == "number" and value % 1 == 0
    and value >= -MAX_INTEGER and value <= MAX_INTEGER then
    return ("%d"):format(value)
  end
  return nil
end

local function at_path(value, path)
  for _, step in ipairs(path) do
    if not json.is_object(value) then return nil end
    value = value[step]
  end
  return value
end

--- The headers for one call.
-- @tparam table mirrors from @{mirrors}
-- @tparam table arguments
-- @treturn[1] table header name → value; absent and null arguments have none
-- @treturn[2] nil
-- @treturn[2] string what cannot be sent
function header.mirror(mirrors, arguments)
  local headers = {}
  for _, one in ipairs(mirrors) do
    local value = at_path(arguments, one.path)
    if value ~= nil and value ~= json.null then
      local text = text_of(value)
      local name = table.concat(one.path, ".")
      if not text then
        return nil, "argument " .. name .. " must be a string, an integer or a boolean"
      elseif #text > MAX_VALUE then
        return nil, ("argument %s is too long for a header (%d bytes, at most %d)")
          :format(name, #text, MAX_VALUE)
      end
      headers[one.name] = header.encode(text)
    end
  end
  return headers
end

return header
