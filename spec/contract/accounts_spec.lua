local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local ACCOUNTS = "/api/v1/connected_accounts"

local users = 0

local function new_user()
  users = users + 1
  return ("account_%d"):format(users)
end

local function query_of(fields)
  local parts = {}
  for name, value in pairs(fields) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      parts[#parts + 1] = name .. "=" .. core.percent(tostring(one))
    end
  end
  return "?" .. table.concat(parts, "&")
end

describe("connected accounts", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local function create(identifier, account, more)
      local body = { connector = "gmail", identifier = identifier, connected_account = account or {} }
      for name, value in pairs(more or {}) do body[name] = value end
      return env:api("POST", ACCOUNTS, body)
    end

    local function made(...)
      local status, body = create(...)
      assert.equal(201, status)
      return body.connected_account
    end

    local function get(what, fields)
      local status, body = env:api("GET", ACCOUNTS .. "/" .. what .. query_of(fields))
      return status, body.connected_account or body
    end

    local function update(selectors, account)
      local body = { connected_account = account }
      for name, value in pairs(selectors) do body[name] = value end
      return env:api("PUT", ACCOUNTS, body)
    end

    local function list(fields, verb)
      local status, body = env:api("GET", ACCOUNTS .. (verb or "") .. query_of(fields))
      assert.equal(200, status)
      return body
    end

    local function identifiers(fields, verb)
      local names = {}
      for i, account in ipairs(list(fields, verb).connected_accounts) do
        names[i] = account.identifier
      end
      table.sort(names)
      return names
    end

    it("K01 creates an account that waits for its user", function()
      local user = new_user()
      local status, body = create(user)
      assert.equal(201, status)
      local account = body.connected_account
      assert.truthy(account.id:match "^ca_%d+$")
      assert.truthy(account.updated_at:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
      account.id, account.updated_at = nil, nil
      assert.same({
        identifier = user, provider = "GMAIL", connector = "gmail",
        connection_id = "conn_100000000000000001", status = "PENDING_AUTH",
        authorization_type = "OAUTH", api_config = {},
      }, account)
    end)

    it("K02 creates an account with a token, which is usable at once", function()
      local user = new_user()
      local token = {
        access_token = "at", refresh_token = "rt", scopes = { "c", "a", "b" }, domain = "x.example",
      }
      local account = made(user, { authorization_details = { oauth_token = token } })
      assert.equal("ACTIVE", account.status)
      assert.same({ oauth_token = token }, account.authorization_details)
      local _, auth = get("auth", { id = account.id })
      assert.same({ oauth_token = token }, auth.authorization_details)
    end)

    it("takes static credentials, with whatever fields they have", function()
      local details = { username = "u", nested = { list = json.array {}, number = 1.5 } }
      local account = made(new_user(), {
        authorization_details = { static_auth = { details = details } },
      })
      assert.equal("ACTIVE", account.status)
      local _, auth = get("auth", { id = account.id })
      assert.same({ static_auth = { details = details } }, auth.authorization_details)
    end)

    it("K04 refuses two kinds of credentials at once", function()
      local status, body = create(new_user(), {
        authorization_details = { oauth_token = { access_token = "a" }, static_auth = { details = {} } },
      })
      assert.equal(400, status)
      assert.equal(3, body.code)
    end)

    it("K05 refuses a second account of one user", function()
      local user = new_user()
      made(user)
      local status, body = create(user)
      assert.equal(409, status)
      assert.equal(6, body.code)
      assert.equal("RESOURCE_ALREADY_EXISTS", support.info(body).error_code)
      made(user, {}, { connector = "googlecalendar" })
    end)

    it("K07 creates accounts of connections with blanks and punctuation in their names", function()
      local user = new_user()
      assert.equal("Team mail: a_b-c", made(user, {}, { connector = "Team mail: a_b-c" }).connector)
      for _, connector in ipairs { "a/b", "é", ("a"):rep(401) } do
        assert.equal(400, (create(user, {}, { connector = connector })), connector)
      end
    end)

    it("K08 bounds the organization's id of a new account", function()
      made(new_user(), {}, { organization_id = ("o"):rep(32) })
      assert.equal(400, (create(new_user(), {}, { organization_id = ("o"):rep(33) })))
    end)

    it("needs a connection that exists, a user, and an account to create", function()
      assert.equal(404, (create(new_user(), {}, { connector = "nowhere" })))
      assert.equal(400, (create(nil)))
      assert.equal(400, (create ""))
      assert.equal(400, (create(("x"):rep(101))))
      assert.equal(400, (env:api("POST", ACCOUNTS, { connector = "gmail", identifier = new_user() })))
      assert.equal(400, (env:api("POST", ACCOUNTS, {
        connector = "gmail", identifier = new_user(), connected_account = json.array {},
      })))
    end)

    it("K10 lists ten accounts, if nothing else is said, and the rest on further pages", function()
      local prefix = new_user() .. "_page_"
      for i = 1, 12 do made(prefix .. i) end
      local first = list { query = prefix }
      assert.equal(10, #first.connected_accounts)
      assert.equal(12, first.total_size)
      assert.equal("", first.prev_page_token)
      assert.is_true(#first.next_page_token <= 32)
      local second = list { query = prefix, page_token = first.next_page_token }
      assert.equal(2, #second.connected_accounts)
      assert.equal("", second.next_page_token)
      assert.same(first, list { query = prefix, page_token = second.prev_page_token })
      assert.equal(400, (env:api("GET", ACCOUNTS .. query_of { page_token = "garbage" })))
      assert.equal(400, (env:api("GET", ACCOUNTS .. query_of { page_token = first.next_page_token })))
    end)

    it("K11 filters by up to twenty connections, or by one", function()
      local user = new_user()
      made(user)
      made(user, {}, { connector = "googlecalendar" })
      made(user, {}, { connector = "extra01" })
      assert.equal(2, list({
        identifier = user, connection_names = { "gmail", "extra01" },
      }).total_size)
      local names = {}
      for i = 1, 21 do names[i] = "gmail" end
      assert.equal(400, (env:api("GET", ACCOUNTS .. query_of { connection_names = names })))
      names[21] = nil
      assert.equal(200, (env:api("GET", ACCOUNTS .. query_of { connection_names = names })))
      assert.equal(400, (env:api("GET", ACCOUNTS .. query_of {
        connection_names = { "gmail" }, connector = "gmail",
      })))
    end)

    it("K13 lists no credentials and no configuration", function()
      local user = new_user()
      made(user, {
        authorization_details = { oauth_token = { access_token = "hidden" } },
        api_config = { a = 1 },
      })
      local _, _, response = env:api("GET", ACCOUNTS .. query_of { identifier = user })
      assert.is_nil(response.body:find("hidden", 1, true))
      local account = json.decode(response.body).connected_accounts[1]
      assert.is_nil(account.authorization_details)
      assert.is_nil(account.api_config)
      assert.equal("ACTIVE", account.status)
    end)

    it("combines filters", function()
      local user = new_user()
      made(user, {}, { organization_id = user .. "o", user_id = user .. "u" })
      made(user, {}, { connector = "googlecalendar" })
      assert.equal(2, list({ identifier = user }).total_size)
      assert.equal(1, list({ identifier = user, connector = "gmail" }).total_size)
      assert.equal(1, list({ identifier = user, provider = "googlecalendar" }).total_size)
      assert.equal(0, list({ identifier = user, connector = "gmail", provider = "X" }).total_size)
      assert.equal(1, list({ organization_id = user .. "o" }).total_size)
      assert.equal(1, list({ user_id = user .. "u", query = "GMAIL" }).total_size)
      assert.equal(0, list({ user_id = user .. "u", organization_id = "other" }).total_size)
      assert.equal(0, list({ identifier = user:upper() }).total_size)
    end)

    it("K14 bounds searches", function()
      local function status(fields)
        return (env:api("GET", ACCOUNTS .. ":search" .. query_of(fields)))
      end
      assert.equal(400, status {})
      assert.equal(400, status { query = "ab" })
      assert.equal(200, status { query = "abc" })
      assert.equal(200, status { query = ("q"):rep(200) })
      assert.equal(400, status { query = ("q"):rep(201) })
      assert.equal(200, status { query = "abc", page_size = 30 })
      assert.equal(400, status { query = "abc", page_size = 31 })
      assert.equal(200, (env:api("GET", ACCOUNTS .. "%3Asearch?query=abc")))
    end)

    it("searches users, providers and connections, in any case", function()
      local user = new_user() .. "_Find"
      made(user)
      made(user, {}, { connector = "googlecalendar" })
      assert.equal(2, #identifiers({ query = user:upper() }, ":search"))
      assert.same({ user }, identifiers({
        query = user:lower(), connection_id = "conn_100000000000000002",
      }, ":search"))
      assert.is_true(list({ query = "GoogleCal" }, ":search").total_size >= 1)
      assert.same({}, identifiers({ query = "no such account" }, ":search"))
    end)

    it("K16 tells credentials to who asks for them, and only then", function()
      local account = made(new_user(), {
        authorization_details = { oauth_token = { access_token = "at" } }, api_config = { a = 1 },
      })
      local status, details = get("details", { id = account.id })
      assert.equal(200, status)
      assert.is_nil(details.authorization_details)
      assert.same({ a = 1 }, details.api_config)
      local auth
      status, auth = get("auth", { connector = "gmail", identifier = account.identifier })
      assert.equal(200, status)
      assert.equal("at", auth.authorization_details.oauth_token.access_token)
      auth.authorization_details = nil
      assert.same(details, auth)
    end)

    it("K17 needs to know which account is meant", function()
      for _, what in ipairs { "auth", "details" } do
        assert.equal(400, (env:api("GET", ACCOUNTS .. "/" .. what)))
        for _, fields in ipairs {
          { connector = "gmail" }, { identifier = "x" }, { id = "x_1" }, { organization_id = "o" },
          { connector = "gmail", identifier = "" },
        } do
          assert.equal(400, (get(what, fields)))
        end
        assert.equal(404, (get(what, { id = "ca_0" })))
        assert.equal(404, (get(what, { connector = "gmail", identifier = "nobody" })))
        assert.equal(404, (get(what, { connector = "nowhere", identifier = "nobody" })))
      end
    end)

    it("finds an account only where all that is said of it holds", function()
      local user = new_user()
      local account = made(user, {}, { organization_id = "org", user_id = "usr" })
      assert.equal(200, (get("details", { id = account.id, connector = "gmail", identifier = user,
        organization_id = "org", user_id = "usr" })))
      for name, value in pairs {
        connector = "googlecalendar", identifier = "other", organization_id = "other",
        user_id = "other",
      } do
        assert.equal(404, (get("details", { id = account.id, [name] = value })), name)
      end
      assert.equal(404, (get("details", {
        connector = "gmail", identifier = user, organization_id = "other",
      })))
    end)

    it("K20 merges what is configured", function()
      local account = made(new_user(), { api_config = { a = 1, c = { x = 1 } } })
      local status, body = update({ id = account.id }, { api_config = { b = 2, c = { y = 2 } } })
      assert.equal(200, status)
      assert.same({ a = 1, b = 2, c = { y = 2 } }, body.connected_account.api_config)
      local _, details = get("details", { id = account.id })
      assert.same({ a = 1, b = 2, c = { y = 2 } }, details.api_config)
      assert.equal("PENDING_AUTH", details.status)
    end)

    it("changes only those parts of the credentials that are given", function()
      local user = new_user()
      made(user, { authorization_details = { oauth_token = {
        access_token = "a1", refresh_token = "r1", scopes = { "s" },
      } } })
      local who = { connector = "gmail", identifier = user }
      local status, body = update(who, {
        authorization_details = { oauth_token = { access_token = "a2" } },
      })
      assert.equal(200, status)
      assert.is_nil(body.connected_account.authorization_details)
      local _, auth = get("auth", who)
      assert.same({ access_token = "a2", refresh_token = "r1", scopes = { "s" } },
        auth.authorization_details.oauth_token)
      update(who, { authorization_details = { static_auth = { details = { user = "u", password = "p" } } } })
      update(who, { authorization_details = { static_auth = { details = { password = "q" } } } })
      _, auth = get("auth", who)
      assert.same({ static_auth = { details = { user = "u", password = "q" } } },
        auth.authorization_details)
    end)

    it("becomes ACTIVE with new credentials, whatever it was", function()
      for _, state in ipairs { "PENDING_AUTH", "EXPIRED", "DISCONNECTED" } do
        local user = new_user()
        env:set_account("gmail", user, state)
        local status, body = update({ connector = "gmail", identifier = user }, {
          authorization_details = { oauth_token = { access_token = "a" } },
        })
        assert.equal(200, status)
        assert.equal("ACTIVE", body.connected_account.status)
      end
    end)

    it("changes no account that does not exist", function()
      assert.equal(404, (update({ id = "ca_0" }, {})))
      assert.equal(404, (update({ connector = "gmail", identifier = "nobody" }, {})))
      assert.equal(400, (update({}, {})))
      assert.equal(400, (env:api("PUT", ACCOUNTS, { id = "ca_0" })))
    end)

    it("K22 deletes once", function()
      local user = new_user()
      local account = made(user)
      local status, body, response = env:api("POST", ACCOUNTS .. ":delete", { id = account.id })
      assert.equal(200, status)
      assert.equal("{}", response.body)
      assert.same({}, body)
      status, body = env:api("POST", ACCOUNTS .. ":delete", { id = account.id })
      assert.equal(404, status)
      assert.equal(5, body.code)
      assert.equal(404, (get("details", { connector = "gmail", identifier = user })))
      assert.equal(0, list({ identifier = user }).total_size)
      assert.not_equal(account.id, made(user).id)
      assert.equal(404, (get("details", { id = account.id })))
      assert.equal(1, list({ identifier = user }).total_size)
      assert.equal(200, (env:api("POST", ACCOUNTS .. "%3Adelete", {
        connector = "gmail", identifier = user,
      })))
      assert.equal(400, (env:api("POST", ACCOUNTS .. ":delete", {})))
    end)

    it("asks a user for nothing where there is nothing to authorize", function()
      local account = made(new_user(), {}, { connector = "nokey" })
      assert.equal("ACTIVE", account.status)
      assert.equal("NO_AUTH", account.authorization_type)
      assert.is_nil(account.authorization_details)
    end)

    it("has the provider's credentials once the user has authorized it", function()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      local _, auth = get("auth", { connector = "gmail", identifier = user })
      local token = auth.authorization_details.oauth_token
      assert.truthy(token.access_token:match "^demo_at_")
      assert.truthy(token.refresh_token:match "^demo_rt_")
      assert.equal(1, #token.scopes)
      assert.truthy(auth.token_expires_at:match "Z$")
    end)

    it("renews an access token that is over, when it is asked for", function()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      local who = { connector = "gmail", identifier = user }
      local _, before = get("auth", who)
      local _, same = get("auth", who)
      env:advance(3600)
      local _, after = get("auth", who)
      env:advance(-3600)
      assert.same(before.authorization_details, same.authorization_details)
      assert.not_equal(before.authorization_details.oauth_token.access_token,
        after.authorization_details.oauth_token.access_token)
      assert.equal("ACTIVE", after.status)
      assert.is_true(after.token_expires_at > before.token_expires_at)
    end)

    it("is PENDING_AUTH again when a link is made for one that was disconnected", function()
      local user = new_user()
      local function status_after_link(state)
        env:set_account("gmail", user, state)
        env:api("POST", ACCOUNTS .. "/magic_link", { connector = "gmail", identifier = user })
        local _, details = get("details", { connector = "gmail", identifier = user })
        return details.status
      end
      assert.equal("PENDING_AUTH", status_after_link "DISCONNECTED")
      assert.equal("ACTIVE", status_after_link "ACTIVE")
      assert.equal("EXPIRED", status_after_link "EXPIRED")
    end)

    it("serves no other paths below the collection", function()
      assert.equal(404, (env:api("GET", ACCOUNTS .. "/ca_1/x")))
      assert.equal(405, (env:api("DELETE", ACCOUNTS)))
      assert.equal(405, (env:api("GET", ACCOUNTS .. ":delete")))
    end)
  end)
end)
