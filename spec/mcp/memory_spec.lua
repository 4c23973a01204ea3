-- Which era a server belongs to is found out once.

local mcp = require "scalekit.mcp"
local script = require "spec.support.mcp_script"

local discovered = script.result(script.DISCOVERED)
local opening, opened = script.handshake()
local old_opening = script.handshake("2025-03-26")
local unknown = script.fault(-32601, "Method not found", nil, 404)

-- Connects as often as there are lists of steps, over one transport.
local function connections(...)
  local all = {}
  for _, steps in ipairs { ... } do
    for _, one in ipairs(steps) do all[#all + 1] = one end
  end
  local peer = script.new(all)
  local function connect(opts)
    local given = { url = script.URL, transport = peer.send }
    for name, value in pairs(opts or {}) do given[name] = value end
    return mcp.connect(given)
  end
  local function methods(from)
    local list = {}
    for i = from or 1, peer:count() do list[#list + 1] = peer.log[i].message.method end
    return list
  end
  return connect, methods, peer
end

local PROBED = { "server/discover", "initialize", "notifications/initialized" }
local OPENED = { "initialize", "notifications/initialized" }

describe("mcp.memory", function()
  it("spares a legacy server the second probe", function()
    local connect, methods = connections({ unknown, opening, opened }, { opening, opened })
    assert.equal("legacy", assert(connect()).era)
    assert.same(PROBED, methods())
    assert.equal("legacy", assert(connect()).era)
    assert.same(OPENED, methods(4))
  end)

  it("proposes the version that was agreed to", function()
    local connect, _, peer = connections({ unknown, old_opening, opened }, { old_opening, opened })
    assert(connect())
    assert(connect())
    assert.equal("2025-11-25", peer.log[2].message.params.protocolVersion)
    assert.equal("2025-03-26", peer.log[4].message.params.protocolVersion)
  end)

  it("tells servers apart by their whole address", function()
    local connect, methods = connections({ unknown, opening, opened }, { discovered })
    assert(connect())
    assert.equal("modern", assert(connect { url = script.URL .. "/other" }).era)
    assert.same({ "server/discover" }, methods(4))
  end)

  it("is of one transport", function()
    local connect = connections { unknown, opening, opened }
    assert(connect())
    local other, methods = connections { discovered }
    assert.equal("modern", assert(other()).era)
    assert.same({ "server/discover" }, methods())
  end)

  it("finds out anew when a server no longer speaks as it did", function()
    for _, refusal in ipairs {
      unknown, script.http(400), script.http(404), script.http(405), script.http(200, {}, "<p>hello"),
      script.fault(-32022, "no", { supported = { "2026-07-28" } }, 400), script.fault(-32600, "no"),
    } do
      local connect, methods = connections(
        { unknown, opening, opened }, { refusal, discovered }, { discovered })
      assert(connect())
      assert.equal("modern", assert(connect()).era)
      assert.same({ "initialize", "server/discover" }, methods(4))
      assert.equal("modern", assert(connect()).era)
    end
  end)

  it("is not shaken by a server in trouble, or by a refused token", function()
    for kind, refusal in pairs {
      unauthorized = script.http(401), forbidden = script.http(403), unavailable = script.http(503),
      rate_limited = script.http(429), network = script.broken "network", timeout = script.broken "timeout",
    } do
      local connect, methods = connections({ unknown, opening, opened }, { refusal }, { opening, opened })
      assert(connect())
      local none, err = connect()
      assert.is_nil(none)
      assert.equal(kind, err.kind)
      assert(connect())
      assert.same(OPENED, methods(5))
    end
  end)

  it("learns nothing from a probe that failed", function()
    for _, refusal in ipairs { script.http(401), script.http(503), script.broken "network" } do
      local connect, methods = connections({ refusal }, { discovered })
      assert.is_nil((connect()))
      assert.equal("modern", assert(connect()).era)
      assert.same({ "server/discover" }, methods(2))
    end
  end)

  it("does not speak where the caller does", function()
    local connect, methods = connections({ unknown, opening, opened }, { unknown }, { discovered })
    assert(connect())
    assert.is_nil((connect { era = "modern" }))
    assert.equal("modern", assert(connect { era = "modern" }).era)
    assert.same({ "server/discover", "server/discover" }, methods(4))
  end)
end)

describe("mcp versions", function()
  it("are proposed once more where the server names one in its refusal", function()
    for _, refusal in ipairs {
      script.fault(-32602, "Unsupported protocol version", { supported = { "2025-06-18" },
        requested = "2025-11-25" }),
      script.fault(-32602, "Unsupported protocol version",
        { supported = { "2024-11-05", "2025-06-18" } }, 400),
    } do
      local answer, accepted = script.handshake "2025-06-18"
      local connect, _, peer = connections { unknown, refusal, answer, accepted }
      assert.equal("2025-06-18", assert(connect()).protocol_version)
      assert.equal("2025-06-18", peer.log[3].message.params.protocolVersion)
    end
  end)

  it("are not proposed for ever", function()
    local refusal = script.fault(-32602, "no", { supported = { "2025-06-18" } })
    local again = script.fault(-32602, "no", { supported = { "2025-11-25" } })
    local connect, _, peer = connections { unknown, refusal, again }
    local none, err = connect()
    assert.is_nil(none)
    assert.equal(-32602, err.code)
    assert.equal(3, peer:count())
  end)

  it("down to 2025-03-26 are spoken", function()
    for _, version in ipairs { "2025-11-25", "2025-06-18", "2025-03-26" } do
      local answer, accepted = script.handshake(version)
      local connect, _, peer = connections { unknown, answer, accepted }
      assert.equal(version, assert(connect()).protocol_version)
      assert.equal(version, peer.log[3].headers["mcp-protocol-version"])
    end
  end)
end)
