--- Whether to believe a token that somebody presents: an access token for the
-- API, or a session token of a Virtual MCP server.
--
--     local validator = scalekit.check(tokens.new { env_url = "https://name.scalekit.dev" })
--     local claims, err = validator:validate_session_token(token, { audience = MY_URL })
--     if not claims and err.kind == "unauthorized" then return respond(401) end
--
-- The keys come from the environment's `/keys` (see `scalekit.jwks`), and the
-- algorithm is the key's, never the token's word: RS256 or ES256. Whatever is
-- presented, nothing is thrown. An error of kind "unauthorized" or "forbidden"
-- is about the token, with a `code` (see `scalekit.jwt`); every other kind
-- means that the keys could not be had, so that nothing can be said of it.
-- @module scalekit.tokens

local address = require "scalekit.address"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local jwks = require "scalekit.jwks"
local jwt = require "scalekit.jwt"
local options = require "scalekit.options"
local shared = require "scalekit.shared"
local transport = require "scalekit.transport"

local tokens = {}

local TIMEOUT = 10
local MCP_SESSION = "mcp_session"

local NEW_OPTIONS = {
  env_url = "string", issuer = "string|boolean", transport = "function", timeout = duration.TYPE,
  max_age = duration.TYPE, leeway = duration.TYPE, allow_insecure_http = "boolean",
  shared_dict = "string|boolean",
}

local OPTIONS = {
  audience = "string|boolean", issuer = "string|boolean", scopes = "table",
  leeway = duration.TYPE, now = "number", timeout = duration.TYPE,
}

local validator = {}
validator.__index = validator
validator.__name = "scalekit.tokens"

function validator:__tostring()
  return "scalekit.tokens(" .. self.env_url .. ")"
end

-- Whether it is a list of words, each of which is asked for: a table by name would
-- ask for nothing, and pass every token.
local function are_scopes(scopes)
  local count = 0
  for _ in pairs(scopes) do count = count + 1 end
  for i = 1, count do
    if type(scopes[i]) ~= "string" or scopes[i] == "" then return false end
  end
  return true
end

-- What only a programmer can get wrong, or nil.
local function mistake(opts)
  if opts.now and opts.now - opts.now ~= 0 then return "option 'now' must be a Unix time" end
  for _, name in ipairs { "issuer", "audience", "shared_dict" } do
    if opts[name] == true then return ("option '%s' must be a string, or false"):format(name) end
  end
  if opts.scopes and not are_scopes(opts.scopes) then
    return "option 'scopes' must be a list of strings"
  end
  return nil
end

--- Makes a validator. Fetches nothing yet.
-- @tparam[opt] table opts
-- @tparam[opt] string opts.env_url the environment; SCALEKIT_ENV_URL by default
-- @tparam[opt] string|boolean opts.issuer what `iss` has to be; by default the
-- environment's URL, where the token has an `iss`; false: anything
-- @tparam[opt] function opts.transport how the keys are fetched; by default libcurl,
-- inside nginx cosockets
-- @tparam[opt=10] number|string opts.timeout seconds (or "500ms" …) that
-- fetching them may take
-- @tparam[opt=3600] number|string opts.max_age seconds (or "1h" …) that they are kept
-- @tparam[opt=0] number|string opts.leeway seconds by which clocks may differ
-- @tparam[opt=false] boolean opts.allow_insecure_http fetches keys over plain
-- http from another machine, so that whoever is in between can sign
-- @tparam[opt="scalekit"] string|boolean opts.shared_dict as for `scalekit.new`
-- @treturn[1] scalekit.tokens.validator
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "configuration"
function tokens.new(opts)
  opts = options.check("tokens.new", opts, NEW_OPTIONS)
  local wrong = mistake(opts)
  if wrong then error("tokens.new: " .. wrong, 2) end
  local timeout = duration.option("tokens.new", opts, "timeout", TIMEOUT)
  local max_age = duration.option("tokens.new", opts, "max_age")
  local leeway = opts.leeway == 0 and 0 or duration.option("tokens.new", opts, "leeway", 0)
  local url = opts.env_url or os.getenv "SCALEKIT_ENV_URL"
  local fault = not url and "is not set" or address.fault(url, opts.allow_insecure_http)
  if fault then
    local name = opts.env_url and "env_url " or "SCALEKIT_ENV_URL "
    return nil, errors.new { kind = "configuration", message = name .. fault }
  end
  url = address.trim(url)
  local store, unfit = shared.store(opts.shared_dict)
  if unfit then return nil, unfit end
  local send = opts.transport or transport.default {}
  return setmetatable({
    env_url = url,
    issuer = opts.issuer,
    timeout = timeout,
    leeway = leeway,
    keys = jwks.new { url = url .. "/keys", send = send, max_age = max_age, shared = store },
  }, validator)
end

local function refuse(message, code, kind)
  return nil, errors.new { kind = kind or "unauthorized", code = code, message = message }
end

-- Whether the claims are those of a session token.
local function is_session(claims)
  return claims.token_type == MCP_SESSION or type(claims.mcp_cfg) == "string"
end

-- What kind of token it has to be: nil, or what it is instead.
local KINDS = {
  access = function(claims)
    return is_session(claims) and "a session token where an access token is wanted" or nil
  end,
  session = function(claims)
    if not is_session(claims) then return "not a session token" end
    if type(claims.sub) ~= "string" or claims.sub == "" then
      return "a session token of nobody"
    end
    return nil
  end,
}

-- The scopes that a token grants, as a set: a list, or words in a string.
local function granted(claims)
  local set, list = {}, claims.scopes or claims.scope
  if type(list) == "string" then
    for scope in list:gmatch "%S+" do set[scope] = true end
  elseif type(list) == "table" then
    for _, scope in ipairs(list) do set[scope] = true end
  end
  return set
end

local function missing_scope(claims, wanted)
  local has = granted(claims)
  for _, scope in ipairs(wanted or {}) do
    if not has[scope] then return tostring(scope) end
  end
  return nil
end

-- `time`: whose clock it is, where it is not the machine's.
local function validate(self, what, kind, token, opts, time)
  opts = options.check(what, opts, OPTIONS, 3)
  local wrong = mistake(opts)
  if kind == "session" and opts.audience == nil then
    wrong = "option 'audience' is required: the URL that the token has to be for, or false"
  end
  if wrong then error(what .. ": " .. wrong, 3) end
  local timeout = duration.option(what, opts, "timeout", self.timeout, 3)
  local leeway = opts.leeway == 0 and 0 or duration.option(what, opts, "leeway", self.leeway, 3)
  if type(token) == "userdata" and options.fits(token, "secret") then token = core.reveal(token) end
  if type(token) ~= "string" then return refuse("no token", "malformed_token") end
  local issuer = opts.issuer
  if issuer == nil then issuer = self.issuer end
  local deadline = self.keys.now() + timeout
  local claims, err = jwt.verify(token, {
    keys = function(kid) return self.keys:key(kid, deadline) end,
    issuer = issuer or nil,
    audience = opts.audience or nil,
    now = opts.now or time and time.time() or nil,
    leeway = leeway,
  })
  if not claims then return nil, err end
  if issuer == nil and claims.iss ~= nil and claims.iss ~= self.env_url then
    return refuse("token of another issuer", "wrong_issuer")
  end
  local other = KINDS[kind](claims)
  if other then return refuse(other, "wrong_token_type") end
  local scope = missing_scope(claims, opts.scopes)
  if scope then
    return refuse("token without the scope " .. scope, "insufficient_scope", "forbidden")
  end
  return claims
end

--- Validates an access token of the environment (client credentials): its
-- signature, times and issuer, that it is no session token, and its scopes.
-- @tparam string|secret token
-- @tparam[opt] table opts
-- @tparam[opt=false] string|boolean opts.audience must be (among) the token's `aud`
-- @tparam[opt] string|boolean opts.issuer as for `new`
-- @tparam[opt] table opts.scopes a list of strings that the token must all have
-- @tparam[opt] number|string opts.leeway seconds by which clocks may differ
-- @tparam[opt] number opts.now Unix time in seconds; the clock's by default
-- @tparam[opt] number|string opts.timeout seconds that fetching the keys may take
-- @treturn[1] table the claims: `client_id`, `sub`, `scopes`, `exp` …
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "forbidden", code "insufficient_scope" where
-- only a scope is missing
function validator:validate_access_token(token, opts)
  local claims, err = validate(self, "validate_access_token", "access", token, opts)
  return claims, err
end

--- Validates a session token of a Virtual MCP server.
-- @tparam string|secret token
-- @tparam table opts
-- @tparam string|boolean opts.audience the config's `mcp_server_url`. A token is
-- good for that server alone, so false (any) is for looking only.
-- @tparam[opt] string|boolean opts.issuer as for `new`
-- @tparam[opt] table opts.scopes a list of strings that the token must all have
-- @tparam[opt] number|string opts.leeway seconds by which clocks may differ
-- @tparam[opt] number opts.now Unix time in seconds; the clock's by default
-- @tparam[opt] number|string opts.timeout seconds that fetching the keys may take
-- @treturn[1] table the claims: `sub` (the identifier), `aud`, `mcp_cfg`, `ca_ids`, `exp` …
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function validator:validate_session_token(token, opts)
  local claims, err = validate(self, "validate_session_token", "session", token, opts)
  return claims, err
end

--- Gives a class the two methods, so that a client validates with its own
-- environment's keys, over its own transport.
-- @local
-- @tparam table class its objects have `env_url`, `send`, and perhaps `hooks` and `own_time`
function tokens.lend(class)
  for _, name in ipairs { "validate_access_token", "validate_session_token" } do
    local kind = name:match "validate_(%a+)_token"
    class[name] = function(self, token, opts)
      self.validator = self.validator or tokens.new {
        env_url = self.env_url, allow_insecure_http = true, -- checked before
        shared_dict = self.shared_dict,
        transport = self.hooks and self.hooks:transport(self.send, "keys") or self.send,
      }
      if self.own_time then self.validator.keys.now = self.own_time.now end
      local claims, err = validate(self.validator, name, kind, token, opts, self.own_time)
      return claims, err
    end
  end
end

return tokens
