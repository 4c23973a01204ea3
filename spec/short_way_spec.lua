-- Calls of a client that has its token go from the arguments to the wire at one go
-- (`client:try`). What they come to is what every other call comes to.
local block = require "scalekit.driver.block"
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local fault_server = require "spec.support.fault_server"
local scalekit = require "scalekit"
local step = require "scalekit.driver.step"

-- A table whose `client` a function is called with when nobody knows either any more.
local function finalizer(fn)
  local held = {}
  local proxy = rawget(_G, "newproxy") and newproxy(true) -- luacheck: ignore 113
  if proxy then
    getmetatable(proxy).__gc = function() fn(held.client) end
    held.proxy = proxy
    return held
  end
  return setmetatable(held, { __gc = function() fn(held.client) end })
end

describe("the short way #faults", function()
  local server, loop

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    loop = core.loop {}
  end)
  after_each(function() loop:close() end)

  -- A client that has its token, and goes this way.
  local function client_at(fault)
    local send, _, operation = curl.new { loop = loop }
    local client = scalekit.check(scalekit.new {
      env_url = server:url "plain" .. "/fault/" .. fault, client_id = "skc_1",
      client_secret = "s3cr3t", transport = send, timeout = 10,
    })
    client.operation, client.random = operation, function() return 0 end
    client.auth:token(core.now() + 10)
    return client
  end

  -- What a call comes to whose arguments the caller changes while it is under way.
  local function call_and_change(client, method, args, changed)
    return step.run(function()
      local task = step.spawn(function() return client.mcp[method](client.mcp, args) end)
      step.spawn(function()
        for name in pairs(args) do args[name] = nil end
        for name, value in pairs(changed) do args[name] = value end
      end)
      return task:join()
    end)
  end

  describe("repeats what it has asked, whatever became of the arguments", function()
    local MINT = { mcp_config_id = "cfg_1", identifier = "user_1" }

    local function mint()
      return { mcp_config_id = MINT.mcp_config_id, identifier = MINT.identifier }
    end

    it("with a new token", function()
      local value = scalekit.check(call_and_change(client_at "401-once", "create_session_token",
        mint(), { mcp_config_id = "cfg_2", identifier = "user_2" }))
      assert.equal("minted-cfg_1", value.token)
    end)

    it("also where they make no sense any more", function()
      local value = scalekit.check(call_and_change(client_at "401-once", "create_session_token",
        mint(), { nonsense = true }))
      assert.equal("minted-cfg_1", value.token)
      local _, err = call_and_change(client_at "503", "create_session_token", mint(), {})
      assert.same({ "unavailable", 503, 1 }, { err.kind, err.status, err.attempts })
    end)

    it("later on", function()
      local value = scalekit.check(call_and_change(client_at "503-once", "get_config",
        { config_id = "cfg_1" }, { config_id = "a b", nonsense = true }))
      assert.equal("table", type(value))
      assert.equal(2, server:stats().requests)
    end)
  end)

  it("ends with its task, which nobody repeats", function()
    local client = client_at "silence"
    local value, err = step.run(function()
      local task = step.spawn(function() return client.mcp:get_config { config_id = "cfg_1" } end)
      step.sleep(0.05)
      task:cancel()
      return task:join()
    end)
    assert.is_nil(value)
    assert.same({ "cancelled", "unknown", 1, "get_config" },
      { err.kind, err.outcome, err.attempts, err.operation })
    local stats = server:until_stats(function(s) return s.open <= 1 end) -- the token's
    assert.is_true(stats.open <= 1)
    assert.equal(1, stats.requests)
    assert.equal(0, loop:waiting())
  end)

  it("tells nothing that a server repeats of what it was sent", function()
    local client = client_at "good"
    client.operation = function(writer, _, spec)
      return function(args, token)
        local url, body = writer:write(spec.base, args)
        local said = ('{"message":"%s","sent":%s}'):format(core.reveal(token), body)
        return nil, { status = 400, headers = {}, body = said }, nil, url, body
      end
    end
    local args = { tool_name = "x", params = { password = "hunter2-hunter2", city = "Ghent" } }
    local _, err = client.tools:execute(args)
    assert.equal("bad_request", err.kind)
    assert.matches("Ghent", err.raw, 1, true)
    for _, said in pairs(err) do
      said = tostring(said)
      assert.not_matches("hunter2", said, 1, true)
      assert.not_matches(core.reveal(client.auth.current), said, 1, true)
    end
  end)

  it("is closed to a finalizer that runs after those of what it stands on", function()
    local ok, problem
    local function late(client) -- older than the client, and so finalized after it
      ok, problem = pcall(client.mcp.get_config, client.mcp, { config_id = "cfg_1" })
    end
    local function leave()
      local held = finalizer(late)
      held.client = client_at "good"
      scalekit.check(held.client.mcp:get_config { config_id = "cfg_1" })
    end
    leave()
    for _ = 1, 4 do collectgarbage() end
    assert.is_false(ok)
    assert.matches("the profile is closed", tostring(problem), 1, true)
  end)

  it("ends when the driver says so, once", function()
    local is_active, waits = false, 0
    driver.use {
      name = "once", sleep = core.sleep,
      active = function() return is_active end,
      wait = function(...)
        waits = waits + 1
        if waits == 1 then return nil, "cancelled" end
        return block.wait(...)
      end,
    }
    local client = client_at "late"
    is_active = true
    local value, err = client.mcp:get_config { config_id = "cfg_1" }
    is_active = false
    assert.is_nil(value)
    assert.same({ true, "cancelled", 1, 1 }, { errors.is(err), err.kind, err.attempts, waits })
  end)
end)
