--- Opens sessions: the accounts are checked, then a token is minted.
-- @module scalekit.session.opening

local accounts = require "scalekit.session.accounts"
local core = require "scalekit.core"
local errors = require "scalekit.error"
local moment = require "scalekit.moment"
local retry = require "scalekit.retry"

local opening = {}

local MINT_TRIES = 3

-- A token that got lost on its way harms nobody, so another one may be asked for.
local function may_repeat(err)
  return err.kind ~= "cancelled" and err.kind ~= "timeout"
    and (err.outcome == "unknown" or err.kind == "unavailable")
end

local function mint(self, time)
  local try = 0
  while true do
    local timeout, spent = time:timeout()
    if not timeout then return nil, spent end
    local token, err = self._mcp:create_session_token {
      mcp_config_id = self.config_id, identifier = self.identifier, expiry = self._expiry,
      timeout = timeout,
    }
    if token then return token end
    try = try + 1
    if try == MINT_TRIES or not may_repeat(err) then return nil, err end
    local pause = err.retry_after or retry.delay(try, self._mcp.client.random())
    local awake, ended = time:sleep(pause)
    if not awake then return nil, ended.kind == "timeout" and err or ended end
  end
end

local function no_token(time)
  return nil, errors.new {
    kind = "protocol", operation = time.operation, message = "the service's answer holds no token",
  }
end

local function accept(self, response)
  local token = response.token
  self.token = core.secret(token)
  self.headers = { Authorization = core.secret("Bearer " .. token) }
  self.expires_at = response.expires_at
  self.expires = moment.parse(response.expires_at or "")
  self._known = nil
  return self
end

-- The accounts that keep the session from opening, or false; nil and an error.
local function obstacle(self, time, with_links)
  local pending, err = accounts.pending(self, time)
  if pending and #pending > 0 and with_links then pending, err = accounts.links(self, time) end
  if not pending then return nil, err end
  return #pending > 0 and pending
end

--- Checks the accounts and mints a token, in the place of one that there may be.
-- @tparam scalekit.session self
-- @tparam scalekit.budget time
-- @tparam boolean with_links whether to make links where something is to authorize
-- @treturn[1] scalekit.session the same
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function opening.open(self, time, with_links)
  for look = 1, 2 do
    local pending, err = obstacle(self, time, with_links)
    if pending == nil then return nil, err end
    if pending then
      self._known = pending
      return nil, accounts.required(self, pending, time.operation)
    end
    local response
    response, err = mint(self, time)
    if response and (response.token or "") == "" then return no_token(time) end
    if response then return accept(self, response) end
    -- an account may have stopped being active between the two
    local refused = err.kind == "authorization_required" or err.kind == "bad_request"
    if look == 2 or not refused then return nil, err end
  end
end

return opening
