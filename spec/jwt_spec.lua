local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local jwt = require "scalekit.jwt"

local KID = "snk_100000000000000001"
local ISSUER = "https://env.example.test"
local AUDIENCE = "https://env.example.test/mcp/v3/servers/550e8400-e29b-41d4-a716-446655440000"
local NOW = 4102441300
local MODULUS = ""
  .. "7qOQOkfmPsaFEn8wiqLnYqwZKQ_qAJedGa7OgqIYUTjSojiVdumBofZCkko73El4LkCr8tYqtqpICzt5i1o8U8A4"
  .. "jm65YRBQWgTyA9PT4itcFufALGeU5AwlLgolG0TMNCmfUJE1Vo1UeNJMIyeoZp2eM7xKxaCVc70zVVkLA-9RTK2W"
  .. "19ybGUN4Vb9cJVvePmQTBtghlnhSHFkEJsayjxn8W-t5OY8hhrQq16I0VN906Ycu9t8YtdFW6SY0TKbhQEaUINMd"
  .. "96rG9a0t2klA0gcJT3trGYh4W2LWZmFabwtaCqx8jZHpYX2ofSand37eVVm8tZ1O0hgojRw4Hy1GXw"
local TOKEN = ""
  .. "eyJhbGciOiJSUzI1NiIsImtpZCI6InNua18xMDAwMDAwMDAwMDAwMDAwMDEiLCJ0eXAiOiJKV1QifQ.eyJhdWQiO"
  .. "lsiaHR0cHM6Ly9lbnYuZXhhbXBsZS50ZXN0L21jcC92My9zZXJ2ZXJzLzU1MGU4NDAwLWUyOWItNDFkNC1hNzE2L"
  .. "TQ0NjY1NTQ0MDAwMCJdLCJjYV9pZHMiOlsiY2FfMTAwMDAwMDAwMDAwMDAwMDAxIiwiY2FfMTAwMDAwMDAwMDAwM"
  .. "DAwMDAyIl0sImV4cCI6NDEwMjQ0NDgwMCwiaWF0Ijo0MTAyNDQxMjAwLCJpc3MiOiJodHRwczovL2Vudi5leGFtc"
  .. "GxlLnRlc3QiLCJtY3BfY2ZnIjoiY2ZnXzEwMDAwMDAwMDAwMDAwMDAwMSIsInN1YiI6Inpvw6tAZXhhbXBsZS50Z"
  .. "XN0IiwidG9rZW5fdHlwZSI6Im1jcF9zZXNzaW9uIn0.V4Qz8h0_07ZaqJXqpGhGaX6ukCH99-2rBi317m7wmQfy6"
  .. "6E5HEHIpF7nYAigp-0-fVHNfu0HjZqD2tceZIMBUtzaFLsda7UwXu3u9mvl7RABoR4t7v-FPM9QL1C2B002fR0rR"
  .. "AvjBHGyZvzC00tTbPEirJcxuaDO1EdjtejpJdJeBcUDR-FznYJXq1SQD2SYIKYDgXcLVULRV1aMTgQQ7elrX2ndz"
  .. "0tNihwu8leZokrMIv66XQP-FrrEc-OsroOnCYnAwZOI0MpXfH5GLQ-QR7bej2uPSIc0TajQCxVfYFwtAdBGsNAqI"
  .. "-_P1nl16J44xwdrc_CXf7lCLgpxwogdlw"
-- the example of the service's API reference; its signature is a word
local REFERENCE = ""
  .. "eyJhbGciOiJSUzI1NiIsImtpZCI6InNua18xMjMifQ.eyJhdWQiOlsiYWxpY2VAYWNtZS5jb20iXSwidG9rZW5fd"
  .. "HlwZSI6Im1jcF9zZXNzaW9uIn0.signature"

local function jwks()
  return {
    keys = { { kty = "RSA", alg = "RS256", use = "sig", kid = KID, n = MODULUS, e = "AQAB" } },
  }
end

local function verify(token, changes)
  local options = { keys = jwks(), now = NOW }
  for name, value in pairs(changes or {}) do options[name] = value end
  return jwt.verify(token, options)
end

local function assert_refused(message, claims, err)
  assert.is_nil(claims)
  assert.is_true(errors.is(err))
  assert.equal("unauthorized", err.kind)
  if message then assert.equal(message, err.message) end
end

describe("the service's session token", function()
  it("T28 verifies against its key", function()
    local claims = assert(verify(TOKEN, { issuer = ISSUER, audience = AUDIENCE }))
    assert.equal("zoë@example.test", claims.sub)
    assert.same({ AUDIENCE }, { claims.aud[1] })
    assert.equal("ca_100000000000000002", claims.ca_ids[2])
    assert.equal("mcp_session", claims.token_type)
    assert.equal("4102444800", ("%d"):format(claims.exp))
  end)

  it("T28 does not verify once any one bit of its signature is flipped", function()
    local signed, signature = TOKEN:match "^(.*%.)([^.]+)$"
    local bytes = core.unbase64url(signature)
    for at = 1, #bytes, 5 do
      local byte = bytes:byte(at)
      local flipped = byte % 2 == 0 and byte + 1 or byte - 1
      local changed = bytes:sub(1, at - 1) .. string.char(flipped) .. bytes:sub(at + 1)
      assert_refused("signature does not match", verify(signed .. core.base64url(changed)))
    end
  end)

  it("has expired when its time has come, not later", function()
    assert.is_table(verify(TOKEN, { now = 4102444799.5 }))
    assert_refused("token has expired", verify(TOKEN, { now = 4102444800 }))
    assert.is_table(verify(TOKEN, { now = 4102444809, leeway = 10 }))
    assert_refused("token has expired", verify(TOKEN, { now = 4102444810, leeway = 10 }))
  end)

  it("is refused by another issuer or audience", function()
    assert_refused("token of another issuer", verify(TOKEN, { issuer = ISSUER .. "/" }))
    assert_refused("token for another audience", verify(TOKEN, { audience = AUDIENCE .. "/" }))
  end)

  it("T29 of the API reference can be looked at but not verified", function()
    local header, payload = jwt.parse_unverified(REFERENCE)
    assert.equal("snk_123", header.kid)
    assert.equal("mcp_session", payload.token_type)
    assert.equal("alice@acme.com", payload.aud[1])
    local keys = jwks()
    keys.keys[1].kid = "snk_123"
    assert_refused("signature does not match", verify(REFERENCE, { keys = keys }))
  end)
end)

for _, alg in ipairs { "RS256", "ES256" } do
  describe("a token signed with " .. alg, function()
    local pem
    setup(function() pem = core.key_generate(alg):pem() end)

    -- fresh for each test, which is to leave nothing behind
    local function fixture()
      local key = assert(core.key_load(pem))
      local jwk = key:jwk()
      jwk.kid, jwk.alg, jwk.use = "one", alg, "sig"
      local keys = { keys = { { kty = "oct", kid = "zero" }, jwk } }
      local function sign(claims, kid)
        return jwt.sign { key = key, kid = kid or "one", claims = claims }
      end
      local function check(token, changes)
        local options = { keys = keys, now = 1000 }
        for name, value in pairs(changes or {}) do options[name] = value end
        return jwt.verify(token, options)
      end
      return sign, check, key, keys
    end

    it("round-trips its claims", function()
      local sign, check = fixture()
      local claims = assert(check(sign {
        exp = 1001, nbf = 1000, sub = 'zoë@例え.jp 🙂"\\', aud = { "a", "b" },
        list = json.array {}, object = {},
      }, { audience = "b" }))
      assert.equal('zoë@例え.jp 🙂"\\', claims.sub)
      assert.is_true(json.is_array(claims.list))
      assert.is_false(json.is_array(claims.object))
    end)

    it("names its algorithm and key in the header", function()
      local sign = fixture()
      local header = jwt.parse_unverified(sign { exp = 1 })
      assert.same({ alg = alg, kid = "one", typ = "JWT" }, header)
    end)

    it("takes the audience as a string or a list", function()
      local sign, check = fixture()
      assert.is_table(check(sign { exp = 1001, aud = "a" }, { audience = "a" }))
      assert.is_table(check(sign { exp = 1001, aud = { "b", "a" } }, { audience = "a" }))
      for _, aud in ipairs { "b", json.array {}, { "b" }, json.null, 1, { a = "a" } } do
        assert_refused("token for another audience",
          check(sign { exp = 1001, aud = aud }, { audience = "a" }))
      end
      assert_refused("token for another audience", check(sign { exp = 1001 }, { audience = "a" }))
    end)

    it("needs an expiry that is a number", function()
      local sign, check = fixture()
      for _, exp in ipairs { "1001", json.null, true, { 1001 } } do
        assert_refused("token without an expiry", check(sign { exp = exp }))
      end
      assert_refused("token without an expiry", check(sign { sub = "a" }))
      assert_refused("token has expired", check(sign { exp = 999.5 }))
      assert.is_table(check(sign { exp = 1000.5 }))
    end)

    it("is not valid before its time", function()
      local sign, check = fixture()
      assert_refused("token is not valid yet", check(sign { exp = 2000, nbf = 1001 }))
      assert.is_table(check(sign { exp = 2000, nbf = 1001 }, { leeway = 1 }))
      assert_refused("token with a bad start time", check(sign { exp = 2000, nbf = "0" }))
    end)

    it("is refused where its key is not known", function()
      local sign, check = fixture()
      assert_refused("token signed with an unknown key", check(sign({ exp = 1001 }, "two")))
      assert_refused("token signed with an unknown key",
        check(sign { exp = 1001 }, { keys = { keys = {} } }))
      assert_refused("token signed with an unknown key", check(sign({ exp = 1001 }, "zero")))
    end)

    it("is not verified with another key", function()
      local sign, check = fixture()
      local other = core.key_generate(alg):jwk()
      other.kid = "one"
      assert_refused("signature does not match",
        check(sign { exp = 1001 }, { keys = { keys = { other } } }))
    end)

    it("asks a function for its key", function()
      local sign, check, key, keys = fixture()
      local token, asked = sign { exp = 1001 }, nil
      assert.is_table(check(token, { keys = function(kid) asked = kid; return keys.keys[2] end }))
      assert.equal("one", asked)
      assert.is_table(check(token, { keys = function() return key end }))
      assert_refused("token signed with an unknown key", check(token, { keys = function() end }))
      local claims, err = check(token, { keys = function() return nil, "no network" end })
      assert.is_nil(claims)
      assert.equal("no network", err)
    end)

    it("is never taken with another algorithm in its header", function()
      local sign, check, key = fixture()
      local payload = core.base64url '{"exp":2000}'
      local _, _, signature = sign({ exp = 2000 }):find "([^.]*)$"
      for _, name in ipairs { "none", "None", "HS256", "RS384", "PS256", "", "rs256" } do
        local header = core.base64url(json.encode { alg = name, kid = "one" })
        for _, ending in ipairs { "", signature } do
          assert_refused("token with an algorithm that is not accepted",
            check(header .. "." .. payload .. "." .. ending))
        end
      end
      local other = alg == "RS256" and "ES256" or "RS256"
      local header = core.base64url(json.encode { alg = other, kid = "one" })
      assert_refused(nil, check(header .. "." .. payload .. "." .. signature))
      assert_refused("token header names another algorithm than the key's",
        check(header .. "." .. payload .. "." .. signature, { keys = function() return key end }))
    end)

    it("cannot be signed by its public half or under a false name", function()
      local _, _, key, keys = fixture()
      local public_half = assert(core.jwk_load(keys.keys[2]))
      assert.has_error(function() jwt.sign { key = public_half, kid = "one", claims = {} } end,
        "cannot sign: key without a private part")
      assert.has_error(function() core.jwt_sign(key, '{"alg":"none"}', "{}") end)
    end)

    it("carries no private part in its JSON web key", function()
      local _, _, key = fixture()
      local jwk = key:jwk()
      local names = {}
      for name in pairs(jwk) do names[#names + 1] = name end
      table.sort(names)
      assert.equal(alg == "RS256" and "e kty n" or "crv kty x y", table.concat(names, " "))
      local pem_of_public, message = core.jwk_load(jwk):pem()
      assert.is_nil(pem_of_public)
      assert.equal("key without a private part", message)
    end)
  end)
end

describe("options", function()
  it("are checked where the caller stands", function()
    local key = core.key_generate "ES256"
    for _, case in ipairs {
      { function() jwt.sign { key = key, kid = "a", claim = {} } end, "did you mean 'claims'?" },
      { function() jwt.sign { key = key, kid = 1, claims = {} } end, "'kid' must be a string" },
      { function() jwt.sign { kid = "a", claims = {} } end, "'key' is required" },
      { function() jwt.verify(TOKEN, { key = {} }) end, "did you mean 'keys'?" },
      { function() jwt.verify(TOKEN, {}) end, "'keys' is required" },
      { function() jwt.verify(TOKEN) end, "'keys' is required" },
      { function() jwt.verify(TOKEN, "keys") end, "expected a table of options" },
    } do
      local ok, message = pcall(case[1])
      assert.is_false(ok)
      assert.matches("jwt_spec.lua:%d+:", message)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)
end)

describe("a token that is none", function()
  local function part(value)
    return core.base64url(type(value) == "string" and value or json.encode(value))
  end
  local HEADER = { alg = "RS256", kid = KID }

  it("is refused for its shape", function()
    for token, message in pairs {
      [""] = "token without three parts",
      ["a"] = "token without three parts",
      ["a.b"] = "token without three parts",
      [TOKEN .. ".x"] = "token without three parts",
      [".."] = "token header is no object",
      [("a"):rep(40000) .. ".b.c"] = "token too long",
      ["e30=.e30.AAAA"] = "token part that is not base64url",
      ["e3 0.e30.AAAA"] = "token part that is not base64url",
      [part(HEADER) .. ".e31.AAAA"] = "token part that is not base64url",
      ["Bearer " .. TOKEN] = "token part that is not base64url",
    } do
      assert_refused(message, verify(token))
    end
    assert_refused("token is no string", verify(nil))
    assert_refused("token is no string", verify { TOKEN })
  end)

  it("is refused where header or payload is no object", function()
    for _, text in ipairs {
      "[]", "[1]", "1", '"a"', "null", "false", "true", "{", '{"exp":1,"exp":2}', "\255",
    } do
      assert_refused("token payload is no object",
        verify(part(HEADER) .. "." .. part(text) .. ".AAAA"))
      assert_refused("token header is no object", verify(part(text) .. ".e30.AAAA"))
    end
  end)

  it("is refused where it names no key", function()
    assert_refused("token that names no key", verify(part { alg = "RS256" } .. ".e30.AAAA"))
    assert_refused("token that names no key",
      verify(part { alg = "RS256", kid = 1 } .. ".e30.AAAA"))
  end)

  it("is refused for critical extensions", function()
    assert_refused("token header has critical extensions",
      verify(part { alg = "RS256", kid = KID, crit = { "b64" }, b64 = false } .. ".e30.AAAA"))
  end)
end)

describe("keys", function()
  it("are told from what is none", function()
    for _, pem in ipairs {
      "", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    } do
      local key, message = core.key_load(pem)
      assert.is_nil(key)
      assert.equal("no usable PEM key", message)
    end
  end)

  it("are refused as JSON web keys for the wrong purpose, type or size", function()
    local function load_with(changes)
      local jwk = jwks().keys[1]
      for name, value in pairs(changes) do jwk[name] = value or nil end
      return core.jwk_load(jwk)
    end
    assert.is_userdata(load_with { alg = false, use = false })
    for message, changes in pairs {
      ["key that is not for signatures"] = { use = "enc" },
      ["key for an algorithm that its type does not serve"] = { alg = "ES256" },
      ["key of an unknown type"] = { kty = "oct" },
      ["not a point on P-256"] = { kty = "EC", crv = "P-256" },
      ["RSA key shorter than 2048 bits"] = { n = core.base64url(("\255"):rep(128)) },
      ["RSA key with a bad exponent"] = { e = "AQ" },
      ["bad RSA numbers"] = { n = MODULUS .. "=" },
    } do
      local key, said = load_with(changes)
      assert.is_nil(key)
      assert.equal(message, said)
    end
    assert.is_nil((load_with { n = false }))
    assert.is_nil((load_with { e = false }))
    assert.is_nil((load_with { n = ("A"):rep(4000) }))
    assert.has_error(function() core.jwk_load "text" end)
  end)

  it("can be loaded from a secret", function()
    local pem = core.key_generate("ES256"):pem()
    assert.equal("ES256", core.key_load(core.secret(pem)):alg())
  end)

  it("show nothing of themselves", function()
    local key = core.key_generate "ES256"
    assert.equal("scalekit.key", tostring(key))
    assert.is_false(getmetatable(key))
  end)
end)

describe("digests and randomness", function()
  it("give SHA-256", function()
    local hex = core.sha256("abc"):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hex)
  end)

  it("give as many bytes as asked for, never the same", function()
    assert.equal("", core.random(0))
    assert.equal(32, #core.random(32))
    assert.are_not.equal(core.random(32), core.random(32))
    assert.has_error(function() core.random(-1) end)
    assert.has_error(function() core.random(65537) end)
  end)

  it("compare strings and secrets", function()
    assert.is_true(core.equal("abc", core.secret "abc"))
    assert.is_false(core.equal("abc", "abd"))
    assert.is_false(core.equal("abc", "abcd"))
    assert.is_true(core.equal("", ""))
  end)
end)
