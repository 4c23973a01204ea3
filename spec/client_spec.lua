-- The client against a transport that answers as it is told, for what a real
-- server would not do on request. The same calls against real servers:
-- spec/contract.
local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local scalekit = require "scalekit"
local step = require "scalekit.driver.step"
local support = require "spec.support.peer"

local peer, answer, client_of, refusal, with_fake_sleep, CREATE =
  support.peer, support.answer, support.client_of, support.refusal, support.with_fake_sleep, support.CREATE

describe("the client", function()
  it("A01 A02 asks for a token with the three form fields, percent-encoded", function()
    local server = peer(function() return answer(200, {}) end)
    client_of(server).mcp:list_configs()
    assert.equal("grant_type=client_credentials&client_id=skc_1&client_secret="
      .. "s3cr3t-a%2Bb%26c%3Dd%25%2F%C3%A9", server.form)
    assert.is_nil(server.grant_request.auth)
    assert.equal("token-1", server.requests[1].bearer)
  end)

  it("A05 reports refused credentials after exactly one request, without the secret", function()
    local server = peer(error)
    server.on_grant = function()
      return answer(401, { error = "invalid_client", error_description = "no such client" })
    end
    local _, err = client_of(server).mcp:list_configs()
    assert.same({ "unauthorized", "invalid_client", 1 }, { err.kind, err.code, server.grants })
    for _, value in pairs(err) do
      assert.is_nil(tostring(value):find("s3cr3t", 1, true))
    end
  end)

  it("A08 replays once with a new token after a 401", function()
    local server = peer(function(_, n)
      if n == 1 then return refusal(401, "UNAUTHENTICATED") end
      return answer(201, { config = { id = "cfg_1" } })
    end)
    local response = scalekit.check(client_of(server).mcp:create_config(CREATE))
    assert.equal("cfg_1", response.config.id)
    assert.equal(2, server.grants)
    assert.same({ "token-1", "token-2" }, { server.requests[1].bearer, server.requests[2].bearer })
    assert.equal(server.requests[1].body, server.requests[2].body)
  end)

  it("stops after the second 401", function()
    local server = peer(function() return refusal(401, "UNAUTHENTICATED") end)
    local _, err = client_of(server).mcp:list_configs()
    assert.same({ "unauthorized", 2, 2 }, { err.kind, server.grants, #server.requests })
  end)

  it("fetches one token a call where each is refused", function()
    local server = peer(function() return refusal(401, "UNAUTHENTICATED") end)
    local client = client_of(server)
    for _ = 1, 5 do client.mcp:list_configs() end
    assert.equal(6, server.grants)
  end)

  it("says authorization_required where an account is not active", function()
    local server = peer(function() return refusal(400, "CONNECTED_ACCOUNT_NOT_ACTIVE") end)
    local _, err = client_of(server).mcp:create_session_token {
      config_id = "cfg_1", identifier = "u",
    }
    assert.equal("authorization_required", err.kind)
  end)

  it("wants to be called with a colon", function()
    local client = client_of(peer(error))
    local _, message = pcall(client.mcp.get_config, { config_id = "x" })
    assert.matches("call it with a colon", message)
  end)

  it("refuses numbers that make no sense", function()
    for name, values in pairs {
      timeout = { 0, -1, 0 / 0, math.huge }, connect_timeout = { 0 }, max_attempts = { 0, 1.5 },
    } do
      for _, value in ipairs(values) do
        local ok, message = pcall(client_of, peer(error), { [name] = value })
        assert.is_false(ok)
        assert.matches(name, message)
      end
    end
  end)

  it("A10 does not refresh its token for a tool's 401", function()
    local server = peer(function() return refusal(401, "TOOL_ERROR") end)
    local _, err = client_of(server).tools:list()
    assert.same({ "tool_error", 1, 1, "expired", "sign in", "exec_1" }, { err.kind, server.grants,
      #server.requests, err.tool_error_code, err.tool_error_message, err.execution_id })
  end)

  it("A11 fetches one token for any number of tasks", function()
    local server = peer(function()
      step.sleep(0.001)
      return answer(200, {})
    end)
    local grant = server.send
    local client = client_of({ send = function(request)
      if request.url:find "/oauth/token$" then step.sleep(0.002) end
      return grant(request)
    end })
    scalekit.run(function()
      for _ = 1, 50 do scalekit.spawn(client.mcp.list_configs, client.mcp) end
    end)
    assert.same({ 1, 50 }, { server.grants, #server.requests })
  end)

  it("A11 fetches one token for all tasks that get a 401 together", function()
    local server = peer(function(request)
      step.sleep(0.001)
      if request.bearer == "token-1" then return refusal(401, "UNAUTHENTICATED") end
      return answer(200, {})
    end)
    local client = client_of(server)
    scalekit.run(function()
      for _ = 1, 20 do
        scalekit.spawn(function() scalekit.check(client.mcp:list_configs()) end)
      end
    end)
    assert.equal(2, server.grants)
  end)

  it("A14 puts no second slash behind a base URL that ends in one", function()
    local server = peer(function() return answer(200, {}) end)
    client_of(server, { env_url = "https://env.example.test/" }).mcp:list_configs()
    assert.equal("https://env.example.test/oauth/token", server.grant_request.url)
    assert.equal("https://env.example.test/api/v1/mcp/configs", server.requests[1].url)
  end)

  it("M02 sends a config bare, in the contract's own names", function()
    local server = peer(function() return answer(200, { config = {} }) end)
    client_of(server).mcp:create_config(CREATE)
    assert.same({
      name = "email-agent",
      connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
    }, json.decode(server.requests[1].body))
  end)

  it("M20 takes an empty answer to a delete as success", function()
    for _, status in ipairs { 204, 200 } do
      local server = peer(function() return answer(status, "") end)
      assert.same({}, (client_of(server).mcp:delete_config { config_id = "cfg_1" }))
    end
  end)

  it("M34 M35 encodes ids and refuses what would be another path", function()
    local server = peer(function() return answer(200, { config = {} }) end)
    local client = client_of(server)
    client.mcp:get_config { config_id = "a/b?c#d %" }
    assert.equal("https://env.example.test/api/v1/mcp/configs/a%2Fb%3Fc%23d%20%25",
      server.requests[1].url)
    for _, id in ipairs { "", ".", ".." } do
      local value, err = client.mcp:get_config { config_id = id }
      assert.is_nil(value)
      assert.equal("bad_request", err.kind)
    end
    assert.equal(1, #server.requests)
  end)

  it("M22 M37 reads an answer generously", function()
    local server = peer(function()
      return answer(200, '{"configs":[{"id":"cfg_1","connection_tool_mappings":null,"new":1}],'
        .. '"total_size":"65","later":{}}')
    end)
    local page = scalekit.check(client_of(server).mcp:list_configs())
    assert.equal(65, page.total_size)
    assert.same({}, page.configs[1].connection_tool_mappings)
    server = peer(function() return answer(200, "{}") end)
    assert.same({}, scalekit.check(client_of(server).mcp:list_configs()).configs)
  end)

  it("T07 D1 keeps the text of an account's status, the known ones in capitals", function()
    local server = peer(function()
      return answer(200, { connected_accounts = {
        { connected_account_status = "" }, {}, { connected_account_status = "Revoked" },
        { connected_account_status = "CONNECTION_STATUS_UNSPECIFIED" },
        { connected_account_status = "active" },
      } })
    end)
    local list = scalekit.check(client_of(server).mcp:list_mcp_connected_accounts {
      config_id = "cfg_1", identifier = "u",
    }).connected_accounts
    local statuses = {}
    for i = 1, 5 do statuses[i] = list[i].connected_account_status or false end
    assert.same({ "", false, "Revoked", "CONNECTION_STATUS_UNSPECIFIED", "ACTIVE" }, statuses)
  end)

  it("T14 writes durations as the wire has them", function()
    local server = peer(function() return answer(200, { token = "t" }) end)
    local client = client_of(server)
    for given, sent in pairs { [90] = "90s", ["1h30m"] = "5400s", ["90.5s"] = "90.5s" } do
      client.mcp:create_session_token { mcp_config_id = "cfg_1", identifier = "u", expiry = given }
      assert.equal(sent, json.decode(server.requests[#server.requests].body).expiry)
    end
  end)

  it("T14 refuses an expiry out of its window, unsent", function()
    local server = peer(error)
    local client = client_of(server)
    for _, expiry in ipairs { "59s", 59.9995, "25h", "1 hour", 86401, 0, -60 } do
      local _, err = client.mcp:create_session_token {
        mcp_config_id = "cfg_1", identifier = "u", expiry = expiry,
      }
      assert.same({ "bad_request", "expiry" }, { err.kind, err.fields[1].field })
    end
  end)

  it("T16 sends any identifier unharmed", function()
    local server = peer(function() return answer(200, { token = "t" }) end)
    local identifier = 'zoë@例え.jp 🙂"\\'
    client_of(server).mcp:create_session_token { mcp_config_id = "cfg_1", identifier = identifier }
    assert.equal(identifier, json.decode(server.requests[1].body).identifier)
  end)

  it("T20 does not repeat a mint that the server could not serve", function()
    local server = peer(function() return answer(503) end)
    local _, err = client_of(server).mcp:create_session_token {
      mcp_config_id = "cfg_1", identifier = "u",
    }
    assert.same({ "unavailable", 1 }, { err.kind, #server.requests })
  end)

  it("R07 repeats a read with back-off", function()
    with_fake_sleep(function(slept)
      local server = peer(function(_, n) return n < 3 and answer(503) or answer(200, {}) end)
      assert.is_truthy(client_of(server).mcp:list_configs())
      assert.same({ 0.5, 1 }, slept)
    end)
  end)

  it("R08 gives up after four attempts", function()
    with_fake_sleep(function()
      local server = peer(function() return answer(503) end)
      local _, err = client_of(server).mcp:list_configs()
      assert.same({ "unavailable", 4 }, { err.kind, #server.requests })
    end)
  end)

  it("waits as long as Retry-After says", function()
    with_fake_sleep(function(slept)
      local server = peer(function(_, n)
        return n == 1 and answer(503, "", { ["retry-after"] = "7" }) or answer(200, {})
      end)
      client_of(server).mcp:list_configs()
      assert.same({ 7 }, slept)
    end)
  end)

  it("does not wait beyond its deadline", function()
    with_fake_sleep(function(slept)
      local server = peer(function() return answer(503, "", { ["retry-after"] = "3600" }) end)
      local _, err = client_of(server).mcp:list_configs()
      assert.same({ "unavailable", 3600, 0 }, { err.kind, err.retry_after, #slept })
    end)
  end)

  it("takes a delete that is gone at the second attempt as done", function()
    with_fake_sleep(function()
      local server = peer(function(_, n) return answer(n == 1 and 503 or 404) end)
      assert.same({}, (client_of(server).mcp:delete_config { config_id = "cfg_1" }))
    end)
  end)

  local function lost()
    return nil, errors.new { kind = "network", message = "reset", outcome = "unknown" }
  end

  it("says outcome_unknown where a mint's answer was lost", function()
    local server = peer(lost)
    local _, err = client_of(server).mcp:create_session_token {
      mcp_config_id = "cfg_1", identifier = "u",
    }
    assert.same({ "outcome_unknown", "unknown", 1 }, { err.kind, err.outcome, #server.requests })
  end)

  it("looks a config up whose create was lost, instead of creating it twice", function()
    local server = peer(function(request)
      if request.method == "POST" then return lost() end
      return answer(200, { configs = { { id = "cfg_7", name = "email-agent",
        connection_tool_mappings = CREATE.connection_tool_mappings } } })
    end)
    assert.equal("cfg_7", scalekit.check(client_of(server).mcp:create_config(CREATE)).config.id)
    assert.matches("filter.name=email%-agent$", server.requests[2].url)
  end)

  it("never takes another config for the one whose create was lost", function()
    for _, other in ipairs {
      { name = "other", tools = { "gmail_fetch_mails" } }, { name = "email-agent", tools = {} },
      { name = "email-agent", tools = { "gmail_fetch_mails", "gmail_send_mail" } },
    } do
      local server = peer(function(request)
        if request.method == "POST" then return lost() end
        return answer(200, { configs = { { id = "cfg_8", name = other.name,
          connection_tool_mappings = { { connection_name = "gmail",
            tools = json.array(other.tools) } } } } })
      end)
      local config, err = client_of(server).mcp:create_config(CREATE)
      assert.is_nil(config)
      assert.equal("outcome_unknown", err.kind)
    end
  end)

  it("calls nothing retryable that might happen twice", function()
    for _, reply in ipairs {
      function() return answer(504) end, lost,
      function() return nil, errors.new { kind = "timeout", message = "", outcome = "unknown" } end,
    } do
      local _, err = client_of(peer(reply)).mcp:create_session_token {
        mcp_config_id = "cfg_1", identifier = "u",
      }
      assert.same({ "unknown", false }, { err.outcome, err.retryable })
    end
  end)

  it("A07 takes a token without expires_in, and refuses one that is over", function()
    local server = peer(function() return answer(200, {}) end)
    assert.is_truthy(client_of(server).mcp:list_configs())
    for _, life in ipairs { 0, -1, 0.5 } do
      server = peer(error)
      server.on_grant = function()
        return { status = 200, headers = {}, body = core.secret(json.encode {
          access_token = "t", expires_in = life }) }
      end
      local _, err = client_of(server).mcp:list_configs()
      assert.same({ "protocol", 1 }, { err.kind, server.grants })
    end
  end)

  describe("while one task fetches the token", function()
    -- a token endpoint that takes its time
    local function slow_peer()
      local server = peer(function() return answer(200, {}) end)
      local send = server.send
      server.send = function(request)
        if request.url:find "/oauth/token$" then
          local ok = step.sleep(0.01)
          if not ok then
            return nil, errors.new { kind = "cancelled", message = "cancelled" }
          end
        end
        return send(request)
      end
      return server
    end

    it("a waiting task can be cancelled, and the others go on", function()
      local server, got, cancelled = slow_peer(), 0, nil
      local client = client_of(server)
      scalekit.run(function()
        scalekit.spawn(function() if client.mcp:list_configs() then got = got + 1 end end)
        local waiting = scalekit.spawn(function()
          local _, err = client.mcp:list_configs()
          cancelled = err.kind
        end)
        step.sleep(0.001)
        waiting:cancel()
      end)
      assert.same({ 1, "cancelled", 1 }, { got, cancelled, server.grants })
    end)

    it("that task can be cancelled, and another fetches", function()
      local server, got = slow_peer(), 0
      local client = client_of(server)
      scalekit.run(function()
        local pilot = scalekit.spawn(function() client.mcp:list_configs() end)
        scalekit.spawn(function() if client.mcp:list_configs() then got = got + 1 end end)
        step.sleep(0.001)
        pilot:cancel()
      end)
      assert.equal(1, got)
    end)
  end)

  it("refuses an answer that is no JSON, is cut, or nests without end", function()
    for _, body in ipairs { "<html>", '{"configs":[', "[1]", "7",
      ("["):rep(10000) .. ("]"):rep(10000), '{"a":"\255"}', '{}\0' } do
      local server = peer(function() return answer(200, body) end)
      local _, err = client_of(server).mcp:list_configs()
      assert.equal("protocol", err.kind)
    end
  end)
end)
