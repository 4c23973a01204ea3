-- The client against our own Virtual MCP server, in both eras.

local env = require "spec.support.env"
local inproc = require "scalekit.transport.inproc"
local mcp = require "scalekit.mcp"

local EVENT = {
  summary = "Lunch", start_datetime = "2027-01-01T12:00:00Z", end_datetime = "2027-01-01T13:00:00Z",
}

describe("mcp and vmcp,", function()
  env.both({}, function(e)
    local session

    local function connect(opts)
      local given = { url = session.config.mcp_server_url, token = session.token }
      for name, value in pairs(opts) do given[name] = value end
      given.transport = e.app and inproc.new(e.app) or e.send
      return mcp.connect(given)
    end

    before_each(function() session = e:open() end)

    for era, version in pairs { modern = "2026-07-28", legacy = "2025-11-25" } do
      it("list and call exactly the mapped tools, " .. era, function()
        local connection = assert(connect { era = era })
        assert.equal(era, connection.era)
        assert.equal(version, connection.protocol_version)
        local names = {}
        for i, tool in ipairs(assert(connection:list_tools())) do names[i] = tool.name end
        table.sort(names)
        assert.same({ "gmail_fetch_mails", "googlecalendar_create_event",
          "googlecalendar_list_events" }, names)
        assert.same({}, connection.warnings)
        local mails = assert(connection:call_tool("gmail_fetch_mails", {}))
        assert.is_not_true(mails.isError)
        assert.equal("text", mails.content[1].type)
        local none, err = connection:call_tool("gmail_send_mail", {})
        assert.is_nil(none)
        assert.equal(-32602, err.code)
        assert.is_true(connection:ping())
        assert.is_true(connection:close())
      end)
    end

    it("agree on the modern era by themselves", function()
      local connection = assert(connect {})
      assert.equal("modern", connection.era)
      local result = assert(connection:call_tool("googlecalendar_create_event", EVENT))
      assert.is_not_true(result.isError)
    end)

    it("agree that there are tools and nothing else", function()
      for _, era in ipairs { "modern", "legacy" } do
        local connection = assert(connect { era = era })
        local function refused(value, err)
          assert.is_nil(value)
          assert.equal("not_found", err.kind)
          assert.equal(-32601, err.code)
        end
        refused(connection:list_resources())
        refused(connection:list_resource_templates())
        refused(connection:read_resource "note://one")
        refused(connection:list_prompts())
        refused(connection:get_prompt "greet")
        refused(connection:complete { prompt = "greet", argument = "name" })
        local none, err = connection:listen { toolsListChanged = true }
        assert.is_nil(none)
        assert.is_true(err.kind == "not_found" or err.kind == "unimplemented")
        connection:close()
      end
    end)

    it("have no use for callbacks that nobody asks", function()
      for _, era in ipairs { "modern", "legacy" } do
        local connection = assert(connect {
          era = era, on_elicitation = error, on_sampling = error, on_url = error,
        })
        assert(connection:call_tool("gmail_fetch_mails", {}))
        assert(connection:call_tool("gmail_fetch_mails", {}))
        connection:close()
      end
    end)

    it("refuse a wrong token with a challenge", function()
      for _, token in ipairs { "wrong", session.token .. "x" } do
        local none, err = connect { token = token }
        assert.is_nil(none)
        assert.equal("unauthorized", err.kind)
        assert.equal("invalid_token", err.challenge.error)
        assert.is_truthy(err.challenge.resource_metadata)
      end
    end)

    it("end with the config, at once and in both eras", function()
      local modern = assert(connect {})
      local legacy = assert(connect { era = "legacy" })
      assert.equal(200, (e:api("DELETE", "/api/v1/mcp/configs/" .. session.config.id)))
      for _, connection in ipairs { modern, legacy } do
        local none, err = connection:list_tools()
        assert.is_nil(none)
        assert.is_true(err.kind == "unauthorized" or err.kind == "not_found")
      end
    end)
  end)
end)
