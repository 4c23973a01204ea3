--- The era of sessions, 2025-11-25 and before: a handshake, perhaps a session
-- id, requests of the server on our streams, and streams that can be resumed.
-- @module scalekit.mcp.legacy

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local channel = require "scalekit.mcp.channel"
local driver = require "scalekit.driver"
local flight = require "scalekit.flight"
local handshake = require "scalekit.mcp.handshake"
local input = require "scalekit.mcp.input"
local resume = require "scalekit.mcp.resume"
local rpc = require "scalekit.mcp.rpc"
local version = require "scalekit.mcp.version"

local legacy = {}

local METHOD_NOT_FOUND = -32601
local NOTICE_SHARE, NOTICE_MOST = 0.05, 1 -- of the time given, to say that we gave up

-- The methods during which a server may ask something.
local ASKING = { ["tools/call"] = true, ["prompts/get"] = true, ["resources/read"] = true }

local legacy_methods = { era = "legacy" }
local legacy_mt = { __index = legacy_methods, __name = "scalekit.mcp.legacy" }

local function nobody() end

-- Adds to headers what every request after the handshake carries.
local function of_session(self, headers)
  headers["mcp-protocol-version"] = self.protocol_version
  headers["mcp-session-id"] = self.session
  return headers
end

local function headers_of(self)
  return of_session(self, self.wire:to_post())
end

--- The headers of a GET for a stream.
function legacy_methods:to_listen()
  return of_session(self, self.wire:to_listen())
end

--- Whether texts of the server may be arrays of messages.
function legacy_methods:batches()
  return self.protocol_version == "2025-03-26"
end

--- Answers a request of the server. An answer that does not arrive is the
-- server's loss.
-- @tparam table message
-- @tparam table call whose callbacks answer, `deadline`
function legacy_methods:respond(message, call)
  local result, refusal
  if message.method == "ping" then
    result = {}
  else
    result, refusal = input.answer(call, message.method, message.params)
  end
  local text = rpc.response(message, result, refusal)
  self.wire:tell(headers_of(self), text, { deadline = call.deadline })
end

-- Tells the server that nobody waits for an answer any more. A coroutine that
-- was cancelled cannot wait, so another one does it.
local function give_up(self, headers, id, kind, deadline)
  local text = rpc.notification("notifications/cancelled", {
    requestId = id, reason = "the client stopped waiting",
  })
  local function tell()
    self.wire:tell(headers, text, { deadline = deadline })
  end
  local spawn = kind == "cancelled" and driver.current().spawn
  if spawn then
    deadline = core.now() + NOTICE_MOST
    spawn(tell)
  else
    tell()
  end
end

local function with_token(params, id)
  local all = { _meta = { progressToken = id } }
  for name, value in pairs(params or {}) do all[name] = value end
  return all
end

-- One request and its answer. All but the handshake may be resumed, and are
-- given up with a notice to the server.
local function ask(self, method, params, call)
  local wire, id, opening = self.wire, self.wire:next_id(), method == "initialize"
  local inner = {
    deadline = call.deadline, idle_timeout = call.idle_timeout, breaker = call.breaker,
  }
  local headers = opening and wire:to_post() or headers_of(self)
  if not opening then
    inner.deadline = call.deadline
      - math.min(NOTICE_MOST, (call.deadline - core.now()) * NOTICE_SHARE)
  end
  local text = rpc.request(id, method, call.on_progress and with_token(params, id) or params)
  local response, err = wire:post(headers, text, inner)
  local message
  if response then
    message, err = answer.read(wire, response, {
      id = id,
      deadline = inner.deadline,
      batches = self:batches(),
      on_notification = answer.notices(self, call, id),
      on_request = function(request)
        self:respond(request, call)
        return true
      end,
      abandoned = function() give_up(self, headers, id, "cancelled", call.deadline) end,
      resume = not opening and resume.of(wire, function() return self:to_listen() end, inner),
    })
  end
  if not opening and err and err.outcome == "unknown"
    and (err.kind == "timeout" or err.kind == "cancelled") then
    give_up(self, headers, id, err.kind, call.deadline)
  end
  return message, err
end

-- Agrees with the server, and tells it so.
local function initialize(self, call)
  local ok, err = handshake.agree(self, function(method, params)
    return ask(self, method, params, call)
  end)
  if not ok then return nil, err end
  self.channel:reset()
  ok, err = self.wire:tell(headers_of(self), rpc.notification "notifications/initialized", call)
  if ok and self.log_level then
    ask(self, "logging/setLevel", { level = self.log_level }, call) -- the old session had it
  end
  return ok, err
end

--- Opens a connection of this era.
-- @tparam table wire
-- @tparam table options `client_info`, and the callbacks of `input`, which say
--   what the server is told it may ask
-- @tparam table call `deadline`, `idle_timeout`
-- @tparam ?string proposal the version to ask for
-- @treturn[1] table peer
-- @treturn[2] nil
-- @treturn[2] table error
function legacy.open(wire, options, call, proposal)
  local self = setmetatable({
    wire = wire,
    client_info = options.client_info,
    callbacks = {},
    proposal = proposal or version.LEGACY[1],
    noticed = nobody,
    renewals = flight.new(),
  }, legacy_mt)
  for _, name in ipairs(input.CALLBACKS) do
    self.callbacks[name] = options[name]
    self.asks = self.asks or options[name] ~= nil
  end
  self.channel = channel.new(self)
  local ok, err = initialize(self, { deadline = call.deadline, idle_timeout = call.idle_timeout })
  if not ok then return nil, err end
  return self
end

-- What ended one caller's wait says nothing to the others.
local PRIVATE = { timeout = true, cancelled = true }

-- Replaces a session that the server forgot. Of many calls that find it gone
-- one does so and the others wait.
local function renew(self, lost, call)
  while self.session == lost do
    local one = self.renewals.current
    local over, err = self.renewals:join(call.deadline)
    if over == nil then return nil, err end
    if not over then
      one = self.renewals:start(call.deadline)
      local ok
      ok, one.err = initialize(self, { deadline = call.deadline, idle_timeout = call.idle_timeout })
      self.renewals:land(one)
      return ok, one.err
    end
    if one.err and not PRIVATE[one.err.kind] then return nil, one.err end
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

local function request(self, method, params, call)
  local session = self.session
  local message, err = ask(self, method, params, call)
  if session and is_lost(message, err) then
    local ok
    ok, err = renew(self, session, call)
    if not ok then return nil, err end
    message, err = ask(self, method, params, call)
  end
  return answer.settle(self.wire, method, message, err)
end

--- Sends a request and returns its result. Where the server may ask something
-- meanwhile, the stream on which it may do so is open.
-- @tparam string method
-- @tparam ?table params
-- @tparam table call `deadline`, and optional `idle_timeout`, `on_progress`,
--   `on_message` and the callbacks of `input`
-- @treturn[1] table result
-- @treturn[1] string its exact text
-- @treturn[2] nil
-- @treturn[2] table error
function legacy_methods:request(method, params, call)
  if not (self.asks and self.session and ASKING[method]) then
    return request(self, method, params, call)
  end
  return self.channel:during(call, function() return request(self, method, params, call) end)
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

--- Sets the least important level of log messages that the server sends.
function legacy_methods:set_log_level(level, call)
  local result, err = self:request("logging/setLevel", { level = level }, call)
  if not result then return nil, err end
  self.log_level = level
  return true
end

--- Opens a stream of notifications about changes.
-- @tparam table wants `toolsListChanged` …, as `subscriptions/listen` has it
-- @tparam table call `deadline`
-- @treturn[1] table `acknowledged`, `next(self, deadline)`, `close(self)`
-- @treturn[2] nil
-- @treturn[2] table error
function legacy_methods:listen(wants, call)
  return self.channel:subscribe(wants, call)
end

--- Ends the session, if there is one. The server may refuse; it is over for us.
function legacy_methods:close(deadline)
  self.channel:close()
  self.wire:close()
  if not self.session then return true end
  local headers = of_session(self, self.wire:to_listen())
  local response = self.wire:request("DELETE", headers, nil, {
    deadline = deadline, farewell = true,
  })
  if response and response.events then response.events:close() end
  self.session = nil
  return true
end

return legacy
