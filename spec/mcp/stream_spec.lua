local errors = require "scalekit.error"
local script = require "spec.support.mcp_script"

local function answer(seen)
  return script.answer(seen, '{"content":[{"type":"text","text":"done"}]}')
end

local function progress(token, n)
  return ('{"jsonrpc":"2.0","method":"notifications/progress",'
    .. '"params":{"progressToken":%s,"progress":%d,"total":3}}'):format(token, n)
end

local NOTICE = '{"jsonrpc":"2.0","method":"notifications/x"}'
local RESET = errors.new { kind = "network", message = "reset", outcome = "unknown" }

for _, era in ipairs { "modern", "legacy" } do
  local open = script[era]

  describe("mcp stream, " .. era, function()
    it("reads up to the answer and ends the stream there", function()
      local connection, peer = open { script.stream(function(seen)
        return { answer(seen), "no message" }
      end) }
      assert.equal("done", assert(connection:call_tool "x").content[1].text)
      assert.equal(0, peer.open)
    end)

    it("ignores priming events, other kinds of events and foreign answers", function()
      local connection = open { script.stream(function(seen)
        return {
          { data = "", id = "1" }, { data = "", retry = 5 }, { data = "not json", event = "ping" },
          { data = answer { body = '{"id":999}' } },
          { data = answer { body = '{"id":"' .. seen.message.id .. '"}' } },
          { data = '{"jsonrpc":"2.0","method":"notifications/unknown"}' },
          { data = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":[]}' },
          { data = answer(seen), event = "message", id = "2" },
        }
      end) }
      assert.equal("done", assert(connection:call_tool "x").content[1].text)
    end)

    it("hands over progress of this call, and log messages", function()
      local seen_progress, seen_messages = {}, {}
      local connection = open { script.stream(function(seen)
        local id = ("%d"):format(seen.message.id)
        return {
          progress(id, 1), progress('"' .. id .. '"', 9), progress("999", 9), progress(id, 2),
          '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"hello"}}',
          answer(seen),
        }
      end) }
      assert(connection:call_tool("x", {}, {
        on_progress = function(params) seen_progress[#seen_progress + 1] = params.progress end,
        on_message = function(params) seen_messages[#seen_messages + 1] = params.data end,
      }))
      assert.same({ 1, 2 }, seen_progress)
      assert.same({ "hello" }, seen_messages)
    end)

    it("takes an error without an id for the answer", function()
      local connection = open { script.stream(function()
        return { '{"jsonrpc":"2.0","error":{"code":-32603,"message":"oops"}}' }
      end) }
      local _, err = connection:call_tool "x"
      assert.equal(-32603, err.code)
    end)

    it("says that the outcome is unknown when the stream ends early", function()
      for _, ending in ipairs { false, RESET } do
        local connection, peer = open { script.stream(function()
          return { NOTICE, ending or nil }
        end) }
        local result, err = connection:call_tool "x"
        assert.is_nil(result)
        assert.equal("network", err.kind)
        assert.equal("unknown", err.outcome)
        assert.equal(0, peer.open)
      end
    end)

    it("refuses events that are no messages, or too large", function()
      for _, data in ipairs { "{", "[]", '{"jsonrpc":"2.0"}', '"' .. ("x"):rep(4000) .. '"' } do
        local connection, peer = open({ script.stream(function() return { data } end) }, { max_body = 2000 })
        local result, err = connection:call_tool "x"
        assert.is_nil(result)
        assert.equal("protocol", err.kind)
        assert.equal(0, peer.open)
      end
    end)

    it("does not listen for ever", function()
      local steps = { script.stream(function()
        return setmetatable({}, { __index = function() return NOTICE end })
      end), script.accepted }
      local connection, peer = open(steps)
      local result, err = connection:call_tool("x", {}, { timeout = 0.2 })
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      assert.equal("unknown", err.outcome)
      assert.equal(0, peer.open)
    end)

    it("reads an error status in front of a stream", function()
      local connection = open { script.stream(function() return {} end, 500) }
      local _, err = connection:call_tool "x"
      assert.equal(500, err.status)
    end)

    it("reports 401 and 403 without reading the stream", function()
      for status, kind in pairs { [401] = "unauthorized", [403] = "forbidden" } do
        local headers = { ["www-authenticate"] = "Bearer scope=a" }
        local connection, peer = open { script.stream(answer, status, headers) }
        local _, err = connection:call_tool "x"
        assert.equal(kind, err.kind)
        assert.equal("a", err.challenge.scope)
        assert.equal(0, peer.open)
      end
    end)
  end)
end

local function asks(id, method)
  return ('{"jsonrpc":"2.0","id":%s,"method":"%s","params":{"message":"?"}}'):format(id, method)
end

describe("mcp stream, modern", function()
  it("fails at once where the server asks something on the stream", function()
    local connection, peer = script.modern { script.stream(function(seen)
      return { asks("1", "elicitation/create"), answer(seen) }
    end) }
    local result, err = connection:call_tool "x"
    assert.is_nil(result)
    assert.equal("protocol", err.kind)
    assert.is_truthy(err.message:find("elicitation/create", 1, true))
    assert.equal(2, peer:count())
    assert.equal(0, peer.open)
  end)

  it("says nothing when it gives up: the closed stream says it", function()
    local connection, peer = script.modern { script.broken "timeout" }
    local _, err = connection:call_tool "x"
    assert.equal("timeout", err.kind)
    assert.equal(2, peer:count())
  end)
end)

describe("mcp stream, legacy", function()
  it("answers what the server asks, with the very id", function()
    local connection, peer = script.legacy({
      script.stream(function(seen)
        return {
          asks('"a-1"', "ping"), asks("1.50", "elicitation/create"), asks("7", "sampling/createMessage"),
          asks("8", "roots/list"), answer(seen),
        }
      end), script.accepted, script.accepted, script.accepted, script.accepted,
    }, { session = "s1" })
    assert(connection:call_tool "x")
    assert.is_truthy(peer.log[4].body:find('"id":"a-1"', 1, true))
    assert.same({}, peer.log[4].message.result)
    assert.is_truthy(peer.log[4].body:find('"result":{}', 1, true))
    assert.is_truthy(peer.log[5].body:find('"id":1.50', 1, true))
    for i = 5, 7 do
      assert.equal(-32601, peer.log[i].message.error.code)
      assert.equal("s1", peer.log[i].headers["mcp-session-id"])
    end
  end)

  it("goes on when such an answer is not taken", function()
    local connection = script.legacy { script.stream(function(seen)
      return { asks("1", "roots/list"), answer(seen) }
    end), script.broken "network" }
    assert(connection:call_tool "x")
  end)

  it("takes a broken stream up again where it stood", function()
    local connection, peer = script.legacy({
      script.stream(function() return { { data = "", id = "e1", retry = 10 } } end),
      script.stream(function()
        return { { data = "", id = "e2" }, RESET }
      end),
      script.stream(function()
        return { { data = answer { body = '{"id":2}' }, id = "e3" } }
      end),
    }, { session = "s1" })
    assert.equal("done", assert(connection:call_tool "x").content[1].text)
    for i, place in ipairs { "e1", "e2" } do
      local seen = peer.log[3 + i]
      assert.equal("GET", seen.method)
      assert.equal(place, seen.headers["last-event-id"])
      assert.equal("text/event-stream", seen.headers.accept)
      assert.equal("s1", seen.headers["mcp-session-id"])
      assert.is_nil(seen.body)
    end
    assert.equal(0, peer.open)
  end)

  it("does not repeat a call whose stream cannot be taken up", function()
    for _, status in ipairs { 400, 404, 405, 500 } do
      local connection, peer = script.legacy({
        script.stream(function() return { { data = "", id = "e1", retry = 0 } } end), script.http(status),
      }, { session = "s1" })
      local result, err = connection:call_tool "x"
      assert.is_nil(result)
      assert.equal("network", err.kind)
      assert.equal("unknown", err.outcome)
      assert.equal(4, peer:count())
    end
  end)

  it("does not wait for a stream beyond the deadline", function()
    local connection, peer = script.legacy {
      script.stream(function() return { { data = "", id = "e1", retry = 3600000 } } end), script.accepted,
    }
    local _, err = connection:call_tool("x", {}, { timeout = 5 })
    assert.equal("timeout", err.kind)
    assert.equal("notifications/cancelled", peer.log[4].message.method)
  end)

  it("refuses a place that no header can carry", function()
    local connection = script.legacy {
      script.stream(function() return { { data = "", id = "e\1", retry = 0 } } end) }
    local _, err = connection:call_tool "x"
    assert.equal("network", err.kind)
  end)

  it("tells the server when it gives up, with the id of the call", function()
    local connection, peer = script.legacy({ script.broken "timeout", script.accepted }, { session = "s1" })
    local _, err = connection:call_tool "x"
    assert.equal("timeout", err.kind)
    local notice = peer.log[4]
    assert.equal("notifications/cancelled", notice.message.method)
    assert.equal(peer.log[3].message.id, notice.message.params.requestId)
    assert.is_nil(notice.message.id)
    assert.equal("s1", notice.headers["mcp-session-id"])
    assert.is_true(notice.request.deadline > peer.log[3].request.deadline)
  end)

  it("tells nothing when the call never arrived", function()
    local connection, peer = script.legacy { script.broken("timeout", "none") }
    local _, err = connection:call_tool "x"
    assert.equal("none", err.outcome)
    assert.equal(3, peer:count())
  end)
end)
