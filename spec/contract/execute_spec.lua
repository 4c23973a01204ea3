local json = require "scalekit.json"
local support = require "spec.support.env"

local EXECUTE = "/api/v1/execute_tool"
local ACCOUNTS = "/api/v1/connected_accounts"

local users = 0

local function new_user()
  users = users + 1
  return ("runner_%d"):format(users)
end

describe("execute_tool", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local function active_user()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      return user
    end

    local function id_of(user)
      local _, body = env:api("GET", ACCOUNTS .. "/details?connector=gmail&identifier=" .. user)
      return body.connected_account.id
    end

    local function execute(body)
      return env:api("POST", EXECUTE, body)
    end

    local function fault(fields)
      assert.equal(204, (env:api("PUT", "/switches/fault", fields)))
    end

    it("X01 runs a tool with an account named by its id", function()
      local user = active_user()
      local status, body = execute {
        tool_name = "gmail_fetch_mails", params = { max_results = 2 },
        connected_account_id = id_of(user),
      }
      assert.equal(200, status)
      assert.equal(2, #body.data.messages)
      assert.is_true(#body.execution_id > 0)
    end)

    it("runs a tool for a user, with or without the connection's name", function()
      local user = active_user()
      for _, connector in ipairs { "gmail", "" } do
        local status, body = execute {
          tool_name = "gmail_fetch_mails", identifier = user, connector = connector,
        }
        assert.equal(200, status)
        assert.is_true(#body.data.messages > 0)
      end
    end)

    it("has an effect, which others see", function()
      local user = active_user()
      local _, sent = execute {
        tool_name = "gmail_send_mail", identifier = user,
        params = { to = "a@example.org", subject = "Sent over REST", body = "b" },
      }
      local _, read = execute {
        tool_name = "gmail_get_message_by_id", identifier = user,
        params = { message_id = sent.data.id },
      }
      assert.equal("Sent over REST", read.data.subject)
      local session = env:open({ { connection_name = "gmail" } }, user)
      local _, body = env:modern(session, "tools/call", {
        name = "gmail_get_message_by_id", arguments = { message_id = sent.data.id },
      })
      assert.equal("Sent over REST", body.result.structuredContent.subject)
    end)

    it("notes that the account was used", function()
      local user = active_user()
      local path = ACCOUNTS .. "/details?connector=gmail&identifier=" .. user
      local _, before = env:api("GET", path)
      assert.is_nil(before.connected_account.last_used_at)
      execute { tool_name = "gmail_fetch_mails", identifier = user }
      local _, after = env:api("GET", path)
      assert.truthy(after.connected_account.last_used_at)
      assert.equal(before.connected_account.updated_at, after.connected_account.updated_at)
    end)

    it("X04 needs a tool's name, and parameters that are an object", function()
      local user = active_user()
      for _, body in ipairs {
        {}, { tool_name = "" }, { tool_name = "gmail_fetch_mails", params = json.array {} },
        { tool_name = "gmail_fetch_mails", params = "x" },
        { tool_name = "gmail_fetch_mails", agent_run_id = ("r"):rep(256) },
      } do
        body.identifier = user
        local status, answer = execute(body)
        assert.equal(400, status)
        assert.equal("VALIDATION_ERROR", support.info(answer).error_code)
      end
    end)

    it("does not find what does not exist, and does not guess", function()
      local user = active_user()
      local function status(more)
        local body = { tool_name = "gmail_fetch_mails" }
        for name, value in pairs(more) do body[name] = value end
        return (execute(body))
      end
      assert.equal(404, status { tool_name = "no_tool", identifier = user })
      assert.equal(404, status { identifier = "nobody" })
      assert.equal(404, status { connected_account_id = "ca_0" })
      assert.equal(404, status { identifier = user, connector = "nowhere" })
      assert.equal(404, status { identifier = user, connector = "googlecalendar" })
      env:set_account("googlecalendar", user, "ACTIVE")
      assert.equal(404, status { identifier = user, connector = "googlecalendar" })
      assert.equal(400, status {})
      assert.equal(400, status { connector = "gmail" })
    end)

    it("refuses accounts that are not ACTIVE", function()
      local user = active_user()
      for _, state in ipairs { "PENDING_AUTH", "EXPIRED", "DISCONNECTED", "PENDING_VERIFICATION" } do
        env:set_account("gmail", user, state)
        local status, body = execute { tool_name = "gmail_fetch_mails", identifier = user }
        assert.equal(400, status)
        assert.equal(9, body.code)
        assert.equal("CONNECTED_ACCOUNT_NOT_ACTIVE", support.info(body).error_code)
        assert.truthy(body.message:find(state, 1, true))
      end
    end)

    it("tells what the provider refuses as the provider's refusal", function()
      local user = active_user()
      for tool_name, params in pairs {
        gmail_fetch_mails = { max_results = 0 },
        gmail_get_message_by_id = { message_id = "none" },
      } do
        local status, body = execute { tool_name = tool_name, params = params, identifier = user }
        assert.equal(400, status)
        assert.equal(3, body.code)
        local info = support.info(body)
        assert.equal("TOOL_ERROR", info.error_code)
        assert.equal(body.message, info.tool_error_info.tool_error_message)
        assert.is_true(#info.tool_error_info.execution_id > 0)
      end
    end)

    it("X05 answers with the provider's own class of failure", function()
      local user = active_user()
      for status, code in pairs { [401] = 16, [403] = 7, [429] = 8, [500] = 13 } do
        fault {
          tool_name = "gmail_fetch_mails", status = status, error_code = "quotaExceeded",
          message = "Too much",
        }
        local given, body, response = execute { tool_name = "gmail_fetch_mails", identifier = user }
        assert.equal(status, given)
        assert.equal(code, body.code)
        assert.is_nil(response.headers["www-authenticate"])
        local info = support.info(body)
        assert.equal("TOOL_ERROR", info.error_code)
        assert.equal("Too much", info.tool_error_info.tool_error_message)
        assert.equal("quotaExceeded", info.tool_error_info.tool_error_code)
        assert.is_true(#info.tool_error_info.execution_id > 0)
        assert.equal(200, (execute { tool_name = "gmail_fetch_mails", identifier = user }))
      end
    end)

    it("X07 limits its own rate with another word, and says how long to wait", function()
      local user = active_user()
      fault { operation = "ExecuteTool", status = 429, retry_after = 2 }
      local status, body, response = execute { tool_name = "gmail_fetch_mails", identifier = user }
      assert.equal(429, status)
      assert.equal(8, body.code)
      assert.equal("RATE_LIMITED", support.info(body).error_code)
      assert.is_nil(support.info(body).tool_error_info)
      assert.equal("2", response.headers["retry-after"])
    end)

    it("D13 takes parameters under `params` and knows no `tool_input`", function()
      local user = active_user()
      local status, body = execute {
        tool_name = "gmail_fetch_mails", identifier = user, tool_input = { max_results = 1 },
        params = { max_results = 2 },
      }
      assert.equal(200, status)
      assert.equal(2, #body.data.messages)
    end)
  end)
end)
