--- The era of sessions, 2025-11-25 and before: a handshake, perhaps a session
-- id, requests of the server on our streams, and streams that can be resumed.
-- @module scalekit.mcp.legacy

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local driver = require "scalekit.driver"
local failure = require "scalekit.mcp.failure"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local rpc = require "scalekit.mcp.rpc"
local version = require "scalekit.mcp.version"

local legacy = {}

local METHOD_NOT_FOUND = -32601
local MAX_SESSION_ID, MAX_EVENT_ID = 1024, 8192
local DEFAULT_RETRY, LEAST_RETRY = 1, 0.05 -- seconds before a stream is taken up again
local NOTICE_SHARE, NOTICE_MOST = 0.05, 1  -- of the time given, to say that we gave up

local legacy_methods = { era = "legacy" }
local legacy_mt = { __index = legacy_methods, __name = "scalekit.mcp.legacy" }

local function headers_of(self)
  return {
    ["mcp-protocol-version"] = self.protocol_version,
    ["mcp-session-id"] = self.session,
  }
end

-- We offer the server no capability, so ping is all it may ask. An answer that
-- does not arrive is the server's loss; the call goes on.
local function refuse(wire, headers, deadline)
  return function(message)
    local text
    if message.method == "ping" then
      text = rpc.response(message, {})
    else
      text = rpc.response(message, nil, {
        code = METHOD_NOT_FOUND, message = "this client offers no such method",
      })
    end
    wire:tell(headers, text, deadline)
    return true
  end
end

-- Takes up a broken stream. Its request was sent whatever becomes of this, so
-- no error from here may look as if it had not been executed.
local function resume(wire, headers, deadline)
  local own = { ["accept"] = "text/event-stream" }
  for name, value in pairs(headers) do own[name] = value end
  return function(place)
    if #place.id > MAX_EVENT_ID or not header.is_value(place.id) then
      return nil, failure.cut()
    end
    local pause = math.max(place.retry and place.retry / 1000 or DEFAULT_RETRY, LEAST_RETRY)
    if core.now() + pause >= deadline then return nil, failure.timeout() end
    driver.current().sleep(pause)
    own["last-event-id"] = place.id
    local response, err = wire:request("GET", own, nil, deadline)
    if not response then
      err.outcome = "unknown"
      return nil, err
    end
    if response.status < 300 then return response end
    if response.events then response.events:close() end
    local refused = response.status == 401 or response.status == 403
    err = refused and failure.http(wire, response) or failure.cut()
    err.outcome = "unknown"
    return nil, err
  end
end

-- One request and its answer. All but the handshake may be resumed, and are
-- given up with a notice to the server.
local function ask(self, method, params, call)
  local wire, id, handshake = self.wire, self.wire:next_id(), method == "initialize"
  local headers, deadline = {}, call.deadline
  if not handshake then
    headers = headers_of(self)
    deadline = deadline - math.min(NOTICE_MOST, (deadline - core.now()) * NOTICE_SHARE)
  end
  local all = params
  if call.on_progress then
    all = { _meta = { progressToken = id } }
    for name, value in pairs(params or {}) do all[name] = value end
  end
  local response, err = wire:post(headers, rpc.request(id, method, all), deadline)
  local message
  if response then
    message, err = answer.read(wire, response, {
      id = id,
      deadline = deadline,
      batches = self.protocol_version == "2025-03-26",
      on_notification = answer.notices(call, id),
      on_request = refuse(wire, headers, deadline),
      resume = not handshake and resume(wire, headers, deadline),
    })
  end
  if not handshake and err and err.outcome == "unknown"
    and (err.kind == "timeout" or err.kind == "cancelled") then
    local notice = { requestId = id, reason = "the client stopped waiting" }
    wire:tell(headers, rpc.notification("notifications/cancelled", notice), call.deadline)
  end
  return message, err
end

local function session_of(message)
  local text = message.headers["mcp-session-id"]
  if text == nil then return nil end
  if #text > MAX_SESSION_ID or not text:find "^[\33-\126]+$" then
    return nil, failure.protocol "the server sent a malformed session id"
  end
  return core.secret(text)
end

-- The handshake.
local function initialize(self, deadline)
  local message, err = ask(self, "initialize", {
    protocolVersion = self.proposal,
    capabilities = {},
    clientInfo = self.client_info,
  }, { deadline = deadline })
  local result, raw = answer.settle(self.wire, "initialize", message, err)
  if not result then return nil, raw end
  local spoken = version.best(version.LEGACY, { result.protocolVersion })
  if not spoken then
    return nil, failure.protocol("the server speaks only "
      .. (failure.words(self.wire.secrets, result.protocolVersion) or "an unnamed version"))
  end
  local session
  session, err = session_of(message)
  if err then return nil, err end
  self.session, self.protocol_version, self.raw = session, spoken, raw
  self.result = result
  self.server_info = json.is_object(result.serverInfo) and result.serverInfo or nil
  self.capabilities = json.is_object(result.capabilities) and result.capabilities or {}
  self.instructions = type(result.instructions) == "string" and result.instructions or nil
  return self.wire:tell(headers_of(self), rpc.notification "notifications/initialized", deadline)
end

--- Opens a connection of this era.
-- @tparam table wire
-- @tparam table client_info
-- @tparam number deadline
-- @tparam ?string proposal the version to ask for
-- @treturn[1] table peer
-- @treturn[2] nil
-- @treturn[2] table error
function legacy.open(wire, client_info, deadline, proposal)
  local self = setmetatable({
    wire = wire,
    client_info = client_info,
    proposal = proposal or version.LEGACY[1],
  }, legacy_mt)
  local ok, err = initialize(self, deadline)
  if not ok then return nil, err end
  return self
end

-- Waits for the handshake that another call has begun: true where it is over,
-- false where the caller has to do it, nil and an error where there is no hope.
local function await_renewal(running, deadline)
  local _, reason = running.signal:wait(math.min(deadline, running.deadline))
  if running.ok then return true end
  if core.now() >= deadline then return nil, failure.timeout() end
  local err = running.err
  if reason == "busy" or not err or err.kind == "timeout" or err.kind == "cancelled" then
    return false
  end
  return nil, err
end

-- Replaces a session that the server forgot. Of many calls that find it gone
-- one does so and the others wait.
local function renew(self, lost, deadline)
  while self.session == lost do
    local running, over = self.renewal, false
    if running and core.now() < running.deadline then
      local done, err = await_renewal(running, deadline)
      if done == nil then return nil, err end
      over = done
    end
    if not over and self.renewal == running then
      running = { signal = driver.current().signal(), deadline = deadline }
      self.renewal = running
      running.ok, running.err = initialize(self, deadline)
      if self.renewal == running then self.renewal = nil end
      running.signal:set()
      return running.ok, running.err
    end
  end
  return true
end

-- 404 in a session says that the session is gone and nothing was executed,
-- unless the server only means the method.
local function is_lost(message, err)
  if message then
    return message.status == 404 and not (message.error and message.error.code == METHOD_NOT_FOUND)
  end
  return err.status == 404
end

--- Sends a request and returns its result.
-- @tparam string method
-- @tparam ?table params
-- @tparam table call `deadline`, and optional `on_progress`, `on_message`
-- @treturn[1] table result
-- @treturn[1] string its exact text
-- @treturn[2] nil
-- @treturn[2] table error
function legacy_methods:request(method, params, call)
  local session = self.session
  local message, err = ask(self, method, params, call)
  if session and is_lost(message, err) then
    local ok
    ok, err = renew(self, session, call.deadline)
    if not ok then return nil, err end
    message, err = ask(self, method, params, call)
  end
  return answer.settle(self.wire, method, message, err)
end

--- The server's description of itself, as the handshake brought it.
function legacy_methods:discover()
  return self.result, self.raw
end

--- Whether the server answers.
function legacy_methods:ping(call)
  local result, err = self:request("ping", nil, call)
  if not result then return nil, err end
  return true
end

--- Ends the session, if there is one. The server may refuse; it is over for us.
function legacy_methods:close(deadline)
  local session = self.session
  if not session then return true end
  local response = self.wire:request("DELETE", headers_of(self), nil, deadline)
  if response and response.events then response.events:close() end
  self.session = nil
  return true
end

return legacy
