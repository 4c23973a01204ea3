local support = require "spec.support.env"

describe("the MCP endpoint", function()
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

    it("echoes the id with its very text", function()
      for _, id in ipairs {
        "1", "0", "-7", '"1"', '"a\\u0041\\n"', "12345678901234567890", "1e2", '""',
      } do
        for _, method in ipairs { "ping", "no/method" } do
          local response = env:post(session,
            ('{"jsonrpc":"2.0","method":"%s","id":%s}'):format(method, id),
            { ["mcp-protocol-version"] = "2025-11-25" })
          assert.truthy(response.body:find('"id":' .. id .. ",", 1, true), response.body)
        end
      end
    end)

    it("refuses what is no message, without an id", function()
      for body, code in pairs {
        [""] = -32700, ["{"] = -32700, ['{"a":1,"a":2}'] = -32700, ["\255"] = -32700,
        ["[]"] = -32600, ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]'] = -32600,
        ["5"] = -32600, ["null"] = -32600, ["{}"] = -32600, ["false"] = -32600,
        ['{"jsonrpc":"1.0","id":1,"method":"ping"}'] = -32600,
        ['{"jsonrpc":"2.0","id":null,"method":"ping"}'] = -32600,
        ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}'] = -32600,
        ['{"jsonrpc":"2.0","id":[1],"method":"ping"}'] = -32600,
        [("["):rep(5000)] = -32700,
      } do
        local response, answer = env:post(session, body)
        fails(400, code, response, answer)
        assert.is_nil(response.body:find('"id"', 1, true))
      end
      for body, code in pairs {
        ['{"jsonrpc":"2.0","id":1,"method":5}'] = -32600,
        ['{"jsonrpc":"2.0","id":1}'] = -32600,
        ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}'] = -32602,
      } do
        local _, answer = env:post(session, body)
        assert.equal(code, answer.error.code)
        assert.equal(1, answer.id)
      end
    end)

    it("serves POST alone", function()
      for _, method in ipairs { "GET", "DELETE", "PUT", "OPTIONS" } do
        local response = env:request(method, session.path, {
          headers = { authorization = "Bearer " .. session.token },
        })
        assert.equal(405, response.status)
        assert.equal("POST", response.headers.allow)
      end
    end)

    it("refuses bodies of another type", function()
      local message = { jsonrpc = "2.0", id = 1, method = "ping" }
      assert.equal(415, env:post(session, message, { ["content-type"] = "text/plain" }).status)
      assert.equal(200, env:post(session, message,
        { ["content-type"] = "application/json; charset=utf-8" }).status)
    end)

    it("refuses foreign origins and foreign names before anything else", function()
      local message = { jsonrpc = "2.0", id = 1, method = "ping" }
      local port = env.url:match ":(%d+)$"
      for _, headers in ipairs {
        { origin = "http://evil.example.com" }, { origin = "null" },
        { origin = "http://127.0.0.1:1" }, { origin = "https://127.0.0.1:" .. port },
        { host = "evil.example.com" }, { host = "evil.example.com:" .. port },
        { host = "127.0.0.1" },
      } do
        assert.equal(403, env:post(session, message, headers).status)
        assert.equal(403, env:post({ path = session.path, token = "x" }, message, headers).status)
      end
      for _, headers in ipairs {
        { origin = env.url }, { origin = "http://localhost:" .. port },
        { host = "localhost:" .. port }, { host = "LOCALHOST:" .. port },
      } do
        assert.equal(200, env:post(session, message, headers).status)
      end
    end)

    it("is not held up by blanks in headers, nor by long names", function()
      local blanks = (" "):rep(7000)
      local headers = { ["x-blank"] = "a" .. blanks .. "a", ["mcp-protocol-version"] = "2025-11-25" }
      assert.equal(200, env:post(session, { jsonrpc = "2.0", id = 1, method = "ping" }, headers).status)
      if env.app then
        headers["mcp-name"] = "a" .. (" "):rep(160000) .. "a"
        assert.equal(200, env:post(session, { jsonrpc = "2.0", id = 1, method = "ping" }, headers).status)
      else
        env:legacy(session, "tools/call", { name = ("x"):rep(100000) })
        for line in io.lines(env.dir .. "/access.log") do assert.is_true(#line < 9000) end
      end
    end)

    it("knows a server by its UUID, in any case, and by nothing else", function()
      local message = { jsonrpc = "2.0", id = 1, method = "ping" }
      local upper = session.path:gsub("[^/]+$", string.upper)
      assert.equal(200, env:post({ path = upper, token = session.token }, message).status)
      for _, path in ipairs { "/mcp/v3/servers/", "/mcp/v3/servers/x", session.path .. "/", "/mcp" } do
        assert.equal(404, env:post({ path = path, token = session.token }, message).status)
      end
    end)

    it("shows a change of the config at once, under the same URL", function()
      local other = env:open(nil, "changer")
      env:api("PUT", "/api/v1/mcp/configs/" .. other.config.id, {
        connection_tool_mappings = {
          { connection_name = "gmail", tools = { "gmail_fetch_mails", "gmail_send_mail" } },
        },
      })
      for _ = 1, 4 do
        local _, body = env:modern(other, "tools/list")
        assert.same({ "gmail_fetch_mails", "gmail_send_mail" }, support.tool_names(body))
      end
      fails(200, -32602, env:modern(other, "tools/call", { name = "googlecalendar_list_events" }))
    end)

    it("offers all tools of a connection whose mapping names none", function()
      local all = env:open({ { connection_name = "googlecalendar" } }, "all_tools")
      local _, body = env:modern(all, "tools/list")
      assert.equal(5, #body.result.tools)
      fails(200, -32602, env:modern(all, "tools/call", { name = "gmail_fetch_mails" }))
    end)

    it("tells the agent when the user has to sign in again", function()
      local lapsed = env:open(nil, "lapsed")
      for _, state in ipairs { "EXPIRED", "DISCONNECTED", "PENDING_AUTH" } do
        env:set_account("gmail", "lapsed", state)
        for _, era in ipairs { "modern", "legacy" } do
          local response, body = env[era](env, lapsed, "tools/call", { name = "gmail_fetch_mails" })
          assert.equal(200, response.status)
          assert.is_true(body.result.isError)
          local text = body.result.content[1].text
          assert.truthy(text:find("sign in again", 1, true))
          assert.truthy(text:find(state, 1, true))
        end
      end
      local _, body = env:modern(lapsed, "tools/call", { name = "googlecalendar_list_events" })
      assert.is_false(body.result.isError)
    end)

    it("reports wrong arguments as the tool's error, naming each", function()
      for _, case in ipairs {
        { {}, "summary: is required" },
        { { summary = 5, start_datetime = "2026-01-01T10:00:00Z" }, "summary: expected string, got integer" },
        { { summary = "x", start_datetime = "2026-01-01T10:00:00Z", colour = "red" },
          "colour: is not a parameter of this tool" },
        { { summary = "x", start_datetime = "tomorrow" }, "is not a time in RFC 3339" },
        { { summary = "x", start_datetime = "2026-02-29T10:00:00Z" }, "is not a time in RFC 3339" },
        { { summary = "x", start_datetime = "0000-01-01T10:00:00Z" }, "is not a time in RFC 3339" },
        { { summary = "x", start_datetime = "9999-12-31T23:00:00Z", event_duration_hour = 240 },
          "must end before the year 10000" },
        { { summary = "x", start_datetime = "9999-12-31T23:00:00Z", event_duration_hour = 2 },
          "must end before the year 10000" },
        { { summary = "x", start_datetime = ("1"):rep(100) }, "is not a time in RFC 3339" },
        { { summary = "x", start_datetime = "2026-01-01T10:00:00Z", event_duration_hour = 1.5 },
          "event_duration_hour: expected integer, got number" },
        { { summary = "x", start_datetime = "2026-01-01T10:00:00Z", attendees_emails = { "nobody" } },
          "attendees_emails[1]" },
      } do
        local response, body = env:modern(session, "tools/call", {
          name = "googlecalendar_create_event", arguments = case[1],
        })
        assert.equal(200, response.status)
        assert.is_true(body.result.isError)
        assert.truthy(body.result.content[1].text:find(case[2], 1, true), body.result.content[1].text)
        assert.is_nil(body.result.structuredContent)
      end
    end)

    it("reads a body that nginx spooled to disk, and refuses a huge one", function()
      local padding = (" "):rep(200 * 1024)
      local message = '{"jsonrpc":"2.0","id":1,' .. padding .. '"method":"ping"}'
      assert.equal(200, env:post(session, message).status)
      if env.server then
        local response, body = env:post(session, (" "):rep(3 * 1024 * 1024))
        assert.equal(413, response.status)
        assert.equal("REQUEST_TOO_LARGE", support.info(body).error_code)
      end
    end)
  end)
end)
