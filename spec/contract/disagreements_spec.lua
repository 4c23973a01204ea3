-- Where the sources of the contract contradict each other, and what the server does there. D10, D13,
-- D14 and D15 stand with the cases of providers, execute_tool and tools.
local core = require "scalekit.core"
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local support = require "spec.support.env"

local CONFIGS = "/api/v1/mcp/configs"
local ACCOUNTS = "/api/v1/connected_accounts"

local users = 0

local function new_user()
  users = users + 1
  return ("disputed_%d"):format(users)
end

describe("the server, where the sources disagree,", function()
  support.both({ app = "spec.support.vmcp_fixture", webhook = true }, function(env)
    local function entries(config, user, links)
      local _, body = env:api("POST", CONFIGS .. "/" .. config.id .. "/connected_accounts", {
        identifier = user, include_auth_link = links,
      })
      return body.connected_accounts
    end

    it("D1 spells five states in capitals", function()
      local config, user = env:create(), new_user()
      for _, state in ipairs {
        "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED",
      } do
        env:set_account("gmail", user, state)
        assert.equal(state, entries(config, user)[1].connected_account_status)
        local _, body = env:api("GET", ACCOUNTS .. "?identifier=" .. user)
        assert.equal(state, body.connected_accounts[1].status)
      end
      for _, other in ipairs { "PENDING", "REVOKED", "ERROR", "active" } do
        assert.equal(400, (env:api("PUT", "/switches/account", {
          connection_name = "gmail", identifier = user, status = other,
        })))
      end
    end)

    it("D2 answers 201 to what creates and 200 to the rest", function()
      local created = {}
      for _, op in ipairs(ops) do
        if op.status == 201 then created[#created + 1] = op.id end
      end
      assert.same({ "CreateMcpConfig", "CreateConnectedAccount", "CreateCustomProvider" }, created)
      assert.equal(200, (env:api("POST", CONFIGS .. "/" .. env:create().id .. "/connected_accounts", {
        identifier = new_user(), include_auth_link = true,
      })))
    end)

    it("D3 refuses a second config of one name with 400", function()
      local config = env:create()
      local status, body = env:api("POST", CONFIGS, {
        name = config.name, connection_tool_mappings = { { connection_name = "gmail" } },
      })
      assert.equal(400, status)
      assert.equal("DUPLICATE_IDENTIFIER", support.info(body).error_code)
    end)

    it("D4 refuses a second account of one user with 409", function()
      local account = { connector = "gmail", identifier = new_user(), connected_account = {} }
      env:api("POST", ACCOUNTS, account)
      local status, body = env:api("POST", ACCOUNTS, account)
      assert.equal(409, status)
      assert.equal("RESOURCE_ALREADY_EXISTS", support.info(body).error_code)
    end)

    it("D5 D6 takes names in small letters, and filters by the whole name in any case", function()
      assert.equal(400, (env:api("POST", CONFIGS, {
        name = "My agent tools", connection_tool_mappings = { { connection_name = "gmail" } },
      })))
      local config = env:create(nil, env:name "exact-name")
      local function found(name)
        local _, body = env:api("GET", CONFIGS .. "?filter.name=" .. name)
        return body.total_size
      end
      assert.equal(1, found(config.name:upper()))
      assert.equal(0, found(config.name:sub(1, -2)))
    end)

    it("D7 lists up to 99 accounts on a page, not 100", function()
      assert.equal(200, (env:api("GET", ACCOUNTS .. "?page_size=99")))
      local status, body = env:api("GET", ACCOUNTS .. "?page_size=100")
      assert.equal(400, status)
      assert.same({ "page_size" }, support.fields(body))
    end)

    it("D8 bounds identifiers, at each place as its own source says", function()
      local function status(method, path, body)
        return (env:api(method, path, body))
      end
      local function of(length)
        return ("i"):rep(length)
      end
      local config = env:create()
      for length, expected in pairs { [100] = 404, [101] = 400 } do
        assert.equal(expected, status("GET",
          ACCOUNTS .. "/details?connector=gmail&identifier=" .. of(length)))
        assert.equal(expected, status("GET", "/api/v1/tools/available?identifier=" .. of(length)))
      end
      for length, expected in pairs { [200] = 404, [201] = 400 } do
        assert.equal(expected, status("POST", ACCOUNTS .. "/user/verify", {
          auth_request_id = "none", identifier = of(length),
        }))
      end
      local path = CONFIGS .. "/" .. config.id .. "/tokens"
      local _, known = env:api("POST", path, { identifier = of(255) })
      assert.equal("CONNECTED_ACCOUNT_NOT_ACTIVE", support.info(known).error_code)
      local _, unknown = env:api("POST", path, { identifier = of(256) })
      assert.equal("VALIDATION_ERROR", support.info(unknown).error_code)
    end)

    it("D9 names the user in `sub` and the server in `aud`", function()
      local session = env:open(nil, new_user())
      local _, payload = core.jwt_parse(session.token)
      local claims = json.decode(payload)
      assert.equal(session.identifier, claims.sub)
      assert.same({ session.config.mcp_server_url }, claims.aud)
      assert.equal("mcp_session", claims.token_type)
    end)

    it("D11 makes a link for every connection, authorized or not", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      for _, entry in ipairs(entries(config, user, true)) do
        assert.equal("ACTIVE", entry.connected_account_status)
        assert.equal(200, env:request("GET", env:path(entry.authentication_link)).status)
      end
    end)

    it("D12 mints at `/tokens` alone, with an expiry in seconds", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      local path = CONFIGS .. "/" .. config.id
      assert.equal(404, (env:api("POST", path .. "/session-tokens", { identifier = user })))
      assert.equal(400, (env:api("POST", path .. "/tokens", { identifier = user, expiry = "1h" })))
      assert.equal(200, (env:api("POST", path .. "/tokens", { identifier = user, expiry = "3600s" })))
    end)

    it("D16 signs webhooks in three headers, over the id as well", function()
      local user = new_user()
      env:set_account("gmail", user, "PENDING_AUTH")
      local delivery = env:deliveries(1, function(event)
        return event.data.identifier == user
      end)[1]
      assert.truthy(delivery.headers["webhook-id"]:match "^evt_%d+$")
      assert.truthy(delivery.headers["webhook-timestamp"]:match "^%d+$")
      assert.truthy(delivery.headers["webhook-signature"]:match "^v1,[%w+/]+=*$")
    end)

    it("D17 says what is wrong in a Status with one ErrorInfo", function()
      for _, request in ipairs {
        { "GET", CONFIGS .. "/cfg_0" }, { "POST", CONFIGS, {} }, { "GET", "/api/v1/nothing" },
        { "POST", "/api/v1/execute_tool", { tool_name = "none", identifier = "x" } },
      } do
        local _, body = env:api(request[1], request[2], request[3])
        assert.equal("number", type(body.code))
        assert.is_true(#body.message > 0)
        assert.equal(1, #body.details)
        assert.equal("type.googleapis.com/scalekit.v1.errdetails.ErrorInfo",
          body.details[1]["@type"])
        assert.is_true(#body.details[1].error_code > 0)
      end
    end)

    it("D18 D19 serves every operation, to the API client alone", function()
      for _, op in ipairs(ops) do
        local path = op.path:gsub("{.-}", "none")
        local response = env:request(op.method, path)
        assert.equal(401, response.status, op.id)
        assert.equal(16, json.decode(response.body).code)
        assert.not_equal(501, (env:api(op.method, path)), op.id)
      end
    end)

    it("D20 lists accounts without their tokens", function()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      local _, _, response = env:api("GET", ACCOUNTS .. "?identifier=" .. user)
      assert.is_nil(response.body:find("demo_", 1, true))
      assert.is_nil(response.body:find("authorization_details", 1, true))
    end)
  end)
end)
