--- One connection for one request: a cosocket of nginx, from its pool or new,
-- with a deadline over every step.
-- @module scalekit.transport.cosocket.link

local core = require "scalekit.core"
local errors = require "scalekit.error"
local nginx = require "scalekit.driver.nginx"
local tls = require "scalekit.transport.cosocket.tls"

local link = {}
link.__index = link

local PIECE = 65536 -- bytes to read at most in one go
local SLACK = 0.005 -- seconds: nginx's clock stands still while it works
local GLANCE = 0.1 -- seconds after which a reader looks whether he is still wanted
local ABORTED = "the request was broken off"

local NAMES = "; nginx compares certificates with names alone, so use one, or set server_name"
local TRUST = "; nginx's directive lua_ssl_trusted_certificate names the file of authorities"
  .. " to trust"

-- What to do about a certificate that does not verify, by OpenSSL's number.
local ADVICE = {
  ["2"] = TRUST, ["18"] = TRUST, ["19"] = TRUST, ["20"] = TRUST, ["21"] = TRUST,
  ["22"] = "; the chain is longer than nginx's directive lua_ssl_verify_depth allows",
}

local function earlier(one, other)
  if not one or (other and other < one) then return other end
  return one
end

-- Sets the time that the next step may take. Where there is no limit the operator's
-- lua_socket_…_timeout hold. `since`: when a silence began that goes on.
local function arm(self, till, since)
  local now = core.now()
  local seconds, idle = till and till - now, self.idle
  if idle and since then idle = since + idle - now end
  if idle and not (seconds and seconds < idle) then seconds = idle end
  if seconds then
    self.sock:settimeout(seconds > 0.001 and math.ceil(seconds * 1000) or 1)
    self.timed = true
  elseif self.timed then
    self.sock:settimeout(0) -- the operator's
    self.timed = false
  end
  return now
end

-- Why a step has taken too long, or nil where it has not: a timer of nginx may
-- come some milliseconds early (who reads waits on then), and nobody is idle while
-- our own side is slow. `is_short`: it was not given all the time there is.
local function lateness(self, stage, is_short)
  local now = core.now()
  if self.deadline and now >= self.deadline - (self.sent and 0 or SLACK) then
    return ("the deadline passed after %.1f s, %s"):format(now - self.begun, stage)
  elseif self.idle and (self.is_ours or now < self.alive + self.idle - SLACK) then
    return nil
  elseif self.idle or not (self.deadline or is_short) then
    return ("nothing came for %.1f s, %s"):format(now - self.alive, stage)
  end
  return nil
end

local function failed(self, kind, message)
  self:close()
  return nil, errors.new {
    kind = kind, message = message, outcome = self.sent and "unknown" or "none",
  }
end

-- A TCP connection has not come about.
local function not_connected(self, err)
  err = tostring(err)
  if err == "timeout" then
    return failed(self, "timeout", lateness(self, "connecting")
      or ("no connection within %.1f s"):format(core.now() - self.begun))
  elseif err:find("no resolver defined", 1, true) then
    return failed(self, "configuration", err .. "; set nginx's directive resolver")
  end
  return failed(self, "network", ("no connection to %s: %s"):format(self.origin.authority, err))
end

-- lua-resty-core fails on an assertion where a handshake is done at once and the
-- certificate does not verify: then the reason is in nginx's log alone.
local UNVERIFIED = "the peer's certificate does not verify; nginx's error log says why"
  .. " (unless lua_socket_log_errors is off)" .. TRUST

local function shake_hands(sock, session, server_name)
  local ok, result, err = pcall(sock.sslhandshake, sock, session, server_name, true)
  if ok then return result, err end
  if not tostring(result):find("assertion failed", 1, true) then error(result, 0) end
  return nil, UNVERIFIED
end

local function handshake(self, till)
  local origin = self.origin
  arm(self, till)
  if origin.cert then
    local ok, problem = self.sock:setclientcert(origin.cert, origin.key)
    if not ok then return failed(self, "configuration", problem) end
  end
  -- the session is NULL, which is no nil, where the peer has given none
  local session, err = shake_hands(self.sock, origin.session, origin.server_name)
  if not err then
    local version = tls.version(session)
    if version and version < origin.least then
      return failed(self, "tls", "the peer speaks no TLS that is new enough")
    end
    origin.session = session ~= nil and session or nil
    return true
  end
  origin.session = nil
  if err == "timeout" then return not_connected(self, err) end
  err = tostring(err)
  local number, reason = err:match "^(%d+): (.*)$"
  reason = reason or err
  if reason == "certificate host mismatch" then
    reason = "the certificate is not for " .. origin.server_name
  end
  if origin.is_address then reason = reason .. NAMES end
  return failed(self, "tls", reason .. (ADVICE[number] or ""))
end

-- Names are looked up within nginx's own resolver_timeout; this holds it to ours.
local function look_up_and_connect(self)
  local sock, origin = self.sock, self.origin
  return nginx.within(self.deadline - core.now(), function()
    return sock:connect(origin.address, origin.port, origin.pool)
  end)
end

local function connect(self)
  local origin = self.origin
  -- where a kept connection is likely there is nothing to look up
  if origin.is_address or origin.idle > 0 or not self.deadline then
    return self.sock:connect(origin.address, origin.port, origin.pool)
  end
  return look_up_and_connect(self)
end

--- Opens one, TLS included.
-- @tparam table origin see `scalekit.transport.cosocket`
-- @tparam table request `deadline`, `head_deadline`, `idle_timeout`, `handle`
-- @tparam[opt] number connect_timeout seconds
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] table error
function link.open(origin, request, connect_timeout)
  local now, watch = core.now(), request.handle
  local deadline = earlier(request.deadline, request.head_deadline)
  local self = setmetatable({
    sock = origin.tcp(), origin = origin, deadline = deadline, idle = request.idle_timeout,
    begun = now, alive = now, sent = false, heard = false, reused = false, armed = true,
    watch = watch,
  }, link)
  local till = connect_timeout and now + connect_timeout or deadline
  if deadline and (till > deadline or origin.idle > 0) then till = deadline end
  arm(self, till)
  local ok, err = connect(self)
  if not ok then return not_connected(self, err) end
  self.reused = self.sock:getreusedtimes() > 0
  if self.reused then
    origin.idle = origin.idle - 1
    self.armed = till == deadline
  else
    origin.idle, self.armed = 0, false
    if origin.scheme == "https" then
      ok, err = handshake(self, till)
      if not ok then return nil, err end
    end
  end
  if watch then
    if watch.aborted then return failed(self, "cancelled", ABORTED) end
    self.armed = false -- for all of the time
  end
  return self
end

--- Sends bytes: a string, or a list of strings and numbers.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string the kind of an error
-- @treturn[2] string its message
function link:send(bytes)
  if not self.armed then arm(self, self.deadline) end
  self.sent = true
  local n, err = self.sock:send(bytes)
  if n then return true end
  if err == "timeout" then
    return nil, "timeout", lateness(self, "sending") or "sending took too long"
  end
  return nil, "network", "the connection broke while the request was sent: " .. tostring(err)
end

-- With TLS 1.3 a server says what it thinks of our certificate, or of having
-- none, after the handshake; nginx has no word for that.
local function is_alert(self, err)
  return self.origin.scheme == "https" and not self.reused and not self.heard
    and not err:find "reset" and not err:find "pipe"
end

local function stage_of(self)
  return self.heard and "reading the answer" or "waiting for the answer"
end

-- What has come of a read that brought nothing; nil where it is not to be the last.
local function verdict(self, err, by)
  if err == "timeout" then
    local late = lateness(self, stage_of(self), by or self.watch)
    if late then return "timeout", late end
    if by and core.now() >= by then return "later" end
    return nil
  end
  err = tostring(err)
  if is_alert(self, err) then
    return "tls", "the peer refused the connection; it may want a client certificate"
  end
  return "network", "the connection broke: " .. err
end

--- The next bytes from the peer; nil at the end; `nil, kind, message` where the
-- connection broke; `nil, "later"` where nothing has come by a time that is given.
-- @tparam[opt] number by `scalekit.core.now` seconds
function link:more(by)
  local watch, since = self.watch, self.since
  self.since = nil
  while true do
    if self.armed then
      self.armed = false -- as set for the connection, a moment ago
    else
      local till = earlier(self.deadline, by)
      if watch then till = earlier(till, core.now() + GLANCE) end
      self.alive = arm(self, till, since)
      if self.deadline and self.alive >= self.deadline then -- whatever comes meanwhile
        return nil, "timeout", lateness(self, stage_of(self))
      end
      if since then self.alive = since end
    end
    local bytes, err = self.sock:receiveany(PIECE)
    if watch and watch.aborted then return nil, "cancelled", ABORTED end
    if bytes then
      self.heard = true
      return bytes
    elseif err == "closed" then
      return nil
    end
    local kind, message = verdict(self, err, by)
    if kind then
      if kind == "later" then self.since = self.alive end
      return nil, kind, message
    end
    since = not self.is_ours and self.alive or nil
  end
end

--- Lifts the limits that are for the beginning of an answer. From now on `abort`
-- ends what somebody waits for.
-- @tparam table request
function link:stay(request)
  self.deadline = request.deadline
  self.watch = (self.watch or self.deadline or self.idle) and {}
end

--- Ends it for another light thread, which reads and will close it: nginx lets
-- nobody close what somebody reads.
function link:abort()
  if self.watch then self.watch.aborted = true end
end

--- Ends it.
function link:close()
  self.sock:close()
end

--- Gives it back to the pool, for the next request. How many the pool holds and
-- for how long is up to lua_socket_pool_size and lua_socket_keepalive_timeout.
function link:keep()
  if self.sock:setkeepalive() then
    self.origin.idle = self.origin.idle + 1
  else
    self.sock:close() -- something has come that nobody asked for, or the end
  end
end

return link
