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

    it("list each of many new accounts once", function()
      env:access_token()
      support.together(130, function(i)
        env:api("POST", "/api/v1/connected_accounts", {
          connector = "gmail", identifier = ("crowd_%d"):format(i % 65), connected_account = {},
        })
      end)
      local seen, token = {}, ""
      repeat
        local _, body = env:api("GET",
          "/api/v1/connected_accounts?page_size=50&query=crowd_&page_token=" .. token)
        for _, account in ipairs(body.connected_accounts) do
          assert.is_nil(seen[account.identifier])
          seen[account.identifier] = true
        end
        assert.equal(65, body.total_size)
        token = body.next_page_token
      until token == ""
    end)

    it("delete an account once, and leave nothing of it", function()
      local account = { connector = "gmail", identifier = "doomed", connected_account = {} }
      env:api("POST", "/api/v1/connected_accounts", account)
      local statuses = support.together(8, function()
        return (env:api("POST", "/api/v1/connected_accounts:delete", {
          connector = "gmail", identifier = "doomed",
        }))
      end)
      assert.equal(1, count(statuses, 200))
      assert.equal(7, count(statuses, 404))
      local _, body = env:api("GET", "/api/v1/connected_accounts?identifier=doomed")
      assert.equal(0, body.total_size)
    end)

    it("refresh an account's token once", function()
      env:set_account("gmail", "fresh", "ACTIVE")
      env:advance(3600)
      local path = "/api/v1/connected_accounts/auth?connector=gmail&identifier=fresh"
      local tokens = support.together(8, function()
        local _, body = env:api("GET", path)
        return body.connected_account.authorization_details.oauth_token.access_token
      end)
      env:advance(-3600)
      assert.equal(8, count(tokens, tokens[1]))
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
