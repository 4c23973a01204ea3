--- `/oauth/token`: the client credentials grant of RFC 6749.
local core = require "scalekit.core"
local json = require "scalekit.json"
local route = require "scalekit.route"

local tokens = require "scalekit.vmcp.tokens"

local oauth = {}

local function respond(status, value, headers)
  headers = headers or {}
  headers["content-type"] = "application/json"
  headers["cache-control"] = "no-store"
  headers.pragma = "no-cache"
  return { status = status, headers = headers, body = json.encode(value) }
end

local function refuse(status, code, description, headers)
  return respond(status, { error = code, error_description = description }, headers)
end

-- → the form's fields, or nil and what is wrong
local function read_form(request)
  local kind = (request.headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
  if kind ~= "application/x-www-form-urlencoded" then
    return nil, "The body must be application/x-www-form-urlencoded"
  end
  local list = route.pairs(request.body)
  if not list then return nil, "The form holds a malformed escape or text that is not UTF-8" end
  local form = {}
  for _, pair in ipairs(list) do
    if form[pair[1]] then
      return nil, "A parameter is given more than once"
    end
    form[pair[1]] = pair[2]
  end
  return form
end

-- RFC 6749 §2.3.1: id and secret are form-encoded before they are joined
local function read_basic(authorization)
  local encoded = authorization and authorization:match "^[Bb][Aa][Ss][Ii][Cc] +(%S+)%s*$"
  local pair = encoded and core.unbase64(encoded)
  local id, secret = (pair or ""):match "^([^:]*):(.*)$"
  if not id then return nil end
  id = core.unpercent((id:gsub("%+", " ")))
  secret = core.unpercent((secret:gsub("%+", " ")))
  return id and secret and { client_id = id, client_secret = secret }
end

local function authenticate(app, credentials)
  local id, secret = credentials.client_id or "", credentials.client_secret or ""
  -- digests have one length, so the comparison tells nothing about the secret's; both are
  -- compared always, so neither does it tell which one was wrong
  local same_id = core.equal(core.sha256(id), core.sha256(app.client_id))
  local same_secret = core.equal(core.sha256(secret), app.secret_digest)
  return same_id and same_secret
end

--- Issues an access token.
function oauth.token(app, request)
  local form, reason = read_form(request)
  if not form then
    return refuse(400, "invalid_request", reason)
  elseif not form.grant_type then
    return refuse(400, "invalid_request", "grant_type is missing")
  elseif form.grant_type ~= "client_credentials" then
    return refuse(400, "unsupported_grant_type", "Only client_credentials is served")
  end
  local basic = not form.client_secret and read_basic(request.headers.authorization)
  if not authenticate(app, basic or form) then
    return refuse(401, "invalid_client", "Client authentication failed", {
      ["www-authenticate"] = basic and 'Basic realm="oauth"' or nil,
    })
  end
  local token, lifetime = tokens.access(app, { "openid" })
  return respond(200, {
    access_token = token,
    token_type = "Bearer",
    expires_in = lifetime,
    scope = "openid",
  })
end

return oauth
