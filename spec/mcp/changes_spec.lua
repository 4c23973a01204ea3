-- Hearing of changes. Over real HTTP: spec/mcp/peers_spec.lua and live_spec.lua.

local errors = require "scalekit.error"
local script = require "spec.support.mcp_script"

local RESET = errors.new { kind = "network", message = "reset", outcome = "unknown" }

local function say(method, params, id)
  return ('{"jsonrpc":"2.0","method":"notifications/%s","params":{%s"_meta":{%s}}}'):format(
    method, params and params .. "," or "",
    id and '"io.modelcontextprotocol/subscriptionId":' .. id or "")
end

-- A stream of `subscriptions/listen`; `make(id)` returns what follows the acknowledgement.
local function listening(make, honoured)
  return script.stream(function(seen)
    local id = ("%d"):format(seen.message.id)
    local list = { say("subscriptions/acknowledged",
      '"notifications":' .. (honoured or '{"toolsListChanged":true}'), id) }
    for _, event in ipairs(make(id, seen)) do list[#list + 1] = event end
    return list
  end)
end

local TOOLS = { toolsListChanged = true }

describe("mcp listen, modern,", function()
  it("asks for what is wanted and tells what will come", function()
    local connection, peer = script.modern { listening(function() return {} end) }
    local changes = assert(connection:listen {
      toolsListChanged = true, promptsListChanged = false, resourceSubscriptions = { "a:1" },
    })
    assert.same({ toolsListChanged = true }, changes.acknowledged)
    local seen = peer.log[2]
    assert.equal("subscriptions/listen", seen.message.method)
    assert.same({ toolsListChanged = true, resourceSubscriptions = { "a:1" } },
      seen.message.params.notifications)
    assert.equal("subscriptions/listen", seen.headers["mcp-method"])
    assert.is_nil(seen.request.deadline) -- it lasts as long as it lasts
    assert.is_number(seen.request.head_deadline)
    changes:close()
    assert.equal(0, peer.open)
  end)

  it("returns one notification after the other", function()
    local connection, peer = script.modern { listening(function(id)
      return {
        say("tools/list_changed", nil, id), say("resources/updated", '"uri":"a:1"', '"' .. id .. '"'),
        script.answer({ body = '{"id":' .. id .. "}" }, '{"resultType":"complete"}'),
      }
    end) }
    local changes = assert(connection:listen(TOOLS))
    assert.equal("notifications/tools/list_changed", changes:read().method)
    assert.equal("a:1", changes:read().params.uri)
    local none, err = changes:read()
    assert.is_nil(none)
    assert.is_nil(err)
    assert.equal(0, peer.open)
    assert.is_nil((changes:read()))
    assert.is_true(changes:close())
  end)

  it("passes over what is not for it", function()
    local connection = script.modern { listening(function(id)
      return {
        say("tools/list_changed", nil, "999"), { data = "" }, { data = "no json", event = "ping" },
        say("prompts/list_changed", nil, id),
      }
    end) }
    local changes = assert(connection:listen(TOOLS))
    assert.equal("notifications/prompts/list_changed", changes:read().method)
  end)

  it("drops the lists that have changed", function()
    local list = '{"tools":[],"ttlMs":60000}'
    local connection, peer = script.modern {
      script.result(list), listening(function(id) return { say("tools/list_changed", nil, id) } end),
      script.result(list),
    }
    assert(connection:list_tools())
    local changes = assert(connection:listen(TOOLS))
    assert(connection:list_tools())
    assert.equal(3, peer:count())
    assert(changes:read())
    assert(connection:list_tools())
    assert.equal(4, peer:count())
    changes:close()
  end)

  it("says when the stream broke, or makes no sense", function()
    for kind, ending in pairs {
      network = { RESET }, ["network "] = {}, protocol = { "{" },
      ["protocol "] = { '{"jsonrpc":"2.0","id":1,"method":"ping"}' },
    } do
      local connection, peer = script.modern { listening(function() return ending end) }
      local changes = assert(connection:listen(TOOLS))
      local none, err = changes:read()
      assert.is_nil(none)
      assert.equal(kind:match "%a+", err.kind)
      assert.equal(0, peer.open)
    end
  end)

  it("reports an error in place of the end", function()
    local connection = script.modern { listening(function(id)
      return { ('{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"no"}}'):format(id) }
    end) }
    local none, err = assert(connection:listen(TOOLS)):read()
    assert.is_nil(none)
    assert.equal(-32603, err.code)
  end)

  it("is refused by servers that have none", function()
    for kind, step in pairs {
      not_found = script.fault(-32601, "Method not found", nil, 404), unauthorized = script.http(401),
      protocol = script.result '{"resultType":"complete"}', unavailable = script.http(503),
      network = script.stream(function() return {} end),
      ["protocol "] = script.stream(function(seen) return { script.answer(seen, "{}") } end),
      ["not_found "] = script.stream(function(seen)
        return { ('{"jsonrpc":"2.0","id":%d,"error":{"code":-32601,"message":"no"}}')
          :format(seen.message.id) }
      end),
    } do
      local connection, peer = script.modern { step }
      local changes, err = connection:listen(TOOLS)
      assert.is_nil(changes)
      assert.equal(kind:match "[%a_]+", err.kind)
      assert.equal("subscriptions/listen", err.operation)
      assert.equal(0, peer.open)
    end
  end)

  it("shows no secret", function()
    local connection = script.modern({ listening(function() return {} end) },
      { url = "https://peer.example/mcp?key=s3cr3t" })
    local changes = assert(connection:listen(TOOLS))
    assert.equal("mcp subscription at https://peer.example/mcp", tostring(changes))
    changes:close()
    assert.equal("mcp subscription at https://peer.example/mcp (closed)", tostring(changes))
  end)

  it("misuse of read raises", function()
    local connection = script.modern { listening(function() return {} end) }
    local changes = assert(connection:listen(TOOLS))
    for _, timeout in ipairs { 0, -1, "1", math.huge } do
      assert.has_error(function() changes:read(timeout) end)
    end
  end)
end)

describe("mcp listen, legacy,", function()
  -- A session whose server can tell of changes.
  local function connect(steps)
    local opening = script.result({
      protocolVersion = "2025-11-25", serverInfo = { name = "s", version = "1" },
      capabilities = { tools = { listChanged = true }, resources = { subscribe = true } },
    }, { ["mcp-session-id"] = "s1" })
    local all = { opening, script.accepted }
    for _, step in ipairs(steps) do all[#all + 1] = step end
    local peer = script.new(all)
    return assert(require("scalekit.mcp").connect {
      url = script.URL, era = "legacy", transport = peer.send }), peer
  end

  local function stream(...)
    local list = { ... }
    return script.stream(function() return list end)
  end

  it("reads the stream of the session, and subscribes to resources", function()
    local done = script.result "{}"
    local connection, peer = connect {
      stream(say "tools/list_changed", say("resources/updated", '"uri":"a:1"'), say "prompts/list_changed",
        say("message", '"level":"info"'), { data = "", id = "e1" }),
      done, done, done, done,
    }
    local changes = assert(connection:listen {
      toolsListChanged = true, promptsListChanged = true, resourceSubscriptions = { "a:1", "a:2" },
    })
    assert.same({ toolsListChanged = true, resourceSubscriptions = { "a:1", "a:2" } }, changes.acknowledged)
    assert.equal("GET", peer.log[3].method)
    assert.equal("text/event-stream", peer.log[3].headers.accept)
    assert.equal("s1", peer.log[3].headers["mcp-session-id"])
    assert.is_nil(peer.log[3].request.deadline)
    assert.equal("a:1", peer.log[4].message.params.uri)
    assert.equal("resources/subscribe", peer.log[5].message.method)
    assert.equal("notifications/tools/list_changed", changes:read().method)
    assert.equal("notifications/resources/updated", changes:read().method)
    changes:close()
    assert.equal("resources/unsubscribe", peer.log[6].message.method)
    assert.equal("a:2", peer.log[7].message.params.uri)
    assert.equal(0, peer.open)
  end)

  it("answers a server that asks there", function()
    local connection, peer = connect {
      stream('{"jsonrpc":"2.0","id":"p","method":"ping"}', say "tools/list_changed"), script.accepted,
    }
    local changes = assert(connection:listen(TOOLS))
    assert(changes:read())
    assert.is_truthy(peer.log[4].body:find('"id":"p"', 1, true))
    assert.same({}, peer.log[4].message.result)
  end)

  it("takes the stream up where it was, and else says that something may be lost", function()
    local connection, peer = connect {
      stream({ data = "", id = "e1", retry = 10 }),
      stream({ data = say "tools/list_changed", id = "e2" }, RESET),
      stream({ data = say "tools/list_changed" }),
    }
    local changes = assert(connection:listen(TOOLS))
    assert(changes:read())
    assert.equal("e1", peer.log[4].headers["last-event-id"])
    assert(changes:read())
    assert.equal("e2", peer.log[5].headers["last-event-id"])

    connection = connect { stream(say "tools/list_changed", RESET) }
    changes = assert(connection:listen(TOOLS))
    assert(changes:read())
    local none, err = changes:read()
    assert.is_nil(none)
    assert.equal("network", err.kind)
    assert.is_nil((changes:read()))
  end)

  it("is refused by servers without such a stream", function()
    for kind, step in pairs {
      unimplemented = script.http(405), ["unimplemented "] = script.http(200), not_found = script.http(404),
      unauthorized = script.http(401), protocol = stream "{",
    } do
      local connection, peer = connect { step }
      local changes, err = connection:listen(TOOLS)
      if changes then changes, err = changes:read() end
      assert.is_nil(changes)
      assert.equal(kind:match "[%a_]+", err.kind)
      assert.equal(0, peer.open)
    end
  end)

  it("reports a resource that cannot be subscribed to", function()
    local connection, peer = connect { stream(), script.result "{}", script.fault(-32002, "no such"),
      script.result "{}" }
    local changes, err = connection:listen { resourceSubscriptions = { "a:1", "a:2" } }
    assert.is_nil(changes)
    assert.equal(-32002, err.code)
    assert.equal("resources/unsubscribe", peer.log[6].message.method)
    assert.equal(0, peer.open)
  end)

  it("does not ask a server for the stream twice that has none", function()
    local connection, peer = connect { script.http(405) }
    for _ = 1, 3 do assert.is_nil((connection:listen(TOOLS))) end
    assert.equal(3, peer:count())
  end)

  it("ends with the session", function()
    local opening, opened = script.handshake(nil, "s2")
    local connection = connect { stream({ data = "", id = "e1" }), script.http(404), opening, opened,
      script.result '{"content":[]}' }
    local changes = assert(connection:listen(TOOLS))
    assert(connection:call_tool "x")
    local none, err = changes:read()
    assert.is_nil(none)
    assert.equal("network", err.kind)
  end)

  it("ends with the connection", function()
    local connection, peer = connect { stream({ data = "", id = "e1" }), script.http(200) }
    local changes = assert(connection:listen(TOOLS))
    connection:close()
    assert.is_nil((changes:read()))
    assert.equal(0, peer.open)
  end)
end)
