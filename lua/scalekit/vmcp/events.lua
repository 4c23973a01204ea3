--- Webhooks out: tells the configured URL what happens to connected accounts.
--
-- A delivery is a value: `{ id, url, headers, body, event, attempt }`. `app.deliver(delivery)`, given
-- by the host, sends it without making the request wait that caused it. A host that repeats a failed
-- one asks `again` how long to wait and `sign` for new headers: the signature covers the time of the
-- attempt.
local json = require "scalekit.json"
local moment = require "scalekit.moment"
local version = require "scalekit.version"
local webhook = require "scalekit.webhook"

local ids = require "scalekit.vmcp.ids"

local events = {}

--- Seconds to wait before the second, third … attempt.
events.RETRIES = { 5, 30, 120, 300, 900 }

local PREFIX = "connected_account."

local function data_of(connection, account, old_status)
  return {
    id = account.id,
    identifier = account.identifier,
    connection_id = connection.id,
    connection_name = connection.name,
    provider = connection.provider,
    status = account.status,
    old_status = old_status,
    authorization_type = connection.authorization_type,
    token_expires_at = account.token_expires_at,
    last_used_at = account.last_used_at,
  }
end

--- Puts the headers of an attempt that begins now into a delivery.
function events.sign(app, delivery)
  -- the receiver compares with its own clock, which no switch has moved
  local now = math.floor(app.wall_clock())
  delivery.headers = {
    ["content-type"] = "application/json",
    ["user-agent"] = "scalekit-vmcp/" .. version,
    ["webhook-id"] = delivery.id,
    ["webhook-timestamp"] = ("%d"):format(now),
    ["webhook-signature"] = assert(webhook.sign(app.webhook_key, delivery.id, now, delivery.body)),
  }
end

--- Counts a failed attempt.
-- @treturn number|nil how many seconds to wait before the next one, nil when there is none
function events.again(app, delivery)
  local wait = app.webhook_retries[delivery.attempt]
  delivery.attempt = delivery.attempt + 1
  return wait
end

--- Tells what happened.
-- @tparam table app
-- @tparam string what "created", "updated", "status_updated", "deleted", "magic_link_generated",
--   "oauth_tokens_fetched", "oauth_succeeded", "token_refresh_succeeded", "token_refresh_failed"
-- @tparam table connection
-- @tparam table account its record
-- @tparam[opt] string old_status of a "status_updated"
function events.tell(app, what, connection, account, old_status)
  if not app.webhook_url then return end
  local event = {
    spec_version = "1",
    id = ids.new "evt_",
    type = PREFIX .. what,
    object = "ConnectedAccount",
    occurred_at = moment.format(app:now()),
    environment_id = app.environment_id,
    organization_id = what ~= "status_updated" and account.organization_id or nil,
    data = data_of(connection, account, old_status),
  }
  local delivery = {
    id = event.id, url = app.webhook_url, body = json.encode(event), event = event, attempt = 1,
  }
  events.sign(app, delivery)
  app.deliver(delivery)
end

return events
