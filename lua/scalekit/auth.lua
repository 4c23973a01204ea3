--- The client's access token: fetched when it is first needed, once for any
-- number of coroutines, renewed ahead of its expiry, replaced after a 401.
-- @module scalekit.auth

local core = require "scalekit.core"
local errors = require "scalekit.error"
local flight = require "scalekit.flight"
local redact = require "scalekit.redact"
local reply = require "scalekit.reply"
local shared = require "scalekit.shared"

local auth = {}
auth.__index = auth

local OPERATION = "oauth/token"
local REST = 0.5 -- seconds that a token endpoint which fails is left alone
local BEHIND = 10 -- seconds for a token that nobody waits for
local LOOK_AGAIN = 0.5 -- seconds between two looks whether another has come

local function real_time()
  return core.now()
end

-- What ended one caller's wait says nothing to the others.
local PRIVATE = { timeout = true, cancelled = true }

-- Where the workers of an nginx share a token: sealed with the secret that buys it,
-- under a name that tells nothing.
local function cell_of(settings)
  if not settings.shared then return nil end
  local sealer = core.sealer(settings.client_secret, "access token")
  return settings.shared:cell(
    "token " .. sealer:name(settings.url .. "\n" .. settings.client_id), sealer)
end

--- @tparam table settings `url` of the token endpoint, `client_id`,
-- `client_secret`, `send`; perhaps `shared`, a store of `scalekit.host.shared`
function auth.new(settings)
  return setmetatable({
    credentials = core.credentials(settings.client_id, settings.client_secret),
    url = settings.url,
    send = settings.send,
    now = real_time, -- whose rest it is; another clock's in tests
    random = settings.random or math.random,
    flight = flight.new(),
    cell = cell_of(settings),
  }, auth)
end

-- Each caller gets an error of its own; nothing of the request has been sent.
local function failed(err)
  local copy = {}
  for name, value in pairs(err) do copy[name] = value end
  copy.operation, copy.outcome, copy.before_request = OPERATION, "none", true
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
    err.raw = nil -- a server may echo what was sent
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

-- Takes what another worker has fetched, where that is new.
local function take(self)
  if not self.cell then return false end
  local token, renew, over, stamp = self.cell:read()
  if not token or stamp == self.stamp or not self.credentials:adopt(token, renew, over) then
    return false
  end
  self.stamp = stamp
  return true
end

local function hand_round(self)
  local token, _, renew, over = self.credentials:bearer()
  if self.cell and token then self.stamp = self.cell:write(token, renew, over) end
end

-- Fetches a token, or has it from the worker that fetches.
local function fetch(self, deadline, is_patient)
  -- another call may have taken it by now
  local function look() return take(self) or self.credentials:bearer() ~= nil end
  local ok, err = shared.fetch(self.cell, deadline, is_patient, look,
    function()
      local ok, err = request_token(self, deadline)
      if ok then hand_round(self) end
      return ok, err
    end)
  if err and not PRIVATE[err.kind] then self.failure, self.failed_at = err, self.now() end
  return ok, err
end

local function bearer(self)
  self.current, self.generation, self.renew_at = self.credentials:bearer()
  return self.current, self.generation
end

-- A token between the time to renew it and its end serves on, where another can
-- be fetched meanwhile.
local function stale(self)
  local token, generation = self.credentials:stale()
  local now = core.now()
  if not token or now < (self.look_again or 0) then return token, generation end
  if take(self) then return bearer(self) end
  local deadline = now + BEHIND
  if not self.flight:depart(deadline, function() return fetch(self, deadline, false) end) then
    return nil
  end
  self.look_again = now + LOOK_AGAIN
  return token, generation
end

-- The token in hand, or one that is to be had without waiting.
local function at_once(self)
  for _ = 1, 2 do
    local token, generation = bearer(self)
    if not token then token, generation = stale(self) end
    if token then return token, generation end
    if not take(self) then return nil end
  end
  return nil
end

--- The token in hand, where it need not be renewed yet.
-- @tparam number now on the monotonic clock
-- @treturn ?userdata a secret
-- @treturn ?number its generation
function auth:at_hand(now)
  if self.current and now < self.renew_at then return self.current, self.generation end
end

--- The token to send.
-- @tparam number deadline on the monotonic clock
-- @treturn[1] userdata a secret
-- @treturn[1] number its generation, to be given to `refused`
-- @treturn[2] nil
-- @treturn[2] table error
function auth:token(deadline)
  local token, generation = self:at_hand(core.now())
  if token then return token, generation end
  local fetched = false
  while true do
    token, generation = at_once(self)
    if token then return token, generation end
    if self.failure and self.now() - self.failed_at < REST then return failed(self.failure) end
    local again, err = self.flight:join(deadline)
    if err then return failed(err) end
    if not again then
      if fetched then
        return failed(errors.new {
          kind = "protocol", message = "the token endpoint's tokens are expired on arrival",
        })
      end
      fetched = true
      local ok
      ok, err = self.flight:fly(deadline, function() return fetch(self, deadline, true) end)
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
