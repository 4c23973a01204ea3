-- What the client sends about connected accounts, and how it reads odd answers.
local errors = require "scalekit.error"
local json = require "scalekit.json"
local support = require "spec.support.peer"

local answer, client_of, peer = support.answer, support.client_of, support.peer

local function refusal(status, error_code)
  return answer(status, { message = "no", details = json.array { { error_code = error_code } } })
end

local BASE = "https://env.example.test/api/v1/connected_accounts"

-- A client whose calls are all answered with `body` → its accounts, what it sent.
local function accounts_of(body)
  local server = peer(function() return answer(200, body or "{}") end)
  return client_of(server).connected_accounts, server.requests
end

local SELECTED = { connection_name = "gmail", identifier = "user_123" }

describe("client.connected_accounts", function()
  it("K19 leaves what is not set out of queries and bodies", function()
    local accounts, requests = accounts_of()
    accounts:list()
    accounts:get(SELECTED)
    accounts:get_auth { connected_account_id = "ca_1", identifier = json.null }
    accounts:delete(SELECTED)
    accounts:create(SELECTED)
    assert.same({
      BASE, BASE .. "/details?connector=gmail&identifier=user_123", BASE .. "/auth?id=ca_1",
    }, { requests[1].url, requests[2].url, requests[3].url })
    assert.same({ connector = "gmail", identifier = "user_123" }, json.decode(requests[4].body))
    assert.same({ connector = "gmail", identifier = "user_123", connected_account = {} },
      json.decode(requests[5].body))
  end)

  it("K11 repeats the key of several connections", function()
    local accounts, requests = accounts_of()
    accounts:list { connection_names = { "gmail", "a b" }, query = "zoë", page_size = 99 }
    assert.equal(BASE .. "?connection_names=gmail&connection_names=a%20b&page_size=99&query=zo%C3%AB",
      requests[1].url)
  end)

  it("K11 D7 refuses before sending what the service would refuse", function()
    local accounts, requests = accounts_of()
    local many = {}
    for i = 1, 21 do many[i] = "c" .. i end
    for field, args in pairs {
      connection_names = { connection_names = many },
      page_size = { page_size = 100 },
      query = { query = ("x"):rep(101) },
      connection_name = { connection_name = "a/b" },
      identifier = { identifier = ("x"):rep(101) },
    } do
      local _, err = accounts:list(args)
      assert.same({ "bad_request", field }, { err.kind, err.fields[1].field })
    end
    local _, err = accounts:list { connection_names = { "a" }, connector = "b" }
    assert.equal("connection_names", err.fields[1].field)
    assert.equal(0, #requests)
  end)

  it("K14 refuses searches that are too short, too long or for too much", function()
    local accounts, requests = accounts_of()
    for _, args in ipairs {
      { query = "ab" }, { query = ("x"):rep(201) }, {}, { query = "abc", page_size = 31 },
    } do
      assert.equal("bad_request", select(2, accounts:search(args)).kind)
    end
    assert.is_table(accounts:search { query = "abc", page_size = 30 })
    assert.equal(1, #requests)
  end)

  it("K17 wants to know which account is meant", function()
    local accounts, requests = accounts_of()
    for _, method in ipairs { "get", "get_auth", "update", "delete", "get_authorization_link" } do
      for _, args in ipairs { {}, { connection_name = "gmail" }, { identifier = "u" } } do
        local _, err = accounts[method](accounts, args)
        assert.matches("give connected_account_id, or connection_name and identifier", err.message)
      end
    end
    assert.equal(0, #requests)
  end)

  it("takes an organization for a user", function()
    local accounts, requests = accounts_of()
    accounts:get { connection_name = "gmail", organization_id = "org_1", user_id = "user_1" }
    assert.equal(BASE .. "/details?connector=gmail&organization_id=org_1&user_id=user_1",
      requests[1].url)
  end)

  it("K04 refuses two kinds of credentials, in the caller's words", function()
    local accounts = accounts_of()
    local _, err = accounts:create {
      connection_name = "gmail", identifier = "u",
      authorization_details = { oauth_token = { access_token = "at" }, static_auth = {} },
    }
    assert.same({ "authorization_details.static_auth", "details" },
      { err.fields[1].field, err.fields[1].constraint })
  end)

  it("sends of an update only what is given", function()
    local accounts, requests = accounts_of()
    accounts:update { connected_account_id = "ca_1", api_config = { b = 2 } }
    assert.same({ id = "ca_1", connected_account = { api_config = { b = 2 } } },
      json.decode(requests[1].body))
    assert.equal("PUT", requests[1].method)
    accounts:update { id = "ca_1", authorization_details = { oauth_token = { refresh_token = "r" } } }
    assert.same({ id = "ca_1", connected_account = {
      authorization_details = { oauth_token = { refresh_token = "r" } } } },
      json.decode(requests[2].body))
  end)

  it("sends an account that was fetched back without what only the service sets", function()
    local accounts, requests = accounts_of()
    accounts:update { connected_account_id = "ca_1", connected_account = {
      id = "ca_1", status = "ACTIVE", updated_at = "2030-01-01T00:00:00Z", api_config = { a = 1 },
      authorization_details = { google_dwd = { subject = "s", access_token = "secret" } },
    } }
    assert.same({ api_config = { a = 1 },
      authorization_details = { google_dwd = { subject = "s" } } },
      json.decode(requests[1].body).connected_account)
  end)

  it("raises where an option is given twice", function()
    local accounts = accounts_of()
    for pattern, args in pairs {
      ["give either 'connection_name' or 'connector'"] =
        { connection_name = "a", connector = "b", identifier = "u" },
      ["give either 'api_config' or 'connected_account.api_config'"] =
        { connector = "a", identifier = "u", api_config = {}, connected_account = { api_config = {} } },
    } do
      local ok, message = pcall(function() return (accounts:create(args)) end)
      assert.is_false(ok)
      assert.matches(pattern, message)
      assert.matches("connected_accounts_spec.lua:%d+: create_connected_account: ", message)
    end
  end)

  it("K31 D1 reads times that are none, and words for states that are new", function()
    local accounts = accounts_of('{"connected_account":{"id":"ca_1","status":"REVOKED",'
      .. '"last_used_at":"0001-01-01T00:00:00Z","updated_at":null}}')
    local account = accounts:get(SELECTED).connected_account
    assert.same({ "REVOKED", nil, nil }, { account.status, account.last_used_at, account.updated_at })
  end)

  it("K32 keeps types of authorization that it does not know", function()
    local function kind_of(text)
      local accounts = accounts_of('{"connected_account":{"authorization_type":' .. text .. "}}")
      return accounts:get(SELECTED).connected_account.authorization_type
    end
    assert.same({ "FOO_NEW", "BASIC_AUTH", 99 }, { kind_of '"FOO_NEW"', kind_of "3", kind_of "99" })
  end)

  it("K22 takes a failure of the server for an account that is unknown", function()
    local server = peer(function() return refusal(500, "INTERNAL") end)
    local _, err = client_of(server).connected_accounts:delete { connected_account_id = "ca_0" }
    assert.same({ 500, 1 }, { err.status, #server.requests })
  end)

  it("takes a deletion for done that an earlier attempt did", function()
    local server = peer(function(_, n)
      if n == 1 then return answer(503) end
      return refusal(404, "NOT_FOUND")
    end)
    support.with_fake_sleep(function()
      assert.same({}, client_of(server).connected_accounts:delete(SELECTED))
    end)
  end)

  it("has the SDKs' names for its methods, too", function()
    local accounts, requests = accounts_of()
    for _, name in ipairs {
      "list_connected_accounts", "get_connected_account", "get_connected_account_by_identifier",
      "get_connected_account_details", "get_magic_link_for_connected_account",
      "delete_connected_account", "update_connected_account", "create_connected_account",
    } do
      assert.is_table(accounts[name](accounts, SELECTED))
    end
    assert.equal(8, #requests)
  end)
end)

describe("get_or_create_connected_account", function()
  local function account(id)
    return answer(200, { connected_account = { id = id, status = "ACTIVE" } })
  end

  local function run(...)
    local steps = { ... }
    local server = peer(function(_, n)
      local step = steps[n]
      if type(step) == "function" then return step() end
      return step
    end)
    local reply, err = client_of(server).actions:get_or_create_connected_account {
      connection_name = "gmail", identifier = "u", api_config = { a = 1 },
    }
    return reply, err, server.requests
  end

  local function lost()
    return nil, errors.new { kind = "network", outcome = "unknown", message = "gone" }
  end

  it("gets what is there, and changes nothing of it", function()
    local reply, _, requests = run(account "ca_1")
    assert.same({ "ca_1", 1, "GET" }, { reply.connected_account.id, #requests, requests[1].method })
    assert.equal(BASE .. "/auth?connector=gmail&identifier=u", requests[1].url)
  end)

  it("creates what is not there, with what was given", function()
    local reply, _, requests = run(refusal(404, "NOT_FOUND"), account "ca_2")
    assert.same({ "ca_2", "POST" }, { reply.connected_account.id, requests[2].method })
    assert.same({ api_config = { a = 1 } }, json.decode(requests[2].body).connected_account)
  end)

  it("gets what somebody else created meanwhile", function()
    local reply = run(refusal(404, "NOT_FOUND"),
      refusal(409, "RESOURCE_ALREADY_EXISTS"), account "ca_3")
    assert.equal("ca_3", reply.connected_account.id)
  end)

  it("gets what it created itself, when the answer was lost", function()
    local reply = run(refusal(404, "NOT_FOUND"), lost, account "ca_4")
    assert.equal("ca_4", reply.connected_account.id)
  end)

  it("says why nothing was created", function()
    local reply, err, requests = run(refusal(404, "NOT_FOUND"), refusal(403, "PERMISSION_DENIED"))
    assert.same({ nil, 403, 2 }, { reply, err.status, #requests })
    reply, err = run(refusal(404, "NOT_FOUND"), lost, refusal(404, "NOT_FOUND"))
    assert.same({ nil, "outcome_unknown" }, { reply, err.kind })
  end)

  it("creates nothing where it could not look", function()
    local reply, err, requests = run(refusal(403, "PERMISSION_DENIED"))
    assert.same({ nil, 403, 1 }, { reply, err.status, #requests })
  end)

  it("says misuse at the caller's line", function()
    local actions = client_of(peer(error)).actions
    local ok, message = pcall(function()
      return (actions:get_or_create_connected_account { identifer = "u" })
    end)
    assert.is_false(ok)
    assert.matches("spec.lua:%d+: get_or_create_connected_account: unknown option 'identifer' "
      .. "%(did you mean 'identifier'%?%)", message)
  end)
end)
