local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local META = "io.modelcontextprotocol/"
local VERSION, CAPABILITIES = META .. "protocolVersion", META .. "clientCapabilities"

local MAPPED = { "gmail_fetch_mails", "googlecalendar_list_events", "googlecalendar_create_event" }

describe("the eras of MCP", function()
  support.both({}, function(env)
    local session

    before_each(function()
      session = session or env:open()
    end)

    local function fails(status, code, response, body)
      assert.equal(status, response.status)
      assert.equal(code, body.error.code)
      assert.equal("2.0", body.jsonrpc)
      return body.error
    end

    describe("in the stateless era", function()
      it("discovers", function()
        local response, body = env:modern(session, "server/discover")
        assert.equal(200, response.status)
        assert.equal("complete", body.result.resultType)
        assert.same({ "2026-07-28" }, body.result.supportedVersions)
        assert.truthy(response.body:find('"capabilities":{"tools":{}}', 1, true))
        assert.equal(0, body.result.ttlMs)
        assert.equal("private", body.result.cacheScope)
        local info = body.result._meta[META .. "serverInfo"]
        assert.equal("scalekit-vmcp", info.name)
        assert.equal(require "scalekit.version", info.version)
        assert.is_nil(response.headers["mcp-session-id"])
      end)

      it("lists exactly the mapped tools, in their order", function()
        local response, body = env:modern(session, "tools/list")
        assert.equal(200, response.status)
        assert.same(MAPPED, support.tool_names(body))
        assert.equal("complete", body.result.resultType)
        assert.equal(0, body.result.ttlMs)
        assert.equal("private", body.result.cacheScope)
        for _, tool in ipairs(body.result.tools) do
          assert.equal("object", tool.inputSchema.type)
          assert.equal("object", tool.outputSchema.type)
          assert.is_true(#tool.description > 0)
          assert.truthy(tool.name:match "^[%w_.-]+$")
        end
        assert.truthy(response.body:find('"required":[]', 1, true))
      end)

      it("calls a tool, with and without arguments", function()
        local response, body = env:modern(session, "tools/call", {
          name = "gmail_fetch_mails", arguments = { max_results = 2 },
        })
        assert.equal(200, response.status)
        assert.equal("complete", body.result.resultType)
        assert.is_false(body.result.isError)
        assert.equal(2, #body.result.structuredContent.messages)
        assert.same(body.result.structuredContent, json.decode(body.result.content[1].text))
        local _, all = env:modern(session, "tools/call", { name = "gmail_fetch_mails" })
        assert.is_true(#all.result.structuredContent.messages > 2)
      end)

      it("refuses a tool that is not mapped like one that does not exist", function()
        for _, name in ipairs { "gmail_send_mail", "no_such_tool", "GMAIL_FETCH_MAILS" } do
          local err = fails(200, -32602, env:modern(session, "tools/call", { name = name }))
          assert.equal("Unknown tool: " .. name, err.message)
        end
      end)

      it("insists on its metadata", function()
        local complete = { [VERSION] = "2026-07-28", [CAPABILITIES] = {} }
        for _, case in ipairs {
          { {}, 400, -32602 },
          { { [CAPABILITIES] = {} }, 400, -32602 },
          { { [VERSION] = "2026-07-28" }, 400, -32602 },
          { { [VERSION] = "2026-07-28", [CAPABILITIES] = "all" }, 400, -32602 },
          { { [VERSION] = "2026-07-28", [CAPABILITIES] = json.array {} }, 400, -32602 },
          { { [VERSION] = "v999.0.0", [CAPABILITIES] = {} }, 400, -32020 },
          { { [VERSION] = "2026-07-28", [CAPABILITIES] = {}, [META .. "logLevel"] = "loud" }, 400, -32602 },
          { complete, 200 },
        } do
          local response, body = env:modern(session, "server/discover", { _meta = case[1] })
          assert.equal(case[2], response.status)
          assert.equal(case[3], body.error and body.error.code)
          assert.equal(1, body.id)
        end
        local response, body = env:post(session,
          { jsonrpc = "2.0", id = 7, method = "server/discover" },
          { ["mcp-protocol-version"] = "2026-07-28", ["mcp-method"] = "server/discover" })
        fails(400, -32602, response, body)
        assert.equal(7, body.id)
      end)

      it("names its versions to who asks for another", function()
        for _, wanted in ipairs { "v999.0.0", "2025-11-25" } do
          local err = fails(400, -32022, env:modern(session, "server/discover",
            { _meta = { [VERSION] = wanted, [CAPABILITIES] = {} } },
            { ["mcp-protocol-version"] = wanted }))
          assert.same({ "2026-07-28" }, err.data.supported)
          assert.equal(wanted, err.data.requested)
        end
      end)

      it("compares headers with the body", function()
        local call = { name = "gmail_fetch_mails" }
        for _, case in ipairs {
          { "tools/list", nil, { ["mcp-protocol-version"] = false } },
          { "tools/list", nil, { ["mcp-method"] = false } },
          { "tools/list", nil, { ["mcp-method"] = "tools/call" } },
          { "tools/list", nil, { ["mcp-method"] = "TOOLS/LIST" } },
          { "tools/call", call, { ["mcp-name"] = false } },
          { "tools/call", call, { ["mcp-name"] = "gmail_send_mail" } },
          { "tools/call", call, { ["mcp-name"] = "GMAIL_FETCH_MAILS" } },
          { "tools/call", call, { ["mcp-name"] = "=?base64?Z21haWw?=" } },
          { "tools/call", call, { ["mcp-name"] = "=?base64?Z21!haWw=?=" } },
        } do
          fails(400, -32020, env:modern(session, case[1], case[2], case[3]))
        end
        for _, name in ipairs {
          "gmail_fetch_mails", "  gmail_fetch_mails\t",
          "=?base64?" .. core.base64("gmail_fetch_mails") .. "?=",
        } do
          local response = env:modern(session, "tools/call", { name = "gmail_fetch_mails" }, {
            ["mcp-name"] = name,
          })
          assert.equal(200, response.status)
        end
      end)

      it("answers 404 for methods it does not have, the other era's among them", function()
        for _, method in ipairs {
          "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/list",
          "prompts/list", "subscriptions/listen", "unknown/method",
        } do
          local response, body = env:modern(session, method)
          fails(404, -32601, response, body)
          assert.equal(1, body.id)
        end
      end)

      it("refuses parameters of the wrong shape", function()
        fails(200, -32602, env:modern(session, "tools/list", { cursor = "x" }))
        fails(200, -32602, env:modern(session, "tools/call", { name = 5 }, { ["mcp-name"] = "5" }))
        fails(200, -32602, env:modern(session, "tools/call",
          { name = "gmail_fetch_mails", arguments = "x" }))
        fails(200, -32602, env:modern(session, "tools/call",
          { name = "gmail_fetch_mails", arguments = json.array {} }))
      end)

      it("takes null for absent and false for a value", function()
        local call = { name = "gmail_fetch_mails", arguments = false }
        fails(200, -32602, env:modern(session, "tools/call", call))
        fails(200, -32602, env:modern(session, "tools/list", { cursor = false }))
        fails(400, -32602, env:modern(session, "tools/list", { _meta = {
          [VERSION] = "2026-07-28", [CAPABILITIES] = {}, [META .. "logLevel"] = false,
        } }))
        call.arguments = json.null
        assert.equal(200, env:modern(session, "tools/call", call).status)
        local _, body = env:modern(session, "tools/list", { cursor = json.null })
        assert.same(MAPPED, support.tool_names(body))
      end)

      it("takes notifications and refuses responses", function()
        local headers = { ["mcp-protocol-version"] = "2026-07-28" }
        local response = env:post(session, { jsonrpc = "2.0", method = "notifications/x" }, headers)
        assert.equal(202, response.status)
        assert.equal("", response.body)
        fails(400, -32600, env:post(session, { jsonrpc = "2.0", id = 1, result = {} }, headers))
      end)

      it("ignores a session and a resumption header", function()
        local response = env:modern(session, "tools/list", nil,
          { ["mcp-session-id"] = "abc", ["last-event-id"] = "1" })
        assert.equal(200, response.status)
        assert.is_nil(response.headers["mcp-session-id"])
      end)
    end)

    describe("in the handshake era", function()
      it("initializes with the version proposed, or its newest", function()
        for proposed, answered in pairs {
          ["2025-11-25"] = "2025-11-25", ["2025-06-18"] = "2025-06-18", ["2025-03-26"] = "2025-03-26",
          ["2026-07-28"] = "2025-11-25", ["2024-11-05"] = "2025-11-25", nonsense = "2025-11-25",
        } do
          local response, body = env:legacy(session, "initialize", {
            protocolVersion = proposed, capabilities = {}, clientInfo = { name = "spec", version = "1" },
          }, { ["mcp-protocol-version"] = false })
          assert.equal(200, response.status)
          assert.equal(answered, body.result.protocolVersion)
          assert.equal("scalekit-vmcp", body.result.serverInfo.name)
          assert.truthy(response.body:find('"capabilities":{"tools":{}}', 1, true))
          assert.is_nil(response.headers["mcp-session-id"])
          assert.is_nil(body.result.resultType)
        end
      end)

      it("tolerates a version header on initialize", function()
        for _, version in ipairs { "2025-11-25", "2024-11-05" } do
          local response = env:legacy(session, "initialize", { protocolVersion = version },
            { ["mcp-protocol-version"] = version })
          assert.equal(200, response.status)
        end
      end)

      it("takes notifications and responses", function()
        for _, message in ipairs {
          { jsonrpc = "2.0", method = "notifications/initialized" },
          { jsonrpc = "2.0", method = "notifications/cancelled", params = { requestId = 1 } },
          { jsonrpc = "2.0", id = 3, result = {} },
          { jsonrpc = "2.0", id = 3, error = { code = -1, message = "no" }, params = 5 },
        } do
          local response = env:post(session, message, { ["mcp-protocol-version"] = "2025-11-25" })
          assert.equal(202, response.status)
          assert.equal("", response.body)
        end
      end)

      it("takes null for absent and false for a value", function()
        fails(200, -32602, env:legacy(session, "tools/list", { cursor = false }))
        fails(200, -32602, env:legacy(session, "tools/call",
          { name = "gmail_fetch_mails", arguments = false }))
        local _, body = env:legacy(session, "tools/list", json.null)
        assert.same(MAPPED, support.tool_names(body))
      end)

      it("answers a ping", function()
        local response, body = env:legacy(session, "ping")
        assert.equal(200, response.status)
        assert.truthy(response.body:find('"result":{}', 1, true))
        assert.same({}, body.result)
      end)

      it("lists and calls the mapped tools, and no others", function()
        local _, body = env:legacy(session, "tools/list")
        assert.same(MAPPED, support.tool_names(body))
        assert.is_nil(body.result.ttlMs)
        assert.is_nil(body.result.resultType)
        local response
        response, body = env:legacy(session, "tools/call", { name = "gmail_fetch_mails" })
        assert.equal(200, response.status)
        assert.is_false(body.result.isError)
        assert.truthy(body.result.structuredContent.messages)
        fails(200, -32602, env:legacy(session, "tools/call", { name = "gmail_send_mail" }))
      end)

      it("speaks the oldest revision to who names none: no structured results", function()
        local unversioned = { ["mcp-protocol-version"] = false }
        local _, listed = env:legacy(session, "tools/list", nil, unversioned)
        assert.is_nil(listed.result.tools[1].outputSchema)
        local _, called = env:legacy(session, "tools/call", { name = "gmail_fetch_mails" }, unversioned)
        assert.is_nil(called.result.structuredContent)
        assert.truthy(called.result.content[1].text:find('"messages"', 1, true))
      end)

      it("refuses a version it does not have", function()
        local response = env:legacy(session, "tools/list", nil, { ["mcp-protocol-version"] = "1999-01-01" })
        assert.equal(400, response.status)
      end)

      it("does not know other methods", function()
        for _, method in ipairs { "logging/setLevel", "prompts/list", "server/discover", "x" } do
          fails(200, -32601, env:legacy(session, method))
        end
      end)
    end)
  end)
end)
