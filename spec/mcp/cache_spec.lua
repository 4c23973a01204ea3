-- Lists are kept as long as the server says, and not longer.

local core = require "scalekit.core"
local script = require "spec.support.mcp_script"

local function list(ttl, name, more)
  return script.result(('{"tools":[{"name":"%s","inputSchema":{"type":"object"}}]%s%s}'):format(
    name or "a", ttl and ',"ttlMs":' .. ttl or "", more or ""))
end

local CHANGED = '{"jsonrpc":"2.0","method":"notifications/%s/list_changed"}'

local function calling(notification)
  return script.stream(function(seen)
    return { notification, script.answer(seen, '{"content":[]}') }
  end)
end

describe("mcp cache", function()
  it("spares the server a request while a list holds", function()
    local connection, peer = script.modern { list(60000) }
    local first = assert(connection:list_tools())
    local second = assert(connection:list_tools())
    assert.equal(2, peer:count())
    assert.equal(first[1], second[1])
    first[1] = nil
    assert.equal("a", assert(connection:list_tools())[1].name)
  end)

  it("keeps no list that does not say how long it holds, or not at all", function()
    for _, ttl in ipairs { false, "0", "-5", '"9"', "null" } do
      local connection = script.modern { list(ttl or nil, "a"), list(nil, "b") }
      assert.equal("a", assert(connection:list_tools())[1].name)
      assert.equal("b", assert(connection:list_tools())[1].name)
    end
  end)

  it("ends with its time", function()
    local connection = script.modern { list(20, "a"), list(nil, "b") }
    assert.equal("a", assert(connection:list_tools())[1].name)
    core.sleep(0.03)
    assert.equal("b", assert(connection:list_tools())[1].name)
  end)

  it("holds no longer than the shortest of the pages", function()
    local connection, peer = script.modern {
      list(60000, "a", ',"nextCursor":"n"'), list(0, "b"), list(0, "c"),
    }
    assert.equal(2, #assert(connection:list_tools()))
    assert.equal(1, #assert(connection:list_tools()))
    assert.equal(4, peer:count())
  end)

  it("is passed by on demand", function()
    local connection = script.modern { list(60000, "a"), list(60000, "b") }
    assert(connection:list_tools())
    assert.equal("b", assert(connection:list_tools { refresh = true })[1].name)
    assert.equal("b", assert(connection:list_tools())[1].name)
  end)

  it("is dropped when the server says that the list has changed", function()
    local connection = script.modern { list(60000, "a"), calling(CHANGED:format "tools"), list(60000, "b") }
    assert(connection:list_tools())
    assert(connection:call_tool "x")
    assert.equal("b", assert(connection:list_tools())[1].name)
  end)

  it("does not mind changes of other lists", function()
    local connection, peer = script.modern { list(60000, "a"), calling(CHANGED:format "prompts") }
    assert(connection:list_tools())
    assert(connection:call_tool "x")
    assert(connection:list_tools())
    assert.equal(3, peer:count())
  end)

  it("does not keep a list that changed while it was fetched", function()
    local connection = script.modern {
      script.stream(function(seen)
        return {
          CHANGED:format "tools",
          script.answer(seen, '{"tools":[],"ttlMs":60000}'),
        }
      end),
      list(60000, "b"),
    }
    assert.same({}, connection:list_tools())
    assert.equal("b", assert(connection:list_tools())[1].name)
  end)

  it("keeps nothing for another token", function()
    local n = 0
    local connection = script.modern({ list(60000, "a"), script.http(401), script.result '{"content":[]}',
      list(60000, "b") }, { token = function()
      n = n + 1
      return "token-" .. n
    end })
    assert(connection:list_tools())
    assert(connection:call_tool "x")
    assert.equal("b", assert(connection:list_tools())[1].name)
  end)

  it("is one of each connection, for every list", function()
    local lists = {
      list_prompts = "prompts", list_resources = "resources", list_resource_templates = "resourceTemplates",
    }
    for name, member in pairs(lists) do
      local text = ('{"%s":[{"name":"a"}],"ttlMs":60000}'):format(member)
      local connection, peer = script.modern { script.result(text) }
      assert(connection[name](connection))
      assert.equal("a", assert(connection[name](connection))[1].name)
      assert.equal(2, peer:count())
    end
  end)
end)
