-- Resources, prompts, completion, log level; both eras say the same here.

local core = require "scalekit.core"
local json = require "scalekit.json"
local script = require "spec.support.mcp_script"

local function last(peer)
  return peer.log[peer:count()]
end

for _, era in ipairs { "modern", "legacy" } do
  local open = script[era]

  describe("mcp connection, " .. era .. ":", function()
    for name, case in pairs {
      list_resources = { "resources/list", "resources", '{"uri":"a:1","name":"one"}' },
      list_resource_templates =
        { "resources/templates/list", "resourceTemplates", '{"uriTemplate":"a:{n}","name":"one"}' },
      list_prompts = { "prompts/list", "prompts", '{"name":"one", "arguments":[]}' },
    } do
      local method, member, item = case[1], case[2], case[3]

      it(name .. " collects all pages, with the exact text of each item", function()
        local connection, peer = open {
          script.result(('{"%s":[%s,3],"nextCursor":"n"}'):format(member, item)),
          script.result(('{"%s":[%s]}'):format(member, item)),
        }
        local list = assert(connection[name](connection))
        assert.equal(2, #list)
        assert.equal("one", list[1].name)
        assert.equal(item, list[2].raw)
        assert.equal(method, last(peer).message.method)
        assert.equal("n", last(peer).message.params.cursor)
      end)

      it(name .. " refuses an answer without a list", function()
        local connection = open { script.result "{}" }
        local list, err = connection[name](connection)
        assert.is_nil(list)
        assert.equal("protocol", err.kind)
        assert.equal(method, err.operation)
      end)
    end

    it("read_resource returns the contents", function()
      local text = '{"contents":[{"uri":"a:1","text":"words"},{"uri":"a:1","blob":"QQ=="}], "x":1.0}'
      local connection, peer = open { script.result(text) }
      local result = assert(connection:read_resource "a:1")
      assert.equal("words", result.contents[1].text)
      assert.equal(text, result.raw)
      assert.equal("a:1", last(peer).message.params.uri)
    end)

    it("read_resource knows both ways to say that there is none", function()
      for code, data in pairs { [-32002] = { uri = "a:1" }, [-32602] = { uri = "a:1" } } do
        local connection = open { script.fault(code, "Resource not found", data) }
        local result, err = connection:read_resource "a:1"
        assert.is_nil(result)
        assert.equal("not_found", err.kind)
      end
      local connection = open { script.fault(-32602, "bad") }
      local _, err = connection:read_resource "a:1"
      assert.equal("bad_request", err.kind)
    end)

    it("get_prompt sends its arguments and returns the messages", function()
      local text = '{"messages":[{"role":"user","content":{"type":"text","text":"hi"}}]}'
      local connection, peer = open { script.result(text), script.result(text) }
      local result = assert(connection:get_prompt("greet", { name = "Ada" }))
      assert.equal("hi", result.messages[1].content.text)
      assert.equal(text, result.raw)
      assert.same({ name = "Ada" }, last(peer).message.params.arguments)
      assert(connection:get_prompt("greet", {}))
      assert.is_nil(last(peer).body:find("arguments", 1, true))
    end)

    it("complete asks about prompts and templates", function()
      local answer = '{"completion":{"values":["Paris","Parma"],"total":2,"hasMore":false}}'
      local connection, peer = open { script.result(answer), script.result(answer) }
      local completion = assert(connection:complete {
        prompt = "trip", argument = "city", value = "Par", arguments = { country = "it" },
      })
      assert.same({ "Paris", "Parma" }, completion.values)
      assert.is_false(completion.hasMore)
      local params = last(peer).message.params
      assert.same({ type = "ref/prompt", name = "trip" }, params.ref)
      assert.same({ name = "city", value = "Par" }, params.argument)
      assert.same({ arguments = { country = "it" } }, params.context)
      assert(connection:complete { resource = "a:{city}", argument = "city" })
      params = last(peer).message.params
      assert.same({ type = "ref/resource", uri = "a:{city}" }, params.ref)
      assert.same({ name = "city", value = "" }, params.argument)
      assert.is_nil(params.context)
    end)

    it("results without what they have to hold are none", function()
      for text, ask in pairs {
        ['{"contents":{}}'] = function(connection) return connection:read_resource "a:1" end,
        ['{"messages":"x"}'] = function(connection) return connection:get_prompt "p" end,
        ['{"completion":{}}'] = function(connection)
          return connection:complete { prompt = "p", argument = "a" }
        end,
        ['{"completion":[]}'] = function(connection)
          return connection:complete { prompt = "p", argument = "a" }
        end,
      } do
        local connection = open { script.result(text) }
        local result, err = ask(connection)
        assert.is_nil(result)
        assert.equal("protocol", err.kind)
        assert.is_string(err.operation)
      end
    end)

    it("misuse raises where the caller stands", function()
      local connection = open {}
      for _, case in ipairs {
        { function() connection:read_resource() end, "address of the resource" },
        { function() connection:subscribe "" end, "address of the resource" },
        { function() connection:get_prompt(3) end, "name of the prompt" },
        { function() connection:get_prompt("p", { n = 3 }) end, "must be strings" },
        { function() connection:get_prompt("p", "x") end, "must be a table" },
        { function() connection:complete() end, "either 'prompt' or 'resource'" },
        { function() connection:complete { prompt = "p", resource = "r", argument = "a" } end, "either" },
        { function() connection:complete { prompt = "p" } end, "'argument' is required" },
        { function() connection:complete { prompt = "p", argumnet = "a" } end, "did you mean 'argument'" },
        { function() connection:set_log_level "warn" end, "unknown level" },
        { function() connection:set_log_level "warnin" end, "did you mean 'warning'" },
        { function() connection:listen {} end, "what to listen for" },
        { function() connection:listen { toolsListChanged = 1 } end, "must be a boolean" },
        { function() connection:listen { toolListChanged = true } end, "did you mean 'toolsListChanged'" },
        { function() connection:listen { resourceSubscriptions = { 3 } } end, "a list of strings" },
        { function() connection:list_tools { idle_timeout = 0 } end, "idle_timeout" },
        { function() connection:call_tool("x", {}, { on_elicitation = 3 }) end, "on_elicitation" },
      } do
        local ok, message = pcall(case[1])
        assert.is_false(ok)
        assert.matches("feature_spec.lua:%d+:", message)
        assert.is_truthy(message:find(case[2], 1, true), message)
      end
    end)

    it("the callbacks of connect serve every call that has none of its own", function()
      local function notices(seen)
        return {
          ('{"jsonrpc":"2.0","method":"notifications/progress",'
            .. '"params":{"progressToken":%d,"progress":1}}'):format(seen.message.id),
          '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"log"}}',
          script.answer(seen, '{"content":[]}'),
        }
      end
      local heard = {}
      local function note(name)
        return function() heard[#heard + 1] = name end
      end
      local connection = open({ script.stream(notices), script.stream(notices) },
        { on_progress = note "progress", on_message = note "message" })
      assert(connection:call_tool "x")
      assert(connection:call_tool("x", nil, { on_progress = note "own" }))
      assert.same({ "progress", "message", "own", "message" }, heard)
    end)

    it("warns of tools that are left out", function()
      local warnings = {}
      local connection = open({ script.result '{"tools":[{"name":"bare"}]}' },
        { on_warning = function(warning) warnings[#warnings + 1] = warning end })
      assert.same({}, connection:list_tools())
      assert.same({ { tool = "bare", message = "it has no input schema" } }, warnings)
      assert.same(warnings, connection.warnings)
    end)
  end)
end

describe("mcp connection, modern:", function()
  it("the log level goes with each call that listens", function()
    local done = script.result '{"content":[]}'
    local connection, peer = script.modern { done, done }
    assert.is_true(connection:set_log_level "error")
    assert(connection:call_tool "x")
    assert(connection:call_tool("x", nil, { on_message = function() end }))
    local key = "io.modelcontextprotocol/logLevel"
    assert.is_nil(peer.log[2].message.params._meta[key])
    assert.equal("error", peer.log[3].message.params._meta[key])
  end)

  it("subscribe points to listen", function()
    local connection, peer = script.modern {}
    local ok, err = connection:subscribe "a:1"
    assert.is_nil(ok)
    assert.equal("unimplemented", err.kind)
    assert.is_truthy(err.message:find("listen", 1, true))
    assert.equal(1, peer:count())
  end)

  it("a name goes into its header, whatever it is", function()
    local connection, peer = script.modern {
      script.result '{"contents":[]}', script.result '{"messages":[]}',
    }
    assert(connection:read_resource "file:///a%20b/ü")
    assert(connection:get_prompt "Zürich")
    assert.equal("=?base64?" .. core.base64("file:///a%20b/ü") .. "?=", peer.log[2].headers["mcp-name"])
    assert.equal("=?base64?WsO8cmljaA==?=", peer.log[3].headers["mcp-name"])
  end)
end)

describe("mcp connection, legacy:", function()
  it("the log level is told to the session, and to the one that replaces it", function()
    local opening, opened = script.handshake(nil, "s2")
    local connection, peer = script.legacy({
      script.result "{}", script.http(404), opening, opened, script.result "{}",
      script.result '{"content":[]}',
    }, { session = "s1" })
    assert.is_true(connection:set_log_level "error")
    assert.same({ level = "error" }, peer.log[3].message.params)
    assert(connection:call_tool "x")
    assert.equal("logging/setLevel", peer.log[7].message.method)
    assert.equal("s2", peer.log[7].headers["mcp-session-id"])
  end)

  it("subscribe and unsubscribe are requests", function()
    local connection, peer = script.legacy {
      script.result "{}", script.result "{}", script.fault(-32601, "no"),
    }
    assert.is_true(connection:subscribe "a:1")
    assert.is_true(connection:unsubscribe "a:1")
    assert.equal("resources/subscribe", peer.log[3].message.method)
    assert.equal("resources/unsubscribe", peer.log[4].message.method)
    local ok, err = connection:subscribe "a:1"
    assert.is_nil(ok)
    assert.equal(-32601, err.code)
  end)

  it("a callback that the session was not opened with is warned of", function()
    local warnings = {}
    local connection = script.legacy({ script.result '{"content":[]}' },
      { on_warning = function(warning) warnings[#warnings + 1] = warning.message end })
    assert(connection:call_tool("x", nil, { on_sampling = function() end }))
    assert.equal(1, #warnings)
    assert.is_truthy(warnings[1]:find("on_sampling", 1, true))
  end)

  it("what the server may ask is said in the handshake", function()
    local function nobody() end
    for text, opts in pairs {
      ["{}"] = {}, ['{"elicitation":{}}'] = { on_elicitation = nobody },
      ['{"sampling":{}}'] = { on_sampling = nobody },
      ['{"elicitation":{"form":{},"url":{}}}'] = { on_elicitation = nobody, on_url = nobody },
    } do
      local _, peer = script.legacy({}, opts)
      assert.equal(text, json.encode(peer.log[1].message.params.capabilities))
    end
  end)

  it("the server's questions are answered by the callbacks, with the very id", function()
    local function question(id, method, params)
      return ('{"jsonrpc":"2.0","id":%s,"method":"%s","params":%s}'):format(id, method, params)
    end
    local connection, peer = script.legacy({
      script.stream(function(seen)
        return {
          question('"e"', "elicitation/create",
            '{"message":"?","requestedSchema":{"properties":{"n":{"default":7}}}}'),
          question("2.0", "sampling/createMessage", '{"messages":[]}'),
          question("3", "sampling/createMessage", '{"messages":[]}'),
          question("4", "elicitation/create", '{"mode":"url","url":"https://a"}'),
          script.answer(seen, '{"content":[]}'),
        }
      end), script.accepted, script.accepted, script.accepted, script.accepted,
    }, { on_elicitation = function() return { action = "accept" } end })
    local asked = 0
    local message = { role = "assistant", model = "m", content = { type = "text", text = "hi" } }
    assert(connection:call_tool("x", nil, { on_sampling = function()
      asked = asked + 1
      return asked == 1 and message or nil
    end }))
    assert.is_truthy(peer.log[4].body:find('"id":"e"', 1, true))
    assert.same({ action = "accept", content = { n = 7 } }, peer.log[4].message.result)
    assert.is_truthy(peer.log[5].body:find('"id":2.0', 1, true))
    assert.same(message, peer.log[5].message.result)
    assert.equal(-1, peer.log[6].message.error.code)
    assert.equal(-32602, peer.log[7].message.error.code)
  end)
end)
