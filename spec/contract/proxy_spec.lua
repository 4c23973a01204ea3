local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local users = 0

local function new_user()
  users = users + 1
  return ("caller_%d"):format(users)
end

describe("the proxy", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local function call(method, path, user, more)
      local headers = {
        authorization = "Bearer " .. env:access_token(), connection_name = "gmail",
        identifier = user, ["content-type"] = "application/json",
      }
      for name, value in pairs(more and more.headers or {}) do headers[name] = value or nil end
      local response = env:request(method, "/proxy" .. path, {
        headers = headers, body = more and more.body and json.encode(more.body),
      })
      return response.status, response.body ~= "" and json.decode(response.body) or nil
    end

    local function active_user()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      env:set_account("googlecalendar", user, "ACTIVE")
      return user
    end

    local CALENDAR = { headers = { connection_name = "googlecalendar" } }

    it("calls the provider's own API with the user's account", function()
      local user = active_user()
      local status, list = call("GET", "/gmail/v1/users/me/messages?maxResults=2", user)
      assert.equal(200, status)
      assert.equal(2, #list.messages)
      local mail
      status, mail = call("GET", "/gmail/v1/users/me/messages/" .. list.messages[1].id, user)
      assert.equal(200, status)
      assert.equal(mail.payload.body.size, #core.unbase64url(mail.payload.body.data))
      local profile
      status, profile = call("GET", "/gmail/v1/users/me/profile", user)
      assert.equal(200, status)
      assert.equal(user .. "@example.com", profile.emailAddress)
      status, list = call("GET", "/gmail/v1/users/me/messages?q=no+such+words", user)
      assert.equal(200, status)
      assert.same({}, list.messages)
    end)

    it("hands bodies on and keeps what they change", function()
      local user = active_user()
      local events = "/calendar/v3/calendars/primary/events"
      local status, event = call("POST", events, user, {
        headers = CALENDAR.headers,
        body = {
          summary = "Through the proxy", start = { dateTime = "2030-01-01T10:00:00Z" },
          ["end"] = { dateTime = "2030-01-01T11:00:00Z" },
        },
      })
      assert.equal(200, status)
      assert.equal("2030-01-01T11:00:00Z", event["end"].dateTime)
      local again
      status, again = call("GET", events .. "/" .. event.id, user, CALENDAR)
      assert.equal(200, status)
      assert.same(event, again)
      local _, list = call("GET", events, user, CALENDAR)
      assert.equal(event.id, list.items[#list.items].id)
    end)

    it("gives the provider's refusals as they are", function()
      local user = active_user()
      for path, code in pairs {
        ["/gmail/v1/users/me/messages/none"] = 404,
        ["/gmail/v1/users/me/messages?maxResults=x"] = 400,
        ["/no/such/path"] = 404,
      } do
        local status, body = call("GET", path, user)
        assert.equal(code, status)
        assert.equal(code, body.error.code)
      end
      assert.equal(404, (call("PATCH", "/gmail/v1/users/me/messages", user)))
      assert.equal(400, (call("POST", "/calendar/v3/calendars/primary/events", user, {
        headers = CALENDAR.headers, body = { summary = "x" },
      })))
    end)

    it("serves only the API client, for an ACTIVE account that exists", function()
      local user = active_user()
      local path = "/gmail/v1/users/me/profile"
      local status, body = call("GET", path, user, { headers = { authorization = false } })
      assert.equal(401, status)
      assert.equal(16, body.code)
      assert.equal(401, (call("GET", path, user, { headers = { authorization = "Bearer x" } })))
      assert.equal(400, (call("GET", path, user, { headers = { identifier = false } })))
      assert.equal(400, (call("GET", path, user, { headers = { connection_name = false } })))
      assert.equal(404, (call("GET", path, "nobody")))
      assert.equal(404, (call("GET", path, user, { headers = { connection_name = "nowhere" } })))
      env:set_account("gmail", user, "EXPIRED")
      status, body = call("GET", path, user)
      assert.equal(400, status)
      assert.equal("CONNECTED_ACCOUNT_NOT_ACTIVE", support.info(body).error_code)
      env:set_account("extra01", user, "ACTIVE")
      status, body = call("GET", path, user, { headers = { connection_name = "extra01" } })
      assert.equal(400, status)
      assert.equal("PROXY_NOT_ENABLED", support.info(body).error_code)
    end)
  end)
end)
