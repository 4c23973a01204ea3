---@meta scalekit.json
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---JSON that survives a round trip: `[]` next to `{}`, null, integers, exact
---numbers, names and texts in UTF-8.
---
---`null` is `json.null`; lists carry `json.array_mt`; whole numbers up to 2^53
---are integers where Lua has them.
---@class scalekit.json
---@field null userdata what JSON's null decodes to; equal to `cjson.null`
---@field array_mt table the metatable of lists
---@field raw_mt table the metatable of what `raw` makes
local json = {}

---Reads one JSON text. Invalid UTF-8, a member named twice, and anything
---RFC 8259 does not know are refused.
---@param text string
---@param max_depth? number how many brackets may be open at once, at most 512 (default 64)
---@return any # the value
---@return string? # what is wrong, and where
function json.decode(text, max_depth) end

---Marks a table as a list, which matters when it is empty.
---@param list? table
---@return table # the same table
function json.array(list) end

---Whether a value is a list: one that is marked, or has a first item.
---@param value any
---@return boolean
function json.is_array(value) end

---Whether a value is an object: a table that is neither a list nor `raw`.
---@param value any
---@return boolean
function json.is_object(value) end

---A value that `encode` writes as it stands.
---@param text string valid JSON
---@return table
function json.raw(text) end

---Writes a value as JSON. What cannot be JSON is misuse and throws: the
---message says where it stands. Metamethods never run. Members go in the order
---of their names.
---@param value any
---@return string
function json.encode(value) end

return json
