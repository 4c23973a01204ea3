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

local address = require "scalekit.address"
local core = require "scalekit.core"
local client = require "scalekit.client"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local mcp_configs = require "scalekit.resource.mcp_configs"
local options = require "scalekit.options"
local resource = require "scalekit.resource"
local transport = require "scalekit.transport"
local version = require "scalekit.version"

if core.version ~= version then
  error(("scalekit: the Lua half is version %s, the C half %s; install both from one rock")
    :format(version, tostring(core.version)))
end

local tasks = driver.tasks()

local scalekit = {
  VERSION = version,
  _VERSION = version,
  --- For `tools` of a mapping: every tool of the connection, said openly.
  ALL = mcp_configs.ALL,
  --- JSON's null; equal to `cjson.null`.
  null = json.null,
  --- `check(call())` returns the results or throws the error object.
  check = errors.check,
  run = tasks.run,
  spawn = tasks.spawn,
  all = tasks.all,
  race = tasks.race,
}

--- Waits; parks only the running coroutine inside `scalekit.run`.
-- @tparam number seconds
function scalekit.sleep(seconds)
  if type(seconds) ~= "number" then error("scalekit.sleep: expected a number of seconds", 2) end
  driver.current().sleep(seconds)
end

local OPTIONS = {
  env_url = "string", client_id = "string", client_secret = "string|secret",
  timeout = "number", connect_timeout = "number", max_attempts = "number",
  allow_insecure_http = "boolean", ca_file = "string", cert_file = "string",
  key_file = "string", proxy = "string", http1 = "boolean", tls_min = "string",
  transport = "function",
}

local FROM_ENVIRONMENT = {
  { "env_url", "SCALEKIT_ENV_URL" },
  { "client_id", "SCALEKIT_CLIENT_ID" },
  { "client_secret", "SCALEKIT_CLIENT_SECRET" },
}

-- Numbers that make no sense are the caller's mistake, at the caller's line.
local function check_numbers(opts)
  for _, name in ipairs { "timeout", "connect_timeout" } do
    if opts[name] ~= nil and not options.is_duration(opts[name]) then
      error(("scalekit.new: option '%s' must be a number of seconds above 0"):format(name), 3)
    end
  end
  local attempts = opts.max_attempts
  if attempts ~= nil and not (attempts >= 1 and attempts <= 100 and attempts % 1 == 0) then
    error("scalekit.new: option 'max_attempts' must be a whole number from 1 to 100", 3)
  end
end

local function fail(message)
  return nil, errors.new { kind = "configuration", message = message }
end

--- Makes a client. Opens no connection yet.
--
-- `env_url`, `client_id` and `client_secret` default to the environment
-- variables SCALEKIT_ENV_URL, SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET.
-- @tparam[opt] table opts also `timeout` (seconds for one call with all its
-- attempts, 20), `connect_timeout` (seconds, 10), `max_attempts` (4),
-- `ca_file`, `cert_file`, `key_file`, `proxy`, `http1`, `tls_min` ("1.2"),
-- `allow_insecure_http`, `transport` (a function `send(request)`, see `scalekit.transport.curl`)
-- @treturn[1] table a client with `mcp`, `connected_accounts`, `tools`, `actions`
-- @treturn[2] nil
-- @treturn[2] table error, kind "configuration"
function scalekit.new(opts)
  opts = options.check("scalekit.new", opts, OPTIONS)
  check_numbers(opts)
  local settings, missing = {}, {}
  for _, pair in ipairs(FROM_ENVIRONMENT) do
    local value = opts[pair[1]]
    if value == nil then value = os.getenv(pair[2]) end
    if value == nil or value == "" then missing[#missing + 1] = pair[2] end
    settings[pair[1]] = value
  end
  if #missing > 0 then
    return fail("not set: " .. table.concat(missing, ", ")
      .. " (set the environment variables, or give env_url, client_id and client_secret)")
  end
  local problem = address.fault(settings.env_url, opts.allow_insecure_http)
  if problem then return fail((opts.env_url and "env_url " or "SCALEKIT_ENV_URL ") .. problem) end
  settings.env_url = address.trim(settings.env_url)
  settings.timeout = opts.timeout or 20
  settings.max_attempts = opts.max_attempts or 4
  local err
  settings.send = opts.transport
  if not settings.send then
    settings.send, err = transport.default {
      ca_file = opts.ca_file, cert_file = opts.cert_file, key_file = opts.key_file,
      proxy = opts.proxy, http1 = opts.http1, tls_min = opts.tls_min,
      connect_timeout = opts.connect_timeout or 10,
    }
    if not settings.send then return nil, err end
  end

  local self = client.new(settings)
  self.mcp = resource.new("mcp", self)
  self.connected_accounts = resource.new("connected_accounts", self)
  self.tools = resource.new("tools", self)
  self.actions = { -- the names that the service's own SDKs use
    client = self,
    mcp = self.mcp,
    tools = self.tools,
    get_authorization_link = self.connected_accounts.get_authorization_link,
  }
  return self
end

return scalekit
