--- What the edge answers by itself: JSON-RPC errors to who speaks MCP, OAuth
-- errors to who presents a token. What is wrong inside is for the log alone.
-- @module scalekit.edge.answer

local core = require "scalekit.core"
local json = require "scalekit.json"

local answer = {}

local SERVER_ERROR = -32000
local URL_ELICITATION_REQUIRED = -32042
local DEEPEST = 64

local function response(status, value, headers)
  headers = headers or {}
  headers["content-type"], headers["cache-control"] = "application/json", "no-store"
  return { status = status, headers = headers, body = json.encode(value) }
end

-- The id of a JSON-RPC request, as it was written; nil where there is none.
local function id_of(body)
  if not body or not core.json_check(body, DEEPEST) then return nil end
  local id = core.json_member(body, "id")
  return id and id:find '^["%-%d]' and json.raw(id) or nil
end

--- A JSON-RPC error.
-- @tparam number status
-- @tparam string kind as of `scalekit.error`
-- @tparam string message
-- @tparam[opt] string body of the request
-- @treturn table response
function answer.rpc(status, kind, message, body)
  return response(status, {
    jsonrpc = "2.0", id = id_of(body),
    error = { code = SERVER_ERROR, message = message, data = { kind = kind } },
  })
end

-- As the MCP revision of 2025-11-25 asks for it, for clients that open links.
local function elicitation(account)
  return {
    mode = "url", elicitationId = core.base64url(core.random(12)),
    url = account.authentication_link,
    message = ("Connect your %s account."):format(account.connection_name),
  }
end

--- The user has to authorize something first. Whoever asked with a JSON-RPC request
-- gets its answer with status 200, as every MCP client understands it.
-- @tparam table err of kind "authorization_required"
-- @tparam[opt] string body of the request
-- @treturn table response
function answer.authorization(err, body)
  local accounts, elicitations = json.array {}, json.array {}
  for i, account in ipairs(err.accounts or {}) do
    accounts[i] = {
      connection_name = account.connection_name,
      connected_account_status = account.connected_account_status,
      authentication_link = account.authentication_link,
      link_expires = account.link_expires,
    }
    if account.authentication_link then
      elicitations[#elicitations + 1] = elicitation(account)
    end
  end
  local id = id_of(body)
  return response(id and 200 or 403, {
    jsonrpc = "2.0", id = id,
    error = {
      code = URL_ELICITATION_REQUIRED, message = err.message,
      data = { kind = err.kind, accounts = accounts, elicitations = elicitations },
    },
  })
end

-- Statuses of what is the asker's business; all the rest is ours.
local THEIRS = { bad_request = 400, not_found = 404 }
local OURS = {
  rate_limited = 503, unavailable = 503, network = 503, cancelled = 503, timeout = 504,
}

--- What came in the place of a session.
-- @tparam table err
-- @tparam[opt] string body of the request
-- @treturn table response
-- @treturn boolean whether the log should hear of it
function answer.of_error(err, body)
  if err.kind == "authorization_required" then return answer.authorization(err, body), false end
  local status = THEIRS[err.kind]
  if status then return answer.rpc(status, err.kind, err.message, body), false end
  status = OURS[err.kind] or 502
  local refused = answer.rpc(status, err.kind, "the session could not be opened", body)
  if status == 503 then
    refused.headers["retry-after"] = ("%d"):format(math.ceil(err.retry_after or 1))
  end
  return refused, true
end

--- An OAuth error, with the challenge that goes with it (RFC 6750).
-- @tparam number status
-- @tparam string code
-- @tparam string description
-- @tparam ?string challenge for `WWW-Authenticate`
-- @treturn table response
function answer.oauth(status, code, description, challenge)
  return response(status, { error = code, error_description = description },
    { ["www-authenticate"] = challenge })
end

--- An answer with nothing in it.
function answer.empty(status, headers)
  return { status = status, headers = headers or {}, body = "" }
end

--- A document for everybody.
function answer.document(value)
  return {
    status = 200, body = json.encode(value),
    headers = {
      ["content-type"] = "application/json", ["cache-control"] = "max-age=300",
      ["access-control-allow-origin"] = "*",
    },
  }
end

return answer
