--- The self-hosted Virtual MCP server: API, hosted page and MCP endpoint over a store.
--
-- `vmcp.app{…}` answers an object with one method, `app:handle(request) → response`, both plain
-- values. It knows neither sockets nor the program that serves it: `host.nginx` and
-- `transport.inproc` carry requests to it.
--
-- request: `{ method, path (as received), query (string or nil), headers (lower-case), body }`
-- response: `{ status, headers, body, note (a few words for the request log, or nil) }`
-- @module scalekit.vmcp
local core = require "scalekit.core"

local App = require "scalekit.vmcp.app"
local connector = require "scalekit.vmcp.connector"
local ids = require "scalekit.vmcp.ids"

local M = {}

local KNOWN = {
  base_url = "string", store = "table", key = "userdata", client_id = "string",
  client_secret = true, connections = "table", clock = "function",
  user_verification = "string", allowed_origins = "table", switches = "boolean",
}
local REQUIRED = { "base_url", "store", "key", "client_id", "client_secret" }

local function check(options)
  for name, value in pairs(options) do
    local kind = KNOWN[name]
    if not kind then
      error(("scalekit.vmcp: unknown option '%s'"):format(tostring(name)), 3)
    elseif kind ~= true and type(value) ~= kind then
      error(("scalekit.vmcp: option '%s' must be a %s"):format(name, kind), 3)
    end
  end
  for _, name in ipairs(REQUIRED) do
    if options[name] == nil then
      error(("scalekit.vmcp: option '%s' is missing"):format(name), 3)
    end
  end
  if options.user_verification and options.user_verification ~= "custom" then
    error("scalekit.vmcp: option 'user_verification' can only be \"custom\"", 3)
  end
end

-- Names under which a server bound to loopback may be reached. A page of another site that has
-- its own name resolve to 127.0.0.1 (DNS rebinding) shows up with that name in Host.
local LOOPBACK = { "127.0.0.1", "localhost", "[::1]" }

local function authorities(scheme, authority)
  local host, port = authority:match "^(.-):?(%d*)$"
  local names = { authority }
  for _, name in ipairs(LOOPBACK) do
    if host == name then
      names = {}
      for i, alias in ipairs(LOOPBACK) do
        names[i] = alias .. (port ~= "" and ":" .. port or "")
      end
    end
  end
  local hosts, origins = {}, {}
  for _, name in ipairs(names) do
    hosts[name], origins[scheme .. "://" .. name] = true, true
  end
  return hosts, origins
end

--- Builds an app.
-- @tparam table options
--
-- * `base_url` the URL clients use, e.g. `http://127.0.0.1:8080`
-- * `store` from `scalekit.vmcp.store.memory` or `.shdict`
-- * `key` an RS256 key of `scalekit.core`, the environment's signing key
-- * `client_id`, `client_secret` of the one API client
-- * `connections` array, default the demo connections gmail and googlecalendar
-- * `user_verification` nil or "custom"
-- * `allowed_origins` array of further browser origins, default none
-- * `switches` true offers the paths of `vmcp.switches`; for tests and local work only
-- * `clock` function → Unix seconds
-- @treturn table app
function M.app(options)
  check(options)
  local scheme, authority = options.base_url:match "^(https?)://([^/?#]+)$"
  if not scheme then
    error("scalekit.vmcp: base_url must be scheme://host[:port] without a path", 2)
  end
  local secret = options.client_secret
  if type(secret) ~= "string" then
    secret = core.reveal(secret)
  end
  local hosts, origins = authorities(scheme, authority:lower())
  for _, origin in ipairs(options.allowed_origins or {}) do
    origins[origin] = true
  end
  local modulus = options.key:jwk().n
  return App.new {
    base_url = options.base_url,
    store = options.store,
    key = options.key,
    kid = ids.derived("snk_", "kid:" .. modulus),
    environment = ids.derived("org_", "environment:" .. modulus),
    -- page tokens are bound to this; it never leaves the app
    page_secret = core.sha256("page:" .. options.key:pem()),
    client_id = options.client_id,
    secret_digest = core.sha256(secret),
    catalogue = connector.catalogue(options.connections or connector.demo()),
    hosts = hosts,
    origins = origins,
    user_verification = options.user_verification,
    switches = options.switches,
    wall_clock = options.clock or os.time,
  }
end

return M
