--- Guard: lets only those through to an MCP server of yours who have a session token
-- for it, tells it who they are, and keeps the token to itself.
--
--     init_by_lua_block {
--       guard = require("scalekit").check(require("scalekit.edge").guard {
--         resource = "https://mcp.example.com/mcp",
--       })
--     }
--     location = /mcp {
--       access_by_lua_block { guard:access() }
--       proxy_pass http://my_mcp_server;
--     }
--     location /.well-known/oauth-protected-resource {
--       content_by_lua_block { guard:metadata() }
--     }
--
-- A token that was verified is remembered by its digest for some minutes; its expiry and
-- your `revoked` are asked on every use. `examples/openresty/guard.conf` is the whole
-- configuration.
-- @classmod scalekit.edge.guard

local answer = require "scalekit.edge.answer"
local cache = require "scalekit.edge.cache"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local host = require "scalekit.host.edge"
local json = require "scalekit.json"
local options = require "scalekit.options"
local origins = require "scalekit.edge.origins"
local tokens = require "scalekit.tokens"
local urls = require "scalekit.http1.url"

local find, match = string.find, string.match
local sha256 = core.sha256

local guard = {}
guard.__index = guard
guard.__name = "scalekit.edge.guard"

local WHAT = "edge.guard"
local WELL_KNOWN = "/.well-known/oauth-protected-resource"
local REMEMBERED = 300 -- seconds, so that a key that was withdrawn does not live on
local MOST_MET = 1000   -- tokens of one second
local BEARER = "^[Bb][Ee][Aa][Rr][Ee][Rr] +([%w%-._~+/]+=*)$"

local OPTIONS = {
  resource = "string", audience = "string", env_url = "string", issuer = "string|boolean",
  scopes = "table", revoked = "function", headers = "table", origins = "table",
  leeway = duration.TYPE, timeout = duration.TYPE, transport = "function",
  allow_insecure_http = "boolean", shared_dict = "string|boolean", cache = "number",
  resource_name = "string",
}

-- What the server behind is told by default: header → claim.
local HEADERS = {
  ["X-Scalekit-Identifier"] = "sub",
  ["X-Scalekit-Config"] = "mcp_cfg",
  ["X-Scalekit-Connected-Accounts"] = "ca_ids",
}

-- The headers that are set, and the claims that they tell, in the same order.
local function plan(given)
  local list, claims = {}, {}
  for name, claim in pairs(given or HEADERS) do
    if type(name) ~= "string" or not find(name, "^[%w%-]+$") then
      error(WHAT .. ": option 'headers' must have header names, of letters, digits and hyphens", 3)
    elseif type(claim) ~= "string" and type(claim) ~= "function" then
      error(WHAT .. ": option 'headers' must say a claim, or a function of the claims, for each", 3)
    end
    list[#list + 1] = name
  end
  table.sort(list)
  for i, name in ipairs(list) do claims[i] = (given or HEADERS)[name] end
  return list, claims
end

--- Makes one; call it in `init_by_lua`. Fetches nothing yet.
-- @tparam table opts
-- @tparam string opts.resource the URL of the MCP server, as its clients know it: what tokens
-- have to be for, and what the metadata says
-- @tparam[opt] string opts.audience what tokens have to be for, where that is something else
-- @tparam[opt] string opts.env_url the environment that issues them; SCALEKIT_ENV_URL by default
-- @tparam[opt] table opts.scopes a list of strings that a token must all have
-- @tparam[opt] function opts.revoked `revoked(claims)` says whether a token that is good
-- otherwise is not any more. It runs on every use, and may wait
-- @tparam[opt] table opts.headers what the server is told: header → claim, or a function of the
-- claims. By default `X-Scalekit-Identifier` (the user), `X-Scalekit-Config` and
-- `X-Scalekit-Connected-Accounts`. A list is joined with ","; what is not visible ASCII, and
-- "%", is percent-encoded. What a client sends under these names is taken out
-- @tparam[opt] table opts.origins list of those whose pages may call; none by default
-- @tparam[opt] string opts.resource_name for people, in the metadata
-- @tparam[opt=10000] number opts.cache how many tokens a worker remembers
-- @tparam[opt] string|boolean opts.issuer as for `scalekit.tokens.new`, and so are `leeway`,
-- `timeout`, `transport`, `allow_insecure_http` and `shared_dict`
-- @treturn[1] scalekit.edge.guard
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "configuration"
function guard.new(opts)
  opts = options.check(WHAT, opts, OPTIONS)
  local origin = opts.resource and urls.origin(opts.resource)
  if not origin then error(WHAT .. ": option 'resource' must be the URL of the MCP server", 2) end
  local headers, claims = plan(opts.headers)
  local validator, err = tokens.new {
    env_url = opts.env_url, issuer = opts.issuer, timeout = opts.timeout, leeway = opts.leeway,
    transport = opts.transport, allow_insecure_http = opts.allow_insecure_http,
    shared_dict = opts.shared_dict,
  }
  if not validator then return nil, err end
  local metadata = origin.prefix .. WELL_KNOWN .. opts.resource:sub(#origin.prefix + 1)
  local scope = opts.scopes and opts.scopes[1] and table.concat(opts.scopes, " ") or nil
  return setmetatable({
    resource = opts.resource, resource_name = opts.resource_name,
    validator = validator,
    wanted = { audience = opts.audience or opts.resource, scopes = opts.scopes },
    leeway = validator.leeway,
    revoked = opts.revoked,
    headers = headers, claims = claims, watched = host.watch(headers),
    origins = origins.set(opts.origins),
    scopes = opts.scopes,
    challenge = ('Bearer resource_metadata="%s"%s'):format(metadata,
      scope and (', scope="%s"'):format(scope) or ""),
    seen = cache.new(opts.cache or 10000, REMEMBERED),
    met = {},
  }, guard)
end

function guard:__tostring()
  return "scalekit.edge.guard(" .. self.resource .. ")"
end

local function refuse(self, status, code, description)
  local challenge = self.challenge
  if code then
    challenge = ('%s, error="%s", error_description="%s"'):format(challenge, code, description)
  end
  return nil, answer.oauth(status, code or "unauthorized", description, challenge)
end

local function anonymous(self)
  local _, response = refuse(self, 401, nil, "a bearer token is required")
  return response
end

local function unverified(self, err)
  if err.kind == "unauthorized" then
    return refuse(self, 401, "invalid_token", err.message)
  elseif err.kind == "forbidden" then
    return refuse(self, 403, "insufficient_scope", err.message)
  end
  host.log(tostring(self), ": ", tostring(err))
  local response = answer.oauth(503, "temporarily_unavailable", "the token cannot be checked now")
  response.headers["retry-after"] = "1"
  return nil, response
end

local function value_of(claims, claim)
  local value = claims[claim]
  if type(claim) == "function" then value = claim(claims) end
  if json.is_array(value) then value = table.concat(value, ",") end
  if type(value) ~= "string" and type(value) ~= "number" then return nil end
  return host.visible(tostring(value))
end

-- A token that is good: its claims, and what the server behind is told.
local function remember(self, digest, claims, time)
  local known = {
    claims = claims, exp = claims.exp + self.leeway, till = time + REMEMBERED, values = {},
  }
  for i, claim in ipairs(self.claims) do known.values[i] = value_of(claims, claim) or false end
  self.seen:set(digest, known, time)
  return known
end

-- What a token in an `Authorization` says; or nil and a response.
local function verify(self, authorization)
  local token = match(authorization, BEARER)
  if not token then
    if not find(authorization, "^[Bb][Ee][Aa][Rr][Ee][Rr] ") then
      return nil, anonymous(self)
    end
    return refuse(self, 400, "invalid_request", "the bearer token is malformed")
  end
  local claims, err = self.validator:validate_session_token(token, self.wanted)
  if claims then return claims end
  return unverified(self, err)
end

-- The token that was presented, where it is not known yet; or nil and a response.
local function meet(self, authorization, time)
  local claims, response = verify(self, authorization)
  if not claims then return nil, response end
  self.met.tokens[authorization] = nil -- what was known of it before
  return remember(self, sha256(authorization), claims, time)
end

-- A digest costs as much as all the rest, so within one second a token is also known by
-- itself; then only the digest is left.
local function recall(self, authorization, time)
  local met = self.met
  if met.second ~= time then
    met = { second = time, count = 0, tokens = {} }
    self.met = met
  end
  local known = met.tokens[authorization]
  if known then return known end
  known = self.seen:get(sha256(authorization), time)
  if known and met.count < MOST_MET then
    met.tokens[authorization], met.count = known, met.count + 1
  end
  return known
end

-- The token that was presented; or nil and a response.
local function inspect(self, authorization)
  local time = host.time()
  local known = recall(self, authorization, time)
  if not known or time >= known.till then
    local response
    known, response = meet(self, authorization, time)
    if not known then return nil, response end
  elseif time >= known.exp then
    return refuse(self, 401, "invalid_token", "token has expired")
  end
  if self.revoked and self.revoked(known.claims) then
    return refuse(self, 401, "invalid_token", "token has been revoked")
  end
  return known
end

-- Tells the server who it is; `forged` are headers of the client that would.
local function tell(self, values, forged)
  local headers = self.headers
  if forged then
    for i = 1, #forged do host.clear_header(forged[i]) end
  end
  for i = 1, #headers do
    if values[i] then host.set_header(headers[i], values[i]) end
  end
  host.clear_header "Authorization"
end

--- Decides about a request: `access_by_lua_block { guard:access() }`. Lets it on, with
-- the headers that say who it is from and without the token; or answers.
-- @treturn ?table the token's claims, where the request goes on
function guard:access()
  local authorization, origin, forged = host.look(self.watched)
  if origin and not origins.allows(self.origins, origin) then
    return host.answer(answer.oauth(403, "forbidden", "the origin is not allowed"))
  elseif not authorization then
    return host.answer(anonymous(self))
  end
  local known, response = inspect(self, authorization)
  if not known then return host.answer(response) end
  tell(self, known.values, forged)
  return known.claims
end

--- Answers with the metadata of the protected resource (RFC 9728). For the location
-- `/.well-known/oauth-protected-resource`.
function guard:metadata()
  local method = host.method()
  if method ~= "GET" and method ~= "HEAD" then
    return host.answer(answer.empty(405, { allow = "GET, HEAD" }))
  end
  return host.answer(answer.document {
    resource = self.resource,
    resource_name = self.resource_name,
    authorization_servers = json.array { self.validator.env_url },
    bearer_methods_supported = json.array { "header" },
    scopes_supported = self.scopes and json.array(self.scopes) or nil,
  })
end

return guard
