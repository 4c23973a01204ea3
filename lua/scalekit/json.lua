--- JSON that survives a round trip: `[]` next to `{}`, null, integers, exact
-- numbers, names and texts in UTF-8.
--
-- `null` is `json.null`; lists carry `json.array_mt`; whole numbers up to 2^53
-- are integers where Lua has them.
-- @module scalekit.json

local core = require "scalekit.core"

-- Where the program has lua-cjson, its marks are ours: each takes what the other
-- has decoded.
local has_cjson, cjson = pcall(require, "cjson")
if not has_cjson then cjson = {} end

local json = {
  --- What JSON's `null` decodes to; equal to `cjson.null` and `ngx.null`.
  null = core.null,
  --- The metatable of lists, so that an empty one is not taken for an object.
  array_mt = cjson.array_mt or { __name = "scalekit.json.array" },
  --- lua-cjson's mark for `[]`, where the program has it.
  empty_array = cjson.empty_array,
  --- The metatable of what `raw` makes.
  raw_mt = { __name = "scalekit.json.raw" },
}

--- Reads one JSON text. Invalid UTF-8, a member named twice, and anything
-- RFC 8259 does not know are refused.
-- @function json.decode
-- @tparam string text
-- @tparam[opt=64] number max_depth how many brackets may be open at once, at most 512
-- @treturn[1] any the value
-- @treturn[2] nil
-- @treturn[2] string what is wrong, and where
json.decode = core.json_decoder(json.null, json.array_mt)

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
json.encode = core.json_encoder(json.null, json.array_mt, json.raw_mt, json.empty_array)

return json
