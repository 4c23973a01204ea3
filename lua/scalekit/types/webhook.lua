---@meta scalekit.webhook
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Webhooks: whether a delivery comes from the service, and what it says.
---
---    local event, err = webhook.verify {
---      secret = os.getenv "SCALEKIT_WEBHOOK_SECRET",
---      headers = request.headers,
---      body = request.raw_body,
---    }
---    if not event then return respond(400) end
---
---The scheme is that of Standard Webhooks: `webhook-signature` holds one or
---more `v1,<base64>`, each an HMAC-SHA-256 of `<id>.<timestamp>.<raw body>`.
---Answer 2xx within ten seconds, and expect the same event more than once:
---its `id` says so.
---@class scalekit.webhook
local webhook = {}

---Signs a delivery.
---@param secret string|scalekit.secret `whsec_<base64>`
---@param id string of the message, for `webhook-id`
---@param timestamp number whole seconds of Unix time, for `webhook-timestamp`
---@param body string the bytes that are sent
---@return string? # what `webhook-signature` is to hold
---@return scalekit.error? # kind "configuration": the secret is none
function webhook.sign(secret, id, timestamp, body) end

---@class scalekit.webhook.authenticate.options
---@field secret string|scalekit.secret|table
---@field headers table
---@field body string
---@field tolerance? number|string (default 300)
---@field now? number

---Checks the signature alone, for a body that is no JSON.
---@param opts scalekit.webhook.authenticate.options as for `verify`
---@return boolean? # true
---@return scalekit.error?
function webhook.authenticate(opts) end

---@class scalekit.webhook.verify.options
---@field secret string|scalekit.secret|table `whsec_<base64>`, or while secrets are rotated a list of them
---@field headers table name → value, in any case; a value may be a list
---@field body string the bytes as they came: JSON that was decoded and encoded again has another signature
---@field tolerance? number|string seconds (or "5m" …) by which clocks may differ, both ways (default 300)
---@field now? number Unix time in seconds; the clock's by default

---Checks a delivery and reads its event.
---
---The error's `code` is "missing_header", "bad_timestamp", "too_old",
---"too_new", "bad_signature" (kind "unauthorized"), "bad_secret" (kind
---"configuration"), or nil (kind "protocol": signed, but no JSON object).
---@param opts scalekit.webhook.verify.options
---@return table? # the event: `id`, `type`, `data` …
---@return scalekit.error?
function webhook.verify(opts) end

return webhook
