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

    it("filters by whose account it is", function()
      env:api("POST", "/api/v1/connected_accounts", {
        connector = "googlecalendar", identifier = "owned", organization_id = "org_tools",
        user_id = "usr_tools", connected_account = {},
      })
      assert.equal(5, #names "filter.organization_id=org_tools")
      assert.equal(5, #names "filter.user_id=usr_tools&filter.identifier=owned")
      assert.same({}, names "filter.organization_id=org_tools&filter.provider=gmail")
      assert.same({}, names "filter.organization_id=org_tools&filter.user_id=other")
      assert.same({}, names "filter.user_id=usr_tools&filter.identifier=nobody")
    end)

    -- the items, or a status that is not 200
    local function runnable(which, query)
      local status, body = env:api("GET", TOOLS .. "/" .. which .. query)
      return status == 200 and body.tools or status, body
    end

    it("L04 D14 scopes tools to a user, who must be named, with or without a filter", function()
      env:set_account("gmail", "scoped", "ACTIVE")
      local status, body = env:api("GET", TOOLS .. "/scoped")
      assert.equal(400, status)
      assert.same({ "identifier" }, support.fields(body))
      assert.equal(400, (runnable("scoped", "?identifier=")))
      assert.equal(400, (runnable("scoped", "?identifier=" .. ("x"):rep(101))))
      assert.equal(4, #runnable("scoped", "?identifier=scoped"))
      assert.equal(4, #runnable("scoped", "?identifier=scoped&filter.providers=GMAIL"))
    end)

    it("L05 tells with which account each scoped tool runs", function()
      env:set_account("gmail", "scoped", "ACTIVE")
      env:set_account("googlecalendar", "scoped", "EXPIRED")
      local _, listed = env:api("GET", "/api/v1/connected_accounts?identifier=scoped&connector=gmail")
      local tools, body = runnable("scoped", "?identifier=scoped")
      assert.equal(4, #tools)
      assert.equal(4, body.total_size)
      for i, item in ipairs(tools) do
        assert.equal(NAMES[i], item.tool.definition.name)
        assert.equal("scoped", item.identifier)
        assert.equal(listed.connected_accounts[1].id, item.connected_account_id)
      end
    end)

    it("filters scoped tools", function()
      env:set_account("gmail", "both", "ACTIVE")
      env:set_account("googlecalendar", "both", "ACTIVE")
      local function count(query)
        return #runnable("scoped", "?identifier=both&" .. query)
      end
      assert.equal(9, count "page_size=100")
      assert.equal(5, count "filter.providers=googlecalendar")
      assert.equal(9, count "filter.providers=GMAIL&filter.providers=GOOGLECALENDAR")
      assert.equal(4, count "filter.connection_names=gmail")
      assert.equal(1, count "filter.tool_names=gmail_send_mail&filter.tool_names=none")
      assert.equal(0, count "filter.tool_names=gmail_send_mail&filter.providers=GOOGLECALENDAR")
      local status, body = env:api("GET",
        TOOLS .. "/scoped?identifier=both&filter.providers=GMAIL&filter.providers=gmail")
      assert.equal(400, status)
      assert.same({ "filter.providers[2]" }, support.fields(body))
    end)

    it("lists what is available to a user, in pages", function()
      env:set_account("gmail", "available", "ACTIVE")
      env:set_account("googlecalendar", "available", "ACTIVE")
      local tools, body = runnable("available", "?identifier=available&page_size=7")
      assert.equal(7, #tools)
      assert.equal(9, body.total_size)
      assert.equal("gmail_fetch_mails", tools[1].definition.name)
      tools = runnable("available",
        "?identifier=available&page_size=7&page_token=" .. body.next_page_token)
      assert.equal(2, #tools)
      env:set_account("gmail", "available", "DISCONNECTED")
      assert.equal(5, #runnable("available", "?identifier=available"))
      assert.equal(400, (runnable("available", "")))
    end)

    it("D15 knows no tools of a user without an account", function()
      for _, which in ipairs { "scoped", "available" } do
        local status, body = runnable(which, "?identifier=nobody")
        assert.equal(404, status)
        assert.equal(5, body.code)
      end
    end)
  end)
end)
