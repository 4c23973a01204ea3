-- A unit test of a script that uses scalekit: no account, no network, no waiting.
--
--   busted examples/testing.lua
-- luacheck: std +busted
local testing = require "scalekit.testing"

-- --- the script under test -------------------------------------------------------

local CONFIG = {
  name = "mail-agent",
  connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
}

-- Answers the subject of a user's latest mail, or nil and whom to send where.
local function latest_subject(client, user)
  local ensured, err = client.mcp:ensure_config(CONFIG)
  if not ensured then return nil, err end
  local session
  session, err = client.mcp:open_session { config = ensured.config, identifier = user, expiry = "10m" }
  if not session then
    local account = err.accounts and err.accounts[1]
    return nil, account and account.authentication_link or err
  end
  local agent
  agent, err = session:connect()
  if not agent then return nil, err end
  local result
  result, err = agent:call_tool("gmail_fetch_mails", { max_results = 1 })
  agent:close()
  if not result then return nil, err end
  return result.structuredContent.messages[1].subject
end

-- --- its test --------------------------------------------------------------------

describe("latest_subject", function()
  it("reads the user's mail", function()
    local env = testing.new()
    env:authorize { identifier = "ada" }
    assert.is_string(latest_subject(env.client, "ada"))
  end)

  it("gives the link where the user has to authorize", function()
    local env = testing.new()
    local subject, link = latest_subject(env.client, "grace")
    assert.is_nil(subject)
    assert.is_true(env:allow(link)) -- as the user would
    assert.is_string(latest_subject(env.client, "grace"))
  end)

  it("notices an account that has expired", function()
    local env = testing.new()
    env:authorize { identifier = "ada" }
    env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
    local subject, link = latest_subject(env.client, "ada")
    assert.is_nil(subject)
    assert.matches("^http", link)
  end)

  it("gets over a 401 and a bad moment of the service", function()
    local env = testing.new()
    env:authorize { identifier = "ada" }
    env:fail { status = 401 }
    env:fail { operation = "list_configs", status = 503, times = 2 }
    assert.is_string(latest_subject(env.client, "ada"))
  end)

  it("does not press a service that asks to slow down", function()
    local env = testing.new()
    env:fail { operation = "create_config", status = 429, retry_after = "30s" }
    local subject, err = latest_subject(env.client, "ada")
    assert.is_nil(subject)
    assert.equal("rate_limited", err.kind)
  end)

  it("makes one config, however often it runs", function()
    local env = testing.new()
    env:authorize { identifier = "ada" }
    for _ = 1, 3 do latest_subject(env.client, "ada") end
    local created = 0
    for _, request in ipairs(env.requests) do
      if request.operation == "create_config" then created = created + 1 end
    end
    assert.equal(1, created)
  end)

  it("is quick enough where the network is slow", function()
    local env = testing.new { latency = "300ms" }
    env:authorize { identifier = "ada" }
    local before = env:now()
    latest_subject(env.client, "ada")
    assert.is_true(env:now() - before < 5)
  end)
end)
