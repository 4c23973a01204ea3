--- The environment, as far as it can be asked: settings, connection, clock, credentials.
-- @module scalekit.doctor.environment

local address = require "scalekit.address"
local core = require "scalekit.core"
local moment = require "scalekit.moment"
local nginx = require "scalekit.driver.nginx"
local scalekit = require "scalekit"
local transport = require "scalekit.transport"

local environment = {}

local TIMEOUT = 10 -- seconds for each question
local SLACK, SKEW = 5, 60 -- seconds by which clocks may differ

local VARIABLES = {
  { "env_url", "SCALEKIT_ENV_URL" }, { "client_id", "SCALEKIT_CLIENT_ID" },
  { "client_secret", "SCALEKIT_CLIENT_SECRET" },
}

-- What was given, and from the variables what was not.
local function settings_of(given)
  local settings, missing = {}, {}
  for _, pair in ipairs(VARIABLES) do
    local value = given[pair[1]] or os.getenv(pair[2])
    if value == nil or value == "" then missing[#missing + 1] = pair[2] end
    settings[pair[1]] = value ~= "" and value or nil
  end
  return settings, missing
end

local SET = nginx.present
  and "set them where nginx is started, and name each in an `env` directive; or give them to"
    .. " scalekit.new"
  or "set them; the credentials are among the environment's API credentials"

local function check_settings(findings, settings, missing)
  if #missing > 0 then
    findings:fail("settings", "not set: " .. table.concat(missing, ", "), SET)
  end
  local fault = settings.env_url and address.fault(settings.env_url)
  if fault then
    findings:fail("settings", "the environment's URL " .. fault,
      "use its URL as the dashboard shows it")
  elseif #missing == 0 then
    findings:ok("settings", "URL and credentials are set, for " .. settings.env_url)
  end
  return not fault and settings.env_url
end

local WAY = {
  configuration = "see the message; nginx names hosts with the directive resolver",
  tls = nginx.present
    and "see the message; certificates are verified against lua_ssl_trusted_certificate"
    or "install the certificates of authorities (ca-certificates), or name a file of them: ca_file",
  network = "look at the name, the network, and firewalls in between",
  timeout = "look at the network, and firewalls in between",
}

local MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

-- The Unix time of a `Date` header.
local function time_of(date)
  local day, month, year, hour, minute, second =
    (date or ""):match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  local at = month and MONTHS:find(month, 1, true)
  return at and moment.at(year, (at + 2) / 3, day, hour, minute, second)
end

--- What a clock is worth.
-- @tparam table findings
-- @tparam ?string date as the environment wrote it
-- @tparam number now Unix time by our own clock
function environment.check_clock(findings, date, now)
  local theirs = time_of(date)
  if not theirs then
    return findings:skip("clock", "the environment does not say what time it is")
  end
  local skew = now - theirs
  local text = ("this machine's clock is %.0f s %s"):format(
    math.abs(skew), skew < 0 and "behind" or "ahead")
  local fix = "set it by NTP: tokens are refused as not valid yet, or used beyond their end"
  if math.abs(skew) > SKEW then
    findings:fail("clock", text, fix)
  elseif math.abs(skew) > SLACK then
    findings:warn("clock", text, fix)
  else
    findings:ok("clock", "agrees with the environment's")
  end
end

-- The keys, which anybody may fetch: whether there is a way to the environment at all.
local function check_way(findings, send, url)
  local response, err = send {
    method = "GET", url = address.trim(url) .. "/keys", headers = { accept = "application/json" },
    deadline = core.now() + TIMEOUT, max_body = 64 * 1024,
  }
  if not response then
    findings:fail("connection", err.message, WAY[err.kind] or "see the message")
    return false
  elseif response.status ~= 200 then
    findings:fail("connection", ("%s/keys answers with status %d"):format(url, response.status),
      "look at the environment's URL: it has no path, and ends in .scalekit.com or .scalekit.dev")
    return false
  end
  findings:ok("connection", "the environment answers, over a connection that was verified")
  environment.check_clock(findings, response.headers.date, os.time())
  return true
end

local function check_credentials(findings, settings, send)
  local client, err = scalekit.new {
    env_url = settings.env_url, client_id = settings.client_id,
    client_secret = settings.client_secret, transport = send, timeout = TIMEOUT,
    max_attempts = 1, shared_dict = false,
  }
  local page
  if client then page, err = client.mcp:list_configs { page_size = 1 } end
  if page then
    return findings:ok("credentials", "they are accepted, and may list configs")
  end
  local fix = "see the message"
  if err.kind == "unauthorized" then
    fix = "take client id and secret from the API credentials of this very environment"
  elseif err.kind == "forbidden" then
    fix = "allow these credentials to use AgentKit"
  end
  findings:fail("credentials", err.message, fix)
end

--- Adds what there is to say. It may wait.
-- @tparam table findings
-- @tparam[opt] table given `env_url`, `client_id`, `client_secret`, `transport`; from the
-- environment variables what is not given
function environment.examine(findings, given)
  given = given or {}
  local settings, missing = settings_of(given)
  local url = check_settings(findings, settings, missing)
  if not url then return end
  local send = given.transport or transport.default {}
  if check_way(findings, send, url) and #missing == 0 then
    check_credentials(findings, settings, send)
  end
end

return environment
