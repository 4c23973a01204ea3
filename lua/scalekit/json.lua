--- JSON that survives a round trip.
--
-- lua-cjson does the decoding, through an instance of its own; around it
-- stands what differs between its builds or is missing there: strict input,
-- `[]` next to `{}`, integers, exact numbers.
--
-- `null` is `json.null`; lists carry `json.array_mt`; whole numbers up to 2^53
-- are integers where Lua has them.
-- @module scalekit.json

local cjson = require "cjson"
local core = require "scalekit.core"

local DEFAULT_DEPTH = 64
local MAX_DEPTH = 512
local MAX_PLACE = 16
local EXACT = 2 ^ 53

local codec = cjson.new()
codec.decode_max_depth(MAX_DEPTH + 1)
codec.decode_invalid_numbers(false)

local json = {
  --- What JSON's `null` decodes to; equal to `cjson.null` and `ngx.null`.
  null = cjson.null,
  --- The metatable of lists, so that an empty one is not taken for an object.
  array_mt = cjson.array_mt or { __name = "scalekit.json.array" },
  --- The metatable of what `raw` makes.
  raw_mt = { __name = "scalekit.json.raw" },
}

-- Stands for `[]` while cjson decodes, because cjson would make `{}` of both.
-- No text can hold it by accident or by design.
local MARK = core.base64url(core.random(18))

-- luacheck: push ignore 143 (5.3 has them)
local to_integer = math.tointeger or function(value) return value end
local number_type = math.type or type
-- luacheck: pop

local function whole(value)
  return value % 1 == 0 and value >= -EXACT and value <= EXACT
end

-- Turns what cjson made into what we promise; false where a number is beyond
-- every double.
local function finish(value)
  if type(value) == "number" then
    if whole(value) then return to_integer(value) end
    return value - value == 0 and value
  elseif type(value) ~= "table" then
    return value
  end
  if value[1] == MARK then
    value[1] = nil
    return setmetatable(value, json.array_mt)
  end
  for key, item in next, value do
    local kind = type(item)
    if kind == "table" or kind == "number" then
      local finished = finish(item)
      if finished == false then return false end
      value[key] = finished
    end
  end
  if value[1] ~= nil then setmetatable(value, json.array_mt) end
  return value
end

--- Reads one JSON text. Invalid UTF-8, a member named twice, and anything
-- RFC 8259 does not know are refused.
-- @tparam string text
-- @tparam[opt=64] number max_depth how many brackets may be open at once
-- @return[1] the value
-- @treturn[2] nil
-- @treturn[2] string what is wrong, and where
function json.decode(text, max_depth)
  local checked, message, at = core.json_check(text, max_depth or DEFAULT_DEPTH, MARK)
  if not checked then return nil, ("%s at byte %d"):format(message, at) end
  local value = codec.decode(checked == true and text or checked)
  if value == false then return false end
  value = finish(value)
  if value == false then return nil, "number out of range" end
  return value
end

--- Marks a table as a list, which matters when it is empty.
-- @tparam[opt] table list
-- @treturn table the same table
function json.array(list)
  return setmetatable(list or {}, json.array_mt)
end

--- Whether a value is a list: one that is marked, or has a first item.
function json.is_array(value)
  return type(value) == "table"
    and (getmetatable(value) == json.array_mt or rawget(value, 1) ~= nil)
end

--- A value that `encode` writes as it stands.
-- @tparam string text valid JSON
function json.raw(text)
  assert(type(text) == "string", "raw JSON is a string")
  return setmetatable({ text = text }, json.raw_mt)
end

-- --- encode ------------------------------------------------------------------

local SHORT = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(char)
  return SHORT[char] or ("\\u%04x"):format(char:byte())
end

local function fail(path, what)
  local place = ""
  for i = 1, math.min(path.depth, MAX_PLACE) do
    local key = path[i]
    if type(key) == "number" then
      place = place .. ("[%d]"):format(key)
    else
      place = place .. (i > 1 and "." or "") .. tostring(key)
    end
  end
  error(("cannot encode %s%s"):format(what, place ~= "" and " at " .. place or ""), 0)
end

local function encode_string(text, path)
  if not core.utf8_length(text) then fail(path, "a string that is not UTF-8") end
  if text:find('[%z\1-\31"\\\127]') then text = text:gsub('[%z\1-\31"\\\127]', escape) end
  return '"' .. text .. '"'
end

-- The shortest of the spellings that read back as the same number.
local function encode_number(value, path)
  if value - value ~= 0 then fail(path, "a number that is not finite") end
  if number_type(value) == "integer" or whole(value) then
    return ("%d"):format(value)
  end
  local text
  for digits = 15, 17 do
    text = ("%." .. digits .. "g"):format(value)
    if tonumber(text) == value then break end
  end
  return (text:gsub("[^%d%+%-eE]", ".")) -- a locale may write a comma
end

local encode_value

local function encode_list(list, n, out, path)
  out[#out + 1] = "["
  for i = 1, n do
    if i > 1 then out[#out + 1] = "," end
    path[path.depth] = i
    encode_value(list[i], out, path)
  end
  out[#out + 1] = "]"
end

-- Members go in the order of their names: equal values give equal texts.
local function encode_object(object, keys, out, path)
  table.sort(keys)
  out[#out + 1] = "{"
  for i, key in ipairs(keys) do
    path[path.depth] = key
    out[#out + 1] = (i > 1 and "," or "") .. encode_string(key, path) .. ":"
    encode_value(rawget(object, key), out, path)
  end
  out[#out + 1] = "}"
end

local function encode_table(value, out, path)
  local meta = getmetatable(value)
  if meta == json.raw_mt then
    out[#out + 1] = rawget(value, "text")
    return
  end
  local keys, numbers, last = {}, 0, 0
  for key in next, value do
    if type(key) == "string" then
      keys[#keys + 1] = key
    elseif type(key) == "number" and key >= 1 and key % 1 == 0 then
      numbers = numbers + 1
      if key > last then last = key end
    else
      fail(path, "a table with the key " .. tostring(key))
    end
  end
  if numbers ~= last then fail(path, "a list with holes") end
  if numbers > 0 and #keys > 0 then fail(path, "a table that is both list and object") end
  if meta == json.array_mt and #keys > 0 then fail(path, "a list with named members") end
  if path.depth == MAX_DEPTH then fail(path, "such deep nesting") end
  path.depth = path.depth + 1
  if numbers > 0 or meta == json.array_mt then
    encode_list(value, numbers, out, path)
  else
    encode_object(value, keys, out, path)
  end
  path.depth = path.depth - 1
end

function encode_value(value, out, path)
  local kind = type(value)
  if kind == "string" then
    out[#out + 1] = encode_string(value, path)
  elseif kind == "number" then
    out[#out + 1] = encode_number(value, path)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif value == json.null then
    out[#out + 1] = "null"
  elseif kind == "table" then
    encode_table(value, out, path)
  elseif value ~= nil and value == cjson.empty_array then
    out[#out + 1] = "[]"
  else
    fail(path, "a " .. kind)
  end
end

--- Writes a value as JSON. What cannot be JSON is misuse and throws: the
-- message says where it stands. Metamethods never run.
-- @treturn string
function json.encode(value)
  local out, path = {}, { depth = 0 }
  encode_value(value, out, path)
  return table.concat(out)
end

return json
