local core = require "scalekit.core"
local json = require "scalekit.json"
local memory = require "scalekit.vmcp.store.memory"
local support = require "spec.support.env"
local vmcp = require "scalekit.vmcp"

describe("authentication", function()
  support.both({}, function(env)
    local function token(fields, headers)
      local all = {
        grant_type = "client_credentials",
        client_id = env.client_id,
        client_secret = env.client_secret,
      }
      for name, value in pairs(fields or {}) do
        all[name] = value or nil
      end
      local response = env:form("/oauth/token", all, headers)
      return response.status, json.decode(response.body), response
    end

    local function claims_of(text)
      local header, payload = core.jwt_parse(text)
      return json.decode(header), json.decode(payload)
    end

    it("A01 issues an access token for the three form fields", function()
      local status, body, response = token()
      assert.equal(200, status)
      assert.equal("Bearer", body.token_type)
      assert.equal(86399, body.expires_in)
      assert.equal("openid", body.scope)
      assert.equal("no-store", response.headers["cache-control"])
      local header, claims = claims_of(body.access_token)
      assert.equal("RS256", header.alg)
      assert.equal("JWT", header.typ)
      assert.truthy(header.kid:match "^snk_%d+$")
      assert.equal(env.client_id, claims.client_id)
      assert.equal(env.client_id, claims.sub)
      assert.equal(env.url, claims.iss)
      assert.equal(86399, claims.exp - claims.iat)
      assert.equal(claims.iat, claims.nbf)
      assert.truthy(claims.jti:match "^tkn_%d+$")
      assert.truthy(claims.oid:match "^org_%d+$")
      assert.same({ "openid" }, claims.scopes)
    end)

    it("verifies against the published key", function()
      local _, body = token()
      local set = json.decode(env:request("GET", "/keys").body)
      local header = claims_of(body.access_token)
      assert.equal(1, #set.keys)
      assert.equal(header.kid, set.keys[1].kid)
      assert.equal("sig", set.keys[1].use)
      assert.is_nil(set.keys[1].d)
      assert.is_true(core.jwt_verify(body.access_token, core.jwk_load(set.keys[1])))
    end)

    it("publishes where things are", function()
      local body = json.decode(env:request("GET", "/.well-known/openid-configuration").body)
      assert.equal(env.url, body.issuer)
      assert.equal(env.url .. "/keys", body.jwks_uri)
      assert.equal(env.url .. "/oauth/token", body.token_endpoint)
    end)

    it("A04 names what is wrong with the grant", function()
      local status, body = token { grant_type = false }
      assert.equal(400, status)
      assert.equal("invalid_request", body.error)
      status, body = token { grant_type = "password" }
      assert.equal(400, status)
      assert.equal("unsupported_grant_type", body.error)
    end)

    it("refuses wrong credentials without saying which was wrong", function()
      local status, by_secret = token { client_secret = "wrong" }
      assert.equal(401, status)
      assert.equal("invalid_client", by_secret.error)
      local _, by_id = token { client_id = "skc_0" }
      assert.same(by_secret, by_id)
      local _, by_nothing = token { client_id = false, client_secret = false }
      assert.same(by_secret, by_nothing)
    end)

    it("accepts the credentials in a Basic header, too", function()
      local basic = "Basic " .. core.base64(env.client_id .. ":" .. env.client_secret)
      local status = token({ client_id = false, client_secret = false }, { authorization = basic })
      assert.equal(200, status)
      basic = "Basic " .. core.base64(env.client_id .. ":wrong")
      status = token({ client_id = false, client_secret = false }, { authorization = basic })
      assert.equal(401, status)
    end)

    it("ignores a stale bearer on the token endpoint", function()
      assert.equal(200, (token({}, { authorization = "Bearer stale" })))
    end)

    it("refuses bodies that are no form, broken escapes and doubled fields", function()
      for body, kind in pairs {
        ['{"grant_type":"client_credentials"}'] = "application/json",
        ["grant_type=%zz"] = "application/x-www-form-urlencoded",
        ["grant_type=client_credentials&grant_type=client_credentials"] =
          "application/x-www-form-urlencoded",
      } do
        local response = env:request("POST", "/oauth/token", {
          headers = { ["content-type"] = kind }, body = body,
        })
        assert.equal(400, response.status)
        assert.equal("invalid_request", json.decode(response.body).error)
      end
    end)

    it("refuses text that is not UTF-8, without repeating it", function()
      for _, body in ipairs { "a%ff=1&a%ff=2", "grant_type=%ff", "\255=1" } do
        local response = env:request("POST", "/oauth/token", {
          headers = { ["content-type"] = "application/x-www-form-urlencoded" }, body = body,
        })
        assert.equal(400, response.status)
        assert.equal("invalid_request", json.decode(response.body).error)
      end
    end)

    it("A13 refuses API calls without a token, with garbage, and with tokens of other kinds", function()
      local session = env:open()
      for _, authorization in ipairs {
        "", "Bearer", "Bearer x", "Bearer a.b.c", "Basic abc", "Bearer " .. session.token,
      } do
        local response = env:request("GET", "/api/v1/mcp/configs", {
          headers = { authorization = authorization ~= "" and authorization or nil },
        })
        local body = json.decode(response.body)
        assert.equal(401, response.status)
        assert.equal(16, body.code)
        assert.equal("UNAUTHENTICATED", support.info(body).error_code)
        assert.equal("type.googleapis.com/scalekit.v1.errdetails.ErrorInfo", body.details[1]["@type"])
        assert.truthy(response.headers["www-authenticate"])
      end
    end)

    it("refuses an access token that has expired", function()
      env:access_token()
      env:advance(86300)
      assert.equal(200, (env:api("GET", "/api/v1/mcp/configs")))
      env:advance(100)
      local status, body = env:api("GET", "/api/v1/mcp/configs")
      env.token = nil
      env:advance(-86400)
      env.token = nil
      assert.equal(401, status)
      assert.truthy(body.message:find "expired")
    end)

    it("A16 serves requests without any x- header", function()
      assert.equal(200, (env:api("GET", "/api/v1/mcp/configs")))
    end)

    it("answers a health check", function()
      assert.equal(200, env:request("GET", "/healthz").status)
    end)
  end)

  it("A02 decodes the form before it compares the secret", function()
    local secret = "a+b&c=d%/é"
    local key = core.key_generate("RS256")
    local app = vmcp.app {
      base_url = "http://127.0.0.1:9", store = memory.new(), key = key,
      client_id = "skc_1", client_secret = secret,
    }
    local function status_of(sent)
      return app:handle({
        method = "POST", path = "/oauth/token",
        headers = { ["content-type"] = "application/x-www-form-urlencoded" },
        body = "grant_type=client_credentials&client_id=skc_1&client_secret=" .. sent,
      }).status
    end
    assert.equal(200, status_of(core.percent(secret)))
    assert.equal(401, status_of("a+b&c=d%25/%C3%A9"))
  end)
end)
