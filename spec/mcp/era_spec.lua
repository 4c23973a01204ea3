local mcp = require "scalekit.mcp"
local script = require "spec.support.mcp_script"

local function connect(steps, opts)
  local peer, given = script.new(steps), { url = script.URL }
  for name, value in pairs(opts or {}) do given[name] = value end
  given.transport = peer.send
  local connection, err = mcp.connect(given)
  return connection, err, peer
end

local function methods(peer)
  local list = {}
  for i, seen in ipairs(peer.log) do list[i] = seen.message and seen.message.method or seen.method end
  return list
end

local PROBE, OPEN = "server/discover", { "server/discover", "initialize", "notifications/initialized" }

describe("mcp.era", function()
  it("takes a server that can be discovered for a modern one", function()
    local connection, err, peer = connect { script.result(script.DISCOVERED) }
    assert.is_nil(err)
    assert.equal("modern", connection.era)
    assert.equal("2026-07-28", connection.protocol_version)
    assert.equal("scripted", connection.server_info.name)
    local seen = peer.log[1]
    assert.equal("2026-07-28", seen.headers["mcp-protocol-version"])
    assert.equal("server/discover", seen.headers["mcp-method"])
    assert.is_nil(seen.headers["mcp-name"])
    local meta = seen.message.params._meta
    assert.equal("2026-07-28", meta["io.modelcontextprotocol/protocolVersion"])
    assert.same({}, meta["io.modelcontextprotocol/clientCapabilities"])
    assert.equal("scalekit-lua", meta["io.modelcontextprotocol/clientInfo"].name)
    assert.is_truthy(seen.body:find('"io.modelcontextprotocol/clientCapabilities":{}', 1, true))
  end)

  local opening, opened = script.handshake()

  for name, step in pairs {
    ["404 without a body"] = script.http(404),
    ["404 with a page"] = script.http(404, { ["content-type"] = "text/html" }, "<h1>no</h1>"),
    ["404 and -32601"] = script.fault(-32601, "Method not found", nil, 404),
    ["400 without a body"] = script.http(400),
    ["400 and -32600 without an id"] = script.http(400, {},
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'),
    ["400 and -32000"] = script.fault(-32000, "No valid session", nil, 400),
    ["405"] = script.http(405, { allow = "GET" }),
    ["406"] = script.http(406),
    ["415"] = script.http(415),
    ["200 and -32601"] = script.fault(-32601, "Method not found"),
    ["200 and -32602"] = script.fault(-32602, "Invalid"),
    ["200 and a page"] = script.http(200, { ["content-type"] = "text/html" }, "<p>hello"),
    ["200 and nothing"] = script.http(200),
    ["202"] = script.http(202),
    ["200 and a result that says nothing"] = script.result "{}",
    ["200 and an error that names only old versions"] = script.fault(-32022, "no", {
      supported = { "2025-11-25", "2025-06-18" }, requested = "2026-07-28" }, 400),
    ["an event stream that says -32601"] = script.stream(function(seen)
      return { ('{"jsonrpc":"2.0","id":%d,"error":{"code":-32601,"message":"no"}}'):format(seen.message.id) }
    end),
  } do
    it("takes a server that answers " .. name .. " for a legacy one", function()
      local connection, err, peer = connect { step, opening, opened }
      assert.is_nil(err)
      assert.equal("legacy", connection.era)
      assert.equal("2025-11-25", connection.protocol_version)
      assert.same(OPEN, methods(peer))
      assert.equal("2025-11-25", peer.log[2].message.params.protocolVersion)
      assert.is_nil(peer.log[2].headers["mcp-protocol-version"])
      assert.equal("2025-11-25", peer.log[3].headers["mcp-protocol-version"])
      assert.is_nil(peer.log[3].message.id)
    end)
  end

  it("proposes a version that a server without modern ones names", function()
    local discovered = { supportedVersions = { "2025-06-18", "2024-11-05" }, capabilities = {} }
    local old_opening = script.handshake "2025-06-18"
    local connection, _, peer = connect { script.result(discovered), old_opening, opened }
    assert.equal("legacy", connection.era)
    assert.equal("2025-06-18", connection.protocol_version)
    assert.equal("2025-06-18", peer.log[2].message.params.protocolVersion)
  end)

  for _, version in ipairs { "2025-06-18", "2025-03-26" } do
    it("goes down to " .. version, function()
      local old_opening = script.handshake(version)
      local connection, _, peer = connect { script.http(404), old_opening, opened, script.result "{}" }
      assert.equal(version, connection.protocol_version)
      assert.is_true(connection:ping())
      assert.equal(version, peer.log[4].headers["mcp-protocol-version"])
    end)
  end

  it("refuses a version it does not speak", function()
    for _, version in ipairs { "2024-11-05", "2026-07-28", "1.0" } do
      local connection, err, peer = connect { script.http(404), (script.handshake(version)) }
      assert.is_nil(connection)
      assert.equal("protocol", err.kind)
      assert.is_truthy(err.message:find(version, 1, true))
      assert.equal(2, peer:count())
    end
  end)

  it("repeats a refused version once, even the same one", function()
    local refusal = script.fault(-32022, "no", { supported = { "2026-07-28" } }, 400)
    local connection, err, peer = connect { refusal, script.result(script.DISCOVERED) }
    assert.is_nil(err)
    assert.equal("modern", connection.era)
    assert.same({ PROBE, PROBE }, methods(peer))
    assert.are_not.equal(peer.log[1].message.id, peer.log[2].message.id)

    connection, err, peer = connect { refusal, refusal }
    assert.is_nil(connection)
    assert.equal(-32022, err.code)
    assert.equal(2, peer:count())
  end)

  it("shows both lists where no version is common", function()
    local _, err, peer = connect {
      script.fault(-32022, "no", { supported = { "2030-01-01" } }, 400) }
    assert.equal("protocol", err.kind)
    assert.is_truthy(err.message:find("2030-01-01", 1, true))
    assert.is_truthy(err.message:find("2026-07-28", 1, true))
    assert.equal(1, peer:count())
  end)

  for _, code in ipairs { -32020, -32021 } do
    it("does not fall back after " .. code, function()
      local _, err, peer = connect { script.fault(code, "header", nil, 400) }
      assert.equal(code, err.code)
      assert.equal(1, peer:count())
    end)
  end

  for status, kind in pairs {
    [401] = "unauthorized", [403] = "forbidden", [408] = "timeout", [429] = "rate_limited",
    [500] = "internal", [502] = "unavailable", [503] = "unavailable",
  } do
    it("learns nothing from " .. status, function()
      for _, body in ipairs { "", '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}' } do
        local connection, err, peer = connect { script.http(status, {}, body) }
        assert.is_nil(connection)
        if body == "" or status ~= 500 then assert.equal(kind, err.kind) end
        assert.equal(status, err.status)
        assert.equal(1, peer:count())
      end
    end)
  end

  it("learns nothing from a connection that fails", function()
    for _, kind in ipairs { "network", "tls", "timeout" } do
      local _, err, peer = connect { script.broken(kind) }
      assert.equal(kind, err.kind)
      assert.equal(1, peer:count())
    end
  end)

  it("reports the challenge of a 401", function()
    local header = 'Bearer error="invalid_token", error_description="The token expired",'
      .. ' resource_metadata="https://x.example/y"'
    local _, err = connect { script.http(401, { ["www-authenticate"] = header }) }
    assert.equal("unauthorized", err.kind)
    assert.equal("invalid_token", err.challenge.error)
    assert.equal("https://x.example/y", err.challenge.resource_metadata)
    assert.is_truthy(tostring(err):find("The token expired", 1, true))
  end)

  it("does not probe where the era is known", function()
    local connection, _, peer = connect({ opening, opened }, { era = "legacy" })
    assert.equal("legacy", connection.era)
    assert.same({ "initialize", "notifications/initialized" }, methods(peer))

    local none, err
    none, err, peer = connect({ script.http(404) }, { era = "modern" })
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert.equal(1, peer:count())
  end)
end)
