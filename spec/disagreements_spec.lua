-- Where the service's sources contradict each other, and the stance that is
-- taken: one test each, by its number in the contract.
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local scalekit = require "scalekit"
local support = require "spec.support.peer"

local answer, client_of, peer, refusal, CREATE =
  support.answer, support.client_of, support.peer, support.refusal, support.CREATE

-- A client whose calls are all answered alike → client, what it sent.
local function client_with(status, body)
  local server = peer(function() return answer(status, body) end)
  return client_of(server), server.requests
end

local function error_with(status, error_code, grpc)
  return answer(status, { code = grpc, message = "no", details = json.array {
    { ["@type"] = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo", error_code = error_code },
  } })
end

local PROVIDER = { identifier = "ACME:env", display_name = "A", proxy_url = "https://x",
  auth_patterns = {}, description = "", proxy_enabled = true, icon_src = "", metadata = {} }

-- Arguments that satisfy every operation, where it takes them.
local ARGUMENTS = {
  ListMcpConfigs = {}, CreateMcpConfig = CREATE, GetMcpConfig = { config_id = "cfg_1" },
  UpdateMcpConfig = { config_id = "cfg_1" }, DeleteMcpConfig = { config_id = "cfg_1" },
  ListMcpConnectedAccounts = { config_id = "cfg_1", identifier = "u" },
  CreateMcpSessionToken = { mcp_config_id = "cfg_1", identifier = "u" },
  EnsureMcpInstance = { config_name = "c", user_identifier = "u" }, ListMcpInstances = {},
  GetMcpInstance = { instance_id = "i" }, UpdateMcpInstance = { instance_id = "i" },
  DeleteMcpInstance = { instance_id = "i" }, GetMcpInstanceAuthState = { instance_id = "i" },
  ListConnectedAccounts = {}, SearchConnectedAccounts = { query = "abc" },
  CreateConnectedAccount = { connector = "c", identifier = "u" },
  UpdateConnectedAccount = { id = "ca_1" }, DeleteConnectedAccount = { id = "ca_1" },
  GetConnectedAccountDetails = { id = "ca_1" }, GetConnectedAccountAuth = { id = "ca_1" },
  GetMagicLinkForConnectedAccount = { id = "ca_1" },
  VerifyConnectedAccountUser = { auth_request_id = "a", identifier = "u" },
  ListTools = {}, ListScopedTools = { identifier = "u" }, ListAvailableTools = { identifier = "u" },
  ExecuteTool = { tool_name = "t" }, ListProviders = {}, CreateCustomProvider = PROVIDER,
  UpdateCustomProvider = PROVIDER, DeleteCustomProvider = { identifier = "ACME:env" },
}

local function call(client, op)
  local args = {}
  for name, value in pairs(assert(ARGUMENTS[op.id], op.id)) do args[name] = value end
  if op.id == "CreateCustomProvider" then args.identifier = nil end
  local resource = client[op.resource]
  return resource[op.name](resource, args)
end

describe("a disagreement of the service's sources", function()
  it("D1 the words for an account's state: five, in any case, and others stay as they are", function()
    local client = client_with(200, { connected_accounts = {
      { connected_account_status = "active" }, { connected_account_status = "REVOKED" },
    } })
    local list = scalekit.check(client.mcp:list_mcp_connected_accounts {
      config_id = "cfg_1", identifier = "u" }).connected_accounts
    assert.same({ "ACTIVE", "REVOKED" },
      { list[1].connected_account_status, list[2].connected_account_status })
  end)

  it("D2 the status of a success: any 2xx", function()
    for _, status in ipairs { 200, 201, 202 } do
      for _, op in ipairs(ops) do
        assert.is_table(scalekit.check(call(client_with(status, "{}"), op)))
      end
    end
  end)

  it("D3 a duplicate config: a conflict by its error code, whatever the status", function()
    for _, status in ipairs { 400, 409 } do
      local server = peer(function() return error_with(status, "DUPLICATE_IDENTIFIER", 3) end)
      assert.equal("conflict", select(2, client_of(server).mcp:create_config(CREATE)).kind)
    end
  end)

  it("D4 a duplicate account: a conflict by its error code, whatever the status", function()
    for _, status in ipairs { 400, 409 } do
      local server = peer(function() return error_with(status, "RESOURCE_ALREADY_EXISTS", 3) end)
      local _, err = client_of(server).connected_accounts:create {
        connection_name = "gmail", identifier = "u" }
      assert.equal("conflict", err.kind)
    end
  end)

  it("D5 a config's name: small letters when it is given, any when it is looked for", function()
    local client, requests = client_with(200, "{}")
    local _, err = client.mcp:create_config {
      name = "My agent", connection_tool_mappings = CREATE.connection_tool_mappings }
    assert.equal("name", err.fields[1].field)
    assert.is_table(client.mcp:list_configs { filter_name = "Email-Agent" })
    assert.matches("filter.name=Email%-Agent$", requests[1].url)
  end)

  it("D6 the filter by name: exact, so that a lost create is not found by its beginning", function()
    local config = { id = "cfg_1", name = "email-agent-2",
      connection_tool_mappings = CREATE.connection_tool_mappings }
    local server = peer(function(request)
      if request.method == "POST" then return answer(500) end
      return answer(200, { configs = { config } })
    end)
    local reply = client_of(server).mcp:create_config(CREATE)
    assert.is_nil(reply)
  end)

  it("D7 the largest page of accounts: 99", function()
    local client, requests = client_with(200, "{}")
    client.connected_accounts:each():next()
    assert.matches("page_size=99$", requests[1].url)
    local _, err = client.connected_accounts:list { page_size = 100 }
    assert.equal("page_size", err.fields[1].field)
  end)

  it("D8 the length of an identifier: as much as each operation takes", function()
    local client = client_with(200, "{}")
    local function length(resource, method, most, args)
      for size, fits in pairs { [most] = true, [most + 1] = false } do
        args.identifier = ("é"):rep(size)
        assert.equal(fits, resource[method](resource, args) ~= nil, method)
      end
    end
    length(client.connected_accounts, "create", 100, { connector = "c" })
    length(client.tools, "list_available", 100, {})
    length(client.connected_accounts, "verify_connected_account_user", 200, { auth_request_id = "a" })
    length(client.mcp, "create_session_token", 255, { mcp_config_id = "cfg_1" })
  end)

  it("D9 what a session token says: nothing, it is opaque", function()
    local token = "eyJhbGciOiJSUzI1NiIsImtpZCI6InNua18xMjMifQ."
      .. "eyJhdWQiOlsiYWxpY2VAYWNtZS5jb20iXSwidG9rZW5fdHlwZSI6Im1jcF9zZXNzaW9uIn0.signature"
    local client = client_with(200, { token = token })
    assert.equal(token, client.mcp:create_session_token {
      mcp_config_id = "cfg_1", identifier = "u" }.token)
  end)

  it("D10 what an update of a provider leaves out: nothing, all of it is sent", function()
    local client, requests = client_with(200, { providers = { PROVIDER } })
    assert.is_table(client.custom_providers:update { identifier = "ACME:env", icon_src = "https://i" })
    local body, count = json.decode(requests[2].body), 0
    for _ in pairs(body) do count = count + 1 end
    assert.equal(7, count)
  end)

  it("D11 links for a config: whatever the server gives, also for active accounts", function()
    local client, requests = client_with(200, { connected_accounts = {
      { connected_account_status = "ACTIVE", authentication_link = "https://l" } } })
    local list = client.mcp:list_mcp_connected_accounts {
      config_id = "cfg_1", identifier = "u", include_auth_link = true }.connected_accounts
    assert.equal("https://l", list[1].authentication_link)
    assert.is_true(json.decode(requests[1].body).include_auth_link)
  end)

  it("T23 D12 where tokens are minted, and how a time is written: /tokens, in seconds", function()
    local client, requests = client_with(200, { token = "t" })
    client.mcp:create_session_token { mcp_config_id = "cfg_1", identifier = "u", expiry = "1h" }
    assert.matches("/api/v1/mcp/configs/cfg_1/tokens$", requests[1].url)
    assert.equal("3600s", json.decode(requests[1].body).expiry)
  end)

  it("D13 the parameters of a tool: params on the wire", function()
    local client, requests = client_with(200, "{}")
    client.actions:execute_tool { tool_name = "t", tool_input = { a = 1 } }
    assert.same({ tool_name = "t", params = { a = 1 } }, json.decode(requests[1].body))
  end)

  it("D14 a filter for scoped tools: sent where there is one, not demanded", function()
    local client, requests = client_with(200, "{}")
    assert.is_table(client.tools:list_scoped { identifier = "u", filter_providers = { "GMAIL" } })
    assert.is_table(client.tools:list_scoped { identifier = "u" })
    assert.matches("filter.providers=GMAIL&identifier=u$", requests[1].url)
  end)

  it("D15 the tools of an unknown user: none, or not found", function()
    assert.same({}, client_with(200, "{}").tools:list_available({ identifier = "u" }).tools)
    local server = peer(function() return error_with(404, "NOT_FOUND", 5) end)
    assert.equal("not_found",
      select(2, client_of(server).tools:list_available { identifier = "u" }).kind)
  end)

  it("D16 a webhook's signature: the SDKs' scheme, not that of the sample", function()
    local webhook = require "scalekit.webhook"
    local function verify(signature)
      return webhook.verify { secret = "whsec_dGVzdHNlY3JldA==", now = 1700000000,
        body = '{"test":"data"}', headers = { ["webhook-id"] = "msg_1",
          ["webhook-timestamp"] = "1700000000", ["webhook-signature"] = signature } }
    end
    assert.is_table(verify "v1,YbYd/ILugzNo06fwcv1z8iW7KbnkUBNk6Rp3XzzonlE=")
    assert.is_nil((verify("t=1700000000,v1=" .. ("0"):rep(64))))
  end)

  it("D17 the body of an error: Status, ErrorInfo, OAuth's, a page, nothing", function()
    for body, code in pairs {
      ['{"code":5,"message":"m","details":[{"error_code":"A_B"}]}'] = "A_B",
      ['{"error_code":"A_B"}'] = "A_B", ['{"error":"a_b","error_description":"m"}'] = "a_b",
      ["<html>"] = false, [""] = false, ["{}"] = false,
    } do
      local _, err = client_with(404, body).mcp:get_config { config_id = "cfg_1" }
      assert.same({ "not_found", 404, code or nil }, { err.kind, err.status, err.code })
    end
  end)

  it("D18 a refused token: possible on every operation, and replaced", function()
    for _, op in ipairs(ops) do
      local server = peer(function(_, n)
        if n == 1 then return refusal(401, "UNAUTHENTICATED") end
        return answer(200, "{}")
      end)
      assert.is_table(scalekit.check(call(client_of(server), op)))
      assert.same({ 2, "token-2" }, { server.grants, server.requests[2].bearer })
    end
  end)

  it("D19 what the released SDK lacks: is here", function()
    local client = client_with(200, "{}")
    assert.is_function(client.mcp.create_session_token)
    assert.is_function(client.mcp.list_mcp_connected_accounts)
    local server = peer(function() return refusal(403, "TOOL_ERROR") end)
    local _, err = client_of(server).tools:execute { tool_name = "t" }
    assert.same({ "tool_error", 403, "expired" }, { err.kind, err.status, err.tool_error_code })
  end)

  it("D20 credentials in a list of accounts: none", function()
    local schema = require "scalekit.schema"
    local shaped = schema.ConnectedAccountForList:check({ id = "ca_1", api_config = {},
      authorization_details = { oauth_token = { access_token = "secret" } } }, "reply", json)
    assert.is_nil(shaped.authorization_details)
    assert.is_nil(shaped.api_config)
  end)
end)
