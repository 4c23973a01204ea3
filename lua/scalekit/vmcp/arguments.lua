--- Checks a tool's arguments against its JSON Schema, as far as schemas of tools usually go: type,
-- required, enum, additionalProperties, lengths, bounds and items. Keywords it does not know are
-- ignored; the tool itself checks what is left.
local core = require "scalekit.core"
local json = require "scalekit.json"

local arguments = {}

local MAX_PROBLEMS = 8

local function type_of(value)
  if value == json.null then
    return "null"
  elseif type(value) == "table" then
    return json.is_array(value) and "array" or "object"
  elseif type(value) == "number" then
    return value % 1 == 0 and "integer" or "number"
  end
  return type(value)
end

local function is_type(value, name)
  local actual = type_of(value)
  return actual == name or name == "number" and actual == "integer"
end

local function allows(schema_type, value)
  if schema_type == nil then
    return true
  elseif type(schema_type) == "string" then
    return is_type(value, schema_type)
  end
  for _, name in ipairs(schema_type) do
    if is_type(value, name) then return true end
  end
  return false
end

local function note(problems, path, text)
  if #problems < MAX_PROBLEMS then
    problems[#problems + 1] = (path ~= "" and path .. ": " or "") .. text
  end
end

local function number_text(value)
  return json.encode(value)
end

local function check_bound(problems, path, value, low, high, noun)
  if low and value < low then
    note(problems, path, ("must %s at least %s"):format(noun, number_text(low)))
  elseif high and value > high then
    note(problems, path, ("must %s at most %s"):format(noun, number_text(high)))
  end
end

local function check_enum(problems, path, schema, value)
  local names = {}
  for i, allowed in ipairs(schema.enum) do
    if allowed == value then return end
    names[i] = json.encode(allowed)
  end
  note(problems, path, "must be one of " .. table.concat(names, ", "))
end

local check

local function sorted_names(object)
  local names = {}
  for name in pairs(object) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

local function check_object(problems, path, schema, value)
  local prefix = path ~= "" and path .. "." or ""
  local properties = schema.properties or {}
  for _, name in ipairs(schema.required or {}) do
    if value[name] == nil then
      note(problems, prefix .. name, "is required")
    end
  end
  for _, name in ipairs(sorted_names(value)) do
    if properties[name] then
      check(problems, prefix .. name, properties[name], value[name])
    elseif schema.additionalProperties == false then
      note(problems, prefix .. name, "is not a parameter of this tool")
    end
  end
end

function check(problems, path, schema, value)
  if not allows(schema.type, value) then
    local expected = schema.type
    if type(expected) == "table" then
      expected = table.concat(expected, " or ")
    end
    note(problems, path, ("expected %s, got %s"):format(expected, type_of(value)))
    return
  end
  if schema.enum then
    check_enum(problems, path, schema, value)
  end
  local kind = type_of(value)
  if kind == "string" then
    check_bound(problems, path, core.utf8_length(value), schema.minLength, schema.maxLength,
      "have a length of")
  elseif kind == "integer" or kind == "number" then
    check_bound(problems, path, value, schema.minimum, schema.maximum, "be")
  elseif kind == "array" then
    check_bound(problems, path, #value, schema.minItems, schema.maxItems, "have a length of")
    for i, item in ipairs(schema.items and value or {}) do
      check(problems, ("%s[%d]"):format(path, i), schema.items, item)
    end
  elseif kind == "object" then
    check_object(problems, path, schema, value)
  end
end

--- Checks arguments.
-- @tparam table schema of the tool's input
-- @tparam table value decoded by `scalekit.json`
-- @treturn nil|string what is wrong, one line per problem
function arguments.check(schema, value)
  local problems = {}
  check(problems, "", schema, value)
  return problems[1] and table.concat(problems, "\n")
end

return arguments
