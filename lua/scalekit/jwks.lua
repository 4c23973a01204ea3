--- The public keys of an environment, fetched when they are needed.
--
-- A key set is kept for an hour. A token that names a key which is not in it
-- has it fetched again, once a minute at most, because keys are rotated; any
-- number of coroutines share one fetch. When the environment cannot be reached
-- the keys in hand serve ten minutes longer.
-- @module scalekit.jwks

local core = require "scalekit.core"
local errors = require "scalekit.error"
local flight = require "scalekit.flight"
local json = require "scalekit.json"
local reply = require "scalekit.reply"

local jwks = {}
jwks.__index = jwks
jwks.__name = "scalekit.jwks"

local MAX_AGE = 3600
local GRACE = 600
local LOOK_AGAIN = 60 -- seconds between two fetches for unknown keys
local REST = 1        -- seconds that an environment which fails is left alone
local MAX_BODY = 64 * 1024
local MAX_DEPTH = 16

-- What ended one caller's wait says nothing to the others.
local PRIVATE = { timeout = true, cancelled = true }

-- These are about our request, not about the token in hand.
local OURS = {
  bad_request = true, unauthorized = true, forbidden = true, not_found = true, conflict = true,
}

--- @tparam table settings `url` of the key set, `send` (a transport), and
-- perhaps `max_age` (seconds, 3600)
function jwks.new(settings)
  return setmetatable({
    url = settings.url,
    send = settings.send,
    max_age = settings.max_age or MAX_AGE,
    flight = flight.new(),
    look_again = 0,
  }, jwks)
end

function jwks:__tostring()
  return "scalekit.jwks(" .. self.url .. ")"
end

-- Each caller gets an error of its own.
local function failed(err)
  local copy = {}
  for name, value in pairs(err) do copy[name] = value end
  copy.operation, copy.outcome = "keys", "none"
  return nil, errors.new(copy)
end

-- The keys in an answer by their id: those that can verify what we accept.
local function read(body)
  local set, problem = json.decode(body, MAX_DEPTH)
  local list = json.is_object(set) and set.keys
  if type(list) ~= "table" then
    return nil, "the key set is not the JSON it should be: " .. (problem or "no list of keys")
  end
  local keys = {}
  for _, jwk in ipairs(list) do
    if json.is_object(jwk) and type(jwk.kid) == "string" and not keys[jwk.kid] then
      keys[jwk.kid] = core.jwk_load(jwk)
    end
  end
  if next(keys) == nil then return nil, "the key set holds no key that can be used" end
  return keys
end

local function request_keys(self, deadline)
  local response, err = self.send {
    method = "GET", url = self.url, headers = { accept = "application/json" },
    deadline = deadline, max_body = MAX_BODY,
  }
  if not response then return nil, err end
  if response.status ~= 200 then
    err = reply.failure(response)
    if OURS[err.kind] then err.kind = "protocol" end
    err.message = "the key set cannot be had: " .. err.message
    return nil, err
  end
  local keys, problem = read(response.body)
  if keys then return keys end
  return nil, errors.new { kind = "protocol", status = 200, message = problem }
end

local function fetch(_, self, deadline)
  local keys, err = request_keys(self, deadline)
  if keys then
    self.keys, self.renew_at, self.failure = keys, core.now() + self.max_age, nil
  elseif not PRIVATE[err.kind] then
    self.failure, self.failed_at = err, core.now()
  end
  return keys ~= nil, err
end

-- What to say where the keys cannot be fetched.
local function make_do(self, key, err)
  if key and core.now() < self.renew_at + GRACE then return key end
  return failed(err)
end

--- The key of an id.
-- @tparam string kid
-- @tparam number deadline on the monotonic clock
-- @treturn[1] userdata a public key of `scalekit.core`
-- @treturn[2] nil there is no such key
-- @treturn[3] nil
-- @treturn[3] table error: the keys could not be fetched
function jwks:key(kid, deadline)
  local fetched = false
  while true do
    local now, key = core.now(), self.keys and self.keys[kid]
    local fresh = self.keys and now < self.renew_at
    if fetched or (fresh and (key or now < self.look_again)) then return key end
    if self.failure and now - self.failed_at < REST then return make_do(self, key, self.failure) end
    local again, err = self.flight:join(deadline)
    if err then return make_do(self, key, err) end
    if not again then
      local ok
      ok, err = self.flight:fly(deadline, fetch, self, deadline)
      if not ok then return make_do(self, key, err) end
      if fresh or not self.keys[kid] then self.look_again = core.now() + LOOK_AGAIN end
      fetched = true
    end
  end
end

return jwks
