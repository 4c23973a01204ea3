--- Turns refusals of a peer into error objects.
-- @module scalekit.mcp.failure

local core = require "scalekit.core"
local challenge = require "scalekit.mcp.challenge"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local redact = require "scalekit.redact"
local retry = require "scalekit.retry"
local trim = require "scalekit.trim"

local failure = {}

local MAX_TEXT = 300   -- bytes of a peer's words in a message
local MAX_READ = 4096  -- bytes of them that are looked at

local BY_CODE = {
  [-32700] = "bad_request", [-32600] = "bad_request", [-32602] = "bad_request",
  [-32601] = "not_found", [-32002] = "not_found",
  [-32603] = "internal",
  [-32020] = "protocol", [-32022] = "protocol",
  [-32021] = "unimplemented",         -- the server needs a capability we did not declare
  [-32042] = "authorization_required", -- the user has to open the links in `data`
}

local BY_STATUS = {
  [400] = "bad_request", [401] = "unauthorized", [403] = "forbidden", [404] = "not_found",
  [408] = "timeout", [409] = "conflict", [413] = "bad_request", [422] = "bad_request",
  [429] = "rate_limited", [431] = "bad_request",
  [500] = "internal", [501] = "unimplemented",
  [502] = "unavailable", [503] = "unavailable", [504] = "unavailable",
}

-- Statuses that say more than the JSON-RPC code beside them.
local OVER_CODE = { [408] = true, [429] = true, [502] = true, [503] = true, [504] = true }

local function kind_of_status(status)
  return BY_STATUS[status] or (status >= 500 and "unavailable") or "protocol"
end

--- A text in which each secret is replaced by `[secret]`.
function failure.redact(secrets, text)
  for _, secret in ipairs(secrets) do text = redact.hide(text, core.reveal(secret)) end
  return text
end

-- The beginning of a text, redacted. What is cut off may be the rest of a
-- secret, so what follows the last whole one goes with it, as far as one reaches.
local function beginning(secrets, text)
  local longest = 0
  for _, secret in ipairs(secrets) do longest = math.max(longest, #core.reveal(secret)) end
  if #text <= MAX_READ + longest then return failure.redact(secrets, text) end
  local redacted = failure.redact(secrets, text:sub(1, MAX_READ + longest))
  local whole = redacted:match("^.*%[secret%]()") or 1
  return redacted:sub(1, math.max(whole - 1, #redacted - longest))
end

--- A peer's words, made fit for a message: without our secrets, on one line
-- and short.
-- @tparam table secrets array of secrets
-- @tparam any text
-- @treturn ?string nil where there are no words
function failure.words(secrets, text)
  if type(text) ~= "string" then return nil end
  text = trim((beginning(secrets, text):gsub("[%c ]+", " ")))
  if #text > MAX_TEXT then
    text = text:sub(1, MAX_TEXT):gsub("[\192-\255][\128-\191]*$", "") .. "…"
  end
  return text ~= "" and text or nil
end

--- What a peer sent beside its words, decoded and without our secrets.
-- @tparam table wire
-- @tparam ?string text valid JSON
function failure.data(wire, text)
  if not text then return nil end
  return (json.decode(failure.redact(wire.secrets, text)))
end

-- What an OAuth-style or JSON-RPC-style error body says.
local function body_words(secrets, body)
  local value = type(body) == "string" and body:find "^%s*{" and json.decode(body)
  if type(value) ~= "table" then return nil end
  local nested = type(value.error) == "table" and value.error.message
  return failure.words(secrets, value.error_description or nested or value.error or value.message)
end

local EXPLAIN = {
  unauthorized = "the server did not accept the token",
  forbidden = "the server does not allow this",
  not_found = "there is no MCP endpoint at this address",
  rate_limited = "the server asks to slow down",
  unavailable = "the server is not available",
  internal = "the server failed",
}

--- The error for an HTTP answer that carries no answer to the request.
-- @tparam table wire
-- @tparam table response as a transport returns it
-- @treturn table error
function failure.http(wire, response)
  local status, headers = response.status, response.headers
  local kind = kind_of_status(status)
  local refused = (status == 401 or status == 403)
    and challenge.bearer(failure.redact(wire.secrets, headers["www-authenticate"] or ""))
  local message = EXPLAIN[kind] or "the server refused the request"
  if status >= 300 and status < 400 then
    message = "the server redirects elsewhere, which is not followed"
  elseif status == 401 and not wire.auth then
    message = "the server asks for a token"
  end
  local words = refused
    and failure.words(wire.secrets, refused.error_description or refused.error)
  words = words or body_words(wire.secrets, response.body)
  return errors.new {
    kind = kind,
    message = words and message .. ": " .. words or message,
    status = status,
    challenge = refused or nil,
    retry_after = retry.after(headers["retry-after"], os.time()),
    outcome = status >= 500 and "unknown" or "none",
  }
end

--- The error for a JSON-RPC error.
-- @tparam table wire
-- @tparam table message from `rpc.read`, with `status`
-- @treturn table error with `code`, and `data` where the server sent some
function failure.rpc(wire, message)
  local code, status = message.error.code, message.status
  local kind = BY_CODE[code] or "internal"
  if OVER_CODE[status] then kind = kind_of_status(status) end
  return errors.new {
    kind = kind,
    message = failure.words(wire.secrets, message.error.message) or "the server gives no reason",
    code = code,
    data = failure.data(wire, core.json_member(message.raw_error, "data")),
    status = status ~= 200 and status or nil,
    retry_after = retry.after(message.headers and message.headers["retry-after"], os.time()),
  }
end

--- The error for an answer that makes no sense.
-- @tparam string text what is wrong
-- @tparam ?number status
-- @treturn table error; whether the request was executed is unknown
function failure.protocol(text, status)
  return errors.new { kind = "protocol", message = text, status = status, outcome = "unknown" }
end

--- The error for a connection that ended too early.
function failure.cut()
  return errors.new {
    kind = "network", message = "the stream ended before the answer", outcome = "unknown",
  }
end

--- The error for a deadline that passed.
function failure.timeout()
  return errors.new {
    kind = "timeout", message = "no answer within the time given", outcome = "unknown",
  }
end

return failure
