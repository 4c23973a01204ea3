-- Waiting until a user has authorized everything.
local driver = require "scalekit.driver"
local scalekit = require "scalekit"
local with_env = require "spec.support.testing_env"

local MAPPINGS = {
  { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
  { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } },
}

-- More than one connection makes the times harder to read.
local ONLY_GMAIL = { MAPPINGS[1] }

describe("wait_authorized", function()
  local env
  with_env(function(fresh) env = fresh end)

  local function create(mappings)
    return scalekit.check(env.client.mcp:create_config {
      name = "agent", connection_tool_mappings = mappings,
    }).config
  end

  -- A session that waits for its user.
  local function pending(mappings, more)
    create(mappings)
    local args = { config = "agent", identifier = "ada" }
    for name, value in pairs(more or {}) do args[name] = value end
    local _, err = env.client.mcp:open_session(args)
    return err.session, err
  end

  it("offers the links that are there, and ends when the user is done", function()
    local session, err = pending(MAPPINGS)
    local links = {}
    local opened = scalekit.check(session:wait_authorized {
      on_link = function(account)
        links[#links + 1] = account.authentication_link
        assert.is_true(env:allow(account.authentication_link))
      end,
    })
    assert.equal(session, opened)
    assert.same({ err.accounts[1].authentication_link, err.accounts[2].authentication_link }, links)
    assert.is_false(session:expired())
  end)

  it("is a part of open_session where a function shows the links", function()
    create(MAPPINGS)
    local names = {}
    local session = scalekit.check(env.client.mcp:open_session {
      config = "agent", identifier = "ada", wait = "5m",
      on_link = function(account)
        names[#names + 1] = account.connection_name
        env:allow(account.authentication_link)
      end,
    })
    assert.is_truthy(session.token)
    assert.same({ "gmail", "googlecalendar" }, names)
  end)

  it("asks soon, then ever more rarely", function()
    local times = {}
    local session = pending(ONLY_GMAIL)
    local start = env.clock.now()
    env.requests = {}
    local list = env.client.mcp.list_mcp_connected_accounts
    env.client.mcp.list_mcp_connected_accounts = function(...)
      times[#times + 1] = math.floor(env.clock.now() - start + 0.5)
      return list(...)
    end
    session:wait_authorized { timeout = "50s" }
    -- the first answer is news; random is 0.5, so nothing is added or taken away
    assert.same({ 0, 2, 5, 10, 16, 26, 41, 49 }, times)
  end)

  it("offers a new link when the one before has run out, at ever longer intervals", function()
    local times = {}
    local session = pending(ONLY_GMAIL)
    local start = env:now()
    local _, err = session:wait_authorized {
      timeout = "10m",
      on_link = function(account)
        times[#times + 1] = env:now() - start
        assert.is_truthy(account.authentication_link)
      end,
    }
    assert.equal("timeout", err.kind)
    assert.equal(0, times[1])
    assert.is_true(#times >= 4 and #times <= 6)
    for i = 2, #times do assert.is_true(times[i] - times[i - 1] >= 60) end
    assert.is_true(times[4] - times[3] > times[2] - times[1])
  end)

  it("offers each link once, and only those that are needed", function()
    local session = pending(MAPPINGS)
    local seen, names = {}, {}
    session:wait_authorized {
      timeout = "3m",
      on_link = function(account)
        assert.is_nil(seen[account.authentication_link])
        seen[account.authentication_link] = true
        names[#names + 1] = account.connection_name
        if account.connection_name == "gmail" then env:allow(account.authentication_link) end
      end,
    }
    assert.same({ "gmail", "googlecalendar", "googlecalendar" },
      { names[1], names[2], names[3] })
    assert.is_nil(table.concat(names, " "):find("gmail", 6, true))
  end)

  it("makes new links at once where the old ones have run out already", function()
    local session, err = pending(ONLY_GMAIL)
    env:advance "2m"
    local link
    scalekit.check(session:wait_authorized {
      on_link = function(account)
        link = account.authentication_link
        assert.is_true(env:allow(link))
      end,
    })
    assert.not_equal(err.accounts[1].authentication_link, link)
  end)

  it("makes no links where nobody shows them", function()
    local session = pending(ONLY_GMAIL)
    local before = #env.deliveries
    local _, err = session:wait_authorized { timeout = "3m" }
    assert.equal("timeout", err.kind)
    assert.equal(before, #env.deliveries)
  end)

  it("says who is missing when the time is over, and can go on", function()
    local session = pending(MAPPINGS)
    env:authorize { identifier = "ada", connection_name = "gmail" }
    local before = env.clock.now()
    local _, err = session:wait_authorized { timeout = "1m" }
    assert.same({ "timeout", session, 1 }, { err.kind, err.session, #err.accounts })
    assert.equal("scalekit: wait_authorized: timeout: in the time given, ada did not authorize "
      .. "googlecalendar (PENDING_AUTH)", tostring(err))
    assert.is_true(env.clock.now() - before <= 61)
    env:authorize { identifier = "ada", connection_name = "googlecalendar" }
    assert.is_truthy(session:wait_authorized())
  end)

  it("rides out a service that is not well", function()
    local session = pending(ONLY_GMAIL)
    env:fail { operation = "list_mcp_connected_accounts", status = 503, times = 6 }
    env:fail { operation = "list_mcp_connected_accounts", status = 429, retry_after = "40s" }
    local function authorize() env:authorize { identifier = "ada" } end
    local sleep = env.clock.sleep
    env.clock.sleep = function(seconds)
      if seconds >= 40 then authorize() end
      return sleep(seconds)
    end
    assert.is_truthy(session:wait_authorized())
  end)

  it("gives up at once where waiting cannot help", function()
    local session = pending(ONLY_GMAIL)
    env:fail { operation = "list_mcp_connected_accounts", status = 403 }
    local _, err = session:wait_authorized()
    assert.equal("forbidden", err.kind)
    scalekit.check(env.client.mcp:delete_config { config_id = session.config_id })
    _, err = session:wait_authorized()
    assert.equal("not_found", err.kind)
  end)

  it("waits for accounts that expire while a session is in use", function()
    create(ONLY_GMAIL)
    env:authorize { identifier = "ada" }
    local session = scalekit.check(env.client.mcp:open_session { config = "agent", identifier = "ada" })
    env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
    local status
    assert.is_truthy(session:wait_authorized {
      on_link = function(account)
        status = account.connected_account_status
        env:allow(account.authentication_link)
      end,
    })
    assert.equal("EXPIRED", status)
  end)

  it("raises what the caller's function raises", function()
    local session = pending(ONLY_GMAIL)
    local ok, problem = pcall(session.wait_authorized, session, {
      on_link = function() error("mine", 0) end,
    })
    assert.same({ false, "mine" }, { ok, problem })
  end)

  it("raises misuse at the caller's line", function()
    local session = pending(ONLY_GMAIL)
    for text, args in pairs {
      ["unknown option 'onlink' (did you mean 'on_link'?)"] = { onlink = print },
      ["option 'timeout' must be"] = { timeout = "later" },
    } do
      local ok, message = pcall(function() return (session:wait_authorized(args)) end)
      assert.is_false(ok)
      assert.matches("session_wait_spec.lua:%d+: wait_authorized: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
  end)

  it("can be cancelled", function()
    local session, err = pending(ONLY_GMAIL), nil
    scalekit.run(function()
      local task = scalekit.spawn(function()
        local _
        _, err = session:wait_authorized { timeout = "1h" }
      end)
      scalekit.sleep(0)
      task:cancel()
    end)
    assert.equal("cancelled", err.kind)
  end)

  it("lets others get on", function()
    assert.is_true(scalekit.run(function()
      scalekit.spawn(function()
        env.clock.sleep(90)
        env:authorize { identifier = "ada" }
      end)
      return pending(ONLY_GMAIL):wait_authorized() ~= nil
    end))
  end)
end)

describe("wait_authorized of an app that verifies its users", function()
  local env
  with_env(function(fresh) env = fresh end, { user_verification = "custom" })

  it("offers no new link to who is on the way back to the app", function()
    scalekit.check(env.client.mcp:create_config {
      name = "agent", connection_tool_mappings = ONLY_GMAIL,
    })
    local _, err = env.client.mcp:open_session {
      config = "agent", identifier = "ada", user_verify_url = "https://app.example.test/back",
      state = "s1",
    }
    local links, back = 0, nil
    local sleep, slept = env.clock.sleep, 0
    env.clock.sleep = function(seconds)
      slept = slept + seconds
      if slept > 120 and back then
        scalekit.check(env.client.connected_accounts:verify_connected_account_user {
          auth_request_id = back, identifier = "ada",
        })
        back = nil
      end
      return sleep(seconds)
    end
    scalekit.check(err.session:wait_authorized {
      on_link = function(account)
        links = links + 1
        local ok, location = env:allow(account.authentication_link)
        assert.is_true(ok)
        back = location:match "auth_request_id=([^&]+)"
        assert.matches("state=s1", location)
      end,
    })
    assert.equal(1, links)
  end)
end)

describe("waiting under", function()
  local env
  with_env(function(fresh) env = fresh end)

  local runners = {
    ["no driver"] = function(fn) fn() end,
    ["scalekit.run"] = scalekit.run,
    ["a stranger's coroutine"] = function(fn) coroutine.wrap(fn)() end,
  }
  if pcall(require, "cqueues") then
    require "scalekit.driver.cqueues"
    runners.cqueues = function(fn)
      local controller = require("cqueues").new()
      controller:wrap(fn)
      assert(controller:loop())
    end
  end
  if pcall(require, "luv") then
    runners.luv = function(fn)
      require("scalekit.driver.luv").spawn(fn)
      require("luv").run()
    end
  end

  for name, run in pairs(runners) do
    it(name .. " works, in real time", function()
      -- the real driver, with pauses that are short enough for a test
      env.client.own_time = {
        time = env.clock.time, now = driver.current().now,
        sleep = function() return driver.current().sleep(0.002) end,
      }
      scalekit.check(env.client.mcp:create_config {
        name = "agent", connection_tool_mappings = ONLY_GMAIL,
      })
      local session
      run(function()
        local _, err = env.client.mcp:open_session { config = "agent", identifier = "ada" }
        local looks = 0
        local list = env.client.mcp.list_mcp_connected_accounts
        env.client.mcp.list_mcp_connected_accounts = function(...)
          looks = looks + 1
          if looks == 4 then env:authorize { identifier = "ada" } end
          return list(...)
        end
        session = err.session:wait_authorized()
      end)
      assert.is_truthy(session.token)
    end)
  end
end)
