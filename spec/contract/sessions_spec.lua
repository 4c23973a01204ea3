local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local CONFIGS = "/api/v1/mcp/configs/"

local USER = "zoë@例え.jp 🙂\"\\"

describe("connected accounts of a config and session tokens", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local users = 0

    local function new_user()
      users = users + 1
      return ("user_%d"):format(users)
    end

    local function accounts(config, body)
      return env:api("POST", CONFIGS .. config.id .. "/connected_accounts", body)
    end

    local function mint(config, body)
      return env:api("POST", CONFIGS .. config.id .. "/tokens", body)
    end

    local function claims_of(token)
      local header, payload = core.jwt_parse(token)
      return json.decode(header), json.decode(payload)
    end

    it("T01 lists without creating anything", function()
      local config, user = env:create(), new_user()
      for _ = 1, 2 do
        local status, body = accounts(config, { identifier = user })
        assert.equal(200, status)
        assert.equal(2, #body.connected_accounts)
        for i, name in ipairs { "gmail", "googlecalendar" } do
          local entry = body.connected_accounts[i]
          assert.equal(name, entry.connection_name)
          assert.equal(name:upper(), entry.provider)
          assert.truthy(entry.connection_id:match "^conn_")
          assert.is_nil(entry.connected_account_id)
          assert.is_nil(entry.connected_account_status)
          assert.equal("", entry.authentication_link)
        end
      end
    end)

    it("T02 creates missing accounts with their links, and fresh links every time", function()
      local config, user = env:create(), new_user()
      local status, first = accounts(config, { identifier = user, include_auth_link = true })
      assert.equal(200, status)
      local _, second = accounts(config, { identifier = user, include_auth_link = true })
      for i, entry in ipairs(first.connected_accounts) do
        assert.truthy(entry.connected_account_id:match "^ca_%d+$")
        assert.equal("PENDING_AUTH", entry.connected_account_status)
        assert.equal(env.url .. "/magicLink/", entry.authentication_link:match "^(.*/)[%w_-]+$")
        assert.equal(entry.connected_account_id, second.connected_accounts[i].connected_account_id)
        assert.not_equal(entry.authentication_link, second.connected_accounts[i].authentication_link)
      end
    end)

    it("gives links to active accounts, too, and leaves them active", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      local _, body = accounts(config, { identifier = user, include_auth_link = true })
      for _, entry in ipairs(body.connected_accounts) do
        assert.equal("ACTIVE", entry.connected_account_status)
        assert.not_equal("", entry.authentication_link)
      end
    end)

    it("shares an account among the configs of one connection", function()
      local user = new_user()
      local _, one = accounts(env:create(), { identifier = user, include_auth_link = true })
      local _, two = accounts(env:create(), { identifier = user })
      assert.equal(one.connected_accounts[1].connected_account_id,
        two.connected_accounts[1].connected_account_id)
    end)

    it("T04 gives no link where there is nothing to authorize", function()
      local config = env:create { { connection_name = "nokey" }, { connection_name = "gmail" } }
      local _, body = accounts(config, { identifier = new_user(), include_auth_link = true })
      assert.equal("", body.connected_accounts[1].authentication_link)
      assert.not_equal("", body.connected_accounts[2].authentication_link)
    end)

    it("T05 needs an identifier", function()
      local config = env:create()
      for _, body in ipairs { "{}", '{"identifier":""}', '{"identifier":null}', "" } do
        local status, answer = accounts(config, body)
        assert.equal(400, status)
        assert.same({ "identifier" }, support.fields(answer))
      end
    end)

    it("T08 knows no accounts of an unknown config", function()
      local status, body = accounts({ id = "cfg_0" }, { identifier = "user" })
      assert.equal(404, status)
      assert.equal(5, body.code)
    end)

    it("mints a token with the documented claims", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      local status, body = mint(config, { identifier = user, expiry = "3600s" })
      assert.equal(200, status)
      local header, claims = claims_of(body.token)
      assert.same({ "RS256", "JWT" }, { header.alg, header.typ })
      assert.equal(user, claims.sub)
      assert.same({ config.mcp_server_url }, claims.aud)
      assert.equal(config.id, claims.mcp_cfg)
      assert.equal("mcp_session", claims.token_type)
      assert.equal(env.url, claims.iss)
      assert.equal(3600, claims.exp - claims.iat)
      local _, listed = accounts(config, { identifier = user })
      assert.same({
        listed.connected_accounts[1].connected_account_id,
        listed.connected_accounts[2].connected_account_id,
      }, claims.ca_ids)
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", claims.exp), body.expires_at)
    end)

    it("T10 accepts every expiry inside the window, to the nanosecond", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      for expiry, fraction in pairs {
        ["60s"] = "", ["86400s"] = "", ["90.5s"] = ".500", ["60.000000001s"] = ".000000001",
      } do
        local status, body = mint(config, { identifier = user, expiry = expiry })
        assert.equal(200, status, expiry)
        assert.equal(fraction, body.expires_at:match "^%d+%-%d+%-%d+T%d+:%d+:%d+(.*)Z$")
      end
    end)

    it("T11 refuses every expiry outside of it, and what is no duration", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      for _, expiry in ipairs {
        "59s", "59.999999999s", "86401s", "86400.000000001s", "0s", "-60s",
        "1h", "1 hour", "3600", "60000ms", "", "90.5", "1e2s", "0x60s", " 90s",
      } do
        local status, body = mint(config, { identifier = user, expiry = expiry })
        assert.equal(400, status, expiry)
        assert.same({ "expiry" }, support.fields(body))
      end
      assert.equal(400, (mint(config, '{"identifier":"x","expiry":3600}')))
    end)

    it("T13 takes an hour when no expiry is given", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      for _, body in ipairs { '{"identifier":"%s"}', '{"identifier":"%s","expiry":null}' } do
        local status, answer = mint(config, body:format(user))
        assert.equal(200, status)
        local _, claims = claims_of(answer.token)
        assert.equal(3600, claims.exp - claims.iat)
      end
    end)

    it("T16 keeps difficult identifiers", function()
      local config = env:create()
      env:activate(config, USER)
      local status, body = mint(config, { identifier = USER })
      assert.equal(200, status)
      local _, claims = claims_of(body.token)
      assert.equal(USER, claims.sub)
    end)

    it("bounds identifiers", function()
      local config = env:create()
      for _, identifier in ipairs { "", ("x"):rep(256) } do
        local status, body = mint(config, { identifier = identifier })
        assert.equal(400, status)
        assert.same({ "identifier" }, support.fields(body))
      end
      local longest = ("é"):rep(255)
      env:activate(config, longest)
      assert.equal(200, (mint(config, { identifier = longest })))
      assert.equal(400, (mint(config, '{"identifier":"\255"}')))
    end)

    it("T17 mints only when every mapped connection is ACTIVE", function()
      local config = env:create()
      local user = new_user()
      assert.equal(400, (mint(config, { identifier = user })))
      for _, state in ipairs { "PENDING_AUTH", "EXPIRED", "PENDING_VERIFICATION", "DISCONNECTED" } do
        env:activate(config, user)
        env:set_account("googlecalendar", user, state)
        local status, body = mint(config, { identifier = user })
        assert.equal(400, status)
        assert.equal(9, body.code)
        assert.equal("CONNECTED_ACCOUNT_NOT_ACTIVE", support.info(body).error_code)
        assert.truthy(body.message:find("googlecalendar (" .. state .. ")", 1, true))
        assert.is_nil(body.message:find("gmail", 1, true))
      end
      env:activate(config, user)
      assert.equal(200, (mint(config, { identifier = user })))
    end)

    it("T19 mints nothing for an unknown config", function()
      local status, body = mint({ id = "cfg_0" }, { identifier = "user" })
      assert.equal(404, status)
      assert.equal(5, body.code)
    end)

    it("T22 knows an access level that shows and runs only what reads, and no other word", function()
      local config = env:create { { connection_name = "gmail" } }
      local user = new_user()
      env:activate(config, user)
      local function names(level)
        local status, body = mint(config, { identifier = user, access_level = level })
        assert.equal(200, status)
        local session = { path = env:path(config.mcp_server_url), token = body.token }
        local _, listed = env:modern(session, "tools/list")
        return support.tool_names(listed), session
      end
      assert.equal(4, #names "FULL")
      local reading, session = names "READ_ONLY"
      assert.same({ "gmail_fetch_mails", "gmail_get_message_by_id", "gmail_search_people" }, reading)
      local _, body = env:modern(session, "tools/call", {
        name = "gmail_send_mail", arguments = { to = "a@b.example", subject = "s", body = "b" },
      })
      assert.equal("Unknown tool: gmail_send_mail", body.error.message)
      assert.equal(400, (mint(config, { identifier = user, access_level = "read_only" })))
    end)

    it("T23 has no path session-tokens", function()
      local config = env:create()
      assert.equal(404, (env:api("POST", CONFIGS .. config.id .. "/session-tokens", {})))
    end)

    it("T25 refuses MCP requests with anything but a live token of this server", function()
      local session = env:open()
      local other = env:open(nil, "someone")
      local header, claims = claims_of(session.token)

      local function signed(change_header, change_claims)
        local h, c = {}, {}
        for name, value in pairs(header) do h[name] = value end
        for name, value in pairs(claims) do c[name] = value end
        for name, value in pairs(change_header) do h[name] = value or nil end
        for name, value in pairs(change_claims) do c[name] = value end
        return core.jwt_sign(env.key, json.encode(h), json.encode(c))
      end

      local function assemble(h)
        return core.base64url(json.encode(h)) .. "." .. session.token:match "%.(.*)%."
      end

      local tampered = session.token:gsub("%.([^.]+)%.", function(payload)
        local text = core.unbase64url(payload):gsub('"user_123"', '"user_124"')
        return "." .. core.base64url(text) .. "."
      end)
      local none = { alg = "none", kid = header.kid, typ = "JWT" }
      local hs256 = { alg = "HS256", kid = header.kid, typ = "JWT" }
      local refused = {
        expired = signed({}, { exp = claims.iat - 1 }),
        ["not valid yet"] = signed({}, { nbf = claims.iat + 3600 }),
        ["without an end"] = signed({}, { exp = "never" }),
        ["of another server"] = other.token,
        ["of another issuer"] = signed({}, { iss = "https://other.example" }),
        ["of another kind"] = signed({}, { token_type = "other" }),
        ["without a user"] = signed({}, { sub = "" }),
        ["with a foreign key id"] = signed({ kid = "snk_1" }, {}),
        ["without a key id"] = signed({ kid = false }, {}),
        tampered = tampered,
        ["without a signature"] = session.token:match "^(.*%.)" ,
        ["alg none"] = assemble(none) .. ".",
        ["alg none, signed"] = assemble(none) .. "." .. session.token:match "([^.]+)$",
        -- a signature of the right length, made with what everybody knows
        ["alg HS256"] = assemble(hs256) .. "." .. core.base64url(core.sha256(json.encode(env.key:jwk()))),
        ["T26 an API token"] = env:access_token(),
        ["half a token"] = session.token:sub(1, 100),
      }
      for what, token in pairs(refused) do
        local response, body = env:post({ path = session.path, token = token },
          { jsonrpc = "2.0", id = 1, method = "ping" })
        assert.equal(401, response.status, what)
        assert.equal(16, body.code)
        local challenge = response.headers["www-authenticate"]
        assert.truthy(challenge:find('error="invalid_token"', 1, true), what)
        assert.truthy(challenge:find("resource_metadata=", 1, true), what)
      end
      local ping = { jsonrpc = "2.0", id = 1, method = "ping" }
      assert.equal(200, env:post(session, ping).status)
      local elsewhere = { path = session.path, token = signed({}, { mcp_cfg = other.config.id }) }
      assert.equal(404, env:post(elsewhere, ping).status)
    end)

    it("T26 refuses an API token as the bearer of an MCP request", function()
      local session = env:open()
      for _, era in ipairs { "modern", "legacy" } do
        local response = env[era](env, { path = session.path, token = env:access_token() }, "tools/list")
        assert.equal(401, response.status)
        assert.truthy(response.headers["www-authenticate"]:find('error="invalid_token"', 1, true))
      end
    end)

    it("ends a token with the whole second, and says when it was to end", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      local _, body = mint(config, { identifier = user, expiry = "90.5s" })
      local _, claims = claims_of(body.token)
      assert.equal(90, claims.exp - claims.iat)
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%S.500Z", claims.exp), body.expires_at)
    end)

    it("tells who sent no credentials where to learn more, and nothing else", function()
      local session = env:open()
      local response = env:request("POST", session.path, { body = "{}" })
      assert.equal(401, response.status)
      local uuid = session.path:match "[^/]+$"
      local metadata = env.url .. "/.well-known/oauth-protected-resource/mcp/v3/servers/" .. uuid
      assert.equal(('Bearer resource_metadata="%s"'):format(metadata),
        response.headers["www-authenticate"])
      local document = json.decode(env:request("GET", env:path(metadata)).body)
      assert.equal(session.config.mcp_server_url, document.resource)
      assert.same({ env.url }, document.authorization_servers)
      assert.same({ "header" }, document.bearer_methods_supported)
      response = env:request("POST", session.path, { headers = { authorization = "Basic x" }, body = "{}" })
      assert.equal(401, response.status)
    end)

    it("lets a token live exactly as long as it was minted for", function()
      local config, user = env:create(), new_user()
      local token = env:session(config, user, "120s")
      local session = { path = env:path(config.mcp_server_url), token = token }
      env:advance(100)
      assert.equal(200, env:post(session, { jsonrpc = "2.0", id = 1, method = "ping" }).status)
      env:advance(20)
      local status = env:post(session, { jsonrpc = "2.0", id = 1, method = "ping" }).status
      env:advance(-120)
      assert.equal(401, status)
    end)

    it("keeps the URL of a deleted config dead, with a token that has not expired", function()
      local session = env:open()
      assert.equal(200, (env:api("DELETE", CONFIGS .. session.config.id)))
      for _ = 1, 4 do
        local response = env:post(session, { jsonrpc = "2.0", id = 1, method = "ping" })
        assert.equal(404, response.status)
      end
      local uuid = session.path:match "[^/]+$"
      assert.equal(404, env:request("GET",
        "/.well-known/oauth-protected-resource/mcp/v3/servers/" .. uuid).status)
    end)
  end)
end)
