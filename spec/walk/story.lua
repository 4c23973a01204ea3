-- The story that the walk tells while memory runs out: a config is made, its
-- accounts are checked and authorized, a token is minted, an agent connects,
-- lists its tools and calls one; then the config is changed and deleted.
--
-- Given "inproc" the service is a table in the same state; given "curl" it is
-- at SCALEKIT_ENV_URL, and the story is told by a task of scalekit.run.
local how = ...

local scalekit = require "scalekit"
local core = require "scalekit.core"
local mcp = require "scalekit.mcp"

local story = {}

local USER = "user_walk"

-- Whatever fails, an answer must not be false. The host looks for this word.
local function wrong(what)
  error("WRONG: " .. what, 0)
end

local function inproc()
  local vmcp = require "scalekit.vmcp"
  local memory = require "scalekit.vmcp.store.memory"
  local pem = os.getenv "WALK_KEY" -- to make one takes longer than the story
  local app = vmcp.app {
    base_url = "http://127.0.0.1:9", store = memory.new(),
    key = pem and scalekit.check(core.key_load(pem)) or core.key_generate "RS256",
    client_id = "skc_walk", client_secret = "test_walk",
  }
  return require("scalekit.transport.inproc").new(app), {
    env_url = "http://127.0.0.1:9", client_id = "skc_walk", client_secret = "test_walk",
  }
end

local function settings()
  local send, options
  if how == "inproc" then
    send, options = inproc()
  else
    send, options = require("scalekit.transport.curl").new {}, {}
  end
  options.transport, options.max_attempts, options.timeout = send, 1, 4
  return options, send
end

local function encode(value)
  return (value:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- Opens a link and agrees to what the page asks.
local function authorize(send, link)
  local page, err = send { method = "GET", url = link }
  if not page then return nil, err end
  local form = page.body:match "<form.->(.-)</form>" or ""
  local fields = {}
  for name, value in form:gmatch '<input type="hidden" name="([^"]*)" value="([^"]*)"' do
    fields[#fields + 1] = encode(name) .. "=" .. encode(value)
  end
  local button, value = form:match '<button[^>]-name="([^"]*)" value="([^"]*)"'
  if button then fields[#fields + 1] = encode(button) .. "=" .. encode(value) end
  return send {
    method = "POST", url = link, body = table.concat(fields, "&"),
    headers = {
      ["content-type"] = "application/x-www-form-urlencoded",
      origin = link:match "^%w+://[^/]+",
    },
  }
end

local client, send
local told = 0

local function accounts(id)
  return client.mcp:list_mcp_connected_accounts {
    config_id = id, identifier = USER, include_auth_link = true,
  }
end

local function use(config)
  local token, err = client.mcp:create_session_token {
    mcp_config_id = config.id, identifier = USER, expiry = "1h",
  }
  if not token then return nil, err end
  local agent, tools, result
  agent, err = mcp.connect { url = config.mcp_server_url, token = token.token, transport = send,
    timeout = 4 }
  if not agent then return nil, err end
  tools, err = agent:list_tools()
  if not tools then return nil, err end
  if #tools ~= 1 then wrong "the wrong tools" end
  result, err = agent:call_tool("gmail_fetch_mails", { max_results = 1 })
  if not result then return nil, err end
  if result.isError then wrong "the tool failed" end
  return true
end

local function tell()
  if not client then
    local options
    options, send = settings()
    client = scalekit.check(scalekit.new(options))
  end
  told = told + 1
  local response, err = client.mcp:create_config {
    name = "walk-" .. core.random(8):gsub(".", function(c) return ("%02x"):format(c:byte()) end),
    connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
  }
  if not response then return nil, err end
  local config, id = response.config, response.config.id
  response, err = accounts(id)
  if not response then return nil, err end
  for _, account in ipairs(response.connected_accounts) do
    if account.authentication_link then
      response, err = authorize(send, account.authentication_link)
      if not response then return nil, err end
    end
  end
  local used
  used, err = use(config)
  if not used then return nil, err end
  response, err = client.mcp:update_config { config_id = id, description = "changed" }
  if not response then return nil, err end
  if response.config.description ~= "changed" then wrong "the change is lost" end
  response, err = client.mcp:delete_config { config_id = id }
  if not response then return nil, err end
  response, err = client.mcp:get_config { config_id = id }
  if response then wrong "it was deleted, and is there" end
  if err.kind == "not_found" then return true end
  return nil, err
end

--- True, or nil and an error. A client that was told of a failing token
-- endpoint leaves it alone for a while: then the second try waits.
function story.tell()
  if told > 0 and client and client.auth.failure then core.sleep(0.55) end
  if how == "inproc" then return tell() end
  local well, err = scalekit.run(tell)
  -- the server has all the memory it wants: it was not asked what was meant
  if err and (err.status or 0) >= 400 then wrong(err.message) end
  return well, err
end

--- What the census shows with the client gone.
function story.left()
  client, send = nil, nil
  collectgarbage()
  collectgarbage()
  local census = core.census()
  return ("loops %d, transfers %d, streams %d, secrets %d, credentials %d, keys %d"):format(
    census.loops, census.transfers, census.streams, census.secrets, census.credentials, census.keys)
end

return story
