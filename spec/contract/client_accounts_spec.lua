-- The client's `connected_accounts` methods against our own server.
local scalekit = require "scalekit"
local support = require "spec.support.env"

local check = scalekit.check

local users = 0

local function new_user()
  users = users + 1
  return ("account_user_%d"):format(users)
end

local TOKEN = { oauth_token = {
  access_token = "at-given", refresh_token = "rt-given", scopes = { "b", "a", "c" },
} }

describe("client.connected_accounts", function()
  support.both({
    app = "spec.support.vmcp_fixture", user_verification = "custom",
  }, function(env)
    local client, accounts

    setup(function()
      client = env:client()
      accounts = client.connected_accounts
      check(client.mcp:list_configs()) -- has its token before the leak census looks
    end)
    teardown(function() client, accounts = nil, nil end)

    local function create(user, more)
      local args = { connection_name = "gmail", identifier = user }
      for name, value in pairs(more or {}) do args[name] = value end
      return check(accounts:create(args)).connected_account
    end

    local function of(user)
      return { connection_name = "gmail", identifier = user }
    end

    it("K01 creates an account that has yet to be authorized", function()
      local user = new_user()
      local account = create(user)
      assert.matches("^ca_%d+$", account.id)
      assert.same({ "PENDING_AUTH", user, "gmail", "GMAIL", "OAUTH" }, {
        account.status, account.identifier, account.connector, account.provider,
        account.authorization_type,
      })
      assert.is_nil(account.last_used_at)
    end)

    it("K02 creates an account with a token, and keeps its scopes in order", function()
      local user = new_user()
      local account = create(user, { authorization_details = TOKEN, api_config = { region = "eu" } })
      assert.equal("ACTIVE", account.status)
      assert.same({ "b", "a", "c" }, account.authorization_details.oauth_token.scopes)
      assert.same({ region = "eu" }, account.api_config)
    end)

    it("K02 takes the service's own nesting too", function()
      local account = check(accounts:create {
        connector = "gmail", identifier = new_user(),
        connected_account = { authorization_details = TOKEN },
      }).connected_account
      assert.equal("at-given", account.authorization_details.oauth_token.access_token)
    end)

    it("K05 D4 calls a duplicate account a conflict", function()
      local user = new_user()
      create(user)
      local _, err = accounts:create(of(user))
      assert.same({ "conflict", "RESOURCE_ALREADY_EXISTS", false },
        { err.kind, err.code, err.retryable })
    end)

    it("K13 D20 lists accounts without credentials", function()
      local user = new_user()
      create(user, { authorization_details = TOKEN, api_config = { a = 1 } })
      local reply = check(accounts:list(of(user)))
      assert.equal(1, reply.total_size)
      assert.equal("ACTIVE", reply.connected_accounts[1].status)
      assert.is_nil(reply.connected_accounts[1].authorization_details)
      assert.is_nil(reply.connected_accounts[1].api_config)
    end)

    it("lists the accounts of several connections, and walks through their pages", function()
      local user = new_user()
      for _, connector in ipairs { "gmail", "googlecalendar", "extra01" } do
        check(accounts:create { connector = connector, identifier = user })
      end
      local found = {}
      for account, err in accounts:each {
        connection_names = { "gmail", "googlecalendar" }, identifier = user, page_size = 1,
      } do
        assert.is_nil(err)
        found[#found + 1] = account.connector
      end
      table.sort(found)
      assert.same({ "gmail", "googlecalendar" }, found)
    end)

    it("finds accounts by a part of who they belong to", function()
      local user = new_user()
      create(user)
      local all = accounts:each_found { query = user:upper() }
      assert.equal(user, all:next().identifier)
    end)

    it("K16 gets an account without its credentials, and with them on request", function()
      local user = new_user()
      local id = create(user, { authorization_details = TOKEN }).id
      local details = check(accounts:get(of(user))).connected_account
      assert.same({ id, nil }, { details.id, details.authorization_details })
      local auth = check(accounts:get_auth { connected_account_id = id }).connected_account
      assert.equal("at-given", auth.authorization_details.oauth_token.access_token)
    end)

    it("K20 merges an API configuration", function()
      local user = new_user()
      create(user, { api_config = { a = 1 } })
      local args = of(user)
      args.api_config = { b = 2 }
      check(accounts:update(args))
      assert.same({ a = 1, b = 2 }, check(accounts:get(of(user))).connected_account.api_config)
    end)

    it("changes of the credentials only what is given", function()
      local user = new_user()
      local id = create(user, { authorization_details = TOKEN }).id
      check(accounts:update {
        connected_account_id = id,
        authorization_details = { oauth_token = { access_token = "at-new" } },
      })
      local token = check(accounts:get_auth { connected_account_id = id })
        .connected_account.authorization_details.oauth_token
      assert.same({ "at-new", "rt-given", { "b", "a", "c" } },
        { token.access_token, token.refresh_token, token.scopes })
    end)

    it("K22 deletes an account once", function()
      local id = create(new_user()).id
      assert.same({}, check(accounts:delete { connected_account_id = id }))
      local _, err = accounts:delete { connected_account_id = id }
      assert.equal("not_found", err.kind)
    end)

    it("gets an account or creates it", function()
      local user = new_user()
      local first = check(accounts:get_or_create(of(user))).connected_account
      assert.equal("PENDING_AUTH", first.status)
      local second = check(client.actions:get_or_create_connected_account(of(user)))
      assert.equal(first.id, second.connected_account.id)
    end)

    it("K23 makes a link that carries a state and a URL to return to", function()
      local args = of(new_user())
      args.state, args.user_verify_url = ("s"):rep(512), "https://app.example/verify"
      local reply = check(accounts:get_authorization_link(args))
      assert.matches("^https?://", reply.link)
      assert.is_number(scalekit.time(reply.expiry))
      args.state = nil
      args.user_verify_url = ""
      assert.is_table(check(accounts:get_authorization_link(args)))
    end)

    it("K23 refuses a state and URLs that the service would refuse, before sending", function()
      for name, values in pairs {
        state = { ("s"):rep(513) },
        user_verify_url = { "ftp://x", "https://" .. ("x"):rep(2041) },
      } do
        for _, value in ipairs(values) do
          local args = of(new_user())
          args[name] = value
          local _, err = accounts:get_authorization_link(args)
          assert.same({ "bad_request", nil, name }, { err.kind, err.status, err.fields[1].field })
        end
      end
    end)

    -- Opens a link as a browser would → where it leads.
    local function follow(link)
      local path = env:path(link)
      local nonce = env:request("GET", path).body:match 'name="nonce" value="([^"]+)"'
      return env:form(path, { nonce = nonce, decision = "allow" }).headers.location
    end

    it("K25 K26 verifies who followed a link, once", function()
      local user = new_user()
      local args = of(user)
      args.state, args.user_verify_url = "st/1 =", "https://app.example/verify?a=1"
      local location = follow(check(accounts:get_authorization_link(args)).link)
      local route = require "scalekit.route"
      local query = {}
      for _, pair in ipairs(route.pairs(location:match "%?(.*)$")) do query[pair[1]] = pair[2] end
      assert.equal("st/1 =", query.state)
      assert.equal("PENDING_VERIFICATION", check(accounts:get(of(user))).connected_account.status)
      local _, err = accounts:verify_connected_account_user {
        auth_request_id = query.auth_request_id, identifier = "somebody-else",
      }
      assert.equal("forbidden", err.kind)
      local asked = { auth_request_id = query.auth_request_id, identifier = user }
      local reply = check(accounts:verify_connected_account_user(asked))
      assert.matches("^https?://", reply.post_user_verify_redirect_url)
      assert.equal("ACTIVE", check(accounts:get(of(user))).connected_account.status)
      _, err = accounts:verify_connected_account_user(asked)
      assert.equal("not_found", err.kind)
    end)
  end)
end)
