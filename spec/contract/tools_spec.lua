local support = require "spec.support.env"

local TOOLS = "/api/v1/tools"

local NAMES = {
  "gmail_fetch_mails", "gmail_get_message_by_id", "gmail_send_mail", "gmail_search_people",
  "googlecalendar_list_events", "googlecalendar_create_event", "googlecalendar_update_event",
  "googlecalendar_delete_event", "googlecalendar_find_free_slots",
}

describe("tools", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local function names(query)
      local status, body = env:api("GET", TOOLS .. "?filter.summary=true&" .. query)
      assert.equal(200, status)
      assert.same({}, body.tools)
      return body.tool_names
    end

    it("L01 lists names or tools, never both", function()
      assert.same(NAMES, names "")
      local status, body = env:api("GET", TOOLS)
      assert.equal(200, status)
      assert.same({}, body.tool_names)
      assert.equal(#NAMES, #body.tools)
      assert.equal(#NAMES, body.total_size)
      for i, tool in ipairs(body.tools) do
        assert.equal(NAMES[i], tool.definition.name)
        assert.truthy(tool.id:match "^tol_%d+$")
        assert.equal(i <= 4 and "GMAIL" or "GOOGLECALENDAR", tool.provider)
        assert.equal("object", tool.definition.input_schema.type)
        assert.equal("object", tool.definition.output_schema.type)
        assert.equal("boolean", type(tool.definition.annotations.readOnlyHint))
        assert.is_true(#tool.definition.description > 0)
      end
    end)

    it("keeps empty lists of schemas lists", function()
      local _, _, response = env:api("GET", TOOLS .. "?filter.tool_name=gmail_fetch_mails")
      assert.truthy(response.body:find('"required":[]', 1, true))
    end)

    it("filters, and combines filters", function()
      assert.equal(4, #names "filter.provider=gmail")
      assert.equal(5, #names "filter.connector=googlecalendar")
      assert.same({ "gmail_send_mail", "googlecalendar_list_events" },
        names "filter.tool_name=googlecalendar_list_events&filter.tool_name=gmail_send_mail")
      assert.same({}, names "filter.provider=gmail&filter.tool_name=googlecalendar_list_events")
      assert.same({ "googlecalendar_find_free_slots" }, names "filter.query=free")
      assert.same({}, names "filter.tool_name=none")
    end)

    it("filters by who has an account", function()
      assert.same({}, names "filter.identifier=tool_user")
      env:set_account("gmail", "tool_user", "ACTIVE")
      assert.equal(4, #names "filter.identifier=tool_user")
      local config = env:create()
      local _, body = env:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/connected_accounts", {
        identifier = "tool_user",
      })
      local id = body.connected_accounts[1].connected_account_id
      assert.equal(4, #names("filter.connected_account_id=" .. id))
    end)

    it("pages", function()
      local _, first = env:api("GET", TOOLS .. "?page_size=4")
      assert.equal(4, #first.tools)
      local _, second = env:api("GET", TOOLS .. "?page_size=4&page_token=" .. first.next_page_token)
      assert.equal("googlecalendar_list_events", second.tools[1].definition.name)
    end)

    it("refuses filters outside their bounds", function()
      for query, field in pairs {
        ["filter.query=ab"] = "filter.query",
        ["filter.summary=maybe"] = "filter.summary",
        ["filter.connected_account_id=x_1"] = "filter.connected_account_id",
        ["filter.connector=a/b"] = "filter.connector",
        ["page_token=x"] = "page_token",
        ["page_size=x"] = "page_size",
      } do
        local status, body = env:api("GET", TOOLS .. "?" .. query)
        assert.equal(400, status, query)
        assert.same({ field }, support.fields(body))
      end
    end)
  end)
end)
