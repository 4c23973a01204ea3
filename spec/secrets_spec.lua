-- That the watch over secrets (spec/support/secrets.lua) sees what gets out, and a client that has
-- every occasion to give its own away.
local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"
local scalekit = require "scalekit"
local secrets = require "spec.support.secrets"
local shell = require "scalekit.host.shell"
local support = require "spec.support.peer"

local CLIENT_SECRET = "test_client-secret-0123456789"
local BEARER = "eyJhbGciOiJSUzI1NiJ9.bearer-of-the-secrets-spec.c2lnbmF0dXJl"

describe("the watch over secrets", function()
  local count = 0

  -- A new secret, made known as the rest of the program does it.
  local function mint()
    count = count + 1
    local text = ("minted-for-the-watch-%d-"):format(count) .. core.base64url(core.random(12))
    core.secret(text)
    return text
  end

  -- What the watch has to say about the last thing that happened, which is then forgiven.
  local function found()
    return table.concat(secrets.leaks(), "\n")
  end

  local function assert_seen(secret)
    local report = found()
    assert.truthy(report:find(secret:sub(1, 4), 1, true), "the watch has seen nothing")
    assert.is_nil(report:find(secret, 1, true), "the report tells the secret itself")
  end

  before_each(found)

  it("sees one in the message of an error", function()
    local secret = mint()
    errors.new { kind = "internal", message = "failed with " .. secret }
    assert_seen(secret)
  end)

  it("sees one in any member of an error", function()
    local secret = mint()
    errors.new { kind = "internal", message = "failed", fields = { { field = secret } } }
    assert_seen(secret)
  end)

  it("sees one in what is thrown and caught", function()
    local secret = mint()
    pcall(error, "thrown: " .. secret)
    assert_seen(secret)
  end)

  it("sees one in a traceback", function()
    local secret = mint()
    xpcall(function() error(secret, 0) end, debug.traceback)
    assert_seen(secret)
  end)

  it("sees one in what an object says of itself", function()
    local secret = mint()
    tostring(setmetatable({}, { __tostring = function() return "my " .. secret end }))
    assert_seen(secret)
  end)

  it("sees one that is written to standard error", function()
    local secret = mint()
    local real = io.stderr
    io.stderr = assert(io.open("/dev/null", "w")) -- luacheck: ignore 122
    io.stderr:write("warning: " .. secret)
    io.stderr:close()
    io.stderr = real -- luacheck: ignore 122
    assert_seen(secret)
  end)

  it("sees one that was told before it was known for a secret", function()
    local secret = core.base64url(core.random(12))
    errors.new { kind = "internal", message = "told too early: " .. secret }
    assert.equal("", found())
    local known = secrets.count()
    core.secret(secret)
    assert.equal(2, #secrets.late_leaks(known + 1)) -- the message, and the whole line
  end)

  it("knows client secrets, tokens and keys from where they come", function()
    local before = secrets.count()
    core.credentials("skc_1", "credential-" .. core.base64url(core.random(9)))
    json.decode('{"token":"' .. core.base64url(core.random(12)) .. '"}')
    core.jwt_sign(core.key_generate "ES256", '{"alg":"ES256"}', "{}")
    require("scalekit.webhook").sign("whsec_" .. core.base64(core.random(24)), "m", 1, "")
    assert.equal(4, secrets.count() - before)
  end)

  it("reads the logs of nginx", function()
    local env = assert(launch.start { workers = 1 })
    local secret = mint()
    local path = env.dir .. "/error.log"
    assert(shell.write(path, (shell.read(path) or "") .. "an error with " .. secret .. "\n"))
    env:stop()
    assert_seen(secret)
  end)
end)

describe("a client's secrets", function()
  -- A server that tells everything it was told.
  local function gossip(request)
    local told = {}
    for name, value in pairs(request.headers) do told[#told + 1] = name .. ": " .. core.reveal(value) end
    if request.auth then told[#told + 1] = "Bearer " .. core.reveal(request.auth) end
    if request.body then told[#told + 1] = core.reveal(request.body) end
    return table.concat(told, "; ")
  end

  -- A client of that server → client, what its hooks get, the server.
  local function client_of(options)
    local server = support.peer(function(request)
      return support.answer(400, { message = "you said: " .. gossip(request) },
        { ["x-request-id"] = "req_1" })
    end)
    function server.on_grant()
      return { status = 200, headers = {}, body = core.secret(json.encode { access_token = BEARER }) }
    end
    local notes = {}
    local function note(event)
      for name, value in pairs(event) do notes[#notes + 1] = name .. "=" .. tostring(value) end
    end
    local opts = {
      client_secret = CLIENT_SECRET, on_request = note, on_response = note, on_retry = note,
      max_attempts = 1,
    }
    for name, value in pairs(options or {}) do opts[name] = value end
    return support.client_of(server, opts), notes, server
  end

  local function assert_hidden(text, secret)
    assert.is_nil(text:find(secret, 1, true), "there is a secret in it")
  end

  local function strings_in(value, list, seen)
    if type(value) == "string" then
      list[#list + 1] = value
    elseif type(value) == "table" and not seen[value] then
      seen[value] = true
      for key, item in next, value do
        strings_in(key, list, seen)
        strings_in(item, list, seen)
      end
      strings_in(getmetatable(value), list, seen)
    elseif type(value) == "userdata" then
      list[#list + 1] = tostring(value)
    end
    return list
  end

  it("are in no error, though the server repeats what it was told", function()
    local client = client_of()
    local _, err = client.mcp:list_configs()
    assert.truthy(err.message:find("you said", 1, true))
    for _, text in ipairs(strings_in(err, { tostring(err) }, {})) do assert_hidden(text, BEARER) end
  end)

  it("are in no error that was cut off in the middle of one", function()
    local client, _, server = client_of()
    local real = server.send
    function server.send(request)
      if not request.auth then return real(request) end
      return support.answer(400, ("x"):rep(4096 - 20) .. core.reveal(request.auth))
    end
    client.send = server.send
    local _, err = client.mcp:list_configs()
    assert.equal(("x"):rep(4096 - 20) .. "[secret]", err.raw)
  end)

  it("are in no error though they belong to the provider", function()
    local client = client_of()
    local api_key, refresh = "provider-api-key-0123456789", "provider-refresh-token-0123456789"
    local _, err = client.connected_accounts:create {
      connection_name = "gmail", identifier = "user_123",
      authorization_details = { static_auth = { details = { whatever_name = api_key } } },
    }
    assert.truthy(err.message:find("you said", 1, true))
    for _, text in ipairs(strings_in(err, { tostring(err) }, {})) do assert_hidden(text, api_key) end
    _, err = client.connected_accounts:create {
      connection_name = "gmail", identifier = "user_123",
      authorization_details = { oauth_token = { access_token = "a", refresh_token = refresh } },
    }
    for _, text in ipairs(strings_in(err, { tostring(err) }, {})) do assert_hidden(text, refresh) end
  end)

  -- The error of a server that answers with these bytes, whatever it is sent.
  local function error_of(bytes, call)
    local client, _, server = client_of()
    local real = server.send
    client.send = function(request)
      if not request.auth then return real(request) end
      return support.answer(400, bytes(request))
    end
    local _, err = call(client)
    return err
  end

  local function create_with(password)
    return function(client)
      return client.connected_accounts:create {
        connection_name = "gmail", identifier = "user_123",
        authorization_details = { static_auth = { details = { password = password } } },
      }
    end
  end

  it("are in no error, however a server escapes them", function()
    local password = 'pass"word/zo\195\171\\1'
    for _, escaped in ipairs {
      'pass\\"word/zo\195\171\\\\1', 'pass\\"word\\/zo\\u00eb\\\\1',
      'pass\\u0022word/zo\\u00EB\\u005c1', 'pass\\\\\\"word/zo\\\\u00eb\\\\\\\\1',
    } do
      local err = error_of(function() return '{"told":"' .. escaped .. '!"}' end,
        create_with(password))
      assert.equal('{"told":"[secret]!"}', err.raw)
    end
  end)

  it("are in no error, though they read like the mark that takes their place", function()
    local err = error_of(function() return '{"told":"a \\"secret\\" b \\u0073ecret"}' end,
      create_with "secret")
    assert.equal('{"told":"a \\"[secret]\\" b [secret]"}', err.raw)
  end)

  it("are in no error that was cut off in the middle of one that is escaped", function()
    local lead = '{"told":"' .. ("x"):rep(4096 - 9 - 22)
    local err = error_of(function() return lead .. 'pass\\"word-abcdefg\\u00eb"}' end,
      create_with 'pass"word-abcdefg\195\171')
    assert.equal(lead .. "[secret]", (err.raw:gsub("%]\\u?%x*$", "]")))
  end)

  it("are in no error of a call of the provider's API", function()
    local key, token = "provider-api-key-0123456789", "provider/token 0123456789"
    local err = error_of(function(request)
      return json.encode { message = gossip(request), details = json.array { {
        ["@type"] = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo", error_code = "X",
      } } }
    end, function(client)
      return client.actions:request {
        connection_name = "gmail", identifier = "user_123", path = "/x", method = "POST",
        headers = { ["x-api-key"] = core.secret(key) }, form_data = { access_token = token },
      }
    end)
    assert.equal("X", err.code)
    for _, text in ipairs(strings_in(err, { tostring(err) }, {})) do
      assert_hidden(text, key)
      assert_hidden(text, core.percent(token))
    end
  end)

  it("are in no error of the token endpoint, though it repeats what it was told", function()
    local client, _, server = client_of()
    server.on_grant = function(request)
      return support.answer(401, { error = "invalid_client", error_description = gossip(request) })
    end
    local _, err = client.mcp:list_configs()
    assert.equal("unauthorized", err.kind)
    for _, text in ipairs(strings_in(err, { tostring(err) }, {})) do
      assert_hidden(text, CLIENT_SECRET)
    end
  end)

  it("are in nothing that can be reached from a client and printed", function()
    local client = client_of()
    client.mcp:list_configs()
    for _, text in ipairs(strings_in(client, { tostring(client) }, {})) do
      assert_hidden(text, BEARER)
      assert_hidden(text, CLIENT_SECRET)
    end
  end)

  it("are in nothing that hooks get", function()
    local client, notes = client_of()
    client.mcp:list_configs { search = "abc" }
    assert.is_true(#notes > 10)
    for _, text in ipairs(notes) do
      assert_hidden(text, BEARER)
      assert_hidden(text, CLIENT_SECRET)
    end
  end)

  it("are in no traceback of a program that fails with them at hand", function()
    local client = client_of()
    local _, trace = xpcall(function()
      scalekit.check(client.mcp:list_configs())
    end, function(problem) return debug.traceback(tostring(problem)) end)
    assert_hidden(trace, BEARER)
    assert_hidden(trace, CLIENT_SECRET)
  end)

  it("are in no complaint about wrong options", function()
    local _, message = pcall(client_of, { client_secret = { CLIENT_SECRET } })
    assert.matches("client_secret", message)
    assert_hidden(message, CLIENT_SECRET)
  end)
end)
