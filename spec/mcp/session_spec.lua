local script = require "spec.support.mcp_script"
local scalekit = require "scalekit"

local done = script.result '{"content":[]}'

describe("mcp session", function()
  it("is opened anew when the server forgot it, and the call repeated once", function()
    local opening, opened = script.handshake("2025-06-18", "s2")
    local connection, peer = script.legacy({ script.http(404), opening, opened, done }, { session = "s1" })
    assert(connection:call_tool("x", { a = 1 }))
    assert.equal("s1", peer.log[3].headers["mcp-session-id"])
    assert.equal("initialize", peer.log[4].message.method)
    assert.is_nil(peer.log[4].headers["mcp-session-id"])
    assert.equal("s2", peer.log[6].headers["mcp-session-id"])
    assert.same(peer.log[3].message.params, peer.log[6].message.params)
    assert.are_not.equal(peer.log[3].message.id, peer.log[6].message.id)
    assert.equal("2025-06-18", connection.protocol_version)
  end)

  it("is opened anew whatever body comes with the 404", function()
    local opening, opened = script.handshake(nil, "s2")
    local connection = script.legacy({
      script.fault(-32001, "Session not found", nil, 404), opening, opened, done }, { session = "s1" })
    assert(connection:call_tool "x")
  end)

  it("is given up when it is lost twice", function()
    local opening, opened = script.handshake(nil, "s2")
    local gone = script.http(404)
    local connection, peer = script.legacy({ gone, opening, opened, gone }, { session = "s1" })
    local result, err = connection:call_tool "x"
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    assert.equal(6, peer:count())
  end)

  it("may become none", function()
    local opening, opened = script.handshake()
    local steps = { script.http(404), opening, opened, done, done }
    local connection, peer = script.legacy(steps, { session = "s1" })
    assert(connection:call_tool "x")
    assert(connection:call_tool "x")
    assert.is_nil(peer.log[7].headers["mcp-session-id"])
  end)

  it("is not lost when only the method is unknown, or when there is none", function()
    local connection, peer = script.legacy({ script.fault(-32601, "no", nil, 404) }, { session = "s1" })
    local _, err = connection:ping()
    assert.equal(-32601, err.code)
    assert.equal(3, peer:count())
    connection, peer = script.legacy { script.http(404) }
    _, err = connection:ping()
    assert.equal("not_found", err.kind)
    assert.equal(3, peer:count())
  end)

  it("reports why it could not be opened anew", function()
    local connection = script.legacy({ script.http(404),
      script.http(401, { ["www-authenticate"] = "Bearer error=invalid_token" }) }, { session = "s1" })
    local _, err = connection:call_tool "x"
    assert.equal("unauthorized", err.kind)
    assert.equal("invalid_token", err.challenge.error)
  end)

  it("must have a well-formed id", function()
    for _, id in ipairs { "a b", "", "a\tb", "ü", ("x"):rep(1025), "s1, s2" } do
      local opening = script.handshake(nil, id)
      local peer = script.new { opening }
      local connection, err = require("scalekit.mcp").connect {
        url = script.URL, era = "legacy", transport = peer.send }
      assert.is_nil(connection)
      assert.equal("protocol", err.kind)
    end
  end)

  it("is ended by close, which the server may refuse", function()
    for _, last in ipairs {
      script.http(200), script.http(204), script.http(405), script.http(404),
      script.broken "network",
    } do
      local connection, peer = script.legacy({ last }, { session = "s1" })
      assert.is_true(connection:close())
      assert.equal("DELETE", peer.log[3].method)
      assert.equal("s1", peer.log[3].headers["mcp-session-id"])
      assert.equal("2025-11-25", peer.log[3].headers["mcp-protocol-version"])
      assert.is_true(connection:close())
      assert.equal(3, peer:count())
    end
  end)

  it("does not keep the stream open that a notification is answered with", function()
    local opening = script.handshake()
    local peer = script.new { opening, script.stream(function() return {} end) }
    assert(require("scalekit.mcp").connect {
      url = script.URL, era = "legacy", transport = peer.send })
    assert.equal(0, peer.open)
  end)

  it("is opened anew by one of many calls that miss it", function()
    local opening, opened = script.handshake(nil, "s2")
    local initialized = 0
    local function serve(seen, peer)
      scalekit.sleep(0.01)
      if seen.message.method == "initialize" then
        initialized = initialized + 1
        return opening(seen, peer)
      elseif not seen.message.id then
        return opened(seen, peer)
      elseif seen.headers["mcp-session-id"] == "s1" then
        return script.http(404)(seen, peer)
      end
      return done(seen, peer)
    end
    local steps = {}
    for i = 1, 40 do steps[i] = serve end
    local connection = script.legacy(steps, { session = "s1" })
    scalekit.run(function()
      local calls = {}
      for i = 1, 10 do calls[i] = function() return connection:call_tool "x" end end
      local results = scalekit.all(calls)
      for i = 1, 10 do assert.is_table(results[i]) end
    end)
    assert.equal(1, initialized)
  end)
end)
