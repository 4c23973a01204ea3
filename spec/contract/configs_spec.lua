local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local CONFIGS = "/api/v1/mcp/configs"

local GMAIL = { connection_name = "gmail", tools = { "gmail_fetch_mails" } }

describe("MCP configurations", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local function create(body)
      return env:api("POST", CONFIGS, body)
    end

    local function refused(fields, status, body)
      assert.equal(400, status)
      assert.equal(3, body.code)
      assert.truthy(body.message:find "^Validation error")
      assert.equal("VALIDATION_ERROR", support.info(body).error_code)
      assert.same(fields, support.fields(body))
    end

    local function clear()
      while true do
        local _, body = env:api("GET", CONFIGS)
        if #body.configs == 0 then
          return
        end
        for _, config in ipairs(body.configs) do
          env:api("DELETE", CONFIGS .. "/" .. config.id)
        end
      end
    end

    local function names(query)
      local status, body = env:api("GET", CONFIGS .. "?" .. query)
      assert.equal(200, status)
      local list = {}
      for i, config in ipairs(body.configs) do
        list[i] = config.name
      end
      return list
    end

    it("M22 lists an empty environment", function()
      clear()
      local status, body = env:api("GET", CONFIGS)
      assert.equal(200, status)
      assert.same({ configs = {}, next_page_token = "", prev_page_token = "", total_size = 0 }, body)
    end)

    it("M01 creates a config and fills in what the server knows", function()
      local name = env:name "email-agent"
      local status, body = create {
        name = name, description = "Reads mail",
        connection_tool_mappings = {
          GMAIL, { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } },
        },
      }
      assert.equal(201, status)
      local config = body.config
      assert.truthy(config.id:match "^cfg_%d+$")
      assert.equal(name, config.name)
      assert.equal("Reads mail", config.description)
      assert.truthy(config.mcp_server_url:match(
        "/mcp/v3/servers/%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"))
      assert.equal(env.url, config.mcp_server_url:sub(1, #env.url))
      assert.same({
        { connection_id = "conn_100000000000000001", connection_name = "gmail", provider = "GMAIL",
          tools = { "gmail_fetch_mails" } },
        { connection_id = "conn_100000000000000002", connection_name = "googlecalendar",
          provider = "GOOGLECALENDAR", tools = { "googlecalendar_list_events" } },
      }, config.connection_tool_mappings)
      local _, again = env:api("GET", CONFIGS .. "/" .. config.id)
      assert.same(config, again.config)
    end)

    it("M04 accepts short, long and mixed names", function()
      for _, name in ipairs { "a", ("a"):rep(100), "a-b_9" } do
        local status, body = create { name = name, connection_tool_mappings = { GMAIL } }
        assert.equal(201, status)
        env:api("DELETE", CONFIGS .. "/" .. body.config.id)
      end
    end)

    it("M05 refuses bad names", function()
      for _, name in ipairs {
        "", ("a"):rep(101), "Email", "my agent", "ä", "a.b", "agent\n", "a/b", "..", "a\0b",
      } do
        refused({ "name" }, create { name = name, connection_tool_mappings = { GMAIL } })
      end
      refused({ "name" }, create { connection_tool_mappings = { GMAIL } })
    end)

    it("M07 refuses a config without mappings", function()
      refused({ "connection_tool_mappings" }, create { name = env:name() })
      refused({ "connection_tool_mappings" },
        create { name = env:name(), connection_tool_mappings = json.array {} })
    end)

    it("M08 refuses a mapping without a connection", function()
      local status, body = create {
        name = env:name(), connection_tool_mappings = { { tools = { "gmail_fetch_mails" } } },
      }
      assert.equal(400, status)
      assert.truthy(support.fields(body)[1]:find "^connection_tool_mappings%[%d%]%.connection_name$")
    end)

    it("refuses a connection that does not exist", function()
      local status, body = create {
        name = env:name(), connection_tool_mappings = { { connection_name = "nowhere" } },
      }
      assert.equal(404, status)
      assert.equal(5, body.code)
      assert.equal("NOT_FOUND", support.info(body).error_code)
    end)

    it("M10 refuses a tool of another connection", function()
      local status, body = create {
        name = env:name(),
        connection_tool_mappings = {
          GMAIL, { connection_name = "googlecalendar", tools = { "gmail_send_mail" } },
        },
      }
      assert.equal(400, status)
      assert.same({ "connection_tool_mappings[2].tools[1]" }, support.fields(body))
    end)

    it("refuses a connection or a tool that is mapped twice", function()
      refused({ "connection_tool_mappings[2].connection_name" },
        create { name = env:name(), connection_tool_mappings = { GMAIL, GMAIL } })
      refused({ "connection_tool_mappings[1].tools[2]" }, create {
        name = env:name(),
        connection_tool_mappings = {
          { connection_name = "gmail", tools = { "gmail_fetch_mails", "gmail_fetch_mails" } },
        },
      })
    end)

    it("M11 refuses a name that is taken", function()
      local name = env:name()
      assert.equal(201, (create { name = name, connection_tool_mappings = { GMAIL } }))
      local status, body = create { name = name, connection_tool_mappings = { GMAIL } }
      assert.equal(400, status)
      assert.equal("DUPLICATE_IDENTIFIER", support.info(body).error_code)
    end)

    it("frees a name with its config", function()
      local config = env:create()
      env:api("DELETE", CONFIGS .. "/" .. config.id)
      local again = env:create(nil, config.name)
      assert.not_equal(config.id, again.id)
      assert.not_equal(config.mcp_server_url, again.mcp_server_url)
    end)

    it("M13 ignores what only the server decides, and what it does not know", function()
      local status, body = create {
        name = env:name(), id = "cfg_1", mcp_server_url = "http://other.example/", novelty = true,
        connection_tool_mappings = {
          { connection_name = "gmail", connection_id = "conn_0", provider = "OTHER",
            connected_account_id = "ca_1", tools = json.array {} },
        },
      }
      assert.equal(201, status)
      assert.not_equal("cfg_1", body.config.id)
      assert.equal(env.url, body.config.mcp_server_url:sub(1, #env.url))
      local mapping = body.config.connection_tool_mappings[1]
      assert.equal("conn_100000000000000001", mapping.connection_id)
      assert.equal("GMAIL", mapping.provider)
      assert.is_nil(mapping.connected_account_id)
      assert.same({}, mapping.tools)
    end)

    it("M14 changes the description alone", function()
      local config = env:create()
      local status, body = env:api("PUT", CONFIGS .. "/" .. config.id, { description = "New words" })
      assert.equal(200, status)
      config.description = "New words"
      assert.same(config, body.config)
    end)

    it("replaces all mappings when some are given, and keeps id, name and URL", function()
      local config = env:create()
      local status, body = env:api("PUT", CONFIGS .. "/" .. config.id, {
        connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_send_mail" } } },
      })
      assert.equal(200, status)
      assert.equal(1, #body.config.connection_tool_mappings)
      assert.same({ "gmail_send_mail" }, body.config.connection_tool_mappings[1].tools)
      assert.equal(config.mcp_server_url, body.config.mcp_server_url)
      assert.equal(config.id, body.config.id)
    end)

    it("leaves a config alone when the change is empty", function()
      local config = env:create()
      for _, change in ipairs { "{}", '{"description":"","connection_tool_mappings":[]}', "" } do
        local status, body = env:api("PUT", CONFIGS .. "/" .. config.id, change)
        assert.equal(200, status)
        assert.same(config, body.config)
      end
    end)

    it("M16 does not rename", function()
      local config = env:create()
      local status, body = env:api("PUT", CONFIGS .. "/" .. config.id, { name = "other" })
      assert.equal(200, status)
      assert.equal(config.name, body.config.name)
    end)

    it("M17 takes 25 mappings and refuses 26, on creation and on change", function()
      local function mappings(count)
        local list = {}
        for i = 1, count do
          list[i] = { connection_name = i > 24 and "gmail" or ("extra%02d"):format(i) }
        end
        return list
      end
      local status, body = create { name = env:name(), connection_tool_mappings = mappings(25) }
      assert.equal(201, status)
      local path = CONFIGS .. "/" .. body.config.id
      assert.equal(200, (env:api("PUT", path, { connection_tool_mappings = mappings(25) })))
      refused({ "connection_tool_mappings" },
        env:api("PUT", path, { connection_tool_mappings = mappings(26) }))
      refused({ "connection_tool_mappings" },
        create { name = env:name(), connection_tool_mappings = mappings(26) })
    end)

    it("checks a change like a creation", function()
      local path = CONFIGS .. "/" .. env:create().id
      assert.equal(404, (env:api("PUT", path, {
        connection_tool_mappings = { { connection_name = "nowhere" } },
      })))
      assert.equal(400, (env:api("PUT", path, {
        connection_tool_mappings = { { connection_name = "gmail", tools = { "no_tool" } } },
      })))
    end)

    it("M19 deletes once", function()
      local config = env:create()
      local path = CONFIGS .. "/" .. config.id
      local status, body, response = env:api("DELETE", path)
      assert.equal(200, status)
      assert.equal("{}", response.body)
      assert.same({}, body)
      for _, method in ipairs { "GET", "DELETE" } do
        status, body = env:api(method, path)
        assert.equal(404, status)
        assert.equal(5, body.code)
      end
      assert.equal(404, (env:api("PUT", path, { description = "x" })))
      assert.equal(404, (env:api("GET", CONFIGS .. "/cfg_none")))
    end)

    it("M23 pages through 65 configs", function()
      clear()
      for i = 1, 65 do
        env:create({ GMAIL }, ("page-%02d"):format(i))
      end
      local sizes, seen, token = {}, {}, nil
      repeat
        local query = "?page_size=30" .. (token and "&page_token=" .. core.percent(token) or "")
        local status, body = env:api("GET", CONFIGS .. query)
        assert.equal(200, status)
        assert.equal(65, body.total_size)
        sizes[#sizes + 1] = #body.configs
        for _, config in ipairs(body.configs) do
          assert.is_nil(seen[config.name])
          seen[config.name] = true
        end
        token = body.next_page_token
        if token ~= "" then
          assert.equal(#sizes == 1, body.prev_page_token == "")
        end
      until token == ""
      assert.same({ 30, 30, 5 }, sizes)
    end)

    it("goes back to the page before", function()
      clear()
      for i = 1, 5 do
        env:create({ GMAIL }, ("back-%d"):format(i))
      end
      local _, first = env:api("GET", CONFIGS .. "?page_size=2")
      local _, second = env:api("GET", CONFIGS .. "?page_size=2&page_token=" .. first.next_page_token)
      local _, back = env:api("GET", CONFIGS .. "?page_size=2&page_token=" .. second.prev_page_token)
      assert.same(first, back)
    end)

    it("M25 bounds the page size", function()
      for size, status in pairs { ["30"] = 200, ["0"] = 200, ["31"] = 400, ["-1"] = 400, abc = 400 } do
        assert.equal(status, (env:api("GET", CONFIGS .. "?page_size=" .. size)), size)
      end
      local _, body = env:api("GET", CONFIGS .. "?page_size=31")
      assert.same({ "page_size" }, support.fields(body))
      assert.truthy(body.message:find "Validation error")
    end)

    it("M26 refuses page tokens that are garbage or belong to another query", function()
      clear()
      for i = 1, 3 do
        env:create({ GMAIL }, ("token-%d"):format(i))
      end
      local _, body = env:api("GET", CONFIGS .. "?page_size=1")
      for _, token in ipairs { "garbage", "eyJvZmZzZXQiOjIwfQ==", body.next_page_token .. "A" } do
        refused({ "page_token" },
          env:api("GET", CONFIGS .. "?page_size=1&page_token=" .. core.percent(token)))
      end
      refused({ "page_token" }, env:api("GET",
        CONFIGS .. "?page_size=1&search=token&page_token=" .. core.percent(body.next_page_token)))
    end)

    it("M28 filters by the exact name, in any case, and searches by a part of it", function()
      clear()
      env:create({ GMAIL }, "email-agent")
      env:create({ GMAIL }, "calendar")
      assert.same({}, names "filter.name=email")
      assert.same({ "email-agent" }, names "filter.name=Email-Agent")
      assert.same({ "email-agent" }, names "search=EMAIL")
      assert.same({ "email-agent" }, names "search=agent")
      assert.same({}, names "search=nothing")
    end)

    it("M29 refuses filter names that could not be names", function()
      for _, value in ipairs { ("a"):rep(101), "a%20b", "a.b", "%C3%A4" } do
        refused({ "filter.name" }, env:api("GET", CONFIGS .. "?filter.name=" .. value))
      end
    end)

    it("M31 combines filters", function()
      clear()
      local mail = env:create({ GMAIL }, "mail-only")
      local both = env:create(nil, "both")
      assert.same({ "mail-only", "both" }, names "filter.provider=gmail")
      assert.same({ "both" }, names "filter.provider=GOOGLECALENDAR")
      assert.same({ "mail-only" }, names("filter.id=" .. mail.id))
      assert.same({}, names("filter.id=" .. mail.id .. "&filter.provider=GOOGLECALENDAR"))
      local uuid = both.mcp_server_url:match "[^/]+$"
      assert.same({ "both" }, names("filter.mcp_server_url="
        .. core.percent("https://other.example/x/" .. uuid)))
      assert.same({}, names("filter.mcp_server_url=" .. core.percent(env.url)))
    end)

    it("M32 refuses a search of two letters", function()
      refused({ "search" }, env:api("GET", CONFIGS .. "?search=ab"))
      assert.equal(200, (env:api("GET", CONFIGS .. "?search=abc")))
    end)

    it("ignores query parameters it does not know", function()
      assert.equal(200, (env:api("GET", CONFIGS .. "?novelty=1&filter.novelty=2")))
    end)
  end)
end)
