--- The client's access token: fetched when it is first needed, once for any
-- number of coroutines, renewed ahead of its expiry, replaced after a 401.
-- @module scalekit.auth

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local redact = require "scalekit.redact"
local reply = require "scalekit.reply"

local auth = {}
auth.__index = auth

local OPERATION = "oauth/token"
local SLICE = 1 -- seconds between two looks at whether somebody will end the fetch
local REST = 0.5 -- seconds that a token endpoint which fails is left alone

-- What ended one caller's wait says nothing to the others.
local PRIVATE = { timeout = true, cancelled = true }

--- @tparam table settings `url` of the token endpoint, `client_id`,
-- `client_secret`, `send`
function auth.new(settings)
  return setmetatable({
    credentials = core.credentials(settings.client_id, settings.client_secret),
    url = settings.url,
    send = settings.send,
    random = settings.random or math.random,
  }, auth)
end

-- Each caller gets an error of its own; nothing of the request has been sent.
local function failed(err)
  local copy = {}
  for name, value in pairs(err) do copy[name] = value end
  copy.operation, copy.outcome, copy.before_request = OPERATION, "none", true
  copy.raw = nil -- a server may echo what was sent
  return nil, errors.new(copy)
end

local function request_token(self, deadline)
  local response, err = self.send {
    method = "POST",
    url = self.url,
    headers = {
      ["content-type"] = "application/x-www-form-urlencoded",
      accept = "application/json",
    },
    body = self.credentials:form(),
    deadline = deadline,
    max_body = 64 * 1024,
    once = false, -- a second token does no harm
    secret = true, -- the answer is for C alone
  }
  if not response then return nil, err end
  if response.status ~= 200 then
    response.body = core.reveal(response.body)
    err = reply.failure(response)
    local secret = core.reveal(self.credentials:form()):match "client_secret=([^&]*)"
    redact.error(err, { core.unpercent(secret) })
    if err.kind == "unauthorized" then
      err.message = err.message .. "; check the client id and the client secret"
    end
    return nil, err
  end
  local ok, problem = self.credentials:accept(response.body, self.random())
  if ok then return true end
  return nil, errors.new { kind = "protocol", message = problem, status = 200 }
end

local function fetch(self, deadline)
  local flight = {
    done = driver.current().signal(), overdue = deadline, pilot = coroutine.running(),
  }
  self.flight = flight
  local fine, ok, err = driver.pcall(request_token, self, deadline)
  if self.flight == flight then self.flight = nil end
  if not fine then
    flight.done:set()
    error(ok, 0)
  end
  if not ok and not PRIVATE[err.kind] then self.failure, self.failed_at = err, core.now() end
  flight.done:set()
  return ok, err
end

-- Whether nobody will end a flight any more.
local function is_lost(flight)
  return core.now() >= flight.overdue
    or (flight.pilot ~= nil and coroutine.status(flight.pilot) == "dead")
end

-- Waits for the coroutine that fetches. True: look again. False: fetch it
-- yourself.
local function join(self, deadline)
  local flight = self.flight
  if not flight or is_lost(flight) then return false end
  local ok, reason = flight.done:wait(math.min(deadline, flight.overdue, core.now() + SLICE))
  if ok then return true end
  if reason == "busy" then return false end
  if reason == "timeout" and core.now() < deadline then return true end
  return nil, errors.new {
    kind = reason == "timeout" and "timeout" or "cancelled",
    message = reason == "timeout" and "the deadline passed while a token was fetched"
      or "the waiting coroutine was cancelled",
  }
end

--- The token to send.
-- @tparam number deadline on the monotonic clock
-- @treturn[1] userdata a secret
-- @treturn[1] number its generation, to be given to `refused`
-- @treturn[2] nil
-- @treturn[2] table error
function auth:token(deadline)
  local fetched = false
  while true do
    local token = self.current
    if token and core.now() < self.renew_at then return token, self.generation end
    token, self.generation, self.renew_at = self.credentials:bearer()
    self.current = token
    if token then return token, self.generation end
    if self.failure and core.now() - self.failed_at < REST then return failed(self.failure) end
    local again, err = join(self, deadline)
    if err then return failed(err) end
    if not again then
      if fetched then
        return failed(errors.new {
          kind = "protocol", message = "the token endpoint's tokens are expired on arrival",
        })
      end
      fetched = true
      local ok
      ok, err = fetch(self, deadline)
      if not ok then return failed(err) end
    end
  end
end

--- The server refused that token: the next call fetches another.
function auth:refused(generation)
  self.credentials:drop(generation)
  self.current = nil
end

return auth
