-- What agent platforms are told about a server, by their public documentation.
local core = require "scalekit.core"
local json = require "scalekit.json"
local scalekit = require "scalekit"
local with_env = require "spec.support.testing_env"

describe("the shapes of a session", function()
  local env, session, token
  with_env(function(fresh)
    env = fresh
    if not env then
      session = nil
      return
    end
    scalekit.check(env.client.mcp:create_config {
      name = "mail-agent",
      connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
    })
    env:authorize { identifier = "ada" }
    session = scalekit.check(env.client.mcp:open_session { config = "mail-agent", identifier = "ada" })
    token = core.reveal(session.token)
  end)

  local function bearer()
    return { Authorization = "Bearer " .. token }
  end

  it("are a URL and headers for any MCP client", function()
    assert.same({ url = session.url, headers = bearer() }, session:to "generic")
    assert.same(session:to "generic", session:mcp_server())
  end)

  it("are two members of a request to Anthropic's Messages API", function()
    assert.same({
      mcp_servers = { {
        type = "url", name = "mail-agent", url = session.url, authorization_token = token,
      } },
      tools = { { type = "mcp_toolset", mcp_server_name = "mail-agent" } },
    }, session:to "anthropic")
  end)

  it("are an agent without credentials, and a credential, for Claude Managed Agents", function()
    local shape = session:to("claude_managed_agents", { display_name = "Ada" })
    assert.same({
      mcp_servers = { { type = "url", name = "mail-agent", url = session.url } },
      tools = { {
        type = "mcp_toolset", mcp_server_name = "mail-agent",
        default_config = { enabled = true, permission_policy = { type = "always_allow" } },
      } },
    }, shape.agent)
    assert.same({
      display_name = "Ada",
      auth = { type = "static_bearer", mcp_server_url = session.url, token = token },
    }, shape.credential)
    -- the URL of a credential cannot be changed
    assert.same({ auth = { type = "static_bearer", token = token } }, shape.credential_update)
    assert.equal("always_ask", session:to("claude_managed_agents", {
      permission_policy = "always_ask",
    }).agent.tools[1].default_config.permission_policy.type)
  end)

  it("are a tool of OpenAI's Responses API", function()
    assert.same({
      type = "mcp", server_label = "mail-agent", server_url = session.url, authorization = token,
    }, session:to "openai")
    assert.same({ "never", "Mail", "mcp-7" }, (function()
      local shape = session:to("openai", {
        require_approval = "never", description = "Mail", name = "7",
      })
      return { shape.require_approval, shape.server_description, shape.server_label }
    end)())
  end)

  it("are what the MCP clients of LangChain and CrewAI take", function()
    assert.same({ ["mail-agent"] = {
      transport = "streamable_http", url = session.url, headers = bearer(),
    } }, session:to "langchain")
    assert.same({ transport = "streamable-http", url = session.url, headers = bearer() },
      session:to "crewai")
  end)

  it("are a file of servers", function()
    assert.same({ mcpServers = { mail = { type = "http", url = session.url, headers = bearer() } } },
      session:to("mcp_json", { name = "mail" }))
  end)

  it("are JSON for a program in another language", function()
    for _, name in ipairs(require("scalekit.platform").NAMES) do
      assert.same(session:to(name), json.decode(session:json(name)))
    end
  end)

  it("are for platforms that there are, with options that they know", function()
    for text, call in pairs {
      ["to: there is no shape for 'antropic' (did you mean 'anthropic'?); there are: anthropic, cl"] =
        function() return (session:to "antropic") end,
      ["json: there is no shape for 'nil'"] = function() return (session:json()) end,
      ["to: unknown option 'name'"] = function() return (session:to("crewai", { name = "x" })) end,
      ["json: option 'name' must be a string"] =
        function() return (session:json("openai", { name = 7 })) end,
    } do
      local ok, message = pcall(call)
      assert.is_false(ok)
      assert.matches("platform_spec.lua:%d+: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
  end)
end)
