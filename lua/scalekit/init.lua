--- scalekit: Virtual MCP servers from Lua.
--
--     local scalekit = require "scalekit"
--     local client = scalekit.check(scalekit.new())
--     local response = scalekit.check(client.mcp:list_configs())
--
-- Every call looks blocking. Inside `scalekit.run` it parks only its own
-- coroutine. Expected failures are `nil, err` (see `scalekit.error`); a wrong
-- argument type or an unknown option raises at the caller's line.
-- @module scalekit

local actions = require "scalekit.resource.actions"
local address = require "scalekit.address"
local core = require "scalekit.core"
local client = require "scalekit.client"
local driver = require "scalekit.driver"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local later = require "scalekit.later"
local nginx = require "scalekit.driver.nginx"
local moment = require "scalekit.moment"
local options = require "scalekit.options"
local resource = require "scalekit.resource"
local shared = require "scalekit.shared"
local transport = require "scalekit.transport"
local version = require "scalekit.version"

resource.later("mcp", { "create_config", "update_config" }, "scalekit.resource.mcp_configs")

-- The convenience layer.
resource.later("mcp", { "ensure_config" }, "scalekit.ensure")
resource.later("mcp", { "open_session" }, "scalekit.session")
resource.later("mcp", { "mint" }, "scalekit.mint")

if core.version ~= version then
  error(("scalekit: the Lua half is version %s, the C half %s; install both from one rock")
    :format(version, tostring(core.version)))
end

local scalekit = {
  VERSION = version,
  _VERSION = version,
  --- For `tools` of a mapping: every tool of the connection, said openly.
  ALL = require "scalekit.all",
  --- JSON's null; equal to `cjson.null`.
  null = json.null,
  --- `check(call())` returns the results of the call, or throws its error object.
  -- @function check
  -- @tparam any value
  -- @tparam any err
  -- @treturn any value
  check = errors.check,
  --- `assert` that can say what went wrong on Lua 5.1 and 5.2 too.
  -- @function assert
  -- @tparam any value
  -- @tparam any err
  -- @treturn any value
  assert = errors.assert,
}

--- Runs a function as the first task and returns what it returns, once every
-- task is done. An error that no `join` has taken is raised at the end.
-- @function run
-- @tparam function fn
-- @tparam any ... its arguments
-- @treturn any what it returned

--- Starts a function beside the running task; inside `run`.
-- @function spawn
-- @tparam function fn
-- @tparam any ... its arguments
-- @treturn scalekit.task `task:join()` waits for it

--- Runs functions side by side and waits for all of them; inside `run`.
-- @function all
-- @tparam table functions a list
-- @treturn table what each returned first, by index
-- @treturn table what each returned second, by index: the errors

--- Runs functions side by side; the first to return wins, and the others are
-- cancelled. Inside `run`.
-- @function race
-- @tparam table functions a list
-- @treturn number the index of the winner
-- @treturn any what it returned
later.add(scalekit, { "run", "spawn", "all", "race" }, function(name)
  return driver.tasks()[name]
end)

--- Waits; parks only the running coroutine inside `scalekit.run`.
-- @tparam number|string time seconds, or a text such as "500ms" or "1m30s"
function scalekit.sleep(time)
  local seconds = duration.seconds(time)
  if not seconds and not (type(time) == "number" and time <= 0) then
    error('scalekit.sleep: expected seconds, or a text such as "90s" or "1h30m"', 2)
  end
  driver.current().sleep(seconds or 0)
end

--- A point in time, as the service writes it (`expires_at`, `updated_at` …), in
-- Unix seconds: RFC 3339 with up to nine decimals.
-- @tparam ?string text
-- @treturn[1] number whole seconds since 1970-01-01T00:00:00Z, as `os.time()` counts them
-- @treturn[1] number nanoseconds after them
-- @treturn[2] nil where there is no time: nothing, "", the year 1, or no timestamp at all
function scalekit.time(text)
  if type(text) ~= "string" then return nil end
  return moment.parse(text)
end

local OPTIONS = {
  env_url = "string", client_id = "string", client_secret = "string|secret",
  timeout = duration.TYPE, tool_timeout = duration.TYPE,
  connect_timeout = duration.TYPE, max_attempts = "number",
  allow_insecure_http = "boolean", ca_file = "string", cert_file = "string",
  key_file = "string", proxy = "string", http1 = "boolean", tls_min = "string",
  transport = "function", retry_rate_limited = "boolean", shared_dict = "string|boolean",
}

local HOOKS = {
  on_request = "function", on_response = "function", on_retry = "function",
  traceparent = "string|function",
}
for name, kind in pairs(HOOKS) do OPTIONS[name] = kind end

local FROM_ENVIRONMENT = {
  { "env_url", "SCALEKIT_ENV_URL" },
  { "client_id", "SCALEKIT_CLIENT_ID" },
  { "client_secret", "SCALEKIT_CLIENT_SECRET" },
}

-- Values that make no sense are the caller's mistake, at the caller's line.
local function check_values(opts)
  local attempts = opts.max_attempts
  if attempts ~= nil and not (attempts >= 1 and attempts <= 100 and attempts % 1 == 0) then
    error("scalekit.new: option 'max_attempts' must be a whole number from 1 to 100", 3)
  end
  if opts.shared_dict == true then
    error("scalekit.new: option 'shared_dict' must be a string, or false", 3)
  end
end

local function fail(message)
  return nil, errors.new { kind = "configuration", message = message }
end

-- The transport of a client, and its way of preparing an operation, where it has one; or
-- nil and what it cannot do here.
local function carrier(opts, connect_timeout)
  if opts.transport then return opts.transport end
  return transport.default {
    ca_file = opts.ca_file, cert_file = opts.cert_file, key_file = opts.key_file,
    proxy = opts.proxy, http1 = opts.http1, tls_min = opts.tls_min,
    connect_timeout = connect_timeout, trusted = true, -- with its secret, too
  }
end

--- Makes a client. Opens no connection yet.
--
-- `env_url`, `client_id` and `client_secret` default to the environment
-- variables SCALEKIT_ENV_URL, SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET.
-- @tparam[opt] table opts
-- @tparam[opt] string opts.env_url such as "https://name.scalekit.dev"
-- @tparam[opt] string opts.client_id
-- @tparam[opt] string|secret opts.client_secret
-- @tparam[opt=20] number|string opts.timeout for one call with all its attempts:
-- seconds, or a text such as "1m30s"
-- @tparam[opt=60] number|string opts.tool_timeout the same for `tools:execute` and
-- `actions:request`
-- @tparam[opt=10] number|string opts.connect_timeout seconds or a text, within `timeout`
-- @tparam[opt=4] number opts.max_attempts of one call, where it may be repeated; 1 to 100
-- @tparam[opt=false] boolean opts.retry_rate_limited a call refused with 429 waits as
-- long as the service asks
-- @tparam[opt] string opts.ca_file certificates to trust, PEM, in place of the system's
-- @tparam[opt] string opts.cert_file a client certificate, PEM
-- @tparam[opt] string opts.key_file its private key, PEM
-- @tparam[opt="1.2"] string opts.tls_min "1.2" or "1.3"
-- @tparam[opt] string opts.proxy the URL of an HTTP proxy
-- @tparam[opt=false] boolean opts.http1 do not offer HTTP/2
-- @tparam[opt=false] boolean opts.allow_insecure_http allows secrets over plain http to
-- another machine
-- @tparam[opt] function opts.transport `send(request)`, see `scalekit.transport.curl`;
-- by default libcurl, inside nginx cosockets
-- @tparam[opt="scalekit"] string|boolean opts.shared_dict inside nginx, the
-- `lua_shared_dict` in which the workers share the access token (sealed) and the keys
-- of the environment; "scalekit" is used where there is one, false: each worker fetches
-- its own. `lua_shared_dict scalekit 1m;` holds hundreds
-- @tparam[opt] function opts.on_request see `scalekit.hooks`
-- @tparam[opt] function opts.on_response
-- @tparam[opt] function opts.on_retry
-- @tparam[opt] string|function opts.traceparent W3C Trace Context, sent with each request
-- @treturn[1] scalekit.client
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "configuration"
function scalekit.new(opts)
  opts = options.check("scalekit.new", opts, OPTIONS)
  check_values(opts)
  local settings, missing = {}, {}
  settings.timeout = duration.option("scalekit.new", opts, "timeout", 20)
  settings.tool_timeout = duration.option("scalekit.new", opts, "tool_timeout", 60)
  local connect_timeout = duration.option("scalekit.new", opts, "connect_timeout", 10)
  for _, pair in ipairs(FROM_ENVIRONMENT) do
    local value = opts[pair[1]]
    if value == nil then value = os.getenv(pair[2]) end
    if value == nil or value == "" then missing[#missing + 1] = pair[2] end
    settings[pair[1]] = value
  end
  if #missing > 0 then
    return fail("not set: " .. table.concat(missing, ", ") .. " (set the environment variables"
      .. (nginx.present and ", and name them with nginx's directive env" or "")
      .. ", or give env_url, client_id and client_secret)")
  end
  local problem = address.fault(settings.env_url, opts.allow_insecure_http)
  if problem then return fail((opts.env_url and "env_url " or "SCALEKIT_ENV_URL ") .. problem) end
  settings.env_url = address.trim(settings.env_url)
  settings.max_attempts = opts.max_attempts or 4
  settings.retry_rate_limited = opts.retry_rate_limited
  for name in pairs(HOOKS) do
    if opts[name] ~= nil then
      settings.hooks = require("scalekit.hooks").new(opts)
      break
    end
  end
  local unfit
  settings.send, unfit, settings.operation = carrier(opts, connect_timeout)
  if not settings.send then return nil, unfit end
  settings.shared_dict = opts.shared_dict
  settings.shared, unfit = shared.store(opts.shared_dict)
  if unfit then return nil, unfit end

  local self = client.new(settings)
  actions.attach(self)
  return self
end

return scalekit
