-- What the connection does in one era only.

local script = require "spec.support.mcp_script"

local BAD = [[{"name":"bad","inputSchema":{"type":"object","properties":{
  "a":{"type":"number","x-mcp-header":"A"}}}}]]

local function names(tools)
  local list = {}
  for i, tool in ipairs(tools) do list[i] = tool.name end
  return list
end

describe("mcp connection, modern", function()
  local HEADED = [[{"name":"q","inputSchema":{"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},"n":{"type":"integer","x-mcp-header":"Count"},
    "rest":{"type":"string"}}}}]]
  local function list(...)
    return script.result('{"resultType":"complete","tools":[' .. table.concat({ ... }, ",") .. "]}")
  end

  it("repeats method, name and marked parameters in headers", function()
    local connection, peer = script.modern { list(HEADED), script.result '{"content":[]}' }
    assert(connection:list_tools())
    assert(connection:call_tool("q", { region = "Zürich", n = 3, rest = "x" }))
    local headers = peer.log[peer:count()].headers
    assert.equal("tools/call", headers["mcp-method"])
    assert.equal("q", headers["mcp-name"])
    assert.equal("=?base64?WsO8cmljaA==?=", headers["mcp-param-region"])
    assert.equal("3", headers["mcp-param-count"])
    assert.is_nil(headers["mcp-param-rest"])
  end)

  it("wraps a name that a header cannot carry", function()
    local connection, peer = script.modern { script.result '{"content":[]}' }
    assert(connection:call_tool "a\r\nX-Evil: 1")
    assert.equal("=?base64?YQ0KWC1FdmlsOiAx?=", peer.log[2].headers["mcp-name"])
  end)

  it("leaves out tools whose marks are illegal, and does not call them", function()
    local connection, peer = script.modern { list(BAD, HEADED) }
    assert.same({ "q" }, names(connection:list_tools()))
    assert.equal("bad", connection.warnings[1].tool)
    local result, err = connection:call_tool "bad"
    assert.is_nil(result)
    assert.equal("bad_request", err.kind)
    assert.equal(2, peer:count())
  end)

  it("sends nothing where a marked argument has no header form", function()
    local connection, peer = script.modern { list(HEADED) }
    assert(connection:list_tools())
    local result, err = connection:call_tool("q", { n = 1.5 })
    assert.is_nil(result)
    assert.equal("bad_request", err.kind)
    assert.equal("none", err.outcome)
    assert.equal(2, peer:count())
  end)

  it("learns the marks when the server misses a header, once", function()
    local miss = script.fault(-32020, "Header mismatch", nil, 400)
    local connection, peer = script.modern { miss, list(HEADED), script.result '{"content":[]}' }
    assert(connection:call_tool("q", { region = "us" }))
    assert.equal("us", peer.log[peer:count()].headers["mcp-param-region"])

    connection, peer = script.modern { miss, list(HEADED), miss }
    local result, err = connection:call_tool("q", { region = "us" })
    assert.is_nil(result)
    assert.equal(-32020, err.code)
    assert.equal(4, peer:count())
  end)

  it("repeats a call once whose version is refused", function()
    local refusal = script.fault(-32022, "no", { supported = { "2026-07-28" } }, 400)
    local connection = script.modern { refusal, script.result '{"content":[]}' }
    assert(connection:call_tool "x")
    local err
    connection = script.modern { refusal, refusal }
    connection, err = connection:call_tool "x"
    assert.is_nil(connection)
    assert.equal(-32022, err.code)
  end)

  it("takes a missing resultType for complete, and an unknown one for a mistake", function()
    local connection = script.modern {
      script.result '{"content":[]}', script.result '{"resultType":"complete","content":[]}',
      script.result '{"resultType":"task","content":[]}', script.result '{"resultType":7,"content":[]}',
    }
    assert(connection:call_tool "x")
    assert(connection:call_tool "x")
    for _ = 1, 2 do
      local _, err = connection:call_tool "x"
      assert.equal("protocol", err.kind)
    end
  end)

  it("says that it cannot give input", function()
    local connection = script.modern { script.result [[{"resultType":"input_required",
      "inputRequests":{"k":{"method":"elicitation/create","params":{}}},"requestState":"s"}]] }
    local result, err = connection:call_tool "x"
    assert.is_nil(result)
    assert.equal("unimplemented", err.kind)
    assert.equal("elicitation/create", err.data.k.method)
  end)

  it("pings by discovery and takes no session", function()
    local connection, peer = script.modern {
      script.result(script.DISCOVERED, { ["mcp-session-id"] = "abc" }), script.result '{"content":[]}' }
    assert.is_true(connection:ping())
    assert.equal("server/discover", peer.log[2].message.method)
    assert(connection:call_tool "x")
    assert.is_nil(peer.log[3].headers["mcp-session-id"])
  end)

  it("asks for log messages only where somebody listens", function()
    local connection, peer = script.modern { script.result '{"content":[]}', script.result '{"content":[]}' }
    assert(connection:call_tool "x")
    assert(connection:call_tool("x", {}, { on_message = function() end }))
    local key = "io.modelcontextprotocol/logLevel"
    assert.is_nil(peer.log[2].message.params._meta[key])
    assert.equal("info", peer.log[3].message.params._meta[key])
  end)
end)

describe("mcp connection, legacy", function()
  it("sends no headers of the other era", function()
    local connection, peer = script.legacy({ script.result '{"tools":[]}', script.result '{"content":[]}' },
      { session = "s1" })
    assert(connection:list_tools())
    assert(connection:call_tool "x")
    for i = 3, 4 do
      local seen = peer.log[i]
      assert.is_nil(seen.headers["mcp-method"])
      assert.is_nil(seen.headers["mcp-name"])
      assert.is_nil(seen.message.params._meta)
      assert.equal("s1", seen.headers["mcp-session-id"])
      assert.equal("2025-11-25", seen.headers["mcp-protocol-version"])
    end
  end)

  it("does not mind marks for headers", function()
    local connection = script.legacy { script.result('{"tools":[' .. BAD .. "]}") }
    assert.same({ "bad" }, names(connection:list_tools()))
  end)

  it("takes a batch from 2025-03-26 and from nobody else", function()
    local function batch(seen)
      local text = '[{"jsonrpc":"2.0","method":"notifications/message","params":{}},'
        .. '{"jsonrpc":"2.0","id":%d,"result":{"content":[ ]}}]'
      return { status = 200, headers = {}, body = text:format(seen.message.id) }
    end
    local connection = script.legacy({ batch }, { version = "2025-03-26" })
    assert.equal('{"content":[ ]}', assert(connection:call_tool "x").raw)
    connection = script.legacy({ batch }, { version = "2025-06-18" })
    local _, err = connection:call_tool "x"
    assert.equal("protocol", err.kind)
  end)
end)
