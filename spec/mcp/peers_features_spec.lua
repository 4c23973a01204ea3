-- What a server may offer besides tools, and what it may ask, against servers
-- that others wrote.

local core = require "scalekit.core"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local node_peer = require "spec.support.node_peer"
local step = require "scalekit.driver.step"

local function text_of(result)
  assert.is_nil(result.isError)
  return result.content[1].text
end

local function names(list, member)
  local found = {}
  for i, one in ipairs(list) do found[i] = one[member] end
  return found
end

local function sampled(words)
  return function(params)
    return { role = "assistant", model = "none", content = {
      type = "text", text = words .. " (" .. params.maxTokens .. ")",
    } }
  end
end

node_peer.describe("features of server-everything", "everything", nil, function(peer)
  local connection, log
  local on_elicitation, visited

  before_each(function()
    log, visited = {}, {}
    connection = assert(mcp.connect {
      url = peer.url .. "/mcp",
      on_message = function(params) log[#log + 1] = params.level end,
      on_elicitation = function(params) return on_elicitation(params) end,
      on_url = function(params)
        visited[#visited + 1] = params.url
        return { action = "accept" }
      end,
      on_sampling = sampled "a poem",
    })
  end)
  after_each(function() connection:close() end)

  it("include resources and their templates", function()
    local resources = assert(connection:list_resources())
    assert.is_true(#resources > 0)
    local first = assert(connection:read_resource(resources[1].uri)).contents[1]
    assert.equal(resources[1].uri, first.uri)
    assert.is_string(first.text)
    local templates = names(assert(connection:list_resource_templates()), "uriTemplate")
    table.sort(templates)
    assert.same({
      "demo://resource/dynamic/blob/{resourceId}", "demo://resource/dynamic/text/{resourceId}",
    }, templates)
    local blob = assert(connection:read_resource "demo://resource/dynamic/blob/1").contents[1]
    assert.is_string(blob.blob)
    local none, err = connection:read_resource "demo://resource/none"
    assert.is_nil(none)
    assert.is_truthy(err.kind == "not_found" or err.kind == "bad_request")
  end)

  it("include prompts", function()
    assert.equal(4, #assert(connection:list_prompts()))
    local prompt = assert(connection:get_prompt("args-prompt", { city = "Zürich" }))
    assert.is_truthy(prompt.messages[1].content.text:find("Zürich", 1, true))
    local none, err = connection:get_prompt "args-prompt"
    assert.is_nil(none)
    assert.equal("bad_request", err.kind)
  end)

  it("include completion that knows of other arguments", function()
    local completion = assert(connection:complete {
      prompt = "completable-prompt", argument = "name", value = "E",
      arguments = { department = "Sales" },
    })
    assert.same({ "Eve" }, completion.values)
    assert.same({ "1" }, assert(connection:complete {
      resource = "demo://resource/dynamic/text/{resourceId}", argument = "resourceId", value = "1",
    }).values)
  end)

  it("include forms, whose defaults are filled in", function()
    local asked
    on_elicitation = function(params)
      asked = params
      return { action = "accept", content = { name = "Ada", integer = 7 } }
    end
    local result = assert(connection:call_tool "trigger-elicitation-request")
    assert.equal("object", asked.requestedSchema.type)
    local seen
    for _, block in ipairs(result.content) do seen = seen or block.text:match "Raw result: (.*)" end
    assert.same({
      name = "Ada", integer = 7, firstLine = "It was a dark and stormy night.", number = 3.14,
      untitledSingleSelectEnum = "Monica", untitledMultipleSelectEnum = { "Guitar" },
      titledSingleSelectEnum = "hero-1", titledMultipleSelectEnum = { "fish-1" },
      legacyTitledEnum = "pet-1",
    }, json.decode(seen).content)
  end)

  it("include forms that the user declines, or does not answer", function()
    for action, answer in pairs { decline = { action = "decline" }, cancel = false } do
      on_elicitation = function() return answer or nil end
      local result = assert(connection:call_tool "trigger-elicitation-request")
      local raw = result.content[#result.content].text:match "Raw result: (.*)"
      assert.same({ action = action }, json.decode(raw))
    end
  end)

  it("include links that the user is to open", function()
    local url = "https://example.com/sign-in"
    local result = assert(connection:call_tool("trigger-url-elicitation", { url = url }))
    assert.same({ url }, visited)
    assert.is_truthy(text_of(result):find("completed", 1, true))
  end)

  it("include links that come as an error", function()
    local result, err = connection:call_tool("trigger-url-elicitation",
      { url = "https://example.com/a", errorPath = true })
    assert.is_nil(result)
    assert.equal(-32042, err.code)
    assert.equal("authorization_required", err.kind)
    assert.equal("url", err.data.elicitations[1].mode)
  end)

  it("include sampling", function()
    local result = assert(connection:call_tool("trigger-sampling-request",
      { prompt = "A poem", maxTokens = 5 }))
    assert.is_truthy(text_of(result):find("a poem (5)", 1, true))
  end)

  it("include log messages, as soon as somebody listens", function()
    assert(connection:set_log_level "debug")
    step.run(function()
      local changes = assert(connection:listen { toolsListChanged = true })
      assert(connection:call_tool "toggle-simulated-logging")
      for _ = 1, 5 do
        changes:read(0.2)
        if #log > 0 then break end
      end
      changes:close()
    end)
    assert.is_true(#log > 0)
  end)

  it("include changes of resources", function()
    step.run(function()
      local uri = "demo://resource/dynamic/text/1"
      local changes = assert(connection:listen { resourceSubscriptions = { uri } })
      assert(connection:call_tool "toggle-subscriber-updates")
      local notification = assert(changes:read(5))
      assert.equal("notifications/resources/updated", notification.method)
      assert.equal(uri, notification.params.uri)
      changes:close()
    end)
  end)
end)

node_peer.describe("features of a session of TypeScript SDK 1", "sdk1", nil, function(peer)
  local connection, log

  before_each(function()
    log = {}
    connection = assert(mcp.connect {
      url = peer.url .. "/mcp",
      on_message = function(params) log[#log + 1] = params.data end,
    })
  end)
  after_each(function() connection:close() end)

  it("include log messages of a call, as loud as wished", function()
    assert(connection:set_log_level "warning")
    assert.equal("logged", text_of(assert(connection:call_tool "log")))
    -- the SDK filters what the server says, not what a call says on its own stream
    assert.same({ "debug of the call", "warning of the call" }, log)
  end)

  it("include answers of a client that can be asked anything", function()
    local asked = assert(mcp.connect {
      url = peer.url .. "/mcp", on_sampling = sampled "yes", on_elicitation = function(params)
        return { action = "accept", content = { said = params.message } }
      end,
    })
    local function ask(method)
      return text_of(assert(asked:call_tool("ask", { method = method })))
    end
    assert.same({ said = "?" }, json.decode(ask "elicitation/create").content)
    assert.equal("yes (1)", json.decode(ask "sampling/createMessage").content.text)
    assert.equal("-32601", ask "roots/list")
    asked:close()
  end)

  it("include changes of resources and tools, which put the list out of date", function()
    step.run(function()
      local before = #assert(connection:list_tools())
      local changes = assert(connection:listen {
        resourceSubscriptions = { "note://one" }, toolsListChanged = true,
      })
      assert.same({ "note://one" }, changes.acknowledged.resourceSubscriptions)
      assert(connection:call_tool "touch")
      local seen = {}
      for i = 1, 2 do seen[i] = assert(changes:read(5)).method end
      table.sort(seen)
      assert.same({ "notifications/resources/updated", "notifications/tools/list_changed" }, seen)
      assert.equal(before + 1, #assert(connection:list_tools()))
      changes:close()
      assert(connection:call_tool "touch")
      assert.is_nil(changes:read(5))
    end)
  end)

  it("include the cancellation of a call by its coroutine", function()
    local function abandoned()
      return tonumber(text_of(assert(connection:call_tool "abandoned")))
    end
    step.run(function()
      local before = abandoned()
      local task = step.spawn(function() return connection:call_tool "slow" end)
      step.sleep(0.2)
      task:cancel()
      local result, err = task:join()
      assert.is_nil(result)
      assert.equal("cancelled", err.kind)
      local after = before
      for _ = 1, 100 do
        after = abandoned()
        if after > before then break end
        step.sleep(0.05)
      end
      assert.equal(before + 1, after)
    end)
  end)
end)

for _, path in ipairs { "/strict", "/stream" } do
  node_peer.describe("features of TypeScript SDK 2 at " .. path, "sdk2", nil, function(peer)
    local connection, log
    local answer, visited

    before_each(function()
      log, visited = {}, {}
      connection = assert(mcp.connect {
        url = peer.url .. path,
        on_message = function(params) log[#log + 1] = params end,
        on_elicitation = function(params) return answer(params) end,
        on_url = function(params)
          visited[#visited + 1] = params.url
          return { action = "decline" }
        end,
        on_sampling = sampled "roses",
      })
    end)
    after_each(function() connection:close() end)

    it("include instructions", function()
      assert.equal("Ask nicely.", connection.instructions)
      assert.is_table(connection.capabilities.prompts)
    end)

    it("include resources and their templates", function()
      assert.same({ "note://one" }, names(assert(connection:list_resources()), "uri"))
      local templates = assert(connection:list_resource_templates())
      assert.same({ "note://{name}" }, names(templates, "uriTemplate"))
      for _, uri in ipairs { "note://one", "note://z%C3%BCrich", "note://a%20b?x=1" } do
        assert.equal(uri, assert(connection:read_resource(uri)).contents[1].text)
      end
      local none, err = connection:read_resource "other://one"
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
    end)

    it("include prompts", function()
      assert.equal("name", assert(connection:list_prompts())[1].arguments[1].name)
      local prompt = assert(connection:get_prompt("greet", { name = "Ada" }))
      assert.equal("Greet Ada", prompt.messages[1].content.text)
    end)

    it("include completion", function()
      local function complete(what)
        what.argument = "name"
        return assert(connection:complete(what)).values
      end
      assert.same({ "Ada", "Alan" }, complete { prompt = "greet", value = "A" })
      assert.same({ "one", "other" }, complete { resource = "note://{name}", value = "o" })
    end)

    it("include forms, whose defaults are filled in", function()
      answer = function(params)
        assert.equal("Sure?", params.message)
        return { action = "accept", content = { why = "because" } }
      end
      local said = json.decode(text_of(assert(connection:call_tool "confirm")))
      assert.equal("accept", said.action)
      assert.same({ sure = true, why = "because" }, said.content)
    end)

    it("include forms that the user dismisses", function()
      answer = function() return nil end
      assert.same({ kind = "elicit", action = "cancel" },
        json.decode(text_of(assert(connection:call_tool "confirm"))))
    end)

    it("include links that the user is to open", function()
      assert.equal("decline", text_of(assert(connection:call_tool "visit")))
      assert.same({ "https://example.com/page" }, visited)
    end)

    it("include sampling", function()
      assert.equal("roses (100)", text_of(assert(connection:call_tool "poem")))
    end)

    it("include several rounds, whose state comes back byte by byte", function()
      answer = function() return { action = "accept", content = { name = "Ada" } } end
      local said = text_of(assert(connection:call_tool "patient"))
      assert.equal("first ü \226\128\168 second, Ada", said)
    end)

    it("include log messages of a call, as loud as wished", function()
      assert.equal("logged", text_of(assert(connection:call_tool "log")))
      assert.same({ { level = "warning", logger = "peer", data = { loud = true } } }, log)
      assert(connection:set_log_level "debug")
      assert(connection:call_tool "log")
      assert.equal(3, #log)
    end)

    it("include changes of every kind", function()
      step.run(function()
        local wanted = {
          toolsListChanged = true, promptsListChanged = true, resourcesListChanged = true,
          resourceSubscriptions = { "note://one" },
        }
        local changes = assert(connection:listen(wanted))
        assert.same(wanted, changes.acknowledged)
        for what, method in pairs {
          tools = "notifications/tools/list_changed",
          prompts = "notifications/prompts/list_changed",
          resources = "notifications/resources/list_changed",
          ["note://one"] = "notifications/resources/updated",
        } do
          assert(connection:call_tool("touch", { what = "note://two" })) -- nobody asked for it
          assert(connection:call_tool("touch", { what = what }))
          assert.equal(method, assert(changes:read(5)).method)
        end
        local none, err = changes:read(0.05)
        assert.is_nil(none)
        assert.equal("timeout", err.kind)
        assert.equal("none", err.outcome)
        changes:close()
      end)
    end)

    it("include changes from a server that fell silent", function()
      local changes = assert(connection:listen({ toolsListChanged = true }, { idle_timeout = 0.1 }))
      local none, err = changes:read(5)
      assert.is_nil(none)
      assert.equal("network", err.kind)
    end)

    it("include the cancellation of a call by its coroutine", function()
      local function abandoned()
        return tonumber(text_of(assert(connection:call_tool "abandoned")))
      end
      step.run(function()
        local before = abandoned()
        local task = step.spawn(function() return connection:call_tool "slow" end)
        step.sleep(0.2)
        task:cancel()
        local _, err = task:join()
        assert.equal("cancelled", err.kind)
        local after = before
        for _ = 1, 100 do
          after = abandoned()
          if after > before then break end
          core.sleep(0.02)
        end
        assert.equal(before + 1, after)
      end)
    end)
  end)
end
