-- The client against servers that others wrote, over real HTTP.

local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local node_peer = require "spec.support.node_peer"
local step = require "scalekit.driver.step"

local describe_peer = node_peer.describe

local function find(tools, name)
  for _, tool in ipairs(tools) do
    if tool.name == name then return tool end
  end
end

local function get(url)
  return assert(curl.new {} {
    method = "POST", url = url, headers = {},
    auth = core.secret "secret-1", deadline = core.now() + 10,
  })
end

describe_peer("mcp and server-everything", "everything", nil, function(peer)
  local connection
  before_each(function() connection = assert(mcp.connect { url = peer.url .. "/mcp" }) end)
  after_each(function() connection:close() end)

  it("open a session of the legacy era", function()
    assert.equal("legacy", connection.era)
    assert.equal("2025-11-25", connection.protocol_version)
    assert.is_truthy(connection.server_info.name:find "everything")
    assert.is_true(connection:ping())
  end)

  it("list and call tools", function()
    local tools = assert(connection:list_tools())
    local tool = assert(find(tools, "get-sum"))
    assert.same(tool.inputSchema, json.decode(tool.raw).inputSchema)
    local result = assert(connection:call_tool("get-sum", { a = 2, b = 3 }))
    assert.is_truthy(result.content[1].text:find "5")
    local image = assert(connection:call_tool "get-tiny-image")
    local kinds = {}
    for _, block in ipairs(image.content) do kinds[block.type] = true end
    assert.is_true(kinds.image)
    local structured = assert(connection:call_tool("get-structured-content", { location = "Chicago" }))
    assert.is_number(structured.structuredContent.temperature)
  end)

  it("report a tool that does not exist, and arguments that are wrong", function()
    local result, err = connection:call_tool "no-such-tool"
    assert.is_true(err and err.kind == "bad_request" or result and result.isError)
    result = connection:call_tool("get-sum", { a = "x" })
    assert.is_true(result == nil or result.isError)
  end)

  it("follow the progress of a long call", function()
    local steps = {}
    local result = assert(connection:call_tool("trigger-long-running-operation",
      { duration = 0.2, steps = 4 },
      { on_progress = function(params) steps[#steps + 1] = params.progress end }))
    assert.is_truthy(result.content[1].text:find "completed")
    assert.same({ 1, 2, 3, 4 }, steps)
  end)
end)

for _, path in ipairs { "/mcp", "/json" } do
  describe_peer("mcp and TypeScript SDK 1 at " .. path, "sdk1", "secret-1", function(peer)
    local connection
    before_each(function()
      connection = assert(mcp.connect { url = peer.url .. path, token = "secret-1" })
    end)
    after_each(function() connection:close() end)

    it("open a session and end it", function()
      assert.equal("legacy", connection.era)
      local before = tonumber(get(peer.url .. "/sessions").body)
      connection:close()
      assert.equal(before - 1, tonumber(get(peer.url .. "/sessions").body))
    end)

    it("list and call tools", function()
      local add = assert(find(assert(connection:list_tools()), "add"))
      assert.equal("object", add.inputSchema.type)
      local result = assert(connection:call_tool("add", { a = 1, b = 2 }))
      assert.equal(3, result.structuredContent.sum)
      assert.equal('{"sum":3}', core.json_member(result.raw, "structuredContent"))
      local failed = assert(connection:call_tool "fail")
      assert.is_true(failed.isError)
      assert.equal("it did not work", failed.content[1].text)
    end)

    it("refuse a wrong token at once, with the challenge", function()
      for _, token in ipairs { "wrong", nil } do
        local none, err = mcp.connect { url = peer.url .. path, token = token }
        assert.is_nil(none)
        assert.equal("unauthorized", err.kind)
        assert.equal("invalid_token", err.challenge.error)
        assert.equal("http://127.0.0.1/meta", err.challenge.resource_metadata)
      end
    end)

    it("survive the loss of the session", function()
      assert.equal(204, get(peer.url .. "/forget").status)
      assert.equal(3, assert(connection:call_tool("add", { a = 1, b = 2 })).structuredContent.sum)
    end)

    it("have many calls at once on one connection", function()
      step.run(function()
        local calls = {}
        for i = 1, 50 do
          calls[i] = function() return connection:call_tool("add", { a = i, b = i }) end
        end
        local results = step.all(calls)
        for i = 1, 50 do assert.equal(2 * i, results[i].structuredContent.sum) end
      end)
    end)

    it("give up a call at its deadline and say so", function()
      local before = tonumber(assert(connection:call_tool "abandoned").content[1].text)
      local result, err = connection:call_tool("slow", {}, { timeout = 0.4 })
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      assert.equal("unknown", err.outcome)
      assert.equal(before + 1, tonumber(assert(connection:call_tool "abandoned").content[1].text))
    end)

    if path == "/json" then return end

    it("follow progress", function()
      local steps = {}
      assert(connection:call_tool("count", { to = 5 },
        { on_progress = function(params) steps[#steps + 1] = params.progress end }))
      assert.same({ 1, 2, 3, 4, 5 }, steps)
    end)

    it("answer what the server asks", function()
      local function ask(method)
        return assert(connection:call_tool("ask", { method = method })).content[1].text
      end
      assert.equal("{}", ask "ping")
      assert.equal("-32601", ask "roots/list")
      assert.equal("-32601", ask "sampling/createMessage")
      assert.equal("-32601", ask "elicitation/create")
    end)

    it("take up a stream that the server dropped", function()
      assert.equal("polled", assert(connection:call_tool "poll").content[1].text)
    end)
  end)
end

for _, path in ipairs { "/mcp", "/strict", "/stream" } do
  describe_peer("mcp and TypeScript SDK 2 at " .. path, "sdk2", "secret-2", function(peer)
    local connection
    before_each(function()
      connection = assert(mcp.connect { url = peer.url .. path, token = "secret-2" })
    end)
    after_each(function() connection:close() end)

    it("find the modern era", function()
      assert.equal("modern", connection.era)
      assert.equal("2026-07-28", connection.protocol_version)
      assert.equal("sdk2", connection.server_info.name)
      assert.is_true(connection:ping())
    end)

    it("list and call tools", function()
      local tools = assert(connection:list_tools())
      assert.is_table(find(tools, "add"))
      assert.is_nil(find(tools, "wrong"))
      assert.equal("wrong", connection.warnings[1].tool)
      assert.equal(3, assert(connection:call_tool("add", { a = 1, b = 2 })).structuredContent.sum)
    end)

    it("agree on parameters in headers, known or not", function()
      local arguments = { region = "Zürich\r\n", depth = -7 }
      for _ = 1, 2 do
        local result = assert(connection:call_tool("where", arguments))
        assert.same(arguments, json.decode(result.content[1].text))
        assert(connection:list_tools())
      end
      for _, region in ipairs { "", " a", "=?base64?QQ==?=", "a\tb" } do
        local result = assert(connection:call_tool("where", { region = region }))
        assert.equal(region, json.decode(result.content[1].text).region)
      end
    end)

    it("follow progress on a stream", function()
      local steps = {}
      assert(connection:call_tool("count", { to = 5 },
        { on_progress = function(params) steps[#steps + 1] = params.progress end }))
      assert.same({ 1, 2, 3, 4, 5 }, steps)
    end)

    it("report what does not exist", function()
      local result, err = connection:call_tool "no-such-tool"
      assert.is_nil(result)
      assert.equal(-32602, err.code)
    end)

    it("do not ask for input that was not offered", function()
      local result, err = connection:call_tool "confirm"
      assert.is_true(result == nil and err.code == -32021 or result ~= nil and result.isError)
    end)

    it("give up a call at its deadline by closing the stream", function()
      local before = tonumber(assert(connection:call_tool "abandoned").content[1].text)
      local _, err = connection:call_tool("slow", {}, { timeout = 0.4 })
      assert.equal("timeout", err.kind)
      local after = before
      for _ = 1, 100 do
        after = tonumber(assert(connection:call_tool "abandoned").content[1].text)
        if after > before then break end
        core.sleep(0.05)
      end
      assert.equal(before + 1, after)
    end)
  end)
end

describe_peer("mcp and TypeScript SDK 2, older era", "sdk2", nil, function(peer)
  it("speak without a session", function()
    local connection = assert(mcp.connect { url = peer.url .. "/mcp", era = "legacy" })
    assert.equal("legacy", connection.era)
    assert.equal(3, assert(connection:call_tool("add", { a = 1, b = 2 })).structuredContent.sum)
    assert.is_true(connection:close())
  end)

  it("agree that a strict server has no older era", function()
    local connection, err = mcp.connect { url = peer.url .. "/strict", era = "legacy" }
    assert.is_nil(connection)
    assert.equal(-32022, err.code)
  end)
end)
