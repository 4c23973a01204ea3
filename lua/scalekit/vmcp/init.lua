--- The self-hosted Virtual MCP server: API, hosted page and MCP endpoint over a store.
--
-- `vmcp.app{…}` answers an object with `app:handle(request) → response`, both plain values. It
-- knows neither sockets nor the program that serves it: `host.nginx` and `transport.inproc` carry
-- requests to it.
--
-- request: `{ method, path (as received), query (string or nil), headers (lower-case), body }`
-- response: `{ status, headers, body, note (a few words for the request log, or nil), delay (seconds
-- to wait before it is sent, or nil), lost (whether it is not to be sent at all) }`
--
-- @usage
-- local app = vmcp.app {}
-- local client = scalekit.new {
--   env_url = app.base_url, client_id = app.client_id, client_secret = app.client_secret,
--   transport = inproc.new(app),
-- }
-- app:authorize { connection_name = "gmail", identifier = "user_123" }
-- @module scalekit.vmcp
local core = require "scalekit.core"
local options = require "scalekit.options"
local webhook = require "scalekit.webhook"

local application = require "scalekit.vmcp.app"
local connector = require "scalekit.vmcp.connector"
local events = require "scalekit.vmcp.events"
local ids = require "scalekit.vmcp.ids"
local match = require "scalekit.vmcp.match"
local memory = require "scalekit.vmcp.store.memory"
local url = require "scalekit.vmcp.url"

local vmcp = {}

local OPTIONS = {
  base_url = "string", store = "table", key = "userdata", client_id = "string",
  client_secret = "string|secret", connections = "table", clock = "function",
  user_verification = "string", allowed_origins = "table", switches = "boolean",
  webhook_url = "string", webhook_secret = "string|secret", webhook_retries = "table",
  deliver = "function",
}

-- Names under which a server bound to loopback may be reached. A page of another site that has
-- its own name resolve to 127.0.0.1 (DNS rebinding) shows up with that name in Host.
local LOOPBACK = { "127.0.0.1", "localhost", "[::1]" }

-- The names in Host and Origin under which the app answers, and whether they are loopback's.
local function authorities(scheme, authority)
  local host = authority:match "^(.*):%d+$" or authority
  local names, is_local = { authority }, match.has(LOOPBACK, host)
  for i, alias in ipairs(is_local and LOOPBACK or {}) do
    names[i] = alias .. authority:sub(#host + 1)
  end
  local hosts, origins = {}, {}
  for _, name in ipairs(names) do
    hosts[name], origins[scheme .. "://" .. name] = true, true
  end
  return hosts, origins, is_local
end

-- Where events go: → url, key, retries, and a secret that was made up.
local function webhook_of(opts)
  if not opts.webhook_url then
    if opts.webhook_secret or opts.deliver then
      error("vmcp.app: option 'webhook_url' is missing", 3)
    end
    return {}
  elseif not url.is_plain(opts.webhook_url) then
    error("vmcp.app: option 'webhook_url' must be an http or https URL", 3)
  elseif not opts.deliver then
    error("vmcp.app: an app sends nothing by itself; option 'deliver' is missing", 3)
  end
  for _, seconds in ipairs(opts.webhook_retries or {}) do
    if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
      error("vmcp.app: option 'webhook_retries' must hold numbers of seconds", 3)
    end
  end
  local made_up = not opts.webhook_secret and "whsec_" .. core.base64(core.random(24)) or nil
  local key = core.secret(core.reveal(opts.webhook_secret or made_up))
  if not webhook.sign(key, "evt_1", 0, "") then
    error("vmcp.app: option 'webhook_secret' must be whsec_<base64>", 3)
  end
  return { url = opts.webhook_url, key = key, secret = made_up,
    retries = opts.webhook_retries or events.RETRIES }
end

--- Builds an app.
-- @tparam[opt] table opts
-- @tparam[opt="http://localhost"] string opts.base_url the URL clients use, e.g.
--   `http://127.0.0.1:8080`
-- @tparam[opt] table opts.store from `scalekit.vmcp.store.memory` or `.shdict`, default a fresh one
--   in memory
-- @tparam[opt] userdata opts.key an RS256 key of `scalekit.core`, the environment's signing key,
--   default a fresh one
-- @tparam[opt] string opts.client_id of the one API client; made up where it is not given, and then
--   to be read as `app.client_id`
-- @tparam[opt] string|secret opts.client_secret likewise
-- @tparam[opt] table opts.connections array, default the demo connections gmail and googlecalendar
-- @tparam[opt] string opts.user_verification "custom": the app verifies its users
-- @tparam[opt] table opts.allowed_origins array of further browser origins
-- @tparam[opt=false] boolean opts.switches offers the paths of `vmcp.switches`; for tests and local
--   work only
-- @tparam[opt] string opts.webhook_url where to send what happens to connected accounts
-- @tparam[opt] string|secret opts.webhook_secret `whsec_<base64>`; made up where it is not given, and
--   then to be read as `app.webhook_secret`
-- @tparam[opt] table opts.webhook_retries array of seconds to wait before further attempts
-- @tparam[opt] function opts.deliver is given each delivery and sends it: `{ id, url, headers, body,
--   event, attempt }`; required with `webhook_url`
-- @tparam[opt] function opts.clock → Unix seconds
-- @treturn scalekit.vmcp.app
function vmcp.app(opts)
  opts = options.check("vmcp.app", opts, OPTIONS)
  local base_url = opts.base_url or "http://localhost"
  local scheme, authority = base_url:match "^(https?)://([^/?#]+)$"
  if not scheme then
    error("vmcp.app: base_url must be scheme://host[:port] without a path", 2)
  elseif opts.user_verification and opts.user_verification ~= "custom" then
    error("vmcp.app: option 'user_verification' can only be \"custom\"", 2)
  end
  local hosts, origins, is_local = authorities(scheme, authority:lower())
  for _, origin in ipairs(opts.allowed_origins or {}) do origins[origin] = true end
  local key = opts.key or core.key_generate "RS256"
  local modulus = key:jwk().n
  local hook = webhook_of(opts)
  local made_up = not opts.client_secret and "test_" .. ids.opaque() or nil
  return application.new {
    base_url = base_url,
    store = opts.store or memory.new(),
    key = key,
    kid = ids.derived("snk_", "kid:" .. modulus),
    organization = ids.derived("org_", "environment:" .. modulus),
    environment_id = ids.derived("env_", "environment:" .. modulus),
    -- page tokens are bound to this; it never leaves the app
    page_secret = core.sha256("page:" .. key:pem()),
    client_id = opts.client_id or ids.new "skc_",
    client_secret = made_up,
    secret_digest = core.sha256(core.reveal(opts.client_secret or made_up)),
    catalogue = connector.catalogue(opts.connections or connector.demo()),
    hosts = hosts,
    origins = origins,
    user_verification = opts.user_verification,
    switches = opts.switches,
    has_switches = opts.switches or is_local,
    webhook_url = hook.url,
    webhook_key = hook.key,
    webhook_secret = hook.secret,
    webhook_retries = hook.retries,
    deliver = opts.deliver,
    wall_clock = opts.clock or os.time,
  }
end

return vmcp
