--- Tokens of this environment: signing them, and deciding whether to believe one.
local core = require "scalekit.core"
local json = require "scalekit.json"

local ids = require "scalekit.vmcp.ids"

local tokens = {}

local MCP_SESSION = "mcp_session"
local ACCESS_TOKEN_SECONDS = 86399

local function sign(app, claims, lifetime)
  local now = math.floor(app:now())
  claims.iss, claims.jti = app.base_url, ids.new("tkn_")
  claims.iat, claims.nbf, claims.exp = now, now, now + lifetime
  local header = { alg = app.key:alg(), kid = app.kid, typ = "JWT" }
  return core.jwt_sign(app.key, json.encode(header), json.encode(claims)), now
end

--- An access token for the API.
-- @treturn string token
-- @treturn number its lifetime in seconds
function tokens.access(app, scopes)
  local token = sign(app, {
    client_id = app.client_id,
    sub = app.client_id,
    oid = app.organization,
    scopes = json.array(scopes),
  }, ACCESS_TOKEN_SECONDS)
  return token, ACCESS_TOKEN_SECONDS
end

--- A session token: one user, one Virtual MCP server. Its times are whole seconds.
-- @tparam table config
-- @tparam string identifier
-- @tparam table account_ids in the order of the config's mappings
-- @tparam number lifetime whole seconds
-- @tparam[opt] string access_level "READ_ONLY": tools that change things are neither shown nor run
-- @treturn string token
-- @treturn number issue time
function tokens.session(app, config, identifier, account_ids, lifetime, access_level)
  return sign(app, {
    sub = identifier,
    aud = json.array { app:server_url(config.uuid) },
    mcp_cfg = config.id,
    ca_ids = json.array(account_ids),
    token_type = MCP_SESSION,
    access_level = access_level,
  }, lifetime)
end

local function object(text)
  local value = text and json.decode(text)
  return json.is_object(value) and value or nil
end

-- The key is ours and so is its algorithm; what the header says is compared, never obeyed.
local function read(app, token)
  local header_text, payload_text = core.jwt_parse(token)
  local header, claims = object(header_text), object(payload_text)
  if not header or not claims then
    return nil, "The token is not a JWT"
  elseif header.kid ~= app.kid or header.alg ~= app.key:alg()
    or not core.jwt_verify(token, app.key)
  then
    return nil, "The token is not signed by this environment"
  end
  local now = app:now()
  if claims.iss ~= app.base_url then
    return nil, "The token was issued by another environment"
  elseif type(claims.exp) ~= "number" or now >= claims.exp then
    return nil, "The token has expired"
  elseif claims.nbf ~= nil and (type(claims.nbf) ~= "number" or now < math.floor(claims.nbf)) then
    return nil, "The token is not valid yet"
  end
  return claims
end

--- The claims of an access token for the API.
-- @treturn table|nil claims
-- @treturn string why not
function tokens.read_access(app, token)
  local claims, reason = read(app, token)
  if not claims then
    return nil, reason
  elseif claims.token_type ~= nil or claims.client_id ~= app.client_id then
    return nil, "The token is not an access token for this API"
  end
  return claims
end

--- The claims of a session token for the MCP server with this UUID.
function tokens.read_session(app, token, uuid)
  local claims, reason = read(app, token)
  if not claims then
    return nil, reason
  elseif claims.token_type ~= MCP_SESSION or type(claims.sub) ~= "string" or claims.sub == "" then
    return nil, "The token is not a session token"
  end
  local audience = type(claims.aud) == "table" and claims.aud or { claims.aud }
  for _, url in ipairs(audience) do
    if url == app:server_url(uuid) then return claims end
  end
  return nil, "The token is for another MCP server"
end

--- The bearer token of a request.
-- @treturn string|nil token
-- @treturn string|nil "missing" or "malformed"
function tokens.bearer(headers)
  local value = headers.authorization
  if not value or value == "" then return nil, "missing" end
  local token = value:match "^[Bb][Ee][Aa][Rr][Ee][Rr] +([%w._~+/=-]+) *$"
  if not token then return nil, "malformed" end
  return token
end

return tokens
