-- Cancelling a task of the built-in scheduler at every stage of its request:
-- the caller hears "cancelled", the peer sees the connection go, others on the
-- same loop do not notice.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local errors = require "scalekit.error"
local fault_server = require "spec.support.fault_server"
local scalekit = require "scalekit"
local step = require "scalekit.driver.step"

-- Each is { name, where to, request }; all of them would take for ever.
local STAGES = {
  { "connecting", { at = "full" } },
  { "in the handshake of TLS", { at = "silent", scheme = "https" } },
  { "waiting for an answer", { fault = "silence" } },
  { "in the middle of the status line", { fault = "half-status-held" } },
  { "in the middle of the header lines", { fault = "drip-headers" } },
  { "in the middle of the body", { fault = "drip-body" } },
  { "sending the body", { fault = "never-read", method = "POST", body = ("x"):rep(8e6) } },
  { "producing the body", { fault = "never-read", method = "POST",
    body = function() return ("x"):rep(65536) end } },
  { "reading a stream of events", { fault = "events-held", stream = true } },
  { "reading a stream that drips", { fault = "drip-chunks", stream = "chunks" } },
  { "waiting over HTTP/2", { at = "h2-silence" } },
  { "in the middle of a body over HTTP/2", { at = "h2-drip" } },
}

describe("cancelling #faults", function()
  local server, loop, send

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loop = core.loop {}
    send = curl.new { loop = loop, ca_file = server.ca_file }
  end)

  after_each(function() loop:close() end)

  local function good()
    return send { url = server:url "plain" .. "/fault/good/", deadline = core.now() + 10 }
  end

  local function client_at(path, more)
    local settings = {
      env_url = server:url "plain" .. path, client_id = "skc_1", client_secret = "s3cr3t",
      transport = send, timeout = 10,
    }
    for name, value in pairs(more or {}) do settings[name] = value end
    return scalekit.check(scalekit.new(settings))
  end

  local function mint(client)
    return client.mcp:create_session_token { mcp_config_id = "cfg_1", identifier = "user_1" }
  end

  -- The server's connections go, although the loop lives on.
  local function check_gone(left)
    local stats = server:until_stats(function(s) return s.open <= left end)
    assert.is_true(stats.open <= left, ("%d connections are open"):format(stats.open))
  end

  local function check_cancelled(value, err)
    assert.is_nil(value)
    assert.is_true(errors.is(err))
    assert.equal("cancelled", err.kind)
  end

  local function ask(row)
    local response, err = send {
      url = server:url(row.at or "plain", row.scheme) .. "/fault/" .. (row.fault or "good") .. "/",
      method = row.method, body = row.body, stream = row.stream,
    }
    if not response then return nil, err end
    local stream = response.events or response.chunks
    local piece = true
    while piece do piece, err = stream:read() end
    return nil, err
  end

  for _, stage in ipairs(STAGES) do
    it(stage[1], function()
      local value, err, other = step.run(function()
        local task = step.spawn(ask, stage[2])
        local neighbour = step.spawn(function()
          step.sleep(0.15)
          return good()
        end)
        step.sleep(0.1)
        task:cancel()
        local value, err = task:join()
        return value, err, neighbour:join()
      end)
      check_cancelled(value, err)
      assert.equal(200, other.status)
      check_gone(1) -- the neighbour's is kept
    end)
  end

  it("one of two requests on a connection of HTTP/2, by its stream alone", function()
    step.run(function()
      local first = step.spawn(ask, { at = "h2-silence" })
      server:until_stats(function(s) return s.requests == 1 end) -- it is known to be HTTP/2
      step.sleep(0.05)
      local second = step.spawn(ask, { at = "h2-silence" })
      server:until_stats(function(s) return s.requests == 2 end)
      first:cancel()
      check_cancelled(first:join())
      step.sleep(0.05)
      assert.equal(1, server:stats().open)
      second:cancel()
      check_cancelled(second:join())
    end)
    assert.equal(1, server:stats().connections)
    check_gone(0)
  end)

  it("waiting for a place at the host", function()
    loop:close()
    loop = core.loop { host_connections = 1 }
    send = curl.new { loop = loop }
    local value, err, after = step.run(function()
      local holder = step.spawn(ask, { fault = "silence" })
      local waiting = step.spawn(ask, { fault = "silence" })
      local last = step.spawn(good)
      step.sleep(0.05)
      waiting:cancel()
      local value, err = waiting:join()
      holder:cancel()
      return value, err, last:join()
    end)
    check_cancelled(value, err)
    assert.equal("none", err.outcome, "it was never sent")
    assert.equal(200, after.status)
    assert.equal(2, server:stats().requests)
  end)

  it("before it has begun", function()
    local value, err = step.run(function()
      local task = step.spawn(ask, { fault = "silence" })
      task:cancel()
      return task:join()
    end)
    check_cancelled(value, err)
    assert.equal(0, server:stats().requests)
  end)

  it("when it is over, without effect", function()
    local response = step.run(function()
      local task = step.spawn(good)
      step.sleep(0.1)
      task:cancel()
      return task:join()
    end)
    assert.equal(200, response.status)
  end)

  it("while the token is fetched, and only for whom it is cancelled", function()
    local client = client_at "/fault/token-late"
    local value, err, other, problem = step.run(function()
      local first = step.spawn(mint, client)
      local second = step.spawn(mint, client)
      step.sleep(0.02)
      first:cancel()
      local value, err = first:join()
      return value, err, second:join()
    end)
    check_cancelled(value, err)
    assert.is_nil(problem, tostring(problem))
    assert.equal("minted-cfg_1", other.token)
  end)

  it("while somebody else fetches the token", function()
    local client = client_at "/fault/token-late"
    local value, err, other = step.run(function()
      local fetching = step.spawn(mint, client)
      local waiting = step.spawn(function()
        -- what goes round in circles has to end here
        debug.sethook(function() error("it does not stop", 0) end, "", 5e7)
        local value, err = mint(client)
        debug.sethook()
        return value, err
      end)
      step.sleep(0.02)
      waiting:cancel()
      local value, err = waiting:join()
      return value, err, fetching:join()
    end)
    debug.sethook()
    check_cancelled(value, err)
    assert.equal("minted-cfg_1", other.token)
  end)

  it("between two attempts, without another one", function()
    local client = client_at("/fault/503", { timeout = 60, max_attempts = 4 })
    local value, err = step.run(function()
      local task = step.spawn(function() return client.mcp:get_config { config_id = "cfg_1" } end)
      server:until_stats(function(s) return s.requests == 1 end)
      step.sleep(0.05)
      task:cancel()
      return task:join()
    end)
    assert.is_nil(value)
    assert.is_true(errors.is(err))
    assert.equal(1, server:stats().requests)
  end)

  it("the losers of a race", function()
    local winner, response = step.run(function()
      return step.race {
        function() return ask { fault = "silence" } end,
        good,
        function() return ask { fault = "drip-body" } end,
      }
    end)
    assert.equal(2, winner)
    assert.equal(200, response.status)
    check_gone(1)
  end)

  -- More sockets than the loop looks at in one go, all of them always writable.
  it("hundreds at once leaves nothing", function()
    step.run(function()
      local tasks = {}
      for i = 1, 200 do tasks[i] = step.spawn(ask, { fault = i % 2 == 0 and "silence" or "drip-body" }) end
      step.sleep(0.3)
      for i = 200, 1, -1 do tasks[i]:cancel() end
      for i = 1, 200 do check_cancelled(tasks[i]:join()) end
    end)
    assert.equal(0, core.census().transfers)
    check_gone(0)
  end)
end)
