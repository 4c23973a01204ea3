local json = require "scalekit.json"
local script = require "spec.support.mcp_script"

local TOOL = '{"name":"%s","inputSchema":{"type":"object","properties":{},"required":[]}}'

local function page(names, cursor)
  local list = {}
  for i, name in ipairs(names) do list[i] = TOOL:format(name) end
  return script.result(('{"tools":[%s]%s}'):format(
    table.concat(list, ","), cursor and ',"nextCursor":' .. json.encode(cursor) or ""))
end

local function names(tools)
  local list = {}
  for i, tool in ipairs(tools) do list[i] = tool.name end
  return list
end

for _, era in ipairs { "modern", "legacy" } do
  local open = script[era]

  describe("mcp connection, " .. era .. ": list_tools", function()
    it("collects all pages; an empty cursor is a cursor", function()
      local connection, peer = open { page({ "a" }, ""), page({ "b", "c" }, "next"), page { "d" } }
      local before = peer:count()
      local tools = assert(connection:list_tools())
      assert.same({ "a", "b", "c", "d" }, names(tools))
      assert.is_nil(peer.log[before + 1].message.params.cursor)
      assert.equal("", peer.log[before + 2].message.params.cursor)
      assert.equal("next", peer.log[before + 3].message.params.cursor)
    end)

    it("takes a null cursor for the end, and an empty list for a list", function()
      local connection = open { script.result '{"tools":[],"nextCursor":null}' }
      assert.same({}, connection:list_tools())
    end)

    it("keeps the exact text of a tool", function()
      local text = '{"name":"x", "inputSchema": {"type":"object","required":[],"properties":{},'
        .. '"additionalProperties":false,"maximum":1.0,"big":12345678901234567890,"$schema":"s"},"new":null}'
      local connection = open { script.result('{ "tools" : [ ' .. text .. ' ] }') }
      local tool = assert(connection:list_tools())[1]
      assert.equal(text, tool.raw)
      assert.is_false(tool.inputSchema.additionalProperties)
      assert.is_true(json.is_array(tool.inputSchema.required))
      assert.is_false(json.is_array(tool.inputSchema.properties))
    end)

    it("does not follow a server in circles", function()
      local connection = open { page({ "a" }, "1"), page({ "b" }, "2"), page({ "c" }, "1") }
      local tools, err = connection:list_tools()
      assert.is_nil(tools)
      assert.equal("protocol", err.kind)
    end)

    it("starts over once when a cursor is refused", function()
      local refusal = script.fault(-32602, "Invalid cursor")
      local connection = open { page({ "a" }, "1"), refusal, page({ "b" }, "2"), page { "c" } }
      assert.same({ "b", "c" }, names(connection:list_tools()))
      connection = open { page({ "a" }, "1"), refusal, page({ "a" }, "1"), refusal }
      local tools, err = connection:list_tools()
      assert.is_nil(tools)
      assert.equal(-32602, err.code)
    end)

    it("stops at a list beyond the limit", function()
      local n = 0
      local endless = setmetatable({}, { __index = function() return nil end })
      for i = 1, 60 do
        endless[i] = function(seen)
          n = n + 1
          return script.result(('{"tools":[%s],"nextCursor":"%d"}'):format(
            TOOL:format(("t"):rep(100) .. n), n))(seen)
        end
      end
      local connection = open(endless, { max_body = 5000 })
      local tools, err = connection:list_tools()
      assert.is_nil(tools)
      assert.equal("protocol", err.kind)
      assert.is_true(n < 60)
    end)

    it("leaves out what is no tool and says so", function()
      local connection = open { script.result('{"tools":[' .. table.concat({
        TOOL:format "good", "3", '{"inputSchema":{"type":"object"}}', '{"name":"bare"}',
        '{"name":"null","inputSchema":null}', '{"name":"list","inputSchema":[]}', TOOL:format "good",
      }, ",") .. "]}") }
      assert.same({ "good" }, names(connection:list_tools()))
      assert.equal(6, #connection.warnings)
      assert.equal("good", connection.warnings[6].tool)
    end)

    it("refuses an answer without a list", function()
      for _, result in ipairs { "{}", '{"tools":{}}', '{"tools":null}', '{"tools":[],"nextCursor":1}' } do
        local connection = open { script.result(result) }
        local tools, err = connection:list_tools()
        assert.is_nil(tools)
        assert.equal("protocol", err.kind)
        assert.equal("tools/list", err.operation)
      end
    end)
  end)

  describe("mcp connection, " .. era .. ": call_tool", function()
    it("sends the name and the arguments, and returns the result with its text", function()
      local text = '{"content":[{"type":"text","text":"3"}], "isError":false,'
        .. '"structuredContent":{"n":3.0,"none":null,"list":[]},"x":[]}'
      local connection, peer = open { script.result(text) }
      local arguments = { a = 1, list = json.array {}, none = json.null, o = {} }
      local result = assert(connection:call_tool("add", arguments))
      assert.equal("3", result.content[1].text)
      assert.is_false(result.isError)
      assert.equal(json.null, result.structuredContent.none)
      assert.is_true(json.is_array(result.structuredContent.list))
      assert.is_true(json.is_array(result.x))
      assert.equal(text, result.raw)
      local seen = peer.log[peer:count()]
      assert.equal("tools/call", seen.message.method)
      assert.is_truthy(seen.body:find('"arguments":{"a":1,"list":[],"none":null,"o":{}}', 1, true))
      assert.equal("add", seen.message.params.name)
      assert.equal("application/json, text/event-stream", seen.headers.accept)
      assert.equal("application/json", seen.headers["content-type"])
    end)

    it("sends an empty object where there are no arguments", function()
      local connection, peer = open { script.result '{"content":[]}', script.result '{"content":[]}' }
      assert(connection:call_tool "x")
      assert(connection:call_tool("x", {}))
      for i = 0, 1 do
        assert.is_truthy(peer.log[peer:count() - i].body:find('"arguments":{}', 1, true))
      end
    end)

    it("returns a failed tool as a result", function()
      local connection = open { script.result '{"content":[{"type":"text","text":"no"}],"isError":true}' }
      assert.is_true(assert(connection:call_tool "x").isError)
    end)

    it("never uses an id twice", function()
      local connection, peer = open { script.result '{"content":[]}', script.result '{"content":[]}' }
      assert(connection:call_tool "x")
      assert(connection:call_tool "x")
      local ids = {}
      for _, seen in ipairs(peer.log) do
        if seen.message.id then
          assert.is_nil(ids[seen.message.id])
          ids[seen.message.id] = true
        end
      end
    end)

    it("maps the errors of the protocol", function()
      for code, kind in pairs {
        [-32602] = "bad_request", [-32601] = "not_found", [-32603] = "internal", [-32700] = "bad_request",
        [-32002] = "not_found", [-32021] = "unimplemented", [-32042] = "authorization_required",
        [-32000] = "internal", [7] = "internal",
      } do
        local connection = open { script.fault(code, "Unknown tool: x", { uri = "u" }) }
        local result, err = connection:call_tool "x"
        assert.is_nil(result)
        assert.equal(kind, err.kind)
        assert.equal(code, err.code)
        assert.equal("u", err.data.uri)
        assert.is_truthy(tostring(err):find("Unknown tool: x", 1, true))
      end
    end)

    it("accepts an error that has no id", function()
      for _, id in ipairs { "", '"id":null,' } do
        local connection = open { script.http(400, {},
          '{"jsonrpc":"2.0",' .. id .. '"error":{"code":-32700,"message":"Parse error"}}') }
        local _, err = connection:call_tool "x"
        assert.equal(-32700, err.code)
        assert.equal(400, err.status)
      end
    end)

    it("refuses answers that are none", function()
      for _, body in ipairs {
        "", "null", "3", '"x"', "[]", "{}", "{", '{"jsonrpc":"2.0"}', "\239\187\191{}", "\255",
        '{"jsonrpc":"1.0","id":ID,"result":{}}', '{"jsonrpc":"2.0","id":ID}',
        '{"jsonrpc":"2.0","id":ID,"result":null}', '{"jsonrpc":"2.0","id":ID,"result":[]}',
        '{"jsonrpc":"2.0","id":ID,"result":"x"}', '{"jsonrpc":"2.0","id":ID,"error":{}}',
        '{"jsonrpc":"2.0","id":ID,"error":{"code":"x"}}',
        '{"jsonrpc":"2.0","id":ID,"error":{"code":1},"result":{}}',
        '{"jsonrpc":"2.0","result":{"content":[]}}',
        '{"jsonrpc":"2.0","id":999,"result":{"content":[]}}',
        '{"jsonrpc":"2.0","id":"ID","result":{"content":[]}}',
        '{"jsonrpc":"2.0","id":ID,"id":ID,"result":{"content":[]}}',
        '{"jsonrpc":"2.0","id":true,"result":{"content":[]}}',
        '[{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}]',
        '{"jsonrpc":"2.0","id":ID,"result":{"content":{}}}',
        '{"jsonrpc":"2.0","id":ID,"result":{"content":"x"}}',
        '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}} x',
        '{"jsonrpc":"2.0","id":ID,"result":{"content":[NaN]}}',
      } do
        local connection = open { function(seen)
          local text = body:gsub("ID", ("%d"):format(seen.message.id))
          return { status = 200, headers = { ["content-type"] = "application/json" }, body = text }
        end }
        local result, err = connection:call_tool "x"
        assert.is_nil(result, body)
        assert.equal("protocol", err.kind, body)
        assert.equal("unknown", err.outcome, body)
      end
    end)

    it("bounds the size and the depth of an answer", function()
      local long = script.result('{"content":[],"x":"' .. ("x"):rep(2000) .. '"}')
      local connection = open({ long }, { max_body = 2000 })
      local _, err = connection:call_tool "x"
      assert.equal("protocol", err.kind)
      connection = open { script.result('{"content":[],"x":' .. ("["):rep(70) .. ("]"):rep(70) .. "}") }
      _, err = connection:call_tool "x"
      assert.equal("protocol", err.kind)
    end)

    it("follows no redirect", function()
      local connection = open { script.http(307, { location = "https://elsewhere.example/" }) }
      local _, err = connection:call_tool "x"
      assert.equal("protocol", err.kind)
      assert.equal(307, err.status)
    end)

    it("reports 429 with the time to wait", function()
      local connection = open { script.http(429, { ["retry-after"] = "7" }) }
      local _, err = connection:call_tool "x"
      assert.equal("rate_limited", err.kind)
      assert.equal(7, err.retry_after)
      assert.is_true(err.retryable)
    end)

    it("reads a date to wait for, and no nonsense", function()
      for value, pause in pairs {
        ["Thu, 01 Jan 1970 00:00:10 GMT"] = 0, ["0x10"] = false, ["-5"] = false, soon = false,
      } do
        local connection = open { script.http(503, { ["retry-after"] = value }) }
        local _, err = connection:call_tool "x"
        assert.equal(pause or nil, err.retry_after, value)
      end
    end)

    it("asks for progress only where somebody listens", function()
      local connection, peer = open { script.result '{"content":[]}', script.result '{"content":[]}' }
      assert(connection:call_tool("x"))
      assert(connection:call_tool("x", {}, { on_progress = function() end }))
      local first, second = peer.log[peer:count() - 1].message, peer.log[peer:count()].message
      assert.is_nil(first.params._meta and first.params._meta.progressToken)
      assert.equal(second.id, second.params._meta.progressToken)
    end)

    it("raises misuse where the caller stands", function()
      local connection = open {}
      for _, case in ipairs {
        { function() connection:call_tool() end, "name of the tool" },
        { function() connection:call_tool(3) end, "name of the tool" },
        { function() connection:call_tool "a\255b" end, "not valid UTF-8" },
        { function() connection:call_tool("x", "y") end, "arguments" },
        { function() connection:call_tool("x", { 1, 2 }) end, "arguments" },
        { function() connection:call_tool("x", json.array {}) end, "arguments" },
        { function() connection:call_tool("x", { f = print }) end, "cannot be JSON" },
        { function() connection:call_tool("x", { s = "\255" }) end, "cannot be JSON" },
        { function() connection:call_tool("x", {}, { time_out = 1 }) end, "timeout" },
        { function() connection:call_tool("x", {}, { timeout = "1" }) end, "timeout" },
        { function() connection:call_tool("x", {}, { timeout = 0 }) end, "timeout" },
        { function() connection:call_tool("x", {}, { timeout = 0 / 0 }) end, "timeout" },
        { function() connection:list_tools { page = 1 } end, "unknown option 'page'" },
        { function() connection:ping(3) end, "options" },
      } do
        local ok, message = pcall(case[1])
        assert.is_false(ok)
        assert.matches("connection_spec.lua:%d+:", message)
        assert.is_truthy(message:find(case[2], 1, true), message)
      end
    end)
  end)

  describe("mcp connection, " .. era, function()
    it("is over after close", function()
      local connection, peer = open {}
      local before = peer:count()
      assert.is_true(connection:close())
      assert.is_true(connection:close())
      assert.equal(before, peer:count())
      assert.has_error(function() connection:list_tools() end)
      assert.matches("closed", tostring(connection))
    end)
  end)
end
