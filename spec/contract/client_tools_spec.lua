-- The client's `tools` methods and its calls through the proxy, against our own server.
local json = require "scalekit.json"
local scalekit = require "scalekit"
local support = require "spec.support.env"

local check = scalekit.check

describe("client.tools", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local client, account_id

    setup(function()
      client = env:client()
      env:set_account("gmail", "user_123", "ACTIVE")
      account_id = check(client.connected_accounts:get {
        connection_name = "gmail", identifier = "user_123",
      }).connected_account.id
    end)
    teardown(function() client = nil end)

    local function fault(body)
      assert.equal(204, (env:api("PUT", "/switches/fault", body)))
    end

    it("L01 lists tools, or only their names", function()
      local filter = { filter_connector = "gmail" }
      local tools = check(client.tools:list(filter)).tools
      assert.is_string(tools[1].definition.name)
      assert.is_table(tools[1].definition.input_schema)
      filter.filter_summary = true
      local reply = check(client.tools:list(filter))
      assert.same({ 0, #tools }, { #reply.tools, #reply.tool_names })
      local names = {}
      for name in client.tools:each(filter) do names[#names + 1] = name end
      assert.same(reply.tool_names, json.array(names))
    end)

    it("L05 lists the tools of a user with the account that each would use", function()
      local reply = check(client.tools:list_scoped {
        identifier = "user_123", filter_connection_names = { "gmail" },
      })
      assert.is_true(#reply.tools > 0)
      for _, scoped in ipairs(reply.tools) do
        assert.same({ "user_123", account_id }, { scoped.identifier, scoped.connected_account_id })
        assert.matches("^gmail_", scoped.tool.definition.name)
      end
    end)

    it("D14 D15 lists a user's tools without a filter; an unknown user has none or is unknown", function()
      assert.is_true(#check(client.tools:list_available { identifier = "user_123" }).tools > 0)
      local reply, err = client.tools:list_available { identifier = "nobody-has-this" }
      assert.is_true(reply and #reply.tools == 0 or err.kind == "not_found")
    end)

    it("X01 executes a tool with an account", function()
      local reply = check(client.tools:execute {
        tool_name = "gmail_fetch_mails", connected_account_id = account_id,
        params = { max_results = 1 },
      })
      assert.equal(1, #reply.data.messages)
      assert.is_string(reply.execution_id)
    end)

    it("X01 executes a tool by connection and user, as the service's samples do", function()
      local reply = check(client.actions:execute_tool {
        tool_name = "gmail_fetch_mails", connection_name = "gmail", identifier = "user_123",
        tool_input = { max_results = 2 },
      })
      assert.equal(2, #reply.data.messages)
    end)

    it("X01 executes a tool that takes no parameters", function()
      assert.is_table(check(client.tools:execute {
        tool_name = "gmail_fetch_mails", identifier = "user_123",
      }).data)
    end)

    it("X05 hands on what the provider says, once", function()
      fault { tool_name = "gmail_fetch_mails", status = 429, error_code = "quota",
        message = "slow down" }
      local _, err = client.tools:execute {
        tool_name = "gmail_fetch_mails", identifier = "user_123",
      }
      assert.same({ "tool_error", 429, "quota", "slow down", 1, false, "none" }, {
        err.kind, err.status, err.tool_error_code, err.tool_error_message, err.attempts,
        err.retryable, err.outcome,
      })
      assert.is_string(err.execution_id)
      assert.matches("execute_tool: tool error: slow down", tostring(err))
    end)

    it("A10 does not take a provider's 401 for one about the token", function()
      fault { tool_name = "gmail_fetch_mails", status = 401 }
      local _, err = client.tools:execute {
        tool_name = "gmail_fetch_mails", identifier = "user_123",
      }
      assert.same({ "tool_error", 401, 1 }, { err.kind, err.status, err.attempts })
      assert.is_table(check(client.tools:execute { -- the same token still serves
        tool_name = "gmail_fetch_mails", identifier = "user_123",
      }))
    end)

    it("X07 says how long the service wants to be left alone, and does not wait", function()
      fault { operation = "ListTools", status = 429, retry_after = 2 }
      local _, err = client.tools:list()
      assert.same({ "rate_limited", "RATE_LIMITED", 2, 1, true },
        { err.kind, err.code, err.retry_after, err.attempts, err.retryable })
    end)

    describe("through the proxy", function()
      local function request(more)
        local args = { connection_name = "gmail", identifier = "user_123" }
        for name, value in pairs(more) do args[name] = value end
        return client.actions:request(args)
      end

      it("gives the provider's own answer", function()
        local response = check(request {
          path = "/gmail/v1/users/me/messages", query_params = { maxResults = 1 },
        })
        assert.equal(200, response.status)
        assert.matches("^application/json", response.headers["content-type"])
        assert.equal(1, #json.decode(response.body).messages)
      end)

      it("gives the provider's own refusal", function()
        local response = check(request { path = "/gmail/v1/users/me/nothing" })
        assert.equal(404, response.status)
        assert.equal("NOT_FOUND", json.decode(response.body).error.status)
      end)

      it("says what the service itself refuses", function()
        local response, err = request { identifier = "nobody", path = "/gmail/v1/users/me/profile" }
        assert.is_nil(response)
        assert.same({ "not_found", "request" }, { err.kind, err.operation })
      end)
    end)
  end)
end)
