--- The stateless era, 2026-07-28: each request says everything about itself,
-- in `_meta` and once more in headers; closing a stream cancels the call.
-- @module scalekit.mcp.modern

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local errors = require "scalekit.error"
local failure = require "scalekit.mcp.failure"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local rpc = require "scalekit.mcp.rpc"
local version = require "scalekit.mcp.version"

local modern = {}

local PREFIX = "io.modelcontextprotocol/"
local UNSUPPORTED_VERSION = -32022

-- The parameter that the header Mcp-Name repeats.
local NAMED = { ["tools/call"] = "name", ["prompts/get"] = "name", ["resources/read"] = "uri" }

local modern_methods = { era = "modern" }
local modern_mt = { __index = modern_methods, __name = "scalekit.mcp.modern" }

--- Makes a peer of this era; sends nothing.
-- @tparam table wire
-- @tparam table client_info
function modern.new(wire, client_info)
  return setmetatable({
    wire = wire,
    client_info = client_info,
    protocol_version = version.MODERN[1],
  }, modern_mt)
end

local function with_meta(self, params, call, id)
  local all, meta = {}, {}
  for name, value in pairs(params or {}) do all[name] = value end
  meta[PREFIX .. "protocolVersion"] = self.protocol_version
  meta[PREFIX .. "clientCapabilities"] = {}
  meta[PREFIX .. "clientInfo"] = self.client_info
  meta[PREFIX .. "logLevel"] = call.on_message and "info" or nil
  meta.progressToken = call.on_progress and id or nil
  all._meta = meta
  return all
end

local function headers_for(self, method, params, call)
  local headers = {
    ["mcp-protocol-version"] = self.protocol_version,
    ["mcp-method"] = method,
    ["mcp-name"] = NAMED[method] and header.encode(params[NAMED[method]]),
  }
  for name, value in pairs(call.headers or {}) do headers[name] = value end
  return headers
end

local function refuse(wire)
  return function(message)
    return nil, failure.protocol(("the server sent the request %s on a stream that has none")
      :format(failure.words(wire.secrets, message.method) or "''"))
  end
end

local function ask_once(self, method, params, call)
  local id = self.wire:next_id()
  local text = rpc.request(id, method, with_meta(self, params, call, id))
  local headers = headers_for(self, method, params, call)
  local response, err = self.wire:post(headers, text, call.deadline)
  if not response then return nil, err end
  return answer.read(self.wire, response, {
    id = id,
    deadline = call.deadline,
    on_notification = answer.notices(call, id),
    on_request = refuse(self.wire),
  })
end

--- The versions that a refusal with -32022 offers.
-- @tparam ?table message from `rpc.read`
-- @treturn ?table array; nil for any other message
function modern.offered(message)
  local err = message and message.error
  if not err or err.code ~= UNSUPPORTED_VERSION then return nil end
  local supported = json.is_object(err.data) and err.data.supported
  return json.is_array(supported) and supported or nil
end

--- Sends a request and returns the message that answers it, whatever it says.
-- A refused version is replaced once by one that the server offers.
-- @tparam string method
-- @tparam ?table params
-- @tparam table call `deadline`, and optional `headers`, `on_progress`, `on_message`
-- @treturn[1] table message from `rpc.read`
-- @treturn[2] nil
-- @treturn[2] table error
function modern_methods:ask(method, params, call)
  local message, err = ask_once(self, method, params, call)
  local offered = modern.offered(message)
  local best = offered and version.best(version.MODERN, offered)
  if best then
    self.protocol_version = best
    message, err = ask_once(self, method, params, call)
  end
  return message, err
end

--- Sends a request and returns its result.
-- @treturn[1] table result
-- @treturn[1] string its exact text
-- @treturn[2] nil
-- @treturn[2] table error
function modern_methods:request(method, params, call)
  local result, raw = answer.settle(self.wire, method, self:ask(method, params, call))
  if not result then return nil, raw end
  local kind = result.resultType
  if kind == nil or kind == "complete" then return result, raw end
  if kind == "input_required" then
    return nil, errors.new {
      kind = "unimplemented",
      operation = method,
      message = "the server asks for input during the call, which was not offered to it",
      data = failure.data(self.wire, core.json_member(raw, "inputRequests")),
    }
  end
  local err = failure.protocol "the server sent a result of an unknown type"
  err.operation = method
  return nil, err
end

--- Takes over what the server says about itself.
-- @tparam table result of `server/discover`
function modern_methods:learn(result)
  local meta = json.is_object(result._meta) and result._meta or {}
  local info = meta[PREFIX .. "serverInfo"] or result.serverInfo
  self.server_info = json.is_object(info) and info or nil
  self.capabilities = json.is_object(result.capabilities) and result.capabilities or {}
  self.instructions = type(result.instructions) == "string" and result.instructions or nil
end

--- The server's description of itself, asked for anew.
function modern_methods:discover(call)
  local result, raw = self:request("server/discover", nil, call)
  if not result then return nil, raw end
  self:learn(result)
  return result, raw
end

--- Whether the server answers.
function modern_methods:ping(call)
  local result, err = self:discover(call)
  if not result then return nil, err end
  return true
end

--- Nothing to end: there is no session.
function modern_methods.close()
  return true
end

return modern
