--- An environment inside the test: a client, the service it talks to, and switches
-- for what is hard to wait for. No sockets, no account, no real time.
--
--     local testing = require "scalekit.testing"
--
--     it("asks the user to sign in again", function()
--       local env = testing.new()
--       env:authorize { identifier = "ada" }
--       env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
--       local ok, err = my_script.run(env.client, "ada")
--       assert.equal("authorization_required", err.kind)
--     end)
--
-- The environment has the demo connections of `scalekit dev`, gmail and
-- googlecalendar, unless it is given others. Times are the environment's own:
-- whatever `env.client` waits for passes at once, and `env:advance` lets tokens
-- and links run out.
-- @module scalekit.testing

local accounts = require "scalekit.vmcp.accounts"
local clocks = require "scalekit.testing.clock"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local inproc = require "scalekit.transport.inproc"
local memory = require "scalekit.vmcp.store.memory"
local moment = require "scalekit.moment"
local options = require "scalekit.options"
local route = require "scalekit.route"
local scalekit = require "scalekit"
local vmcp = require "scalekit.vmcp"

local testing = {}

local Env = {}
local env_mt = {
  __index = Env,
  __name = "scalekit.testing",
  __tostring = function(self) return "scalekit.testing(" .. self.url .. ")" end,
}

local URL = "http://localhost"

local OPTIONS = {
  connections = "table", user_verification = "string", now = "number|string",
  latency = "number|string", client = "table",
}

-- Of the client's options.
local OWN = { env_url = true, client_id = true, client_secret = true, transport = true }

-- Making a key takes a while: environments that live at the same time share one.
local shared = setmetatable({}, { __mode = "v" })

local function signing_key()
  local key = shared.key or core.key_generate "RS256"
  shared.key = key
  return key
end

local function read_time(value)
  if type(value) == "number" then return value end
  local seconds = moment.parse(value)
  if not seconds then
    error("testing.new: option 'now' must be Unix seconds, or a text such as "
      .. '"2030-01-31T12:00:00Z"', 3)
  end
  return seconds
end

local function read_latency(what, value)
  if value == 0 or value == nil then return 0 end
  local seconds = duration.option(what, { latency = value }, "latency", 0, 3)
  return seconds
end

-- Notes what reaches the environment, under the name of the client's method.
local function note(self, request, status)
  local target = request.url:match "^%w+://[^/?]+([^?]*)"
  local op = route.match(request.method or "GET", target)
  table.insert(self.requests, {
    method = request.method or "GET", path = target, status = status,
    operation = type(op) == "table" and op.label or nil,
  })
end

-- `time` is whose time the deadlines of the requests are.
local function transport(self, time)
  local send = inproc.new(self.app, { now = time.now, sleep = self.clock.sleep })
  return function(request)
    if self.latency > 0 then
      local left = request.deadline and request.deadline - time.now() or math.huge
      if not self.clock.sleep(math.max(0, math.min(self.latency, left))) then
        return nil, errors.new { kind = "cancelled", message = "the waiting task was cancelled" }
      elseif left < self.latency then
        return nil, errors.new {
          kind = "timeout", outcome = "unknown", message = "no answer in time",
        }
      end
    end
    local response, err = send(request)
    note(self, request, response and response.status)
    return response, err
  end
end

-- The client; a mistake in its options is the caller's.
local function new_client(settings)
  local ok, client, err = pcall(scalekit.new, settings)
  if not ok then error(tostring(client):gsub("^.-(scalekit%.new: )", "testing.new: %1"), 3) end
  return scalekit.check(client, err)
end

--- Makes an environment.
-- @tparam[opt] table opts
-- @tparam[opt] table opts.connections as for `scalekit.vmcp`, default the demo connections
-- @tparam[opt] string opts.user_verification "custom": the app verifies its users
-- @tparam[opt] number|string opts.now Unix seconds or a timestamp: where its clock starts,
-- default the present
-- @tparam[opt=0] number|string opts.latency of each request: seconds or a text
-- @tparam[opt] table opts.client further options of `scalekit.new`: `timeout`, hooks …
-- @treturn scalekit.testing.env `client`, a client of the environment; `transport`, for
-- `scalekit.mcp.connect`; `url`; `app`, the service (see `scalekit.vmcp`);
-- `requests`, what was sent so far: `{ method, path, operation, status }`;
-- `deliveries`, the webhooks it has sent: `{ headers, body, event }`, signed with
-- `webhook_secret`
function testing.new(opts)
  opts = options.check("testing.new", opts, OPTIONS)
  local clock = clocks.new(opts.now and read_time(opts.now) or os.time())
  local deliveries = {}
  local app = vmcp.app {
    base_url = URL, key = signing_key(), clock = clock.time, switches = true,
    store = memory.new { clock = clock.time },
    connections = opts.connections, user_verification = opts.user_verification,
    webhook_url = URL .. "/webhooks",
    deliver = function(delivery) deliveries[#deliveries + 1] = delivery end,
  }
  local self = setmetatable({
    url = URL, app = app, clock = clock, requests = {}, deliveries = deliveries,
    webhook_secret = app.webhook_secret, latency = read_latency("testing.new", opts.latency),
  }, env_mt)
  local settings = {}
  for name, value in pairs(opts.client or {}) do
    if OWN[name] then
      error(("testing.new: option 'client' cannot have '%s': the environment sets it"):format(name), 2)
    end
    settings[name] = value
  end
  settings.env_url, settings.client_id = URL, app.client_id
  settings.client_secret = app.client_secret
  settings.transport = transport(self, clock)
  self.client = new_client(settings)
  self.client.own_time, self.client.auth.now = clock, clock.now
  self.client.random = function() return 0.5 end -- the same waits every time
  self.transport = transport(self, core)
  self.client.mcp_transport = self.transport
  return self
end

--- Unix seconds by the environment's clock.
-- @treturn number
function Env:now()
  return self.clock.time()
end

--- Lets time pass: links, session tokens and access tokens run out.
-- @tparam number|string time seconds, or a text such as "1h30m"
function Env:advance(time)
  self.clock.advance(duration.option("env:advance", { time = time }, "time", nil))
end

--- Makes every request take its time, which passes at once.
-- @tparam number|string latency seconds, or a text such as "200ms"; 0: none
function Env:set_latency(latency)
  self.latency = read_latency("env:set_latency", latency)
end

local function connection_names(self, opts)
  if opts.connection_name then return { opts.connection_name } end
  local names = {}
  for i, connection in ipairs(self.app.catalogue.connections) do names[i] = connection.name end
  return names
end

-- Sets the state of the accounts that are meant.
local function set_accounts(self, what, opts, spec, status)
  opts = options.check(what, opts, spec, 3)
  status = status or opts.status
  if not opts.identifier then error(what .. ": option 'identifier' is required", 3) end
  if not accounts.STATES[status] then
    error(("%s: '%s' is not a state of an account"):format(what, status), 3)
  end
  for _, name in ipairs(connection_names(self, opts)) do
    if not self.app.catalogue:connection(name) then
      error(("%s: there is no connection '%s'"):format(what, name), 3)
    end
    scalekit.check(self.app:set_account_status {
      connection_name = name, identifier = opts.identifier, status = status,
    })
  end
end

--- Has a user authorize: the accounts become ACTIVE.
-- @tparam table opts
-- @tparam string opts.identifier
-- @tparam[opt] string opts.connection_name default every connection
function Env:authorize(opts)
  set_accounts(self, "env:authorize", opts,
    { identifier = "string", connection_name = "string" }, "ACTIVE")
end

--- Moves a user's accounts to a state.
-- @tparam table opts
-- @tparam string opts.identifier
-- @tparam string opts.status "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION"
-- or "DISCONNECTED"
-- @tparam[opt] string opts.connection_name default every connection
function Env:account(opts)
  if type(opts) == "table" and not opts.status then
    error("env:account: option 'status' is required", 2)
  end
  set_accounts(self, "env:account", opts,
    { identifier = "string", connection_name = "string", status = "string" })
end

local FAILURE = {
  operation = "string", path = "string", status = "number", error_code = "string",
  message = "string", retry_after = duration.TYPE, lost = "boolean", delay = duration.TYPE,
  times = "number",
}

local function operation_id(name)
  for _, op in ipairs(require "scalekit.ops") do
    if op.id == name or op.label == name or op.resource .. "." .. op.name == name then return op.id end
  end
  return name
end

--- Orders trouble: the next request that fits gets it.
--
--     env:fail { status = 401 }                              -- once, then all is well
--     env:fail { status = 429, retry_after = "2s", times = 3 }
--     env:fail { operation = "create_session_token", lost = true }
-- @tparam table opts one or more of `status`, `lost` and `delay`
-- @tparam[opt] number opts.status of the answer
-- @tparam[opt=false] boolean opts.lost it is done, and its answer never arrives
-- @tparam[opt] number|string opts.delay seconds or a text
-- @tparam[opt] string opts.operation "create_config", "tools.execute" …, default any
-- @tparam[opt] string opts.path its beginning
-- @tparam[opt] string opts.error_code
-- @tparam[opt] string opts.message
-- @tparam[opt] number|string opts.retry_after seconds or a text
-- @tparam[opt=1] number opts.times
function Env:fail(opts)
  opts = options.check("env:fail", opts, FAILURE)
  local operation = opts.operation and operation_id(opts.operation)
  local fault = {
    operation = operation, path = opts.path, status = opts.status, lose = opts.lost,
    error_code = opts.error_code, message = opts.message, times = opts.times,
    retry_after = duration.option("env:fail", opts, "retry_after"),
    seconds = duration.option("env:fail", opts, "delay"),
  }
  local ok, problem = pcall(self.app.fail_next, self.app, fault)
  if not ok then
    problem = tostring(problem):gsub("^.-app:fail_next: ", "env:fail: ")
      :gsub("%f[%w]seconds%f[%W]", "delay"):gsub("%f[%w]lose%f[%W]", "lost")
    error(problem, 2)
  end
end

--- Takes all ordered trouble back.
function Env:calm()
  self.app:clear_faults()
end

-- A request as a browser makes it.
local function visit(self, method, link, body)
  local path = link:match "^%w+://[^/]+([^?#]*)"
  return self.app:handle {
    method = method, path = path, body = body,
    headers = { host = URL:match "//(.*)", ["content-type"] = "application/x-www-form-urlencoded" },
  }
end

--- Does what a user does with an authorization link: opens it, and agrees.
-- @tparam string link
-- @treturn[1] boolean true
-- @treturn[1] ?string where the browser is sent, with `user_verification` "custom"
-- @treturn[2] nil
-- @treturn[2] string what the page says
function Env:allow(link)
  if type(link) ~= "string" or not link:find "^%w+://[^/]+/" then
    error("env:allow: expected a link, such as those of an authorization_required", 2)
  end
  local page = visit(self, "GET", link)
  local nonce = (page.body or ""):match 'name="nonce" value="([^"]*)"'
  if not nonce then return nil, (page.body or ""):match "<h1>(.-)</h1>" or "no form on the page" end
  local answer = visit(self, "POST", link, "decision=allow&nonce=" .. core.percent(nonce))
  if answer.status < 400 then return true, answer.headers.location end
  return nil, (answer.body or ""):match "<h1>(.-)</h1>" or "refused"
end

--- Opens a session and connects to its server, as an agent would.
-- @tparam table opts as for `client.mcp:open_session`
-- @treturn[1] scalekit.mcp.connection
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function Env:connect(opts)
  local session, err = self.client.mcp:open_session(opts)
  if not session then return nil, err end
  return session:connect()
end

return testing
