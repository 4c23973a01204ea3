local support = require "spec.support.env"

local function count(list, value)
  local n = 0
  for _, item in ipairs(list) do
    if item == value then
      n = n + 1
    end
  end
  return n
end

describe("many requests at once", function()
  support.both({}, function(env)
    it("give a name to one of those who want it", function()
      env:access_token()
      for round = 1, 5 do
        local statuses = support.together(12, function()
          return (env:api("POST", "/api/v1/mcp/configs", {
            name = "race-" .. round,
            connection_tool_mappings = { { connection_name = "gmail" } },
          }))
        end)
        assert.equal(1, count(statuses, 201))
        assert.equal(11, count(statuses, 400))
      end
      local _, body = env:api("GET", "/api/v1/mcp/configs?search=race")
      assert.equal(5, body.total_size)
    end)

    it("delete a config once", function()
      local config = env:create()
      local statuses = support.together(8, function()
        return (env:api("DELETE", "/api/v1/mcp/configs/" .. config.id))
      end)
      assert.equal(1, count(statuses, 200))
      assert.equal(7, count(statuses, 404))
    end)

    it("create one account for a user", function()
      local config = env:create()
      local ids = support.together(8, function()
        local _, body = env:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/connected_accounts", {
          identifier = "racer", include_auth_link = true,
        })
        return body.connected_accounts[1].connected_account_id
      end)
      assert.equal(8, count(ids, ids[1]))
    end)

    it("use a link once", function()
      local _, body = env:api("POST", "/api/v1/connected_accounts/magic_link", {
        connector = "gmail", identifier = "clicker",
      })
      local path = env:path(body.link)
      local nonce = env:request("GET", path).body:match 'name="nonce" value="([^"]+)"'
      local statuses = support.together(8, function()
        return env:form(path, { nonce = nonce, decision = "allow" }).status
      end)
      assert.equal(1, count(statuses, 200))
      assert.equal(7, count(statuses, 410))
    end)

    it("lose nothing that tools write", function()
      local session = env:open({ { connection_name = "googlecalendar" } }, "writer")
      local ids = support.together(20, function(i)
        local _, body = env:modern(session, "tools/call", {
          name = "googlecalendar_create_event",
          arguments = { summary = "Event " .. i, start_datetime = "2030-01-01T10:00:00Z" },
        })
        return body.result.structuredContent.id
      end)
      assert.equal(20, #ids)
      local _, body = env:modern(session, "tools/call", {
        name = "googlecalendar_list_events",
        arguments = { time_min = "2030-01-01T00:00:00Z", max_results = 100 },
      })
      assert.equal(20, #body.result.structuredContent.events)
    end)
  end)
end)
