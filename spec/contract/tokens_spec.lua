-- Tokens that the server issues, validated by the client against the server's own keys.
local inproc = require "scalekit.transport.inproc"
local scalekit = require "scalekit"
local support = require "spec.support.env"

describe("tokens", function()
  support.both({}, function(env)
    local client, session

    setup(function()
      client = scalekit.check(scalekit.new {
        env_url = env.url, client_id = env.client_id, client_secret = env.client_secret,
        transport = env.app and inproc.new(env.app) or env.send,
      })
      session = env:open()
      assert(client:validate_access_token(env:access_token())) -- the keys come with the first one
    end)

    teardown(function() client, session = nil, nil end)

    it("of the API are access tokens of this environment", function()
      local claims = assert(client:validate_access_token(env:access_token()))
      assert.same({ env.client_id, env.url }, { claims.client_id, claims.iss })
      assert.is_table(client:validate_access_token(env:access_token(), { scopes = { "openid" } }))
    end)

    it("T26 of the API are no session tokens", function()
      local claims, err = client:validate_session_token(env:access_token(), { audience = false })
      assert.is_nil(claims)
      assert.equal("wrong_token_type", err.code)
    end)

    it("of a session are good for its server and name its user", function()
      local claims = assert(client:validate_session_token(session.token, {
        audience = session.config.mcp_server_url,
      }))
      assert.same({ session.identifier, session.config.id }, { claims.sub, claims.mcp_cfg })
    end)

    it("of a session are good for no other server", function()
      local other = env:create()
      local claims, err = client:validate_session_token(session.token, {
        audience = other.mcp_server_url,
      })
      assert.is_nil(claims)
      assert.equal("wrong_audience", err.code)
    end)

    it("of a session are no access tokens", function()
      local claims, err = client:validate_access_token(session.token)
      assert.is_nil(claims)
      assert.equal("wrong_token_type", err.code)
    end)

    it("have expired after their time", function()
      local claims = assert(client:validate_session_token(session.token, { audience = false }))
      local _, err = client:validate_session_token(session.token, {
        audience = false, now = claims.exp,
      })
      assert.equal("token_expired", err.code)
    end)
  end)
end)
