--- Webhooks: whether a delivery comes from the service, and what it says.
--
--     local event, err = webhook.verify {
--       secret = os.getenv "SCALEKIT_WEBHOOK_SECRET",
--       headers = request.headers,
--       body = request.raw_body,
--     }
--     if not event then return respond(400) end
--
-- The scheme is that of Standard Webhooks: `webhook-signature` holds one or
-- more `v1,<base64>`, each an HMAC-SHA-256 of `<id>.<timestamp>.<raw body>`.
-- Answer 2xx within ten seconds, and expect the same event more than once:
-- its `id` says so.
-- @module scalekit.webhook

local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local options = require "scalekit.options"

local webhook = {}

local TOLERANCE = 300 -- seconds
local VERSION = "v1"

local OPTIONS = {
  secret = "string|secret|table", headers = "table", body = "string",
  tolerance = duration.TYPE, now = "number",
}

-- Refused, with a code that tells one reason from another.
local function refuse(code, message)
  return nil, errors.new { kind = "unauthorized", code = code, message = message }
end

local function misconfigured(message)
  return nil, errors.new { kind = "configuration", code = "bad_secret", message = message }
end

-- The signature of a text under one secret, as the header has it; nil and what
-- is wrong with the secret.
local function signature(secret, text)
  local mac, message = core.webhook_mac(secret, text)
  return mac and VERSION .. "," .. core.base64(mac), message
end

--- Signs a delivery.
-- @tparam string|secret secret `whsec_<base64>`
-- @tparam string id of the message, for `webhook-id`
-- @tparam number timestamp whole seconds of Unix time, for `webhook-timestamp`
-- @tparam string body the bytes that are sent
-- @treturn[1] string what `webhook-signature` is to hold
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "configuration": the secret is none
function webhook.sign(secret, id, timestamp, body)
  if type(id) ~= "string" or id == "" then error("webhook.sign: the id must be a string", 2) end
  if type(timestamp) ~= "number" or timestamp % 1 ~= 0 or timestamp < 0 then
    error("webhook.sign: the timestamp must be a whole number of seconds", 2)
  end
  if type(body) ~= "string" then error("webhook.sign: the body must be a string", 2) end
  if not options.fits(secret, "string|secret") then
    error("webhook.sign: the secret must be a string or a scalekit.secret", 2)
  end
  local made, message = signature(secret, ("%s.%d.%s"):format(id, timestamp, body))
  if not made then return misconfigured(message) end
  return made
end

-- All values that a header has, whatever the case of its name; a value may be
-- a list, as some servers give it.
local function header_values(headers, wanted)
  local values = {}
  for name, value in pairs(headers) do
    if type(name) == "string" and name:lower() == wanted then
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        values[#values + 1] = type(one) == "string" and one or nil
      end
    end
  end
  return values
end

-- The one value of a header, or nil and its name.
local function header(headers, name)
  local values = header_values(headers, name)
  if #values == 1 and values[1] ~= "" then return values[1] end
  return nil, name
end

-- Nil, or why a timestamp is not believed.
local function too_far(timestamp, now, tolerance)
  if now - timestamp > tolerance then return "too_old" end
  if timestamp > now + tolerance then return "too_new" end
  return nil
end

-- Whether one of the signatures is that of one of the secrets. Takes as long
-- for a wrong one as for a right one.
local function matches(secrets, given, text)
  local found = false
  for _, secret in ipairs(secrets) do
    local expected, message = signature(secret, text)
    if not expected then return nil, message end
    for _, list in ipairs(given) do
      for one in list:gmatch "%S+" do
        if core.equal(one, expected) then found = true end
      end
    end
  end
  return found
end

local function read(what, opts)
  opts = options.check(what, opts, OPTIONS, 3)
  for _, name in ipairs { "secret", "headers", "body" } do
    if opts[name] == nil then error(("%s: option '%s' is required"):format(what, name), 3) end
  end
  local tolerance = opts.tolerance == 0 and 0
    or duration.option(what, opts, "tolerance", TOLERANCE, 3)
  if opts.now and opts.now - opts.now ~= 0 then
    error(what .. ": option 'now' must be a Unix time", 3)
  end
  local secrets = type(opts.secret) == "table" and opts.secret or { opts.secret }
  for _, secret in ipairs(secrets) do
    if not options.fits(secret, "string|secret") then
      error(what .. ": option 'secret' must hold strings or scalekit.secret", 3)
    end
  end
  return opts, secrets, tolerance
end

-- True, or nil and an error.
local function authenticate(opts, secrets, tolerance)
  if #secrets == 0 then return misconfigured "no webhook secret is given" end
  local id, missing = header(opts.headers, "webhook-id")
  local stamp, given
  if id then stamp, missing = header(opts.headers, "webhook-timestamp") end
  if stamp then
    given = header_values(opts.headers, "webhook-signature")
    missing = #given == 0 and "webhook-signature" or nil
  end
  if missing then return refuse("missing_header", "no usable header " .. missing) end
  local timestamp = #stamp <= 15 and stamp:find "^%d+$" and tonumber(stamp)
  if not timestamp then return refuse("bad_timestamp", "webhook-timestamp is no number of seconds") end
  local wrong = too_far(timestamp, opts.now or os.time(), tolerance)
  if wrong then
    return refuse(wrong, wrong == "too_old" and "the delivery is too old"
      or "the delivery is dated in the future")
  end
  -- the header's own text, not the number printed again
  local same, message = matches(secrets, given, id .. "." .. stamp .. "." .. opts.body)
  if same == nil then return misconfigured(message) end
  if not same then return refuse("bad_signature", "no signature matches") end
  return true
end

--- Checks the signature alone, for a body that is no JSON.
-- @tparam table opts as for `verify`
-- @tparam string|secret|table opts.secret
-- @tparam table opts.headers
-- @tparam string opts.body
-- @tparam[opt=300] number|string opts.tolerance
-- @tparam[opt] number opts.now
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function webhook.authenticate(opts)
  return authenticate(read("webhook.authenticate", opts))
end

--- Checks a delivery and reads its event.
--
-- The error's `code` is "missing_header", "bad_timestamp", "too_old",
-- "too_new", "bad_signature" (kind "unauthorized"), "bad_secret" (kind
-- "configuration"), or nil (kind "protocol": signed, but no JSON object).
-- @tparam table opts
-- @tparam string|secret|table opts.secret `whsec_<base64>`, or while secrets are
-- rotated a list of them
-- @tparam table opts.headers name → value, in any case; a value may be a list
-- @tparam string opts.body the bytes as they came: JSON that was decoded and
-- encoded again has another signature
-- @tparam[opt=300] number|string opts.tolerance seconds (or "5m" …) by which
-- clocks may differ, both ways
-- @tparam[opt] number opts.now Unix time in seconds; the clock's by default
-- @treturn[1] table the event: `id`, `type`, `data` …
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function webhook.verify(opts)
  local secrets, tolerance
  opts, secrets, tolerance = read("webhook.verify", opts)
  local ok, err = authenticate(opts, secrets, tolerance)
  if not ok then return nil, err end
  local event, problem = json.decode(opts.body)
  if json.is_object(event) then return event end
  return nil, errors.new {
    kind = "protocol", message = "the delivery is not the JSON it should be: "
      .. (problem or "not an object"),
  }
end

return webhook
