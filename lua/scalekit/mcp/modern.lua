--- The stateless era, 2026-07-28: each request says everything about itself,
-- in `_meta` and once more in headers; closing a stream cancels the call.
-- @module scalekit.mcp.modern

local answer = require "scalekit.mcp.answer"
local failure = require "scalekit.mcp.failure"
local header = require "scalekit.mcp.header"
local input = require "scalekit.mcp.input"
local json = require "scalekit.json"
local rounds = require "scalekit.mcp.rounds"
local rpc = require "scalekit.mcp.rpc"
local stream = require "scalekit.mcp.stream"
local version = require "scalekit.mcp.version"

local modern = {}

local PREFIX = "io.modelcontextprotocol/"
local UNSUPPORTED_VERSION = -32022
local DEFAULT_LOG_LEVEL = "info"

-- The parameter that the header Mcp-Name repeats.
local NAMED = { ["tools/call"] = "name", ["prompts/get"] = "name", ["resources/read"] = "uri" }

local modern_methods = { era = "modern" }
local modern_mt = { __index = modern_methods, __name = "scalekit.mcp.modern" }

local function nobody() end

--- Makes a peer of this era; sends nothing.
-- @tparam table wire
-- @tparam table options `client_info`
function modern.new(wire, options)
  return setmetatable({
    wire = wire,
    client_info = options.client_info,
    protocol_version = version.MODERN[1],
    noticed = nobody,
  }, modern_mt)
end

local function with_meta(self, params, call, id)
  local all, meta = {}, {}
  for name, value in pairs(params or {}) do all[name] = value end
  meta[PREFIX .. "protocolVersion"] = self.protocol_version
  meta[PREFIX .. "clientCapabilities"] = input.capabilities(call)
  meta[PREFIX .. "clientInfo"] = self.client_info
  meta[PREFIX .. "logLevel"] = call.on_message and (call.log_level or DEFAULT_LOG_LEVEL) or nil
  meta.progressToken = call.on_progress and id or nil
  all._meta = meta
  return all
end

local function headers_for(self, method, params, call)
  local headers = self.wire:to_post()
  headers["mcp-protocol-version"] = self.protocol_version
  headers["mcp-method"] = method
  headers["mcp-name"] = NAMED[method] and header.encode(params[NAMED[method]])
  for name, value in pairs(call.headers or {}) do headers[name] = value end
  return headers
end

local function refuse(wire)
  return function(message)
    return nil, failure.protocol(("the server sent the request %s on a stream that has none")
      :format(failure.words(wire.secrets, message.method) or "''"))
  end
end

-- Posts a request; the response and the id.
local function send(self, method, params, call)
  local id = self.wire:next_id()
  local text = rpc.request(id, method, with_meta(self, params, call, id))
  local response, err = self.wire:post(headers_for(self, method, params, call), text, call)
  if not response then return nil, err end
  return response, id
end

local function ask_once(self, method, params, call)
  local response, id = send(self, method, params, call)
  if not response then return nil, id end
  return answer.read(self.wire, response, {
    id = id,
    deadline = call.deadline,
    on_notification = answer.notices(self, call, id),
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
-- @tparam table call `deadline`, and optional `idle_timeout`, `headers`,
--   `on_progress`, `on_message`, `log_level` and the callbacks of `input`
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

local function fail(method, err)
  err.operation = err.operation or method
  return nil, err
end

--- Sends a request and returns its result, through as many rounds as the
-- server wants.
-- @treturn[1] table result
-- @treturn[1] string its exact text
-- @treturn[2] nil
-- @treturn[2] table error
function modern_methods:request(method, params, call)
  local all, round = params, 0
  while true do
    local result, raw = answer.settle(self.wire, method, self:ask(method, all, call))
    if not result then return nil, raw end
    local kind = result.resultType
    if kind == nil or kind == "complete" then return result, raw end
    if kind ~= "input_required" then
      return fail(method, failure.protocol "the server sent a result of an unknown type")
    end
    round = round + 1
    local err
    all, err = rounds.next(self.wire, method, params, result, raw, call, round)
    if not all then return fail(method, err) end
  end
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

--- The level goes with each request here; there is nothing to send.
function modern_methods.set_log_level()
  return true
end

--- Opens a stream of notifications about changes.
-- @tparam table wants `toolsListChanged` …, as `subscriptions/listen` has it
-- @tparam table call `deadline` for the stream to begin, `idle_timeout`
-- @treturn[1] table `acknowledged`, `next(self, deadline)`, `close(self)`
-- @treturn[2] nil
-- @treturn[2] table error
function modern_methods:listen(wants, call)
  local method = "subscriptions/listen"
  local response, id = send(self, method, { notifications = wants }, {
    head_deadline = call.deadline, idle_timeout = call.idle_timeout,
    on_elicitation = call.on_elicitation, on_url = call.on_url, on_sampling = call.on_sampling,
  })
  if not response then return fail(method, id) end
  if response.events and response.status < 300 then
    local opened, err = stream.open(self, response.events, id, call.deadline)
    if opened then return opened end
    return fail(method, err)
  end
  local result, err = answer.settle(self.wire, method, answer.read(self.wire, response, {
    id = id,
    deadline = call.deadline,
    on_notification = answer.notices(self, call, id),
    on_request = refuse(self.wire),
  }))
  return fail(method, result and failure.protocol "the server did not open a stream" or err)
end

--- Ends what is under way. There is no session.
function modern_methods:close()
  self.wire:close()
  return true
end

return modern
