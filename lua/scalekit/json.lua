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
-- @treturn[1] any the value
-- @treturn[2] nil
-- @treturn[2] string what is wrong, and where
function json.decode(text, max_depth)
  local checked, message, at = core.json_check(text, max_depth or DEFAULT_DEPTH, MARK)
  if not checked then return nil, ("%s at byte %d"):format(message, at) end
  local value = checked == true and core.json_flat(text) -- the codec needs ten times as long
  if value then return value end
  value = codec.decode(checked == true and text or checked)
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
-- @tparam any value
-- @treturn boolean
function json.is_array(value)
  return type(value) == "table"
    and (getmetatable(value) == json.array_mt or rawget(value, 1) ~= nil)
end

--- Whether a value is an object: a table that is neither a list nor `raw`.
-- @tparam any value
-- @treturn boolean
function json.is_object(value)
  return type(value) == "table" and not json.is_array(value)
    and getmetatable(value) ~= json.raw_mt
end

--- A value that `encode` writes as it stands.
-- @tparam string text valid JSON
-- @treturn table
function json.raw(text)
  assert(type(text) == "string", "raw JSON is a string")
  return setmetatable({ text }, json.raw_mt)
end

--- Writes a value as JSON. What cannot be JSON is misuse and throws: the
-- message says where it stands. Metamethods never run. Members go in the order
-- of their names.
-- @function json.encode
-- @tparam any value
-- @treturn string
json.encode = core.json_encoder(json.null, json.array_mt, json.raw_mt, cjson.empty_array)

return json
