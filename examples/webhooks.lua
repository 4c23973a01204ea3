-- A receiver of webhooks: believes what is signed, acts once on each event.
--
--   SCALEKIT_WEBHOOK_SECRET=whsec_… lua examples/webhooks.lua
--
-- `receiver(act)` is all that a server needs: give it the header fields and the
-- raw body, answer with the status that it returns. In nginx:
--
--   content_by_lua_block {
--     ngx.req.read_body()
--     ngx.status = receive(ngx.req.get_headers(), ngx.req.get_body_data() or "")
--   }
local scalekit = require "scalekit"
local webhook = require "scalekit.webhook"
local story = require "examples.support.story"

-- Two while you rotate: the new one and the old one.
local secrets = { os.getenv "SCALEKIT_WEBHOOK_SECRET" or "whsec_b25seS1mb3ItdGhpcy1leGFtcGxl" }

-- What happened already. A delivery whose answer was lost comes again; keep the
-- ids where all your processes see them, for as long as the service repeats.
local seen = {}

-- A function (headers, body) → status. `act(event)` does the work.
local function receiver(act)
  return function(headers, body)
    local event, err = webhook.verify { secret = secrets, headers = headers, body = body }
    if not event then
      story.say("refused: %s", tostring(err))
      -- a mistake of ours is worth another delivery, a forged one is not
      return err.kind == "configuration" and 500 or 400
    end
    if not seen[event.id] then
      seen[event.id] = true
      act(event)
    end
    return 201
  end
end

-- Somebody has to sign in again before the agent can go on.
local function act(event)
  local account = event.data
  if event.type == "connected_account.status_updated" then
    story.say("%s's %s went from %s to %s", account.identifier,
      account.connection_name or account.provider, account.old_status, account.status)
    if account.status == "EXPIRED" then
      -- here: client.actions:get_authorization_link { … } and a mail with the link
      story.say("→ asking %s to authorize again", account.identifier)
    end
  end
end

local receive = receiver(act)

-- What the service would send.
local function delivery(id, timestamp, status)
  local body = ([[{"spec_version":"1","id":"%s","type":"connected_account.status_updated",
    "object":"ConnectedAccount","occurred_at":"2030-05-06T12:00:00Z","environment_id":"env_1",
    "data":{"id":"ca_1","identifier":"user_123","connection_id":"conn_1","connection_name":"gmail",
    "provider":"GMAIL","authorization_type":"OAUTH","status":"%s","old_status":"ACTIVE"}}]])
    :format(id, status)
  return {
    ["Webhook-Id"] = id, ["Webhook-Timestamp"] = ("%d"):format(timestamp),
    ["Webhook-Signature"] = scalekit.check(webhook.sign(secrets[1], id, timestamp, body)),
  }, body
end

local function try(title, status, headers, body)
  story.step(title)
  local answer = receive(headers, body)
  story.expect(answer == status, ("answered with %d"):format(answer))
end

local now = os.time()
local headers, body = delivery("evt_1", now, "EXPIRED")
try("A delivery as it should be", 201, headers, body)
try("The same again: its answer was lost", 201, headers, body)
try("Changed on the way", 400, headers, (body:gsub("EXPIRED", "ACTIVE")))
try("Recorded, and sent an hour later", 400, delivery("evt_2", now - 3600, "EXPIRED"))
story.done()
