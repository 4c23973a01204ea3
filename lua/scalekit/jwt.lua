--- Signed tokens: RS256 and ES256, nothing else.
--
-- The signature work is done in C; here are the claims.
-- @module scalekit.jwt

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local options = require "scalekit.options"

local jwt = {}

local SIGN_OPTIONS = { key = "userdata", kid = "string", claims = "table" }
local VERIFY_OPTIONS = {
  keys = "table|function", issuer = "string", audience = "string", now = "number",
  leeway = "number",
}

-- Checks options of which some have to be there.
local function read_options(what, opts, known, required)
  opts = options.check(what, opts, known, 3)
  for _, name in ipairs(required) do
    if opts[name] == nil then error(("%s: option '%s' is required"):format(what, name), 3) end
  end
  return opts
end

local function refuse(message, code)
  return nil, errors.new { kind = "unauthorized", message = message, code = code }
end

--- Makes a token.
-- @tparam table opts
-- @tparam userdata opts.key a private key of `scalekit.core`; it decides the algorithm
-- @tparam string opts.kid how verifiers find its public half
-- @tparam table opts.claims
-- @treturn string
function jwt.sign(opts)
  opts = read_options("jwt.sign", opts, SIGN_OPTIONS, { "key", "kid", "claims" })
  local header = { alg = opts.key:alg(), kid = opts.kid, typ = "JWT" }
  return core.jwt_sign(opts.key, json.encode(header), json.encode(opts.claims))
end

local function parse(token)
  if type(token) ~= "string" then return nil, "token is no string" end
  local header_text, payload_text = core.jwt_parse(token)
  if not header_text then return nil, payload_text end
  local header, payload = json.decode(header_text), json.decode(payload_text)
  if not json.is_object(header) then return nil, "token header is no object" end
  if not json.is_object(payload) then return nil, "token payload is no object" end
  return header, payload
end

--- What a token says, for looking only: nobody vouches for any of it.
-- @tparam string token
-- @treturn[1] table header
-- @treturn[1] table payload
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function jwt.parse_unverified(token)
  local header, payload = parse(token)
  if not header then return refuse(payload, "malformed_token") end
  return header, payload
end

-- JSON web keys that were read already. A key set lives long and verifies
-- often; reading a key is dearer than a lookup.
local loaded = setmetatable({}, { __mode = "k" })

local function load_jwk(jwk)
  local key = loaded[jwk]
  if key == nil then
    key = core.jwk_load(jwk) or false
    loaded[jwk] = key
  end
  return key or nil
end

-- The key that `kid` names; nil where there is none; nil, error where asking
-- for it failed.
local function find_key(keys, kid, alg)
  if type(keys) == "function" then
    local key, err = keys(kid)
    if type(key) == "table" then key = load_jwk(key) end
    return key, err
  end
  for _, jwk in ipairs(keys.keys) do
    local key = type(jwk) == "table" and jwk.kid == kid and load_jwk(jwk)
    if key and key:alg() == alg then return key end
  end
  return nil
end

local function is_time(value)
  return type(value) == "number" and value - value == 0
end

-- What is wrong with the claims, and its code; or nil.
local function complaint(claims, opts)
  local now, leeway = opts.now or os.time(), opts.leeway or 0
  if not is_time(claims.exp) then return "token without an expiry", "malformed_token" end
  if now >= claims.exp + leeway then return "token has expired", "token_expired" end
  if claims.nbf ~= nil then
    if not is_time(claims.nbf) then return "token with a bad start time", "malformed_token" end
    if now < claims.nbf - leeway then return "token is not valid yet", "token_not_yet_valid" end
  end
  if opts.issuer and claims.iss ~= opts.issuer then
    return "token of another issuer", "wrong_issuer"
  end
  if opts.audience then
    local audience = claims.aud
    if type(audience) ~= "table" then audience = { audience } end
    for _, one in ipairs(audience) do
      if one == opts.audience then return nil end
    end
    return "token for another audience", "wrong_audience"
  end
  return nil
end

--- Verifies a token: its signature, then its times, issuer and audience.
-- @tparam string token
-- @tparam table opts
-- @tparam table|function opts.keys a JSON web key set as a table, or a function that is
-- given a kid and returns a key (of `scalekit.core`, or a JSON web key); the
-- function may wait, and its `nil, err` is passed on. A key read from a table
-- is remembered as long as that table lives.
-- @tparam[opt] string opts.issuer
-- @tparam[opt] string opts.audience must be (among) the token's
-- @tparam[opt] number opts.now Unix time in seconds; the clock's by default
-- @tparam[opt=0] number opts.leeway seconds by which clocks may differ
-- @treturn[1] table the claims
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "unauthorized"; its `code` is "malformed_token",
-- "wrong_algorithm", "unknown_key", "bad_signature", "token_expired",
-- "token_not_yet_valid", "wrong_issuer" or "wrong_audience"
function jwt.verify(token, opts)
  opts = read_options("jwt.verify", opts, VERIFY_OPTIONS, { "keys" })
  local header, claims = parse(token)
  if not header then return refuse(claims, "malformed_token") end
  if header.alg ~= "RS256" and header.alg ~= "ES256" then
    return refuse("token with an algorithm that is not accepted", "wrong_algorithm")
  end
  if type(header.kid) ~= "string" then
    return refuse("token that names no key", "malformed_token")
  end
  local key, err = find_key(opts.keys, header.kid, header.alg)
  if not key then
    if err then return nil, err end
    return refuse("token signed with an unknown key", "unknown_key")
  end
  local ok, message = core.jwt_verify(token, key)
  if not ok then return refuse(message, "bad_signature") end
  local code
  message, code = complaint(claims, opts)
  if message then return refuse(message, code) end
  return claims
end

return jwt
