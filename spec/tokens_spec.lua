-- Tokens against an environment that answers as it is told.
local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local jwt = require "scalekit.jwt"
local scalekit = require "scalekit"
local step = require "scalekit.driver.step"
local tokens = require "scalekit.tokens"

local ENV = "https://env.example.test"
local SERVER = ENV .. "/mcp/v3/servers/550e8400-e29b-41d4-a716-446655440000"
local NOW = 1700000000

-- Made before the tests that need them, each of which is to leave nothing behind.
local made = {}

local function make_keys()
  made = { rsa = core.key_generate "RS256" }
  for _, name in ipairs { "one", "two", "three" } do made[name] = core.key_generate "ES256" end
end

local function forget_keys()
  made = {}
end

local function key(name)
  return made[name]
end

local function jwk(kid, changes)
  local one = key(kid):jwk()
  one.kid, one.use, one.alg = kid, "sig", key(kid):alg()
  for name, value in pairs(changes or {}) do one[name] = value or nil end
  return one
end

local ACCESS = {
  iss = ENV, sub = "skc_1", client_id = "skc_1", scopes = { "a", "b" }, exp = NOW + 60, nbf = NOW,
}
local SESSION = {
  iss = ENV, sub = "user_123", aud = { SERVER }, mcp_cfg = "cfg_1", token_type = "mcp_session",
  exp = NOW + 60, nbf = NOW,
}

local function sign(kid, claims, changes)
  local all = {}
  for name, value in pairs(claims) do all[name] = value end
  for name, value in pairs(changes or {}) do all[name] = value or nil end
  return jwt.sign { key = key(kid), kid = kid, claims = all }
end

-- The peer of a validator: `keys` is what /keys holds.
local function environment(keys)
  local self = { keys = keys, fetches = 0 }
  function self.send(request)
    self.fetches, self.request = self.fetches + 1, request
    if self.before then self.before() end
    if self.answer then return self.answer() end
    return { status = 200, headers = {}, body = json.encode { keys = json.array(self.keys) } }
  end
  return self
end

local function validator_of(env, changes)
  local opts = { env_url = ENV, transport = env.send }
  for name, value in pairs(changes or {}) do opts[name] = value end
  return scalekit.check(tokens.new(opts))
end

local function access(validator, token, changes)
  local opts = { now = NOW }
  for name, value in pairs(changes or {}) do opts[name] = value end
  local claims, err = validator:validate_access_token(token, opts)
  return claims, err
end

local function session(validator, token, changes)
  local opts = { now = NOW, audience = SERVER }
  for name, value in pairs(changes or {}) do opts[name] = value end
  local claims, err = validator:validate_session_token(token, opts)
  return claims, err
end

local function assert_refused(code, claims, err)
  assert.is_nil(claims)
  assert.is_true(errors.is(err))
  assert.same({ "unauthorized", code }, { err.kind, err.code })
end

-- Runs `fn(pass)`, where pass(seconds) moves the monotonic clock.
local function with_clock(fn)
  local real, at = core.now, core.now()
  core.now = function() return at end -- luacheck: ignore 122
  local ok, problem = pcall(fn, function(seconds) at = at + seconds end)
  core.now = real -- luacheck: ignore 122
  if not ok then error(problem, 0) end
end

describe("a token", function()
  setup(make_keys)
  teardown(forget_keys)

  it("is believed where one of the environment's keys has signed it", function()
    local validator = validator_of(environment { jwk "rsa", jwk "one" })
    for _, kid in ipairs { "rsa", "one" } do
      assert.equal("skc_1", assert(access(validator, sign(kid, ACCESS))).client_id)
      assert.equal("user_123", assert(session(validator, sign(kid, SESSION))).sub)
    end
  end)

  it("has its keys fetched once, when the first one comes", function()
    local env = environment { jwk "one" }
    local validator = validator_of(env)
    assert.equal(0, env.fetches)
    for _ = 1, 3 do assert(access(validator, sign("one", ACCESS))) end
    assert.same({ 1, ENV .. "/keys", "GET" }, { env.fetches, env.request.url, env.request.method })
    assert.is_nil(env.request.auth)
  end)

  it("may be a secret", function()
    local validator = validator_of(environment { jwk "one" })
    assert.is_table(access(validator, core.secret(sign("one", ACCESS))))
  end)

  it("may come with a key set that states neither use nor algorithm", function()
    local validator = validator_of(environment { jwk("one", { use = false, alg = false }) })
    assert.is_table(access(validator, sign("one", ACCESS)))
  end)

  it("T25 T29 is refused without a throw, whatever it is", function()
    local validator = validator_of(environment { jwk "one" })
    local good = sign("one", ACCESS)
    local part = core.base64url
    for _, garbage in ipairs {
      "", "x", "a.b.c", "..", good .. ".", good:sub(1, -2), "Bearer " .. good, good:upper(),
      ("x"):rep(40000), "\0", part "{}" .. "." .. part "{}" .. ".",
      part '{"alg":"none","kid":"one"}' .. "." .. part '{"exp":9999999999}' .. ".",
      part '{"alg":"HS256","kid":"one"}' .. good:match "%..*$",
      part '{"alg":"RS256","kid":"one"}' .. good:match "%..*$",
      part '{"alg":"ES256","kid":["one"]}' .. good:match "%..*$",
      part '[]' .. good:match "%..*$", part '{"alg":"ES256","kid":"one"}' .. ".W10.AAAA",
      good:match "^.*%." .. "signature", false, 5, {}, print,
    } do
      local claims, err = access(validator, garbage)
      assert.is_nil(claims)
      assert.equal("unauthorized", err.kind)
      assert.is_string(err.code)
    end
    assert_refused("malformed_token", access(validator, nil))
  end)

  it("has its times, issuer and audience checked", function()
    local validator = validator_of(environment { jwk "one" })
    assert_refused("token_expired", access(validator, sign("one", ACCESS), { now = NOW + 60 }))
    assert.is_table(access(validator, sign("one", ACCESS), { now = NOW + 64, leeway = 5 }))
    assert.is_table(access(validator, sign("one", ACCESS), { now = NOW + 64, leeway = "5s" }))
    assert_refused("token_not_yet_valid", access(validator, sign("one", ACCESS), { now = NOW - 1 }))
    assert_refused("malformed_token", access(validator, sign("one", ACCESS, { exp = false })))
    assert_refused("wrong_issuer", access(validator, sign("one", ACCESS, { iss = ENV .. "/" })))
    assert.is_table(access(validator, sign("one", ACCESS, { iss = false })))
    assert.is_table(access(validator, sign("one", ACCESS, { iss = "x" }), { issuer = false }))
    assert_refused("wrong_issuer", access(validator, sign("one", ACCESS, { iss = false }),
      { issuer = ENV }))
    assert_refused("wrong_audience", access(validator, sign("one", ACCESS), { audience = "x" }))
    assert.is_table(access(validator, sign("one", ACCESS, { aud = "x" }), { audience = "x" }))
  end)

  it("takes what the validator was made with for its own", function()
    local validator = validator_of(environment { jwk "one" }, { leeway = 5, issuer = "x" })
    assert.is_table(access(validator, sign("one", ACCESS, { iss = "x" }), { now = NOW + 64 }))
    assert_refused("wrong_issuer", access(validator, sign("one", ACCESS)))
    assert.is_table(access(validator, sign("one", ACCESS), { issuer = ENV }))
  end)

  it("lacks a scope", function()
    local validator = validator_of(environment { jwk "one" })
    assert.is_table(access(validator, sign("one", ACCESS), { scopes = { "b", "a" } }))
    local words = sign("one", ACCESS, { scopes = false, scope = "a  b" })
    assert.is_table(access(validator, words, { scopes = { "b" } }))
    for _, token in ipairs {
      sign("one", ACCESS), sign("one", ACCESS, { scopes = false }), words,
      sign("one", ACCESS, { scopes = json.null }), sign("one", ACCESS, { scopes = 5 }),
    } do
      local claims, err = access(validator, token, { scopes = { "a", "c" } })
      assert.is_nil(claims)
      assert.same({ "forbidden", "insufficient_scope" }, { err.kind, err.code })
    end
  end)

  it("raises where the scopes are no list, which would ask for none", function()
    local validator = validator_of(environment { jwk "one" })
    for _, scopes in ipairs { { a = true }, { "a", 5 }, { "a", nil, "c" }, { "" } } do
      local ok, message = pcall(function()
        return (access(validator, sign("one", ACCESS), { scopes = scopes }))
      end)
      assert.is_false(ok)
      assert.matches("option 'scopes' must be a list of strings", message)
    end
  end)

  it("T26 is not taken for one of the other kind", function()
    local validator = validator_of(environment { jwk "one" })
    assert_refused("wrong_token_type",
      session(validator, sign("one", ACCESS, { aud = SERVER })))
    assert_refused("wrong_token_type", access(validator, sign("one", SESSION)))
    assert_refused("wrong_token_type",
      access(validator, sign("one", SESSION, { token_type = false })))
    assert.is_table(session(validator, sign("one", SESSION, { token_type = false })))
  end)

  it("of a session is good for its own server, and names its user", function()
    local validator = validator_of(environment { jwk "one" })
    assert_refused("wrong_audience", session(validator, sign("one", SESSION), { audience = ENV }))
    assert_refused("wrong_token_type", session(validator, sign("one", SESSION, { sub = false })))
    assert_refused("wrong_token_type", session(validator, sign("one", SESSION, { sub = "" })))
    assert.is_table(session(validator, sign("one", SESSION), { audience = false }))
    local ok, message = pcall(function() validator:validate_session_token "x" end)
    assert.is_false(ok)
    assert.matches("tokens_spec.*'audience' is required", message)
  end)
end)

describe("a key set", function()
  setup(make_keys)
  teardown(forget_keys)

  it("A19 is fetched again for an unknown key, once a minute", function()
    with_clock(function(pass)
      local env = environment { jwk "one" }
      local validator = validator_of(env)
      assert(access(validator, sign("one", ACCESS)))
      env.keys = { jwk "two" }
      assert.is_table(access(validator, sign("two", ACCESS)))
      assert.equal(2, env.fetches)
      assert_refused("unknown_key", access(validator, sign("one", ACCESS)))
      assert_refused("unknown_key", access(validator, sign("three", ACCESS)))
      pass(59)
      assert_refused("unknown_key", access(validator, sign("three", ACCESS)))
      assert.equal(2, env.fetches)
      pass(2)
      assert_refused("unknown_key", access(validator, sign("three", ACCESS)))
      assert.equal(3, env.fetches)
      assert.is_table(access(validator, sign("two", ACCESS)))
      assert.equal(3, env.fetches)
    end)
  end)

  it("A19 is fetched once where its first token names an unknown key", function()
    local env = environment { jwk "one" }
    local validator = validator_of(env)
    for _ = 1, 3 do assert_refused("unknown_key", access(validator, sign("two", ACCESS))) end
    assert.equal(1, env.fetches)
    assert.is_table(access(validator, sign("one", ACCESS)))
  end)

  it("is fetched again after an hour, and forgets keys that are gone", function()
    with_clock(function(pass)
      local env = environment { jwk "one", jwk "two" }
      local validator = validator_of(env)
      assert(access(validator, sign("one", ACCESS)))
      env.keys = { jwk "two" }
      pass(3599)
      assert(access(validator, sign("one", ACCESS)))
      pass(2)
      assert_refused("unknown_key", access(validator, sign("one", ACCESS)))
      assert.equal(2, env.fetches)
    end)
  end)

  it("A20 without a usable key is an error that is not the token's", function()
    for _, body in ipairs {
      '{"keys":[]}', "{}", "[]", "", "null", '{"keys":5}', '{"keys":[5,null,{}]}', "<html>",
      '{"keys":[{"kty":"oct","kid":"one","k":"AAAA"}]}', '{"keys":{"kty":"EC"}}',
      '{"keys":[{"kty":"RSA","kid":"one","n":"AQAB","e":"AQAB"}]}',
      json.encode { keys = { jwk("one", { use = "enc" }), jwk("one", { kid = false }),
        jwk("one", { kid = 5 }) } },
    } do
      local env = environment {}
      env.answer = function() return { status = 200, headers = {}, body = body } end
      local claims, err = access(validator_of(env), sign("one", ACCESS))
      assert.is_nil(claims)
      assert.same({ "protocol", "keys" }, { err.kind, err.operation })
    end
  end)

  it("that cannot be had is an error that is not the token's", function()
    for status, kind in pairs {
      [401] = "protocol", [403] = "protocol", [404] = "protocol", [302] = "protocol",
      [429] = "rate_limited", [500] = "internal", [503] = "unavailable",
    } do
      local env = environment {}
      env.answer = function() return { status = status, headers = {}, body = "" } end
      local claims, err = access(validator_of(env), sign("one", ACCESS))
      assert.is_nil(claims)
      assert.equal(kind, err.kind)
      assert.equal(status, err.status)
    end
  end)

  it("that cannot be had is left alone for a second", function()
    with_clock(function(pass)
      local env = environment { jwk "one" }
      env.answer = function()
        return nil, errors.new { kind = "network", message = "refused" }
      end
      local validator = validator_of(env)
      local _, first = access(validator, sign("one", ACCESS))
      local _, second = access(validator, sign("one", ACCESS))
      assert.same({ 1, "network", "network" }, { env.fetches, first.kind, second.kind })
      assert.are_not.equal(first, second)
      env.answer = nil
      pass(1.5)
      assert.is_table(access(validator, sign("one", ACCESS)))
    end)
  end)

  it("in hand serves ten minutes longer where it cannot be had", function()
    with_clock(function(pass)
      local env = environment { jwk "one" }
      local validator = validator_of(env, { max_age = 100 })
      assert(access(validator, sign("one", ACCESS)))
      env.answer = function() return nil, errors.new { kind = "network", message = "refused" } end
      pass(101)
      assert.is_table(access(validator, sign("one", ACCESS)))
      assert.is_table(access(validator, sign("one", ACCESS)))
      assert.equal(2, env.fetches)
      pass(600)
      local claims, err = access(validator, sign("one", ACCESS))
      assert.is_nil(claims)
      assert.equal("network", err.kind)
    end)
  end)

  it("is fetched once for any number of tasks", function()
    local env = environment { jwk "one" }
    env.before = function() step.sleep(0.002) end
    local validator, believed = validator_of(env), 0
    scalekit.run(function()
      for _ = 1, 50 do
        scalekit.spawn(function()
          assert(access(validator, sign("one", ACCESS)))
          believed = believed + 1
        end)
      end
    end)
    assert.same({ 1, 50 }, { env.fetches, believed })
  end)

  it("is fetched by another task where the one that did is cancelled", function()
    local env = environment { jwk "one" }
    env.before = function() env.cancelled = not step.sleep(0.01) end
    env.answer = function()
      if env.cancelled then return nil, errors.new { kind = "cancelled", message = "cancelled" } end
      return { status = 200, headers = {}, body = json.encode { keys = { jwk "one" } } }
    end
    local validator = validator_of(env)
    local claims, err
    scalekit.run(function()
      local pilot = scalekit.spawn(function() return access(validator, sign("one", ACCESS)) end)
      scalekit.spawn(function() claims, err = access(validator, sign("one", ACCESS)) end)
      step.sleep(0.001)
      pilot:cancel()
    end)
    assert.is_nil(err)
    assert.is_table(claims)
    assert.equal(2, env.fetches)
  end)

  it("is not waited for beyond one's own deadline", function()
    local env = environment { jwk "one" }
    env.before = function() step.sleep(0.05) end
    local validator, impatient, patient = validator_of(env), nil, nil
    scalekit.run(function()
      scalekit.spawn(function() patient = access(validator, sign("one", ACCESS)) end)
      scalekit.spawn(function()
        impatient = select(2, access(validator, sign("one", ACCESS), { timeout = 0.001 }))
      end)
    end)
    assert.is_table(patient)
    assert.equal("timeout", impatient.kind)
  end)
end)

describe("a validator", function()
  it("is set up with an environment that can be trusted", function()
    for _, url in ipairs { "env.example.test", "ftp://x", "http://env.example.test", "https://u:p@x",
      "https://x?y" } do
      local validator, err = tokens.new { env_url = url, transport = print }
      assert.is_nil(validator)
      assert.equal("configuration", err.kind)
    end
    assert.is_table(tokens.new { env_url = "http://x", allow_insecure_http = true, transport = print })
    assert.is_table(tokens.new { env_url = "http://127.0.0.1:9", transport = print })
  end)

  it("raises at the caller's line for what the program does wrong", function()
    local validator = validator_of(environment {})
    for _, case in ipairs {
      { "validate_access_token", { audeince = "x" }, "did you mean 'audience'" },
      { "validate_access_token", { audience = true }, "'audience' must be a string, or false" },
      { "validate_access_token", { leeway = -1 }, "leeway" },
      { "validate_access_token", { now = 0 / 0 }, "now" },
      { "validate_access_token", { timeout = 0 }, "timeout" },
      { "validate_session_token", { audience = 5 }, "audience" },
    } do
      local ok, message = pcall(function() validator[case[1]](validator, "x", case[2]) end)
      assert.is_false(ok)
      assert.truthy(message:find(case[3], 1, true), message)
      assert.truthy(message:find("tokens_spec.lua", 1, true), message)
    end
    for _, opts in ipairs { { issuer = true }, { max_age = 0 }, { keys = {} } } do
      local ok, message = pcall(function() tokens.new(opts) end)
      assert.is_false(ok)
      assert.matches("tokens_spec", message)
    end
  end)

  it("shows where it belongs", function()
    local validator = validator_of(environment {})
    assert.equal("scalekit.tokens(" .. ENV .. ")", tostring(validator))
  end)
end)

describe("a client", function()
  setup(make_keys)
  teardown(forget_keys)

  it("validates with its environment's keys, over its own transport", function()
    local env = environment { jwk "one" }
    local client = scalekit.check(scalekit.new {
      env_url = ENV .. "/", client_id = "skc_1", client_secret = "s", transport = env.send,
    })
    local opts = { now = NOW }
    assert.is_table(client:validate_access_token(sign("one", ACCESS), opts))
    opts.audience = SERVER
    assert.is_table(client:validate_session_token(sign("one", SESSION), opts))
    assert.same({ 1, ENV .. "/keys" }, { env.fetches, env.request.url })
    local ok, message = pcall(function() client:validate_session_token("x", { now = NOW }) end)
    assert.is_false(ok)
    assert.matches("tokens_spec.*'audience' is required", message)
  end)
end)
