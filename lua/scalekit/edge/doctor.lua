--- Doctor: a location that says what is missing in this nginx, as its workers see it.
--
--     init_by_lua_block {
--       doctor = require("scalekit.edge").doctor { url = "https://edge.example.com/doctor" }
--     }
--     location = /doctor {
--       allow 127.0.0.1;
--       deny all;
--       content_by_lua_block { doctor:serve() }
--     }
--
-- It answers in lines for people, or with `?format=json` in JSON, with status 200 where
-- there is no problem and 503 where there is one. It shows no secrets, but much of what
-- is none of a stranger's business. `examples/openresty/doctor.conf` is the whole
-- configuration.
-- @classmod scalekit.edge.doctor

local core = require "scalekit.core"
local environment = require "scalekit.doctor.environment"
local files = require "scalekit.doctor.files"
local host = require "scalekit.host.edge"
local options = require "scalekit.options"
local process = require "scalekit.doctor.process"
local report = require "scalekit.doctor"
local transport = require "scalekit.transport"

local doctor = {}
doctor.__index = doctor
doctor.__name = "scalekit.edge.doctor"

local OPTIONS = {
  env_url = "string", client_id = "string", client_secret = "string|secret", url = "string",
  conf = "string", shared_dict = "string|boolean", transport = "function",
}

local PAUSE = 0.4  -- seconds between two events of a probe
local TIMEOUT = 10 -- seconds that a probe may take

--- Makes one; call it in `init_by_lua`.
-- @tparam[opt] table opts
-- @tparam[opt] string opts.env_url as for `scalekit.new`, and so are `client_id`,
-- `client_secret`, `shared_dict` and `transport`
-- @tparam[opt] string opts.url the location's own, as clients know it: whether events reach
-- them as they come, through all that is in between
-- @tparam[opt] string opts.conf the configuration to look at. Workers must be able to read
-- it; what it includes by pattern is listed by a shell, so leave it out where that matters
-- @treturn scalekit.edge.doctor
function doctor.new(opts)
  opts = options.check("edge.doctor", opts, OPTIONS)
  -- what nginx takes out of the environment of its workers
  local given = {
    env_url = opts.env_url or os.getenv "SCALEKIT_ENV_URL",
    client_id = opts.client_id or os.getenv "SCALEKIT_CLIENT_ID",
    client_secret = opts.client_secret or os.getenv "SCALEKIT_CLIENT_SECRET",
    transport = opts.transport,
  }
  if type(given.client_secret) == "string" then
    given.client_secret = core.secret(given.client_secret)
  end
  local name = opts.shared_dict
  if name == nil then name = "scalekit" end
  return setmetatable({ given = given, url = opts.url, conf = opts.conf, dict = name }, doctor)
end

function doctor.__tostring()
  return "scalekit.edge.doctor"
end

local function check_dict(self, findings)
  if not self.dict then return end
  local free = host.free_space(self.dict)
  if not free then
    findings:warn("shared memory", ("there is no lua_shared_dict %s: each worker fetches for"
      .. " itself, and there are no runs of agents"):format(self.dict),
      ("lua_shared_dict %s 10m;"):format(self.dict))
  elseif free == 0 then
    findings:warn("shared memory", ("lua_shared_dict %s is full"):format(self.dict),
      "make it larger")
  else
    findings:ok("shared memory", ("lua_shared_dict %s has room"):format(self.dict))
  end
end

-- When the events of a probe have come: a list of times; or nil and an error.
local function arrivals(send, url)
  local response, err = send {
    method = "GET", url = url .. "?probe=events", headers = { accept = "text/event-stream" },
    deadline = core.now() + TIMEOUT, stream = true,
  }
  if not response then return nil, err.message end
  if not response.events then return nil, ("it answers with status %d"):format(response.status) end
  local times = {}
  local event
  event, err = response.events:read()
  while event do
    times[#times + 1] = core.now()
    event, err = response.events:read()
  end
  response.events:close()
  if err then return nil, err.message end
  return times
end

local function check_streaming(self, findings)
  if not self.url then return end
  local times, problem = arrivals(self.given.transport or transport.default(), self.url)
  if not times then
    findings:warn("streaming", ("%s cannot be tried: %s"):format(self.url, problem),
      "let this nginx reach the location by the URL that clients use")
  elseif #times ~= 2 or times[2] - times[1] < PAUSE / 2 then
    findings:fail("streaming", "events are held back on their way to " .. self.url,
      "in each proxy in between: proxy_buffering off; and no gzip of text/event-stream")
  else
    findings:ok("streaming", "events come through as they are sent")
  end
end

--- What there is to say. It may wait.
-- @treturn table see `scalekit.doctor`
function doctor:examine()
  local findings = report.findings()
  process.examine(findings, { { "nginx", host.openssl() } })
  check_dict(self, findings)
  environment.examine(findings, self.given)
  check_streaming(self, findings)
  if self.conf then files.examine(findings, self.conf, self.given.env_url) end
  return findings
end

--- Answers: `content_by_lua_block { doctor:serve() }`.
function doctor:serve()
  local query = host.target():match "%?(.*)$" or ""
  if query == "probe=events" then
    return host.stream({ "data: 1\n\n", "data: 2\n\n" }, PAUSE)
  end
  local findings = self:examine()
  local as_json = query == "format=json"
  return host.answer {
    status = report.is_well(findings) and 200 or 503,
    headers = {
      ["content-type"] = as_json and "application/json" or "text/plain; charset=utf-8",
      ["cache-control"] = "no-store",
    },
    body = as_json and report.json(findings) or report.text(findings),
  }
end

return doctor
