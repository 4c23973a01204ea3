-- What a call says after several attempts, and who waits when told to.
local errors = require "scalekit.error"
local scalekit = require "scalekit"
local support = require "spec.support.peer"

local answer, client_of, peer, with_fake_sleep, CREATE =
  support.answer, support.client_of, support.peer, support.with_fake_sleep, support.CREATE

local function lost()
  return nil, errors.new { kind = "network", outcome = "unknown", message = "gone" }
end

local function forbidden()
  return answer(403, '{"code":7,"message":"no"}')
end

local function busy()
  return answer(429, '{"code":8,"message":"slow down"}', { ["retry-after"] = "2" })
end

-- Answers with one after the other; the last again and again.
local function sequence(...)
  local steps = { ... }
  return peer(function(_, n) return steps[math.min(n, #steps)]() end)
end

local function ok()
  return answer(200, '{"config":{"id":"cfg_1"}}')
end

describe("a call of several attempts", function()
  local UPDATE = { config_id = "cfg_1", description = "x" }

  it("may have taken effect if any of them may", function()
    with_fake_sleep(function()
      local _, err = client_of(sequence(lost, forbidden)).mcp:update_config(UPDATE)
      assert.same({ "forbidden", "unknown", 2 }, { err.kind, err.outcome, err.attempts })
    end)
  end)

  it("has no effect where each was refused", function()
    with_fake_sleep(function()
      local _, err = client_of(sequence(forbidden)).mcp:update_config(UPDATE)
      assert.same({ "forbidden", "none", 1 }, { err.kind, err.outcome, err.attempts })
    end)
  end)

  it("has no effect where it got no token, and was never sent", function()
    with_fake_sleep(function()
      local server = sequence(ok)
      server.on_grant = function() return answer(503, "") end
      local _, err = client_of(server).mcp:create_config(CREATE)
      assert.same({ "unavailable", "none", true, 0 },
        { err.kind, err.outcome, err.retryable, #server.requests })
    end)
  end)

  it("does not take for deleted what it never asked to delete", function()
    with_fake_sleep(function()
      local server = sequence(function() return answer(404, "") end)
      server.on_grant = function()
        server.on_grant = nil
        return answer(503, "")
      end
      local client, time = client_of(server), 0
      client.auth.now = function()
        time = time + 1
        return time
      end
      local _, err = client.mcp:delete_config { config_id = "cfg_1" }
      assert.equal("not_found", err.kind)
    end)
  end)

  it("does not wait after a 429 by itself", function()
    with_fake_sleep(function(slept)
      local server = sequence(busy, ok)
      local _, err = client_of(server).mcp:create_config(CREATE)
      assert.same({ "rate_limited", 2, true, 0 },
        { err.kind, err.retry_after, err.retryable, #slept })
    end)
  end)

  it("X07 waits as long as the service asks where the client was told to", function()
    with_fake_sleep(function(slept)
      local server = sequence(busy, busy, ok)
      local client = client_of(server, { retry_rate_limited = true })
      assert.is_table(scalekit.check(client.mcp:create_config(CREATE)))
      assert.same({ 2, 2 }, slept)
    end)
  end)

  it("waits no longer than its time", function()
    with_fake_sleep(function(slept)
      local client = client_of(sequence(busy), { retry_rate_limited = true, timeout = 1 })
      local _, err = client.mcp:create_config(CREATE)
      assert.same({ "rate_limited", 1, 0 }, { err.kind, err.attempts, #slept })
    end)
  end)

  it("X05 does not take a provider's refusal for the service's", function()
    with_fake_sleep(function()
      local server = peer(function() return support.refusal(429, "TOOL_ERROR") end)
      local client = client_of(server, { retry_rate_limited = true })
      local _, err = client.tools:execute { tool_name = "t" }
      assert.same({ "tool_error", 1 }, { err.kind, #server.requests })
    end)
  end)
end)
