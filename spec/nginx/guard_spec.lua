-- examples/openresty/guard.conf: tokens of our own environment before a server of the spec's.
local core = require "scalekit.core"
local env = require "spec.support.env"
local json = require "scalekit.json"
local jwt = require "scalekit.jwt"
local shell = require "scalekit.host.shell"
local recipe = require "spec.support.recipe"

local RESOURCE = "https://mcp.example.com/mcp"
local METADATA = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"

local STAND_IN = [[
  lua_shared_dict seen 1m;
  underscores_in_headers on;
  server {
    listen 127.0.0.1:%PORT2%;
    location / { content_by_lua_block { require "spec.nginx.stand_in".serve() } }
  }
]]

describe("guard.conf #nginx,", function()
  env.through("nginx", {}, function(e)
    local host, kid, serial

    local function start(replace)
      local all = { ["server 127.0.0.1:9000"] = "server 127.0.0.1:%PORT2%" }
      for what, with in pairs(replace or {}) do all[what] = with end
      return recipe.start("guard.conf", {
        http = STAND_IN, replace = all, env = { SCALEKIT_ENV_URL = e.url },
      })
    end

    setup(function()
      serial = 0
      kid = json.decode(e:request("GET", "/keys").body).keys[1].kid
      host = start()
    end)

    teardown(function() host:stop() end)

    -- A token as the environment makes them; `claims` changes it, false takes a claim out.
    local function token(claims)
      serial = serial + 1
      local all = {
        iss = e.url, sub = "ada", aud = json.array { RESOURCE }, mcp_cfg = "cfg_1",
        ca_ids = json.array { "ca_1", "ca_2" }, token_type = "mcp_session", jti = "tkn_" .. serial,
        iat = os.time(), exp = os.time() + 600,
      }
      for name, value in pairs(claims or {}) do all[name] = value or nil end
      return jwt.sign { key = e.key, kid = kid, claims = all }
    end

    -- → status, headers, and what the server behind has heard, if it has
    local function ask(authorization, headers, at)
      at = at or host
      local sent = { authorization = authorization, ["content-type"] = "application/json" }
      for name, value in pairs(headers or {}) do sent[name] = value end
      local place = "http://127.0.0.1:" .. at.port2 .. "/say"
      assert(host.send { method = "POST", url = place, body = "", deadline = core.now() + 10 })
      local response = assert(host.send {
        method = "POST", url = at.url .. "/mcp", headers = sent, body = "{}", deadline = core.now() + 10,
      })
      local heard = assert(host.send {
        method = "POST", url = place, body = "heard", deadline = core.now() + 10,
      }).body
      return response, heard ~= "" and json.decode(heard) or nil
    end

    local function challenge_of(response)
      return response.headers["www-authenticate"]
    end

    it("a session token opens, and the server hears who it is from and not the token", function()
      local response, heard = ask("Bearer " .. token())
      assert.equal(200, response.status)
      assert.same({ "ada", "cfg_1", "ca_1,ca_2" }, {
        heard.headers["x-scalekit-identifier"], heard.headers["x-scalekit-config"],
        heard.headers["x-scalekit-connected-accounts"],
      })
      assert.is_nil(heard.headers.authorization)
      assert.equal("/mcp", heard.path)
    end)

    it("a token that was minted for one of the environment's own servers does not", function()
      local session = e:open()
      local response, heard = ask("Bearer " .. session.token)
      assert.same({ 401, nil }, { response.status, heard })
      assert.matches('error="invalid_token", error_description="token for another audience"',
        challenge_of(response), 1, true)
    end)

    it("nobody says in a header who they are", function()
      local _, heard = ask("Bearer " .. token { ca_ids = false }, {
        ["X-Scalekit-Identifier"] = "root", ["x_scalekit_identifier"] = "root",
        ["X-SCALEKIT-CONNECTED-ACCOUNTS"] = "ca_9", ["x_scalekit-connected_accounts"] = "ca_9",
        ["X-Scalekit_Identifier"] = "root",
      })
      for name, value in pairs(heard.headers) do
        assert.is_nil(name:find "_", name)
        if name:find "^x%-scalekit%-" then assert.is_nil((value .. ""):find "root", name) end
      end
      assert.equal("ada", heard.headers["x-scalekit-identifier"])
      assert.is_nil(heard.headers["x-scalekit-connected-accounts"])
    end)

    it("nor among hundreds of others", function()
      local headers = { ["x_scalekit_identifier"] = "root", ["X-Scalekit-Config"] = "cfg_9" }
      for i = 1, 300 do headers["X-Other-" .. i] = "1" end
      local _, heard = ask("Bearer " .. token(), headers)
      assert.same({ "ada", "cfg_1", nil }, {
        heard.headers["x-scalekit-identifier"], heard.headers["x-scalekit-config"],
        heard.headers["x_scalekit_identifier"],
      })
      assert.equal("1", heard.headers["x-other-300"])
      assert.is_nil(heard.headers.authorization)
    end)

    it("an identifier of any text makes a header of visible ASCII", function()
      local _, heard = ask("Bearer " .. token { sub = "zoë 100%\r\nx-admin: 1" })
      assert.equal("zo%C3%AB%20100%25%0D%0Ax-admin:%201", heard.headers["x-scalekit-identifier"])
    end)

    describe("refuses with a challenge", function()
      local plain = ('Bearer resource_metadata="%s"'):format(METADATA)

      it("who shows nothing: no error is named", function()
        local response, heard = ask(nil)
        assert.same({ 401, plain, nil }, { response.status, challenge_of(response), heard })
      end)

      it("who shows something else: no error is named", function()
        local response = ask "Basic YTpi"
        assert.same({ 401, plain }, { response.status, challenge_of(response) })
      end)

      it("a malformed authorization: invalid_request", function()
        for _, authorization in ipairs { "Bearer a b", "Bearer a,b", 'Bearer "a"' } do
          local response = ask(authorization)
          assert.equal(400, response.status)
          assert.matches('error="invalid_request"', challenge_of(response), 1, true)
        end
      end)

      for name, make in pairs {
        ["an expired token"] = function() return token { exp = os.time() - 1 } end,
        ["a token of the future"] = function() return token { nbf = os.time() + 60 } end,
        ["a token of another issuer"] = function() return token { iss = "https://x.example" } end,
        ["an access token"] = function() return e:access_token() end,
        ["a token that is no session token"] = function()
          return token { token_type = false, mcp_cfg = false }
        end,
        ["a token of nobody"] = function() return token { sub = false } end,
        ["a token of another key"] = function()
          return jwt.sign {
            key = core.key_generate "ES256", kid = kid,
            claims = { aud = RESOURCE, sub = "ada", exp = os.time() + 60, token_type = "mcp_session" },
          }
        end,
        ["half a token"] = function() return token():match "^(.*)%." end,
      } do
        it(name .. ": invalid_token", function()
          local response, heard = ask("Bearer " .. make())
          assert.same({ 401, nil }, { response.status, heard })
          assert.matches(plain .. ', error="invalid_token"', challenge_of(response), 1, true)
          assert.equal("invalid_token", json.decode(response.body).error)
        end)
      end
    end)

    it("a token that was good a moment ago and has expired since is refused", function()
      local mine = token { exp = os.time() + 2 }
      assert.equal(200, ask("Bearer " .. mine).status)
      core.sleep(2.1)
      for _ = 1, 4 do assert.equal(401, ask("Bearer " .. mine).status) end
    end)

    it("a token that was revoked is refused at once, by all workers", function()
      local mine = token()
      for _ = 1, 4 do assert.equal(200, ask("Bearer " .. mine, { connection = "close" }).status) end
      assert.equal(204, host:request {
        method = "POST", url = "/revoke?name=tkn_" .. serial, body = "",
      }.status)
      for _ = 1, 8 do
        local response = ask("Bearer " .. mine, { connection = "close" })
        assert.equal(401, response.status)
        assert.matches("token has been revoked", challenge_of(response), 1, true)
      end
      assert.equal(200, ask("Bearer " .. token()).status)
    end)

    it("pages of other origins are refused", function()
      local response, heard = ask("Bearer " .. token(), { origin = "https://evil.example" })
      assert.same({ 403, nil }, { response.status, heard })
    end)

    it("its metadata is where the challenge says, and what RFC 9728 wants", function()
      local response = host:request { url = METADATA:match "example.com(.*)$" }
      assert.same({ 200, "application/json" }, { response.status, response.headers["content-type"] })
      assert.same({
        resource = RESOURCE, authorization_servers = { e.url }, bearer_methods_supported = { "header" },
      }, json.decode(response.body))
    end)

    it("keys are fetched once for all workers and tokens", function()
      local function fetched()
        core.sleep(0.1) -- a log is written after the answer
        return select(2, shell.read(e.dir .. "/access.log"):gsub("GET /keys", ""))
      end
      local own, before, good = start(), fetched(), 0
      for _ = 1, 12 do
        if ask("Bearer " .. token(), { connection = "close" }, own).status == 200 then good = good + 1 end
      end
      own:stop()
      assert.same({ 12, before + 1 }, { good, fetched() })
    end)
  end)

  it("says 503 where the keys cannot be had, and the log says why", function()
    local own = recipe.start("guard.conf", {
      http = STAND_IN, env = { SCALEKIT_ENV_URL = "http://127.0.0.1:1" },
      replace = { ["server 127.0.0.1:9000"] = "server 127.0.0.1:%PORT2%" },
    })
    local response = own:request {
      method = "POST", url = "/mcp", body = "{}", headers = {
        authorization = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.e30.c2ln",
      },
    }
    local log = own:errors()
    own:stop()
    assert.same({ 503, "1", nil }, {
      response.status, response.headers["retry-after"], response.headers["www-authenticate"],
    })
    assert.matches("no connection to 127.0.0.1:1", log, 1, true)
  end)

  it("asks for scopes, and takes headers of other names", function()
    local e = { key = core.key_generate "RS256" }
    local jwk = e.key:jwk()
    jwk.kid = "snk_1"
    local own = recipe.start("guard.conf", {
      http = STAND_IN .. ([[
        server { listen 127.0.0.1:%%PORT2%%; server_name keys; location / { return 200 '%s'; } }
      ]]):format(json.encode { keys = json.array { jwk } }),
      env = { SCALEKIT_ENV_URL = "http://127.0.0.1:1" },
      replace = {
        ["server 127.0.0.1:9000"] = "server 127.0.0.1:%PORT2%",
        ["revoked = function"] = [[scopes = { "mcp:call" }, headers = { ["X-User"] = "sub",
          ["X-Plan"] = function(claims) return claims.plan == "gold" and "1" end },
          transport = function(request)
            request.url = "http://127.0.0.1:%PORT2%/keys"
            request.headers.host = "keys"
            return require("scalekit.transport").default() (request)
          end, revoked = function]],
      },
    })
    local function ask(scope)
      return own:request {
        method = "POST", url = "/mcp", body = "{}", headers = {
          authorization = "Bearer " .. jwt.sign {
            key = e.key, kid = "snk_1", claims = {
              aud = RESOURCE, sub = "ada", exp = os.time() + 60, token_type = "mcp_session",
              scope = scope, plan = "gold", iss = "http://127.0.0.1:1",
            },
          },
        },
      }
    end
    local refused, status = ask "mcp:list", ask("mcp:list mcp:call").status
    local heard = json.decode(own:request {
      method = "POST", url = "http://127.0.0.1:" .. own.port2 .. "/say", body = "heard",
    }.body)
    own:stop()
    assert.same({ 403, 200 }, { refused.status, status })
    assert.matches('scope="mcp:call", error="insufficient_scope"', refused.headers["www-authenticate"],
      1, true)
    assert.same({ "ada", "1", nil },
      { heard.headers["x-user"], heard.headers["x-plan"], heard.headers["x-scalekit-identifier"] })
  end)
end)
