-- Claude Managed Agents with the tools of one user: the agent is made once and
-- holds no credential; each run puts a fresh session token into the user's
-- vault, starts a session and reads its events.
--
--   export SCALEKIT_ENV_URL=… SCALEKIT_CLIENT_ID=… SCALEKIT_CLIENT_SECRET=…
--   export ANTHROPIC_API_KEY=… CLAUDE_ENVIRONMENT_ID=…
--   lua examples/claude_managed_agents.lua "What is new in my inbox?"
--
-- ANTHROPIC_BASE_URL is for a stand-in, CLAUDE_MODEL for another model. The ids
-- of what was made are kept in EXAMPLE_NOTES, default managed_agents.json, for
-- the next run.
local scalekit = require "scalekit"
local claude = require "examples.support.claude"
local notebook = require "examples.support.notebook"
local story = require "examples.support.story"
local check = scalekit.check

local USER = os.getenv "EXAMPLE_USER" or "user_123"
local QUESTION = arg[1] or "What is new in my inbox?"
local NOTES = os.getenv "EXAMPLE_NOTES" or "managed_agents.json"

local function need(name)
  return os.getenv(name) or error(name .. " is not set", 0)
end

local client = check(scalekit.new())
local api = claude.new {
  api_key = need "ANTHROPIC_API_KEY", base_url = os.getenv "ANTHROPIC_BASE_URL",
}
local notes = notebook.open(NOTES)

-- Does something once for a key, and remembers the id that came of it.
local function once(kind, key, make)
  notes[kind] = notes[kind] or {}
  if notes[kind][key] then return notes[kind][key], false end
  notes[kind][key] = check(make()).id
  notebook.save(NOTES, notes)
  return notes[kind][key], true
end

story.step "A Virtual MCP server with one tool"
local config = check(client.mcp:ensure_config {
  name = "inbox-agent",
  connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
}).config
story.say(config.mcp_server_url)

story.step("A session for %s; waits where something is to authorize", USER)
local session = check(client.mcp:open_session {
  config = config, identifier = USER, expiry = "1h", wait = "10m",
  on_link = function(account)
    story.say("%s: %s", account.connection_name, account.authentication_link)
    story.open_links { account }
  end,
})
story.say("valid until %s", session.expires_at)

-- All that Claude has to be told about the server. "always_ask" has each call of
-- a tool confirmed below.
local shape = session:to("claude_managed_agents", {
  name = "inbox", permission_policy = os.getenv "CLAUDE_PERMISSION_POLICY" or "always_allow",
})

story.step "The agent, made once: it knows the server's URL and no token"
local agent, is_new = once("agents", session.url, function()
  return api:post("/v1/agents", {
    name = "Inbox reader",
    model = os.getenv "CLAUDE_MODEL" or "claude-sonnet-4-5",
    system = "You read the user's mail and answer briefly.",
    mcp_servers = shape.agent.mcp_servers,
    tools = shape.agent.tools,
  })
end)
story.say("%s (%s)", agent, is_new and "new" or "from an earlier run")

story.step "The token, into the user's vault"
local vault = once("vaults", USER, function()
  return api:post("/v1/vaults", { display_name = USER })
end)
local credential, is_first = once("credentials", vault .. " " .. session.url, function()
  return api:post("/v1/vaults/" .. vault .. "/credentials", shape.credential)
end)
if not is_first then -- the URL of a credential is fixed; its token is replaced
  check(api:post("/v1/vaults/" .. vault .. "/credentials/" .. credential, shape.credential_update))
end
story.say("%s in %s (%s)", credential, vault, is_first and "new" or "replaced")

story.step "A run: the stream is opened first, so that no event is missed"
local run = check(api:post("/v1/sessions", {
  agent = agent, environment_id = need "CLAUDE_ENVIRONMENT_ID", vault_ids = { vault },
}))
local events = check(api:stream(run.id))
local function send(event)
  check(api:post("/v1/sessions/" .. run.id .. "/events", { events = { event } }))
end
send { type = "user.message", content = { { type = "text", text = QUESTION } } }

-- What to do with an event, by its type; true ends the run. Unknown types are
-- none of our business.
local on = {}

on["agent.message"] = function(event)
  for _, block in ipairs(event.content) do
    if block.type == "text" then story.say("%s", block.text) end
  end
end

on["agent.mcp_tool_use"] = function(event)
  story.say("→ %s", event.name)
end

on["agent.mcp_tool_result"] = function(event)
  story.say("← %s", event.is_error and "error" or "ok")
end

-- A token that was refused costs the session its tools, not its life.
on["session.error"] = function(event)
  story.say("! %s: %s", event.error.type, event.error.message or "")
end

on["session.status_idle"] = function(event)
  local reason = event.stop_reason
  if reason.type ~= "requires_action" then
    story.say("(%s)", reason.type)
    return true
  end
  -- a person would be asked here
  for _, id in ipairs(reason.event_ids) do
    story.say("? allowing %s", id)
    send { type = "user.tool_confirmation", tool_use_id = id, result = "allow" }
  end
end

on["session.status_terminated"] = function()
  return true
end

local done
while not done do
  local event, err = events:read()
  if not event then error(err or "the stream has ended early", 0) end
  local act = on[event.type]
  done = act and act(event)
end
events:close()
check(api:post("/v1/sessions/" .. run.id .. "/archive", {}))
story.done()
