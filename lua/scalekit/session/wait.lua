--- Waits until a user has authorized everything: asks ever more rarely, and offers
-- a new link when the one before has run out.
-- @module scalekit.session.wait

local accounts = require "scalekit.session.accounts"

local wait = {}

local FIRST_PAUSE, MOST_PAUSE = 2, 15 -- seconds between two questions
local MOST_SILENCE = 300              -- seconds without a link that works, at most
local LAST_LOOK = 1                   -- seconds before the end
local SOON = 15                       -- seconds that a link must have left to be offered

local RIDES_OUT = { network = true, unavailable = true, rate_limited = true, timeout = true,
  internal = true }

-- The links that were offered: connection → { expires =, silence =, status = }.
local function is_due(offer, account, now)
  if not offer then return true end
  -- who has come that far needs no link, unless nothing follows
  local came_far = account.connected_account_status == "PENDING_VERIFICATION"
    and offer.status ~= "PENDING_VERIFICATION"
  return now >= offer.expires + (came_far and MOST_SILENCE or offer.silence)
end

local function offer(self, account, now)
  local name = account.connection_name
  local before = self.offers[name]
  local silence = before and math.min(math.max(2 * before.silence, 30), MOST_SILENCE) or 0
  self.offers[name] = {
    expires = account.link_expires or now, silence = silence,
    status = account.connected_account_status,
  }
  self.on_link(account)
end

-- Offers the links that are at hand: those of the error that opening has brought.
local function offer_known(self, known)
  local now = self.session:_now()
  for _, account in ipairs(known or {}) do
    if account.authentication_link and (account.link_expires or 0) - now >= SOON then
      offer(self, account, now)
    end
  end
end

-- Makes and offers new links where they are due. → whether it did, or nil and an error
local function offer_new(self, pending, time)
  local now, due = self.session:_now(), {}
  for _, account in ipairs(pending) do
    due[account.connection_name] = is_due(self.offers[account.connection_name], account, now)
      or nil
  end
  if not self.on_link or not next(due) then return false end
  local fresh, err = accounts.links(self.session, time)
  if not fresh then return nil, err end
  for _, account in ipairs(fresh) do
    if due[account.connection_name] then offer(self, account, self.session:_now()) end
  end
  return true
end

local function fingerprint(pending)
  local parts = {}
  for i, account in ipairs(pending) do
    parts[i] = account.connection_name .. "=" .. (account.connected_account_status or "")
  end
  return table.concat(parts, " ")
end

-- One look. → "done", "moved" or "still", or nil and an error
local function look(self, time)
  local pending, err = accounts.pending(self.session, time)
  if not pending then return nil, err end
  self.pending = pending
  if #pending == 0 then return "done" end
  local offered
  offered, err = offer_new(self, pending, time)
  if offered == nil then return nil, err end
  local before = self.seen
  self.seen = fingerprint(pending)
  return (offered or before ~= self.seen) and "moved" or "still"
end

-- Sleeps until the next look; the last one comes shortly before the time is over.
local function pause_until(self, time, seconds)
  local left = time:left() - LAST_LOOK
  if left > 0 then return time:sleep(math.min(seconds, left)) end
  return nil, accounts.required(self.session, self.pending or {}, time.operation, true)
end

--- Waits.
-- @tparam scalekit.session session
-- @tparam scalekit.budget time
-- @tparam ?function on_link called with each account that needs a link, once for
-- each link
-- @treturn[1] boolean true when all accounts are ACTIVE
-- @treturn[2] nil
-- @treturn[2] table error; kind "timeout", with `accounts`, when the time is over
function wait.authorized(session, time, on_link)
  local self = { session = session, offers = {}, on_link = on_link }
  if on_link then offer_known(self, session._known) end
  session._known = nil
  local pause = FIRST_PAUSE
  while true do
    local state, err = look(self, time)
    if state == "done" then return true end
    if state == nil and not RIDES_OUT[err.kind] then return nil, err end
    pause = state == "moved" and FIRST_PAUSE or math.min(pause * 1.5, MOST_PAUSE)
    local jitter = 0.8 + 0.4 * session._mcp.client.random()
    local awake, ended = pause_until(self, time,
      math.max(pause * jitter, err and err.retry_after or 0))
    if not awake then return nil, ended.kind == "timeout" and err or ended end
  end
end

return wait
