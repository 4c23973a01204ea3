-- The environment for users' own tests.
local errors = require "scalekit.error"
local mcp = require "scalekit.mcp"
local scalekit = require "scalekit"
local testing = require "scalekit.testing"
local webhook = require "scalekit.webhook"
local with_env = require "spec.support.testing_env"

local MAPPINGS = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } }

describe("scalekit.testing", function()
  local env
  with_env(function(fresh) env = fresh end)

  local function create()
    return scalekit.check(env.client.mcp:create_config {
      name = "agent", connection_tool_mappings = MAPPINGS,
    }).config
  end

  local function open()
    return env.client.mcp:open_session { config = "agent", identifier = "ada" }
  end

  local function list()
    return select(2, env.client.mcp:list_configs())
  end

  it("serves the whole story without a socket", function()
    create()
    env:authorize { identifier = "ada" }
    local connection = scalekit.check(env:connect { config = "agent", identifier = "ada" })
    assert.is_falsy(scalekit.check(connection:call_tool("gmail_fetch_mails")).isError)
    connection:close()
  end)

  it("keeps environments apart", function()
    local other = testing.new()
    create()
    assert.equal(0, scalekit.check(other.client.mcp:list_configs()).total_size)
  end)

  it("sets the states of accounts, of one connection or of all", function()
    create()
    env:authorize { identifier = "ada" }
    assert.is_truthy(open())
    local function status(connection_name)
      return scalekit.check(env.client.connected_accounts:get {
        connection_name = connection_name, identifier = "ada",
      }).connected_account.status
    end
    env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
    assert.same({ "EXPIRED", "ACTIVE" }, { status "gmail", status "googlecalendar" })
    env:account { identifier = "ada", status = "DISCONNECTED" }
    assert.same({ "DISCONNECTED", "DISCONNECTED" }, { status "gmail", status "googlecalendar" })
  end)

  it("lets time pass at once", function()
    create()
    env:authorize { identifier = "ada" }
    local session = scalekit.check(open())
    local connection = scalekit.check(mcp.connect {
      url = session.url, token = session.token, transport = env.transport,
    })
    env:advance "2h"
    local _, err = connection:list_tools()
    assert.equal("unauthorized", err.kind)
    assert.is_true(session:expired())
  end)

  it("lets a session's connection outlive its token", function()
    create()
    env:authorize { identifier = "ada" }
    local session = scalekit.check(open())
    local connection = scalekit.check(session:connect())
    env:advance "2h"
    assert.is_table(scalekit.check(connection:list_tools()))
    assert.is_false(session:expired())
  end)

  it("starts its clock where it is told", function()
    local at = testing.new { now = "2024-02-29T12:00:00Z" }
    assert.equal(1709208000, at:now())
    assert.equal(7, testing.new { now = 7 }:now())
    at:authorize { identifier = "ada" }
    scalekit.check(at.client.mcp:create_config { name = "a", connection_tool_mappings = MAPPINGS })
    local session = scalekit.check(at.client.mcp:open_session {
      config = "a", identifier = "ada", expiry = "1h",
    })
    assert.equal("2024-02-29T13:00:00Z", session.expires_at)
  end)

  it("refuses once, and then all is well", function()
    env:fail { status = 503, operation = "create_config" }
    local _, err = env.client.mcp:create_config { name = "agent", connection_tool_mappings = MAPPINGS }
    assert.same({ "unavailable", 503 }, { err.kind, err.status })
    assert.is_truthy(create())
  end)

  it("gives a 401 that the client gets over", function()
    env:fail { status = 401 }
    assert.is_nil(list())
    assert.same({ 401, 200, 200 }, (function()
      local statuses = {}
      for i, request in ipairs(env.requests) do statuses[i] = request.status end
      return statuses
    end)())
  end)

  it("limits the rate", function()
    env:fail { status = 429, retry_after = "2s", error_code = "RATE_LIMITED", message = "slow down" }
    local err = list()
    assert.same({ "rate_limited", 2, "RATE_LIMITED", "slow down" },
      { err.kind, err.retry_after, err.code, err.message })
  end)

  it("loses answers, and takes its time", function()
    env:fail { operation = "mcp.create_session_token", lost = true }
    env:authorize { identifier = "ada" }
    local _, err = env.client.mcp:create_session_token {
      config_id = create().id, identifier = "ada",
    }
    assert.same({ "outcome_unknown", "unknown" }, { err.kind, err.outcome })
    env:fail { delay = "30s" }
    local before = env.clock.now()
    assert.equal("timeout", list().kind)
    local took = env.clock.now() - before
    assert.is_true(took >= 20 and took < 30)
  end)

  it("takes trouble back", function()
    env:fail { status = 403, times = 10 }
    env:calm()
    assert.is_nil(list())
  end)

  it("makes requests slow without being slow", function()
    env:set_latency "5s"
    local before = env.clock.now()
    assert.is_nil(list())
    assert.is_true(env.clock.now() - before >= 5)
    env:set_latency(0)
    assert.is_nil(list())
    env:set_latency(25)
    assert.equal("timeout", list().kind)
  end)

  it("lets slow requests of several tasks overlap", function()
    env:set_latency "5s"
    local before = env.clock.now()
    scalekit.run(function()
      for _ = 1, 10 do scalekit.spawn(list) end
    end)
    local took = env.clock.now() - before
    assert.is_true(took >= 5 and took < 6)
  end)

  it("wakes those first who sleep less", function()
    local order = {}
    scalekit.run(function()
      for _, seconds in ipairs { 30, 10, 20 } do
        scalekit.spawn(function()
          env.clock.sleep(seconds)
          order[#order + 1] = seconds
        end)
      end
    end)
    assert.same({ 10, 20, 30 }, order)
  end)

  it("notes what was sent", function()
    create()
    open()
    assert.same({ "POST", "/api/v1/mcp/configs", "create_config", 201 }, (function()
      local first = env.requests[1]
      return { first.method, first.path, first.operation, first.status }
    end)())
    assert.equal("list_mcp_connected_accounts", env.requests[3].operation)
  end)

  it("does what users do with links", function()
    create()
    local _, err = open()
    local link = err.accounts[1].authentication_link
    assert.is_true(env:allow(link))
    assert.is_truthy(open())
    local ok, why = env:allow(link)
    assert.is_nil(ok)
    assert.equal("This link was used already", why)
    _, why = env:allow(env.url .. "/magicLink/none")
    assert.equal("This link is not valid", why)
  end)

  it("collects the webhooks that the service sends", function()
    env:authorize { identifier = "ada", connection_name = "gmail" }
    env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
    local last = env.deliveries[#env.deliveries]
    assert.equal("connected_account.status_updated", last.event.type)
    assert.is_truthy(webhook.verify {
      secret = env.webhook_secret, headers = last.headers, body = last.body,
    })
  end)

  it("takes further options of the client", function()
    local seen = {}
    local one = testing.new { client = { max_attempts = 1, on_request = function(event)
      seen[#seen + 1] = event.operation
    end } }
    one:fail { status = 503 }
    local _, err = one.client.mcp:list_configs()
    assert.equal("unavailable", err.kind)
    assert.same({ "oauth/token", "list_configs" }, seen)
  end)

  it("lets a client through when the trouble with its token is over", function()
    local one = testing.new()
    one:fail { path = "/oauth/token", status = 503, message = "no tokens now" }
    assert.is_table(scalekit.check(one.client.mcp:list_configs()))
  end)

  it("lets keys be fetched again when the trouble with them is over", function()
    local one = testing.new()
    one:advance "1h"
    one:set_latency "100ms"
    one:fail { path = "/keys", status = 503 }
    local token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AAAA"
    local _, err = one.client:validate_access_token(token)
    assert.equal("unavailable", err.kind)
    one:advance "2s"
    _, err = one.client:validate_access_token(token)
    assert.equal("unknown_key", err.code)
  end)

  it("takes connections of the test's own", function()
    local connector = require "scalekit.vmcp.connector"
    local one = testing.new { connections = { connector.demo()[1] } }
    one:authorize { identifier = "ada" }
    local _, err = one.client.mcp:create_config {
      name = "a", connection_tool_mappings = { {
        connection_name = "googlecalendar", tools = { "googlecalendar_list_events" },
      } },
    }
    assert.equal("not_found", err.kind)
  end)

  it("raises misuse at the caller's line", function()
    local calls = {
      ["testing.new: unknown option 'latncy' (did you mean 'latency'?)"] =
        function() return (testing.new { latncy = 1 }) end,
      ["testing.new: option 'now' must be Unix seconds"] =
        function() return (testing.new { now = "today" }) end,
      ["testing.new: option 'latency' must be"] =
        function() return (testing.new { latency = "long" }) end,
      ["env:authorize: option 'identifier' is required"] =
        function() return (env:authorize {}) end,
      ["env:authorize: there is no connection 'gmial'"] =
        function() return (env:authorize { identifier = "a", connection_name = "gmial" }) end,
      ["env:account: option 'status' is required"] =
        function() return (env:account { identifier = "a" }) end,
      ["env:account: 'ACTVE' is not a state of an account"] =
        function() return (env:account { identifier = "a", status = "ACTVE" }) end,
      ["env:fail: unknown option 'stauts' (did you mean 'status'?)"] =
        function() return (env:fail { stauts = 401 }) end,
      ["env:fail: there is no operation 'create_cofnig'"] =
        function() return (env:fail { operation = "create_cofnig", status = 401 }) end,
      ["env:fail: say what is to happen: status, delay or lost"] =
        function() return (env:fail {}) end,
      ["env:fail: option 'delay' must be from 0 to 60"] =
        function() return (env:fail { delay = "2m" }) end,
      ["testing.new: option 'client' cannot have 'transport'"] =
        function() return (testing.new { client = { transport = print } }) end,
      ["testing.new: scalekit.new: unknown option 'tiemout' (did you mean 'timeout'?)"] =
        function() return (testing.new { client = { tiemout = 1 } }) end,
      ["env:allow: expected a link, "] = function() return (env:allow "magic") end,
      ["env:advance: option 'time' must be"] = function() return (env:advance(-1)) end,
      ["env:allow: expected a link"] = function() return (env:allow {}) end,
    }
    for text, call in pairs(calls) do
      local ok, message = pcall(call)
      assert.is_false(ok, text)
      message = tostring(message)
      assert.is_false(errors.is(message))
      assert.matches("testing_spec.lua:%d+: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
  end)
end)
