--- The client's access token: fetched when it is first needed, once for any
-- number of coroutines, renewed ahead of its expiry, replaced after a 401.
-- @module scalekit.auth

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local reply = require "scalekit.reply"

local auth = {}
auth.__index = auth

-- A token endpoint that fails is left alone this long.
local REST = 0.5

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
    secret = true, -- the answer is for C alone
  }
  if not response then
    err.operation = "oauth/token"
    return nil, err
  end
  if response.status ~= 200 then
    response.body = core.reveal(response.body)
    err = reply.failure(response, "oauth/token")
    err.raw = nil -- a server may echo what was sent
    return nil, err
  end
  local ok, problem = self.credentials:accept(response.body, self.random())
  if ok then return true end
  return nil, errors.new {
    kind = "protocol", message = problem, status = 200, operation = "oauth/token",
  }
end

local function fetch(self, deadline)
  local flight = driver.current().signal()
  self.flight = flight
  local ok, err = request_token(self, deadline)
  if err then err.outcome, err.before_request = "none", true end
  if self.flight == flight then self.flight = nil end
  -- The clock of one caller says nothing about the others.
  if not ok and err.kind ~= "timeout" then
    self.failure, self.failed_at = err, core.now()
  end
  flight:set()
  return ok, err
end

--- The token to send.
-- @tparam number deadline on the monotonic clock
-- @treturn[1] userdata a secret
-- @treturn[1] number its generation, to be given to `refused`
-- @treturn[2] nil
-- @treturn[2] table error
function auth:token(deadline)
  while true do
    local token, generation = self.credentials:bearer()
    if token then return token, generation end
    if self.failure and core.now() - self.failed_at < REST then return nil, self.failure end
    local reason = "busy"
    if self.flight then
      local _, why = self.flight:wait(deadline)
      reason = why
    end
    if reason == "timeout" then
      return nil, errors.new {
        kind = "timeout", operation = "oauth/token",
        message = "the deadline passed while a token was fetched",
      }
    elseif reason == "busy" then -- nobody fetches, or we cannot wait for who does
      local ok, err = fetch(self, deadline)
      if not ok then return nil, err end
    end
  end
end

--- The server refused that token: the next call fetches another.
function auth:refused(generation)
  self.credentials:drop(generation)
end

return auth
