-- Set up and connect a Virtual MCP server: the service's own guide, in Lua.
--
--   export SCALEKIT_ENV_URL=… SCALEKIT_CLIENT_ID=… SCALEKIT_CLIENT_SECRET=…
--   lua examples/quickstart.lua
--
-- `make demo` runs this against a local environment that needs no account.
local scalekit = require "scalekit"
local mcp = require "scalekit.mcp"
local story = require "examples.support.story"
local check = scalekit.check

local USER, OTHER_USER = "user_123", "user_456"

story.step "A client, from the three environment variables"
local client = check(scalekit.new())
story.say(tostring(client))

story.step "A Virtual MCP server: two connections, three tools"
local response = check(client.mcp:create_config {
  name = "email-calendar-agent",
  description = "Reads mail and keeps the calendar",
  connection_tool_mappings = {
    { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
    { connection_name = "googlecalendar",
      tools = { "googlecalendar_list_events", "googlecalendar_create_event" } },
  },
})
local config = response.config
story.say("config.id             %s", config.id)
story.say("config.mcp_server_url %s", config.mcp_server_url)

-- Whatever happens from here on, leave nothing behind.
local function delete_config()
  return client.mcp:delete_config { config_id = config.id }
end

local function connected_accounts(identifier)
  return check(client.mcp:list_mcp_connected_accounts {
    config_id = config.id,
    identifier = identifier,
    include_auth_link = true,
  }).connected_accounts
end

local function is_active(account)
  return (account.connected_account_status or ""):upper() == "ACTIVE"
end

-- What is still to be authorized; the link of each is good for a minute.
local function show_pending(identifier)
  local pending = {}
  for _, account in ipairs(connected_accounts(identifier)) do
    story.say("%-15s %s", account.connection_name, account.connected_account_status or "no account")
    if not is_active(account) then
      story.say("  %s", account.authentication_link)
      pending[#pending + 1] = account
    end
  end
  return pending
end

-- Has the links opened, and makes sure that every account is ACTIVE.
local function authorize(identifier, pending)
  story.open_links(pending)
  for _, account in ipairs(connected_accounts(identifier)) do
    story.expect(is_active(account), account.connection_name .. " is ACTIVE")
  end
end

local function mint(identifier)
  return check(client.mcp:create_session_token {
    mcp_config_id = config.id,
    identifier = identifier,
    expiry = "1h",
  })
end

-- What an agent framework wants to know about an MCP server.
local function mcp_server(token)
  return {
    url = config.mcp_server_url,
    headers = { Authorization = "Bearer " .. token.token },
  }
end

-- Calls a tool and returns the text of its result. A tool that fails says so in
-- its result, for the model to read; here that ends the story.
local function call(connection, name, arguments)
  local result = check(connection:call_tool(name, arguments))
  local texts = {}
  for i, block in ipairs(result.content) do texts[i] = block.text or "" end
  local text = table.concat(texts, "\n")
  if result.isError then error(name .. ": " .. text, 0) end
  return text, result.structuredContent
end

local function tool_names(connection)
  local names = {}
  for i, tool in ipairs(check(connection:list_tools())) do names[i] = tool.name end
  table.sort(names)
  return table.concat(names, ", ")
end

local function run()
  story.step("Which accounts does %s still have to authorize?", USER)
  local pending = show_pending(USER)

  story.step("%s authorizes", USER)
  authorize(USER, pending)

  story.step "A session token for this run"
  local token = mint(USER)
  story.say("valid until %s", token.expires_at)

  story.step "The agent connects and sees exactly the mapped tools"
  local server = mcp_server(token)
  story.say("{ url = %q, headers = { Authorization = \"Bearer …\" } }", server.url)
  local agent = check(mcp.connect(server))
  story.say("MCP %s", agent.protocol_version)
  local names = tool_names(agent)
  story.expect(names == "gmail_fetch_mails, googlecalendar_create_event, googlecalendar_list_events",
    "tools: " .. names)

  local text, mails = call(agent, "gmail_fetch_mails", { max_results = 3 })
  for _, mail in ipairs(mails and mails.messages or {}) do
    story.say("mail   %-40s %s", mail.from, mail.subject)
  end
  story.expect(#text > 0, "gmail_fetch_mails answers")
  call(agent, "googlecalendar_create_event", {
    summary = "Lunch with the agent",
    start_datetime = "2030-05-06T12:00:00Z",
    event_duration_hour = 1,
  })
  local function finds_lunch(connection)
    return call(connection, "googlecalendar_list_events", {
      time_min = "2030-05-06T00:00:00Z", time_max = "2030-05-07T00:00:00Z",
    }):find("Lunch with the agent", 1, true) ~= nil
  end
  story.expect(finds_lunch(agent), "the new event is in the calendar")

  local refused, why = agent:call_tool("gmail_send_mail", {
    to = { "ada@example.com" }, subject = "Hi", body = "Hello",
  })
  story.expect(not refused, "gmail_send_mail is refused: " .. tostring(why and why.message))

  story.step("A second user, %s, sees their own data only", OTHER_USER)
  authorize(OTHER_USER, show_pending(OTHER_USER))
  local other = check(mcp.connect(mcp_server(mint(OTHER_USER))))
  story.expect(not finds_lunch(other), OTHER_USER .. " does not see that event")

  story.step "Find the config again, and give the agent one tool more"
  story.say("%d config(s) in all", check(client.mcp:list_configs()).total_size)
  local found = check(client.mcp:list_configs { filter_name = "email-calendar-agent" }).configs
  story.expect(#found == 1 and found[1].id == config.id, "found by name: " .. found[1].id)
  local mappings = found[1].connection_tool_mappings
  local updated = check(client.mcp:update_config {
    config_id = config.id,
    connection_tool_mappings = {
      { connection_name = mappings[1].connection_name,
        tools = { "gmail_fetch_mails", "gmail_send_mail" } },
      mappings[2],
    },
  }).config
  story.expect(updated.mcp_server_url == config.mcp_server_url, "the URL stays")
  story.expect(tool_names(check(mcp.connect(server))):find("gmail_send_mail", 1, true),
    "and now offers gmail_send_mail")

  story.step "Delete the config: its URL is dead at once"
  check(delete_config())
  local dead, reason = mcp.connect(server)
  story.expect(not dead, "a token that has not expired is of no use: " .. tostring(reason))
end

local ok, problem = pcall(run)
if not ok then
  delete_config()
  error(problem, 0)
end
story.done()
