---@meta scalekit.error
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---The one shape of every expected failure.
---
---`local value, err = call()`: `err` is a table with
---
---- `kind`, one of KINDS, and `message`
---- `operation`, the name of the method
---- `outcome`: "none", it has no effect, or "unknown", it may have taken effect
---- `retryable`: whether the same call may succeed later and does no harm
---- `attempts`, how many requests were sent
---- `status`, of HTTP; `grpc_code`, as the body says or as follows from the
---  status; `code`, the service's own word (`DUPLICATE_IDENTIFIER` …)
---- `request_id`; `retry_after`, seconds
---- `fields`, where values were refused: a list of `{ field, description,
---  constraint }`, `field` being a path such as `connection_tool_mappings[2].tools[1]`
---- `tool_error_code`, `tool_error_message`, `execution_id` of a tool that failed
---- `raw`, at most 4096 bytes of the answer as it came
---
---What does not apply is nil. `tostring(err)` is one readable line. An error
---never holds a secret of ours.
---@class scalekit.error.module
---@field KINDS table<string, boolean> the closed list of kinds
local error = {}

---Makes an error, for a transport or a hook of your own. `kind` and `message` are
---required.
---@param spec table the members of the error
---@return scalekit.error
function error.new(spec) end

---Whether a value is one of ours.
---@param value any
---@return boolean
function error.is(value) end

---Like `assert`, but throws the error object itself on every Lua version
---(`assert` of 5.1 and 5.2 accepts only strings). Returns its arguments.
---@param value any
---@param err any
---@return any # value
function error.check(value, err) end

---`assert`, for scripts: `local assert = scalekit.assert`. On Lua 5.1 and 5.2
---the built-in one takes no error objects, and the interpreter prints none;
---there this one throws the error's text. Elsewhere it is the built-in one.
---@param value any
---@param err any
---@return any # value
function error.assert(value, err) end

return error
