-- Tokens from a function: asked for once, replaced once when the server refuses
-- one, and only what was refused is repeated.

local core = require "scalekit.core"
local errors = require "scalekit.error"
local mcp = require "scalekit.mcp"
local script = require "spec.support.mcp_script"
local step = require "scalekit" -- its run, all and sleep: inside nginx, light threads

local done = script.result '{"content":[]}'
local REFUSED = script.http(401, {
  ["www-authenticate"] = 'Bearer error="invalid_token", error_description="expired"' })

-- A function that counts: token-1, token-2 …
local function mint()
  local self = { calls = {} }
  self.token = function(err, seconds)
    self.calls[#self.calls + 1] = { err = err, seconds = seconds }
    return "token-" .. #self.calls
  end
  return self
end

local function connect(steps, opts)
  local peer, given = script.new(steps), { url = script.URL }
  for name, value in pairs(opts) do given[name] = value end
  given.transport = peer.send
  local connection, err = mcp.connect(given)
  return connection, err, peer
end

describe("mcp token function", function()
  it("is asked once, before the first request", function()
    local source = mint()
    local connection, peer = script.modern({ done, done }, { token = source.token })
    assert(connection:call_tool "x")
    assert(connection:call_tool "x")
    assert.equal(1, #source.calls)
    assert.is_nil(source.calls[1].err)
    assert.is_true(source.calls[1].seconds > 0)
    for _, seen in ipairs(peer.log) do assert.equal("token-1", seen.auth) end
  end)

  it("is asked again when the server refuses a token, and the request repeated", function()
    local source = mint()
    local connection, peer = script.modern({ REFUSED, done }, { token = source.token })
    assert(connection:call_tool("x", { a = 1 }))
    assert.equal("unauthorized", source.calls[2].err.kind)
    assert.equal("invalid_token", source.calls[2].err.challenge.error)
    assert.equal("token-1", peer.log[2].auth)
    assert.equal("token-2", peer.log[3].auth)
    assert.same(peer.log[2].message, peer.log[3].message)
  end)

  it("may return a secret", function()
    local connection, peer = script.modern({}, { token = function() return core.secret "hush" end })
    assert.equal("hush", peer.log[1].auth)
    assert.equal("modern", connection.era)
  end)

  it("is not asked a third time", function()
    local source = mint()
    local connection, peer = script.modern({ REFUSED, REFUSED }, { token = source.token })
    local result, err = connection:call_tool "x"
    assert.is_nil(result)
    assert.equal("unauthorized", err.kind)
    assert.equal(401, err.status)
    assert.equal("expired", err.challenge.error_description)
    assert.equal(2, #source.calls)
    assert.equal(3, peer:count())
  end)

  it("is not asked where another token would not help", function()
    local source = mint()
    local connection = script.modern({ script.http(403), script.http(500) }, { token = source.token })
    for _, kind in ipairs { "forbidden", "internal" } do
      local _, err = connection:call_tool "x"
      assert.equal(kind, err.kind)
    end
    assert.equal(1, #source.calls)
  end)

  it("serves the whole of a session: handshake, notices, streams, the end", function()
    local source = mint()
    local opening, opened = script.handshake(nil, "s1")
    local connection, _, peer = connect({
      REFUSED, opening, REFUSED, opened,
      script.stream(function() return { { data = "", id = "e", retry = 0 } } end), REFUSED,
      script.stream(function() return { script.answer({ body = '{"id":2}' }, '{"content":[]}') } end),
      REFUSED, script.http(200),
    }, { token = source.token, era = "legacy" })
    assert(connection:call_tool "x")
    connection:close()
    local methods = {}
    for i, seen in ipairs(peer.log) do
      methods[i] = (seen.message and seen.message.method or seen.method) .. " " .. seen.auth
    end
    assert.same({
      "initialize token-1", "initialize token-2",
      "notifications/initialized token-2", "notifications/initialized token-3",
      "tools/call token-3", "GET token-3", "GET token-4", "DELETE token-4", "DELETE token-5",
    }, methods)
  end)

  it("tells of its own failure", function()
    local own = errors.new { kind = "authorization_required", message = "sign in again" }
    local n = 0
    local connection = script.modern({ REFUSED }, { token = function()
      n = n + 1
      if n == 1 then return "token-1" end
      return nil, own
    end })
    local result, err = connection:call_tool "x"
    assert.is_nil(result)
    assert.equal(own, err)
  end)

  it("that has no token at all is an error of connect", function()
    for _, case in ipairs {
      { function() return nil end, "there is no token" },
      { function() return nil, "the vault is closed" end, "the vault is closed" },
      { function() return "a\nb" end, "token must not" },
      { function() return 7 end, "must be a string, got number" },
    } do
      local connection, err, peer = connect({}, { token = case[1] })
      assert.is_nil(connection)
      assert.equal("unauthorized", err.kind)
      assert.is_truthy(err.message:find(case[2], 1, true), err.message)
      assert.equal(0, peer:count())
    end
  end)

  it("says nothing about the era when it fails", function()
    local n = 0
    local connection, _, peer = connect({ REFUSED, script.result(script.DISCOVERED) },
      { token = function() n = n + 1 return "t" .. n end })
    assert.equal("modern", connection.era)
    assert.equal(2, peer:count())
  end)

  it("is asked once by many calls that are refused together", function()
    local minted = 0
    local function serve(seen, peer)
      step.sleep(0.01)
      if seen.auth == "t1" then return REFUSED(seen, peer) end
      return done(seen, peer)
    end
    local steps = {}
    for i = 1, 60 do steps[i] = serve end
    step.run(function()
      local connection = script.modern(steps, { token = function()
        minted = minted + 1
        if minted > 1 then step.sleep(0.02) end
        return "t" .. minted
      end })
      local calls = {}
      for i = 1, 20 do calls[i] = function() return connection:call_tool "x" end end
      local results = step.all(calls)
      for i = 1, 20 do assert.is_table(results[i]) end
    end)
    assert.equal(2, minted)
  end)

  it("fails all that wait for it, once", function()
    local minted = 0
    local steps = {}
    for i = 1, 20 do
      steps[i] = function(seen, peer)
        step.sleep(0.01)
        return REFUSED(seen, peer)
      end
    end
    step.run(function()
      local connection = script.modern(steps, { token = function()
        minted = minted + 1
        if minted == 1 then return "t1" end
        step.sleep(0.02)
        return nil, "no more"
      end })
      local calls = {}
      for i = 1, 10 do calls[i] = function() return connection:call_tool "x" end end
      local _, errs = step.all(calls)
      for i = 1, 10 do assert.equal("unauthorized", errs[i].kind) end
    end)
    assert.equal(2, minted)
  end)

  it("shows its tokens nowhere", function()
    local n = 0
    local connection = script.modern({ REFUSED, script.fault(-32603, "bad fresh-secret-2 old-secret-1") }, {
      token = function()
        n = n + 1
        return n == 1 and "old-secret-1" or "fresh-secret-2"
      end,
    })
    local _, err = connection:call_tool "x"
    assert.is_nil(tostring(err):find("secret-", 1, true))
  end)

  it("is a secret like another: not over plain http", function()
    local connection, err = connect({}, { url = "http://peer.example/", token = function() return "t" end })
    assert.is_nil(connection)
    assert.equal("configuration", err.kind)
  end)
end)
