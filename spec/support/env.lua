-- One face for both ways to reach a Virtual MCP server: calling its handlers, and real HTTP to an
-- nginx that runs them. Cases are written once and run over both.
local busted = require "busted"

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local inproc = require "scalekit.transport.inproc"
local scalekit = require "scalekit"
local transport = require "scalekit.transport"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"
local memory = require "scalekit.vmcp.store.memory"
local vmcp = require "scalekit.vmcp"

local support = {}

local Env = {}
local mt = { __index = Env }

local CLIENT_ID, CLIENT_SECRET = "skc_1", "s3cr3t"
local WEBHOOK_SECRET = "whsec_dGVzdHNlY3JldA=="
local BASE_URL = "http://127.0.0.1:9"

-- one key for all in-process environments: making one is slow, and the leak census counts it
local shared_key

local function start_in_process(env, options)
  shared_key = shared_key or core.key_generate("RS256")
  local build = options.app and require(options.app) or vmcp.app
  env.key, env.url = shared_key, BASE_URL
  env.client_id, env.client_secret = CLIENT_ID, options.client_secret or CLIENT_SECRET
  env.app = build {
    base_url = BASE_URL,
    store = memory.new(),
    key = env.key,
    client_id = env.client_id,
    client_secret = env.client_secret,
    user_verification = options.user_verification,
    switches = true,
    webhook_url = options.webhook and "http://127.0.0.1:9/hook" or nil,
    webhook_secret = options.webhook and WEBHOOK_SECRET or nil,
    deliver = options.webhook and function(delivery)
      local headers = {}
      for name, value in pairs(delivery.headers) do headers[name] = value end
      env.delivered[#env.delivered + 1] = { headers = headers, body = delivery.body }
    end or nil,
  }
  env.delivered = {}
end

local function start_nginx(env, options)
  env.send = transport.default {}
  local hook
  if options.webhook then
    env.receiver = assert(launch.start { app = "spec.support.hook_app", lua_path = "?.lua" })
    hook = env.receiver.url .. "/hook" .. (options.webhook == true and "" or options.webhook)
  end
  local server = assert(launch.start {
    app = options.app, lua_path = "?.lua", user_verification = options.user_verification,
    webhook_url = hook, webhook_secret = hook and WEBHOOK_SECRET,
    webhook_retries = hook and { 0.05, 0.05 },
  })
  env.server, env.url, env.dir = server, server.url, server.dir
  env.client_id, env.client_secret = server.client_id, server.client_secret
  local file = assert(io.open(server.dir .. "/key.pem", "rb"))
  env.key = assert(core.key_load(file:read "*a"))
  file:close()
end

local STARTERS = { ["in-process"] = start_in_process, nginx = start_nginx }

-- Runs `cases(env)` in a describe block, over "in-process" or "nginx".
function support.through(kind, options, cases)
  busted.describe(kind == "nginx" and "through #nginx" or kind, function()
    local env = setmetatable({ kind = kind, names = 0 }, mt)
    busted.setup(function()
      STARTERS[kind](env, options)
    end)
    busted.teardown(function()
      if env.server then env.server:stop() end
      if env.receiver then env.receiver:stop() end
    end)
    cases(env)
  end)
end

-- Runs `cases(env)` over both.
function support.both(options, cases)
  for _, kind in ipairs { "in-process", "nginx" } do
    support.through(kind, options, cases)
  end
end

local function request_in_process(env, method, path, headers, body)
  local before, query = path:match "^([^?]*)%??(.*)$"
  local sent = { host = env.url:match "//(.*)$" }
  for name, value in pairs(headers) do
    sent[name:lower()] = value
  end
  local response = env.app:handle {
    method = method, path = before, query = query ~= "" and query or nil, headers = sent, body = body,
  }
  return { status = response.status, headers = response.headers, body = response.body or "" }
end

-- One request → { status, headers, body }.
function Env:request(method, path, options)
  options = options or {}
  local headers = {}
  for name, value in pairs(options.headers or {}) do
    headers[name] = value
  end
  if self.app then
    return request_in_process(self, method, path, headers, options.body)
  end
  return assert(self.send {
    method = method, url = self.url .. path, headers = headers, body = options.body,
    deadline = core.now() + 30,
  })
end

-- Posts a form.
function Env:form(path, fields, headers)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = core.percent(name) .. "=" .. core.percent(value)
  end
  local sent = { ["content-type"] = "application/x-www-form-urlencoded" }
  for name, value in pairs(headers or {}) do
    sent[name] = value
  end
  return self:request("POST", path, { headers = sent, body = table.concat(parts, "&") })
end

function Env:access_token()
  if not self.token then
    local response = self:form("/oauth/token", {
      grant_type = "client_credentials",
      client_id = self.client_id,
      client_secret = self.client_secret,
    })
    self.token = json.decode(response.body).access_token
  end
  return self.token
end

-- An API call with the environment's own token; a body that is text goes out as it is.
-- → status, decoded body, response
function Env:api(method, path, body)
  if type(body) == "table" then
    body = json.encode(body)
  end
  local response = self:request(method, path, {
    headers = {
      authorization = "Bearer " .. self:access_token(),
      ["content-type"] = body and "application/json" or nil,
    },
    body = body,
  })
  return response.status, response.body ~= "" and json.decode(response.body) or nil, response
end

-- The deliveries of the webhook, as attempts { headers, body, event }; `count` of those that
-- `fits(event)` have to come first.
function Env:deliveries(count, fits)
  local deadline = core.now() + 10
  while true do
    local list, found = self.delivered, {}
    if self.receiver then
      list = json.decode(assert(self.send {
        method = "GET", url = self.receiver.url .. "/deliveries", deadline = deadline,
      }).body)
    end
    for _, attempt in ipairs(list) do
      attempt.event = json.decode(attempt.body)
      if fits(attempt.event) then found[#found + 1] = attempt end
    end
    if #found >= count or self.app or core.now() > deadline - 1 then return found end
    driver.current().sleep(0.02)
  end
end

-- A client of this environment.
function Env:client(opts)
  local settings = {
    env_url = self.url, client_id = self.client_id, client_secret = self.client_secret,
    transport = self.send or inproc.new(self.app),
  }
  for name, value in pairs(opts or {}) do settings[name] = value end
  return scalekit.check(scalekit.new(settings))
end

-- A config name that no other test has.
function Env:name(prefix)
  self.names = self.names + 1
  return ("%s-%d"):format(prefix or "config", self.names)
end

local DEFAULT_MAPPINGS = {
  { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
  { connection_name = "googlecalendar",
    tools = { "googlecalendar_list_events", "googlecalendar_create_event" } },
}

function Env:create(mappings, name)
  local status, body = self:api("POST", "/api/v1/mcp/configs", {
    name = name or self:name(), connection_tool_mappings = mappings or DEFAULT_MAPPINGS,
  })
  assert(status == 201, "the config was not created")
  return body.config
end

-- Sets the state of a user's account through the switch.
function Env:set_account(connection_name, identifier, status)
  assert(self:api("PUT", "/switches/account", {
    connection_name = connection_name, identifier = identifier, status = status,
  }) == 204)
end

function Env:activate(config, identifier)
  for _, mapping in ipairs(config.connection_tool_mappings) do
    self:set_account(mapping.connection_name, identifier, "ACTIVE")
  end
end

function Env:advance(seconds)
  assert(self:api("PUT", "/switches/clock", { advance = seconds }) == 204)
end

-- A session token for a user whose accounts it activates first.
function Env:session(config, identifier, expiry)
  self:activate(config, identifier)
  local status, body = self:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/tokens", {
    identifier = identifier, expiry = expiry,
  })
  assert(status == 200, "no token")
  return body.token
end

-- The path of a URL of this environment.
function Env:path(url)
  assert(url:sub(1, #self.url) == self.url, "a URL of this environment")
  return url:sub(#self.url + 1)
end

-- A config with a user's session on it.
function Env:open(mappings, identifier)
  local config = self:create(mappings)
  identifier = identifier or "user_123"
  return {
    config = config,
    path = self:path(config.mcp_server_url),
    token = self:session(config, identifier),
    identifier = identifier,
  }
end

-- Posts a JSON-RPC message to a server → response, decoded body.
function Env:post(session, message, headers)
  local sent = {
    ["content-type"] = "application/json",
    accept = "application/json, text/event-stream",
    authorization = "Bearer " .. session.token,
  }
  for name, value in pairs(headers or {}) do
    sent[name] = value or nil
  end
  local response = self:request("POST", session.path, {
    headers = sent,
    body = type(message) == "string" and message or json.encode(message),
  })
  local is_json = (response.headers["content-type"] or ""):find "^application/json"
  return response, is_json and response.body ~= "" and json.decode(response.body) or nil
end

local META = "io.modelcontextprotocol/"

-- A request of the stateless era with everything it needs; `headers` overrides (false removes).
function Env:modern(session, method, params, headers)
  params = params or {}
  params._meta = params._meta or {
    [META .. "protocolVersion"] = "2026-07-28",
    [META .. "clientCapabilities"] = {},
    [META .. "clientInfo"] = { name = "spec", version = "1" },
  }
  local sent = {
    ["mcp-protocol-version"] = "2026-07-28",
    ["mcp-method"] = method,
    ["mcp-name"] = params.name,
  }
  for name, value in pairs(headers or {}) do
    sent[name] = value
  end
  return self:post(session, { jsonrpc = "2.0", id = 1, method = method, params = params }, sent)
end

-- A request of the handshake era.
function Env:legacy(session, method, params, headers)
  local sent = { ["mcp-protocol-version"] = "2025-11-25" }
  for name, value in pairs(headers or {}) do
    sent[name] = value
  end
  return self:post(session, { jsonrpc = "2.0", id = 1, method = method, params = params }, sent)
end

-- Runs `fn(i)` `count` times at once → array of what each returned first.
function support.together(count, fn)
  local results = {}
  scalekit.run(function()
    for i = 1, count do
      scalekit.spawn(function()
        results[i] = fn(i)
      end)
    end
  end)
  return results
end

-- The names in a tools/list result.
function support.tool_names(body)
  local names = {}
  for i, tool in ipairs(body.result.tools) do
    names[i] = tool.name
  end
  return names
end

-- The ErrorInfo of an API error.
function support.info(body)
  return body.details[1]
end

-- The fields that an API error names.
function support.fields(body)
  local names = {}
  local validation = body.details[1].validation_error_info
  for i, violation in ipairs(validation and validation.field_violations or {}) do
    names[i] = violation.field
  end
  return names
end

return support
