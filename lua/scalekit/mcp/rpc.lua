--- JSON-RPC 2.0 messages as text, out and in.
-- @module scalekit.mcp.rpc

local core = require "scalekit.core"
local json = require "scalekit.json"
local span = require "scalekit.mcp.span"

local rpc = {}

--- The text of a request. Raises what cannot be JSON.
-- @tparam number id
-- @tparam string method
-- @tparam ?table params
-- @treturn string
function rpc.request(id, method, params)
  return json.encode { jsonrpc = "2.0", id = id, method = method, params = params }
end

--- The text of a notification.
function rpc.notification(method, params)
  return json.encode { jsonrpc = "2.0", method = method, params = params }
end

--- The text of an answer to a request of the peer.
-- @tparam table message the request, as @{read} returns it
-- @tparam ?table result
-- @tparam ?table failure `{ code, message }`, instead of a result
function rpc.response(message, result, failure)
  return json.encode {
    jsonrpc = "2.0", id = json.raw(message.id_text), result = result, error = failure,
  }
end

-- Shapes one decoded message; nil and why if it is none.
local function shape(value, text)
  if not json.is_object(value) then return nil, "not a JSON-RPC message" end
  if value.jsonrpc ~= "2.0" then return nil, "not JSON-RPC 2.0" end
  if value.id == json.null then value.id = nil end
  local message = { id = value.id }
  if value.id ~= nil then
    if type(value.id) ~= "number" and type(value.id) ~= "string" then
      return nil, "the id is neither a string nor a number"
    end
  end
  if type(value.method) == "string" then
    message.id_text = value.id ~= nil and core.json_member(text, "id") or nil
    message.kind = value.id ~= nil and "request" or "notification"
    message.method = value.method
    message.params = json.is_object(value.params) and value.params or {}
  elseif json.is_object(value.error) and value.result == nil then
    message.kind, message.error = "response", value.error
    message.raw_error = core.json_member(text, "error")
    if type(value.error.code) ~= "number" then return nil, "an error without a code" end
  elseif json.is_object(value.result) and (value.error == nil or value.error == json.null) then
    if value.id == nil then return nil, "a result without an id" end
    message.kind, message.result = "response", value.result
    message.raw = core.json_member(text, "result")
  else
    return nil, "neither a request nor an answer"
  end
  return message
end

--- Reads what a peer sent.
-- @tparam string text
-- @tparam number max_depth
-- @tparam ?boolean batches whether an array of messages is allowed
-- @treturn[1] table array of messages: `kind` ("response", "request" or
--   "notification") and `id`, then `method`, `params` and `id_text` (the exact
--   text of the id), or `result` and `raw` (its exact text), or `error` and `raw_error`
-- @treturn[2] nil
-- @treturn[2] string why not
function rpc.read(text, max_depth, batches)
  local value, reason = json.decode(text, max_depth)
  if value == nil then return nil, reason end
  if not json.is_array(value) then
    local message
    message, reason = shape(value, text)
    return message and { message }, reason
  end
  if not batches or #value == 0 then return nil, "a batch of messages" end
  local messages = {}
  for i, item in ipairs(span.items(text)) do
    messages[i], reason = shape(value[i], item)
    if not messages[i] then return nil, reason end
  end
  return messages
end

return rpc
