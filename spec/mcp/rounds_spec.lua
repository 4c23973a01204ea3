-- Calls that take several rounds because the server asks for input: 2026-07-28.

local core = require "scalekit.core"
local json = require "scalekit.json"
local script = require "spec.support.mcp_script"
local step = require "scalekit.driver.step"

local done = script.result '{"resultType":"complete","content":[{"type":"text","text":"done"}]}'

-- A result that asks for input; `state` is JSON text.
local function asks(requests, state)
  return script.result(('{"resultType":"input_required"%s%s}'):format(
    requests and ',"inputRequests":' .. requests or "", state and ',"requestState":' .. state or ""))
end

local FORM = [[{"method":"elicitation/create","params":{"mode":"form","message":"Who?",
  "requestedSchema":{"type":"object","properties":{"name":{"type":"string","default":"Ada"},
  "age":{"type":"integer"},"member":{"type":"boolean","default":false}}}}}]]
local ONE = '{"who":' .. FORM .. "}"

local function accept(content)
  return function() return { action = "accept", content = content } end
end

describe("mcp rounds", function()
  it("send the same call again with what was asked for", function()
    local connection, peer = script.modern { asks(ONE, '"s"'), done }
    local seen
    assert(connection:call_tool("x", { a = 1 }, {
      on_elicitation = function(request)
        seen = request
        return { action = "accept", content = { name = "Grace", age = 3 } }
      end,
    }))
    assert.equal("Who?", seen.message)
    assert.equal("integer", seen.requestedSchema.properties.age.type)
    local first, second = peer.log[2].message, peer.log[3].message
    assert.are_not.equal(first.id, second.id)
    assert.same({ name = "x", a = 1 }, { name = second.params.name, a = second.params.arguments.a })
    assert.same({ who = { action = "accept", content = { name = "Grace", age = 3, member = false } } },
      second.params.inputResponses)
    assert.equal("s", second.params.requestState)
    assert.is_nil(first.params.requestState)
    assert.equal("x", peer.log[3].headers["mcp-name"])
  end)

  it("hand the state back as the very bytes it came in", function()
    for _, state in ipairs {
      '"{\\"a\\": 1,\\u0020\\"b\\":[1.0]}"', '"\\/\\u00e9\\ud83d\\ude00"', '""', '"=?base64?QQ==?="',
    } do
      local connection, peer = script.modern { asks(ONE, state), done }
      assert(connection:call_tool("x", nil, { on_elicitation = accept() }))
      assert.equal(state, core.json_member(core.json_member(peer.log[3].body, "params"), "requestState"))
    end
  end)

  it("send no state where none was given", function()
    for _, state in ipairs { false, "null" } do
      local connection, peer = script.modern { asks(ONE, state or nil), done }
      assert(connection:call_tool("x", nil, { on_elicitation = accept() }))
      assert.is_nil(peer.log[3].body:find("requestState", 1, true))
    end
  end)

  it("use the latest state, and answers of their own", function()
    local connection, peer = script.modern { asks(ONE, '"1"'), asks('{"b":' .. FORM .. "}", '"2"'), done }
    local n = 0
    assert(connection:call_tool("x", nil, { on_elicitation = function()
      n = n + 1
      return { action = "accept", content = { name = tostring(n) } }
    end }))
    local last = peer.log[4].message.params
    assert.equal("2", last.requestState)
    assert.equal("2", last.inputResponses.b.content.name)
    assert.is_nil(last.inputResponses.who)
  end)

  it("never mix up calls that run side by side", function()
    local function serve(seen, peer)
      step.sleep(0.01)
      local name, state = seen.message.params.name, seen.message.params.requestState
      if not state then return asks(ONE, json.encode(name))(seen, peer) end
      assert.equal(name, state)
      return done(seen, peer)
    end
    local steps = {}
    for i = 1, 20 do steps[i] = serve end
    local connection = script.modern(steps)
    step.run(function()
      local calls = {}
      for i = 1, 10 do
        calls[i] = function()
          return connection:call_tool("t" .. i, nil, { on_elicitation = accept() })
        end
      end
      local results = step.all(calls)
      for i = 1, 10 do assert.is_table(results[i]) end
    end)
  end)

  it("repeat by themselves where there is only a state", function()
    local connection, peer = script.modern { asks(nil, '"wait"'), asks("{}", '"wait"'), done }
    assert(connection:call_tool "x")
    assert.is_nil(peer.log[4].body:find("inputResponses", 1, true))
    assert.equal("wait", peer.log[4].message.params.requestState)
  end)

  it("come to an end", function()
    local steps = {}
    for i = 1, 40 do steps[i] = asks(ONE, '"s"') end
    local connection, peer = script.modern(steps)
    local result, err = connection:call_tool("x", nil, { on_elicitation = accept() })
    assert.is_nil(result)
    assert.equal("protocol", err.kind)
    assert.equal("tools/call", err.operation)
    assert.is_true(peer:count() < 40)
  end)

  it("end by the deadline", function()
    local connection = script.modern { asks(nil, '"s"'), asks(nil, '"s"'), asks(nil, '"s"') }
    local result, err = connection:call_tool("x", nil, { timeout = 0.6 })
    assert.is_nil(result)
    assert.equal("timeout", err.kind)
    assert.equal("unknown", err.outcome)
  end)

  it("tell the server what it may ask, per call", function()
    local key = "io.modelcontextprotocol/clientCapabilities"
    local function nobody() end
    for text, opts in pairs {
      ["{}"] = {},
      ['{"elicitation":{}}'] = { on_elicitation = nobody },
      ['{"elicitation":{"url":{}}}'] = { on_url = nobody },
      ['{"elicitation":{"form":{},"url":{}},"sampling":{}}'] =
        { on_elicitation = nobody, on_url = nobody, on_sampling = nobody },
    } do
      local connection, peer = script.modern { done }
      assert(connection:call_tool("x", nil, opts))
      assert.equal(text, json.encode(peer.log[2].message.params._meta[key]))
    end
  end)

  it("answer for every method that may ask", function()
    local asking = asks(ONE, '"s"')
    local connection, peer = script.modern({
      asking, script.result '{"contents":[]}', asking, script.result '{"messages":[]}',
    }, { on_elicitation = accept() })
    assert(connection:read_resource "file:///a")
    assert(connection:get_prompt "p")
    assert.equal("file:///a", peer.log[3].message.params.uri)
    assert.equal("p", peer.log[5].message.params.name)
    assert.equal("s", peer.log[5].message.params.requestState)
  end)

  it("are not for other methods", function()
    local connection = script.modern({ asks(ONE, '"s"') }, { on_elicitation = accept() })
    local list, err = connection:list_tools()
    assert.is_nil(list)
    assert.equal("protocol", err.kind)
  end)

  it("refuse what nobody answers, and send nothing", function()
    local sampling = '{"s":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}}'
    local roots = '{"r":{"method":"roots/list"}}'
    local url = '{"u":{"method":"elicitation/create","params":{"mode":"url","url":"https://a"}}}'
    local mode = '{"u":{"method":"elicitation/create","params":{"mode":"voice","message":"?"}}}'
    for _, requests in ipairs { sampling, roots, url, mode, '{"p":{"method":"ping"}}' } do
      local connection, peer = script.modern { asks(requests, '"s"') }
      local result, err = connection:call_tool("x", nil, { on_elicitation = accept() })
      assert.is_nil(result)
      assert.equal("unimplemented", err.kind)
      assert.is_table(err.data)
      assert.equal(2, peer:count())
    end
  end)

  it("refuse nonsense", function()
    for _, requests in ipairs { "[]", '"x"', "3", '{"a":3}', '{"a":{}}', '{"a":{"method":7}}' } do
      local connection = script.modern { asks(requests, '"s"') }
      local result, err = connection:call_tool("x", nil, { on_elicitation = accept() })
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
    end
    for _, state in ipairs { "3", "{}", "true" } do
      local connection = script.modern { asks(ONE, state) }
      local _, err = connection:call_tool("x", nil, { on_elicitation = accept() })
      assert.equal("protocol", err.kind)
    end
    local connection = script.modern { asks() }
    local _, err = connection:call_tool "x"
    assert.equal("protocol", err.kind)
  end)
end)
