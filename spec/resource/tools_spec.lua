-- What the client sends about tools, and how long it waits for one.
local errors = require "scalekit.error"
local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.peer"

local answer, client_of, peer = support.answer, support.client_of, support.peer

local BASE = "https://env.example.test/api/v1/"

local function tools_of(options)
  local server = peer(function() return answer(200, "{}") end)
  local client = client_of(server, options)
  return client.tools, server.requests, client
end

describe("client.tools", function()
  it("X02 D13 sends params and connector, whatever the caller calls them", function()
    local tools, requests = tools_of()
    tools:execute { tool_name = "t", connection_name = "gmail", identifier = "u", tool_input = { a = 1 } }
    tools:execute { tool_name = "t", connector = "gmail", identifier = "u", params = { a = 1 } }
    assert.same({ tool_name = "t", connector = "gmail", identifier = "u", params = { a = 1 } },
      json.decode(requests[1].body))
    assert.equal(requests[1].body, requests[2].body)
    assert.equal(BASE .. "execute_tool", requests[1].url)
  end)

  it("X02 sends parameters byte for byte as JSON has them", function()
    local tools, requests = tools_of()
    tools:execute { tool_name = "t", params = { list = json.array {}, map = {}, none = json.null,
      n = 3, deep = { { x = "é" } } } }
    assert.matches('"params":{"deep":[{"x":"é"}],"list":[],"map":{},"n":3,"none":null}',
      requests[1].body, 1, true)
  end)

  it("X04 raises for parameters that are no object", function()
    local tools, requests = tools_of()
    for _, params in ipairs { json.array {}, { 1, 2 }, "x", 7 } do
      local ok, message = pcall(function()
        return (tools:execute { tool_name = "t", params = params })
      end)
      assert.is_false(ok)
      assert.matches("execute_tool: params: expected object", message)
    end
    local _, err = tools:execute { params = {} }
    assert.equal("tool_name", err.fields[1].field)
    assert.equal(0, #requests)
  end)

  it("names parameters in the caller's words", function()
    local tools = tools_of()
    local _, message = pcall(function()
      return (tools:execute { tool_name = "t", tool_input = "x" })
    end)
    assert.matches("execute_tool: tool_input: expected object", message)
  end)

  it("X08 gives a tool a minute, not the time of other calls", function()
    local _, requests, client = tools_of()
    local before = core.now()
    client.tools:execute { tool_name = "t" }
    client.tools:list()
    local after = core.now()
    assert.is_true(requests[1].deadline >= before + 60 and requests[1].deadline <= after + 60)
    assert.is_true(requests[2].deadline <= after + 20)
  end)

  it("X08 takes the time of tools from the client's options, and a call's own before it", function()
    local tools, requests = tools_of { tool_timeout = 5 }
    local before = core.now()
    tools:execute { tool_name = "t" }
    tools:execute { tool_name = "t", timeout = 2 }
    local after = core.now()
    assert.is_true(requests[1].deadline >= before + 5 and requests[1].deadline <= after + 5)
    assert.is_true(requests[2].deadline <= after + 2)
  end)

  it("X08 never sends a call again whose answer did not come in time", function()
    local server = peer(function()
      return nil, errors.new { kind = "timeout", outcome = "unknown", message = "too late" }
    end)
    local _, err = client_of(server).tools:execute { tool_name = "t" }
    assert.same({ "timeout", "unknown", false, 1 },
      { err.kind, err.outcome, err.retryable, #server.requests })
  end)

  it("sends a tool's call at most once by the transport, too", function()
    local tools, requests = tools_of()
    tools:execute { tool_name = "t" }
    tools:list()
    assert.same({ true, false }, { requests[1].once, requests[2].once })
  end)

  it("L05 repeats the keys of filters", function()
    local tools, requests = tools_of()
    tools:list_scoped { identifier = "u", filter_providers = { "GMAIL", "SLACK" },
      filter_tool_names = { "a" }, filter_connection_names = { "my mail" } }
    assert.equal(BASE .. "tools/scoped?filter.connection_names=my%20mail&filter.providers=GMAIL"
      .. "&filter.providers=SLACK&filter.tool_names=a&identifier=u", requests[1].url)
  end)

  it("L04 wants to know whose tools", function()
    local tools, requests = tools_of()
    for _, method in ipairs { "list_scoped", "list_available" } do
      local _, err = tools[method](tools, {})
      assert.equal("identifier", err.fields[1].field)
    end
    assert.equal(0, #requests)
  end)

  it("L04 D14 hands on that a server wants a filter", function()
    local server = peer(function() return support.refusal(400, "VALIDATION_ERROR") end)
    local _, err = client_of(server).tools:list_scoped { identifier = "u" }
    assert.equal(400, err.status)
  end)
end)
