local core = require "scalekit.core"
local inproc = require "scalekit.transport.inproc"
local json = require "scalekit.json"
local memory = require "scalekit.vmcp.store.memory"
local scalekit = require "scalekit"
local vmcp = require "scalekit.vmcp"

describe("an app", function()
  local key

  setup(function()
    key = core.key_generate "RS256"
  end)

  local function options(more)
    local all = {
      base_url = "https://env.example.test", store = memory.new(), key = key,
      client_id = "skc_1", client_secret = "s3cr3t",
    }
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  it("is served by the in-process transport", function()
    local send = inproc.new(vmcp.app(options()))
    assert.equal(200, send({ method = "GET", url = "https://env.example.test/healthz" }).status)
  end)

  it("takes its secret as a secret, too", function()
    local app = vmcp.app(options { client_secret = core.secret "s3cr3t" })
    local response = app:handle {
      method = "POST", path = "/oauth/token",
      headers = { ["content-type"] = "application/x-www-form-urlencoded" },
      body = "grant_type=client_credentials&client_id=skc_1&client_secret=s3cr3t",
    }
    assert.equal(200, response.status)
  end)

  it("has no switches unless they are asked for", function()
    local response = vmcp.app(options()):handle {
      method = "PUT", path = "/switches/clock", headers = {}, body = '{"advance":1}',
    }
    assert.equal(404, response.status)
    response = vmcp.app(options { switches = true }):handle {
      method = "PUT", path = "/switches/clock", headers = {}, body = '{"advance":1}',
    }
    assert.equal(401, response.status)
  end)

  it("answers under its own name, and for origins it was told of", function()
    local app = vmcp.app(options { allowed_origins = { "https://tool.example.test" } })
    local function status(headers)
      return app:handle({ method = "GET", path = "/healthz", headers = headers }).status
    end
    assert.equal(200, status { host = "env.example.test" })
    assert.equal(200, status { host = "env.example.test", origin = "https://env.example.test" })
    assert.equal(200, status { origin = "https://tool.example.test" })
    assert.equal(403, status { host = "localhost" })
    assert.equal(403, status { origin = "http://env.example.test" })
    assert.equal(403, status { origin = "https://env.example.test.evil.example" })
  end)

  it("throws on options that make no sense", function()
    for _, more in ipairs {
      { base_url = "env.example.test" }, { base_url = "https://env.example.test/" },
      { novelty = true }, { store = "x" }, { user_verification = "other" },
    } do
      assert.has_error(function() vmcp.app(options(more)) end)
    end
    assert.error_matches(function()
      vmcp.app(options { client_secret = nil, store = nil, connections = { { name = "a", tools = {} },
        { name = "a", tools = {} } } })
    end, "two connections are named 'a'")
    local two = { { name = "t", annotations = {} } }
    assert.error_matches(function()
      vmcp.app(options { connections = { { name = "a", tools = two }, { name = "b", tools = two } } })
    end, "two connections have a tool named 't'")
    assert.error_matches(function()
      vmcp.app(options { connections = { { name = "a", tools = { { name = "a/b" } } } } })
    end, "is not a tool name")
  end)

  describe("of no options", function()
    it("is a local environment, ready to be called", function()
      for _, app in ipairs { vmcp.app(), vmcp.app {} } do
        local client = assert(scalekit.new {
          env_url = app.base_url, client_id = app.client_id, client_secret = app.client_secret,
          transport = inproc.new(app),
        })
        local config = assert(client.mcp:create_config {
          name = "agent", connection_tool_mappings = { {
            connection_name = "gmail", tools = { "gmail_fetch_mails" },
          } },
        }).config
        local token = { mcp_config_id = config.id, identifier = "user_123" }
        local _, err = client.mcp:create_session_token(token)
        assert.equal("CONNECTED_ACCOUNT_NOT_ACTIVE", err.code)
        local account = app:authorize { connection_name = "gmail", identifier = "user_123" }
        assert.equal("ACTIVE", account.status)
        assert.is_string(assert(client.mcp:create_session_token(token)).token)
      end
      assert.not_equal(vmcp.app().client_secret, vmcp.app().client_secret)
    end)

    it("keeps no secret that it was given", function()
      local app = vmcp.app(options())
      assert.equal("skc_1", app.client_id)
      for _, value in pairs(app) do assert.not_equal("s3cr3t", value) end
    end)
  end)

  it("authorizes accounts without their users in local environments alone", function()
    local account = { connection_name = "gmail", identifier = "user_123" }
    assert.error_matches(function() vmcp.app(options()):authorize(account) end, "local environment")
    for _, url in ipairs {
      "http://127.0.0.1", "http://127.0.0.1:8080", "http://[::1]:1", "http://localhost",
    } do
      local app = vmcp.app(options { base_url = url })
      assert.is_table(app:authorize(account))
      for _, case in ipairs {
        { {}, "no connection named" }, { { connection_name = "gmail" }, "'identifier' is required" },
        { { connection_name = "nowhere", identifier = "x" }, "no connection named 'nowhere'" },
        { { connector = "gmail" }, "unknown option 'connector'" },
      } do
        local ok, message = pcall(app.authorize, app, case[1])
        assert.is_false(ok)
        assert.truthy(message:find(case[2], 1, true), message)
      end
    end
  end)

  it("is told from what is none", function()
    for _, case in ipairs {
      { function() inproc.new() end, "expected an app" },
      { function() inproc.new {} end, "expected an app" },
      { function() vmcp.app "app" end, "expected a table of options, got string" },
      { function() vmcp.app { base_ur = "x" } end, "did you mean 'base_url'?" },
    } do
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.matches("app_spec.lua:%d+:", message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  describe("whose store does not write", function()
    local app, token, err, sick

    before_each(function()
      app = vmcp.app { key = key, switches = true }
      token = require("scalekit.vmcp.tokens").access(app, { "openid" })
      err, sick = nil, nil
      -- fails for keys that begin with `sick`
      for _, name in ipairs { "set", "update", "take" } do
        local method = app.store[name]
        app.store[name] = function(self, text, ...)
          if err and text:find(sick, 1, true) == 1 then return nil, err end
          return method(self, text, ...)
        end
      end
    end)

    after_each(function()
      app, token = nil, nil
    end)

    local function api(method, path, body)
      local response = app:handle {
        method = method, path = path, headers = { authorization = "Bearer " .. token },
        body = body and json.encode(body),
      }
      return response.status, json.decode(response.body or "{}"), response
    end

    local function create(name)
      return api("POST", "/api/v1/mcp/configs", {
        name = name, connection_tool_mappings = { { connection_name = "gmail" } },
      })
    end

    it("tells what is full from what is busy, wherever it is", function()
      local _, created = create "agent"
      local path = "/api/v1/mcp/configs/" .. created.config.id
      for _, case in ipairs {
        { "configs", "POST", "/api/v1/mcp/configs", {
          name = "other", connection_tool_mappings = { { connection_name = "gmail" } } } },
        { "config/", "PUT", path, { description = "x" } },
        { "config/", "DELETE", path },
        { "account/", "POST", path .. "/connected_accounts", {
          identifier = "u", include_auth_link = true } },
        { "link/", "POST", path .. "/connected_accounts", {
          identifier = "u", include_auth_link = true } },
        { "link/", "POST", "/api/v1/connected_accounts/magic_link", {
          connector = "gmail", identifier = "u" } },
        { "verify/", "POST", "/api/v1/connected_accounts/user/verify", {
          auth_request_id = "x", identifier = "u" } },
        { "switch/", "PUT", "/switches/clock", { advance = 1 } },
        { "account/", "PUT", "/switches/account", {
          connection_name = "gmail", identifier = "u", status = "ACTIVE" } },
        { "configs", "DELETE", path }, -- the last, because it gets half-way
      } do
        for said, words in pairs { ["no memory"] = "no memory left", busy = "try again" } do
          err, sick = said, case[1]
          local status, body, response = api(case[2], case[3], case[4])
          assert.equal(503, status, case[1])
          assert.equal(14, body.code)
          assert.truthy(body.message:find(words, 1, true), body.message)
          assert.equal(said == "busy" and "1" or nil, response.headers["retry-after"])
        end
      end
    end)

    it("finishes a deletion that was cut short, and frees the name meanwhile", function()
      local _, first = create "agent"
      err, sick = "busy", "configs"
      assert.equal(503, (api("DELETE", "/api/v1/mcp/configs/" .. first.config.id)))
      err = nil
      local status, second = create "agent"
      assert.equal(201, status)
      err = "busy"
      assert.equal(503, (api("DELETE", "/api/v1/mcp/configs/" .. second.config.id)))
      err = nil
      assert.equal(200, (api("DELETE", "/api/v1/mcp/configs/" .. second.config.id)))
      assert.equal(404, (api("DELETE", "/api/v1/mcp/configs/" .. second.config.id)))
      local _, list = api("GET", "/api/v1/mcp/configs")
      assert.equal(0, list.total_size)
    end)

    it("does not use a link up whose account could not be connected", function()
      local _, answer = api("POST", "/api/v1/connected_accounts/magic_link", {
        connector = "gmail", identifier = "u",
      })
      local path = answer.link:sub(#app.base_url + 1)
      local function open(method, body)
        return app:handle { method = method, path = path, headers = {}, body = body }
      end
      local nonce = open("GET").body:match 'name="nonce" value="([^"]+)"'
      local form = "decision=allow&nonce=" .. nonce
      for _, case in ipairs { { "account/", "no memory" }, { "link/", "busy" } } do
        sick, err = case[1], case[2]
        local page = open("POST", form)
        assert.equal(503, page.status)
        assert.equal("text/html; charset=utf-8", page.headers["content-type"])
        assert.truthy(page.body:find(err == "busy" and "try again" or "no memory left", 1, true))
        err = nil
        assert.equal(200, open("GET").status)
      end
      assert.equal(200, open("POST", form).status)
      assert.equal(410, open("POST", form).status)
    end)

    it("tells the agent so, too", function()
      local _, created = create "agent"
      assert(app:authorize { connection_name = "gmail", identifier = "u" })
      local _, minted = api("POST", "/api/v1/mcp/configs/" .. created.config.id .. "/tokens", {
        identifier = "u",
      })
      err, sick = "busy", "data/"
      local response = app:handle {
        method = "POST", path = created.config.mcp_server_url:sub(#app.base_url + 1),
        headers = { authorization = "Bearer " .. minted.token },
        body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gmail_fetch_mails"}}',
      }
      local result = json.decode(response.body).result
      assert.is_true(result.isError)
      assert.truthy(result.content[1].text:find("try again", 1, true))
    end)
  end)

  it("says so when its store is full", function()
    local app = vmcp.app(options { store = memory.new { max_items = 1 }, switches = true })
    local token = require("scalekit.vmcp.tokens").access(app, { "openid" })
    local response = app:handle {
      method = "POST", path = "/api/v1/mcp/configs",
      headers = { authorization = "Bearer " .. token },
      body = '{"name":"a","connection_tool_mappings":[{"connection_name":"gmail"}]}',
    }
    assert.equal(503, response.status)
    assert.is_nil(app.store:get "configs")
  end)
end)
