--- JSON-RPC messages of the MCP endpoint.
local core = require "scalekit.core"
local json = require "scalekit.json"

local version = require "scalekit.version"

local rpc = {}

rpc.PARSE_ERROR = -32700
rpc.INVALID_REQUEST = -32600
rpc.METHOD_NOT_FOUND = -32601
rpc.INVALID_PARAMS = -32602
rpc.HEADER_MISMATCH = -32020
rpc.UNSUPPORTED_VERSION = -32022

rpc.META = "io.modelcontextprotocol/"

--- How this server introduces itself.
rpc.SERVER_INFO = {
  name = "scalekit-vmcp", title = "Scalekit Virtual MCP server", version = version,
}

local MAX_DEPTH = 64

local function respond(status, message)
  return {
    status = status,
    headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
    body = json.encode(message),
  }
end

--- The answer to a request.
-- @tparam table message as `read` returned it
-- @tparam table result
function rpc.result(message, result)
  return respond(200, { jsonrpc = "2.0", id = json.raw(message.id), result = result })
end

--- An error. The request's id is echoed with its very text; one that could not be read is left out.
function rpc.error(message, status, code, text, data)
  return respond(status, {
    jsonrpc = "2.0",
    id = message and message.id and json.raw(message.id) or nil,
    error = { code = code, message = text, data = data },
  })
end

--- The answer to what wants none.
function rpc.accepted()
  return { status = 202, headers = {} }
end

local function read_id(body)
  local text = core.json_member(body, "id")
  if text == nil then
    return nil
  elseif text:sub(1, 1) == '"' then
    return text
  end
  local number = tonumber(text)
  if number and number % 1 == 0 then return text end
  return nil, "An id is a string or an integer"
end

--- Reads one message.
-- @tparam string body
-- @treturn table|nil { id (its JSON text, nil for a notification), method (nil for a response),
--   params }
-- @treturn table response that says what is wrong
function rpc.read(body)
  local value, reason = json.decode(body or "", MAX_DEPTH)
  if value == nil then
    return nil, rpc.error(nil, 400, rpc.PARSE_ERROR, "Parse error: " .. reason)
  elseif json.is_array(value) then
    return nil, rpc.error(nil, 400, rpc.INVALID_REQUEST,
      "Batches are not served; send one message per request")
  elseif type(value) ~= "table" or value.jsonrpc ~= "2.0" then
    return nil, rpc.error(nil, 400, rpc.INVALID_REQUEST, "Not a JSON-RPC 2.0 message")
  end
  if value.params == json.null then value.params = nil end
  local id, wrong_id = read_id(body)
  if wrong_id then
    return nil, rpc.error(nil, 400, rpc.INVALID_REQUEST, wrong_id)
  end
  local message = { id = id, method = value.method, params = {} }
  if value.method == nil and (value.result ~= nil or value.error ~= nil) then
    return message
  elseif type(value.method) ~= "string" then
    return nil, rpc.error(message, 400, rpc.INVALID_REQUEST, "method must be a string")
  elseif value.params ~= nil and not json.is_object(value.params) then
    return nil, rpc.error(message, 400, rpc.INVALID_PARAMS, "params must be an object")
  end
  for name, param in pairs(value.params or {}) do
    -- a null parameter is an absent one
    if param ~= json.null then message.params[name] = param end
  end
  return message
end

return rpc
