-- open_session and what a session can do.
local core = require "scalekit.core"
local scalekit = require "scalekit"
local with_env = require "spec.support.testing_env"

local MAPPINGS = {
  { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
  { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } },
}

describe("open_session", function()
  local env, config
  with_env(function(fresh)
    env = fresh
    config = env and scalekit.check(env.client.mcp:create_config {
      name = "agent", connection_tool_mappings = MAPPINGS,
    }).config
    if env then env.requests = {} end
  end)

  local function open(more)
    local args = { config = "agent", identifier = "ada" }
    for name, value in pairs(more or {}) do args[name] = value end
    return env.client.mcp:open_session(args)
  end

  local function operations()
    local names = {}
    for i, request in ipairs(env.requests) do names[i] = request.operation end
    return names
  end

  describe("with active accounts", function()
    before_each(function() env:authorize { identifier = "ada" } end)

    it("gives what an agent needs", function()
      local session = scalekit.check(open { expiry = "30m" })
      assert.equal(config.mcp_server_url, session.url)
      assert.same({ config.id, "agent", "ada" },
        { session.config_id, session.config_name, session.identifier })
      assert.matches("^Bearer [%w_-]+%.[%w_-]+%.[%w_-]+$", core.reveal(session.headers.Authorization))
      assert.equal(env:now() + 1800, session.expires)
      assert.equal(session.expires, (scalekit.time(session.expires_at)))
    end)

    it("takes an id, a name, a config, or as much of it as there is", function()
      for _, which in ipairs {
        config.id, "agent", config, { id = config.id },
        { id = config.id, mcp_server_url = config.mcp_server_url },
      } do
        local session = scalekit.check(open { config = which })
        assert.same({ config.id, config.mcp_server_url }, { session.config_id, session.url })
      end
    end)

    it("takes a name that looks like an id", function()
      scalekit.check(env.client.mcp:create_config {
        name = "cfg_mine", connection_tool_mappings = MAPPINGS,
      })
      assert.equal("cfg_mine", scalekit.check(open { config = "cfg_mine" }).config_name)
    end)

    it("asks nothing twice", function()
      scalekit.check(open())
      assert.same({ "list_configs", "list_mcp_connected_accounts", "create_session_token" },
        operations())
      env.requests = {}
      scalekit.check(open { config = config })
      assert.same({ "list_mcp_connected_accounts", "create_session_token" }, operations())
    end)

    it("makes no links", function()
      scalekit.check(open())
      for _, delivery in ipairs(env.deliveries) do
        assert.not_equal("connected_account.magic_link_generated", delivery.event.type)
      end
    end)

    it("takes an expiry in every form, and an hour for none", function()
      for value, seconds in pairs { [90] = 90, ["90s"] = 90, ["30m"] = 1800, ["1h30m"] = 5400 } do
        assert.equal(env:now() + seconds, scalekit.check(open { expiry = value }).expires)
      end
      assert.equal(env:now() + 3600, scalekit.check(open()).expires)
    end)

    it("says in time what the service would refuse", function()
      for field, args in pairs { expiry = { expiry = 59 }, identifier = { identifier = "" } } do
        local session, err = open(args)
        assert.is_nil(session)
        assert.same({ "bad_request", "open_session", field },
          { err.kind, err.operation, err.fields[1].field })
      end
      assert.same({}, env.requests)
    end)

    it("says when there is no such config", function()
      for _, which in ipairs { "nobody", "cfg_1", { id = "cfg_2" } } do
        local _, err = open { config = which }
        assert.equal("not_found", err.kind)
      end
    end)

    it("does not mint where the environment serves no MCP", function()
      local _, err = open { config = { id = config.id, mcp_server_url = "" } }
      assert.equal("configuration", err.kind)
      assert.same({}, env.requests)
    end)

    it("mints again when the answer was lost: nobody has that token", function()
      env:fail { operation = "create_session_token", lost = true, times = 2 }
      assert.is_truthy(open())
      env:fail { operation = "create_session_token", status = 503, times = 3 }
      local _, err = open()
      assert.equal("unavailable", err.kind)
    end)

    it("does not press a server that asks to slow down", function()
      env:fail { operation = "create_session_token", status = 429, retry_after = 2 }
      local _, err = open()
      assert.same({ "rate_limited", 2 }, { err.kind, err.retry_after })
    end)

    it("notices an account that stops being active at the last moment", function()
      local send = env.client.send
      env.client.send = function(request)
        if request.url:find "/tokens$" then
          env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
        end
        return send(request)
      end
      local _, err = open()
      assert.same({ "authorization_required", "EXPIRED" },
        { err.kind, err.accounts[1].connected_account_status })
    end)

    it("spends no more than its time", function()
      env:set_latency(3)
      local before = env.clock.now()
      local _, err = open { timeout = "5s" }
      assert.equal("timeout", err.kind)
      assert.is_true(env.clock.now() - before < 6)
    end)

    it("renews an access token that the service refuses", function()
      env:fail { status = 401 }
      assert.is_truthy(open())
    end)
  end)

  describe("without active accounts", function()
    it("says who has to authorize what, with a link each", function()
      env:authorize { identifier = "ada", connection_name = "gmail" }
      env:account { identifier = "ada", connection_name = "googlecalendar", status = "EXPIRED" }
      local session, err = open()
      assert.is_nil(session)
      assert.same({ "authorization_required", "none", false },
        { err.kind, err.outcome, err.retryable })
      assert.equal("scalekit: open_session: authorization required: "
        .. "ada has to authorize googlecalendar (EXPIRED)", tostring(err))
      assert.equal(1, #err.accounts)
      local account = err.accounts[1]
      assert.same({ "googlecalendar", "EXPIRED", env:now() + 60 },
        { account.connection_name, account.connected_account_status, account.link_expires })
      assert.is_true(env:allow(account.authentication_link))
      assert.is_truthy(open())
    end)

    it("says so of a user nobody knows yet", function()
      local _, err = open { identifier = "new" }
      assert.equal(2, #err.accounts)
    end)

    it("gives links that lead back to an app that verifies its users", function()
      local _, err = open { user_verify_url = "https://app.example.test/back", state = "s1" }
      local expires = err.accounts[1].link_expires
      assert.is_true(expires > env:now() + 60)
      assert.equal(expires, (scalekit.time(err.accounts[1].link_expires_at)))
    end)

    it("understands every spelling of active, and takes nothing else for it", function()
      local status
      env.client.mcp.list_mcp_connected_accounts = function()
        return { connected_accounts = { {
          connection_name = "gmail", connected_account_status = status, authentication_link = "x",
        } } }
      end
      env:authorize { identifier = "ada" }
      for _, word in ipairs { "ACTIVE", "active", "Active" } do
        status = word
        assert.is_truthy(open())
      end
      for _, word in ipairs { "", "REVOKED", "CONNECTION_STATUS_UNSPECIFIED", "PENDING" } do
        status = word
        assert.equal("authorization_required", select(2, open()).kind)
      end
    end)

    it("leaves it to the service whether a connection without a key is needed", function()
      env.client.mcp.list_mcp_connected_accounts = function()
        return { connected_accounts = {
          { connection_name = "gmail", connected_account_status = "ACTIVE" },
          { connection_name = "nokey", authentication_link = "" },
        } }
      end
      env:authorize { identifier = "ada" }
      assert.is_truthy(open())
    end)
  end)

  it("raises misuse at the caller's line", function()
    for text, args in pairs {
      ["option 'config' must be an id, a name, or a config"] = { identifier = "a" },
      ["option 'config' must be a string or table, got number"] = { config = 3 },
      ["unknown option 'expire' (did you mean 'expiry'?)"] = { config = "a", expire = 1 },
      ["option 'wait' needs 'on_link'"] = { config = "a", identifier = "b", wait = 3 },
      ["option 'timeout' must be a time above 0"] = { config = "a", identifier = "b", timeout = 0 },
      ["option 'identifier' must be a string"] = { config = "a", identifier = 7 },
    } do
      local ok, message = pcall(function() return (env.client.mcp:open_session(args)) end)
      assert.is_false(ok)
      assert.matches("session_spec.lua:%d+: open_session: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
    local _, message = pcall(env.client.mcp.open_session, {})
    assert.matches("call it with a colon", message)
  end)
end)

describe("a session", function()
  local env
  with_env(function(fresh)
    env = fresh
    if not env then return end
    scalekit.check(env.client.mcp:create_config { name = "agent", connection_tool_mappings = MAPPINGS })
    env:authorize { identifier = "ada" }
  end)

  local function open(expiry)
    return scalekit.check(env.client.mcp:open_session {
      config = "agent", identifier = "ada", expiry = expiry,
    })
  end

  it("connects to its server", function()
    local connection = scalekit.check(open():connect())
    local result = scalekit.check(connection:call_tool("gmail_fetch_mails"))
    assert.is_falsy(result.isError)
    connection:close()
  end)

  it("passes the options of the connection on", function()
    local connection = scalekit.check(open():connect { era = "legacy", timeout = "5s" })
    assert.equal("legacy", connection.era)
    connection:close()
    local ok, message = pcall(function() return (open():connect { url = "x" }) end)
    assert.is_false(ok)
    assert.matches("session_spec.lua:%d+: connect: unknown option 'url'", message)
  end)

  it("shows no token in any text", function()
    local session = open()
    local token = session:to("generic").headers.Authorization:match "Bearer (.*)"
    for _, value in ipairs { session, session.token, session.headers.Authorization } do
      assert.is_nil(tostring(value):find(token, 1, true))
    end
    assert.equal("scalekit.session(agent for ada, until " .. session.expires_at .. ")",
      tostring(session))
  end)

  it("knows when it has run out", function()
    local session = open "10m"
    assert.is_false(session:expired())
    assert.is_false(session:expired "9m")
    assert.is_true(session:expired "10m")
    env:advance "9m59s"
    assert.is_false(session:expired())
    env:advance(1)
    assert.is_true(session:expired())
  end)

  it("does not take an odd time for the end", function()
    local session = open()
    session.expires = nil
    assert.is_false(session:expired())
  end)

  it("gets a new token in its place", function()
    local session = open "10m"
    local before = core.reveal(session.token)
    env:advance "5m"
    assert.equal(session, scalekit.check(session:renew()))
    assert.not_equal(before, core.reveal(session.token))
    assert.equal(env:now() + 600, session.expires)
    assert.equal("Bearer " .. core.reveal(session.token), core.reveal(session.headers.Authorization))
  end)

  it("keeps its token when it cannot get a new one", function()
    local session = open()
    local before = core.reveal(session.token)
    env:account { identifier = "ada", connection_name = "gmail", status = "DISCONNECTED" }
    local ok, err = session:renew { timeout = "5s" }
    assert.is_nil(ok)
    assert.same({ "authorization_required", session }, { err.kind, err.session })
    assert.equal(before, core.reveal(session.token))
  end)

  it("renews itself where it connects after its end", function()
    local session = open "10m"
    env:advance "11m"
    scalekit.check(session:connect()):close()
    assert.is_false(session:expired())
  end)

  it("that is not authorized can only wait", function()
    env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
    local _, err = env.client.mcp:open_session { config = "agent", identifier = "ada" }
    local session = err.session
    assert.equal("scalekit.session(agent for ada, not authorized)", tostring(session))
    assert.is_true(session:expired())
    for _, method in ipairs { "connect", "to", "json", "mcp_server" } do
      local ok, message = pcall(function() return (session[method](session, "generic")) end)
      assert.is_false(ok)
      assert.matches("session_spec.lua:%d+: " .. method .. ": the session is not authorized", message)
    end
  end)
end)
