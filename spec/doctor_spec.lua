local curl = require "scalekit.transport.curl"
local doctor = require "scalekit.doctor"
local environment = require "scalekit.doctor.environment"
local fault_server = require "spec.support.fault_server"
local inproc = require "scalekit.transport.inproc"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"
local process = require "scalekit.doctor.process"
local shell = require "scalekit.host.shell"
local vmcp = require "scalekit.vmcp"

local MAIN = "lua/scalekit/cli/main.lua"

local function by_check(findings)
  local map = {}
  for _, finding in ipairs(findings) do map[finding.check] = finding end
  return map
end

local function expect(state, words, finding)
  assert.is_table(finding)
  assert.equal(state, finding.state, finding.message)
  assert.matches(words, finding.message .. " " .. (finding.fix or ""), 1, true)
end

describe("the doctor", function()
  it("knows which files of OpenSSL belong together", function()
    local one = [[
7f00-7f01 r-xp 00000000 08:01 1 /usr/lib/x86_64-linux-gnu/libssl.so.3
7f01-7f02 r-xp 00000000 08:01 2 /usr/lib/x86_64-linux-gnu/libcrypto.so.3
7f02-7f03 r--p 00000000 08:01 2 /usr/lib/x86_64-linux-gnu/libcrypto.so.3
7f03-7f04 r-xp 00000000 08:01 3 /usr/lib/x86_64-linux-gnu/libc.so.6
7f04-7f05 rw-p 00000000 00:00 0
]]
    assert.equal(1, #process.openssls(one))
    assert.equal(2, #process.openssls(one .. [[
7f05-7f06 r-xp 00000000 08:01 4 /usr/local/openresty/openssl111/lib/libssl.so.1.1
7f06-7f07 r-xp 00000000 08:01 5 /usr/local/openresty/openssl111/lib/libcrypto.so.1.1
]]))
  end)

  it("finds one OpenSSL in this process, and two where another speaks of its own", function()
    local findings = doctor.findings()
    process.examine(findings)
    expect("ok", "OpenSSL ", by_check(findings).OpenSSL)
    findings = doctor.findings()
    process.examine(findings, { { "nginx", "OpenSSL 1.1.1k  25 Mar 2021" } })
    expect("problem", "nginx has OpenSSL 1.1.1k", by_check(findings).OpenSSL)
  end)

  for seconds, state in pairs {
    [0] = "ok", [5] = "ok", [6] = "warning", [-6] = "warning", [60] = "warning", [61] = "problem",
    [-61] = "problem",
  } do
    it(("takes a clock that differs by %d s for %s"):format(seconds, state), function()
      local findings = doctor.findings()
      environment.check_clock(findings, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + seconds)
      assert.equal(state, findings[1].state)
    end)
  end

  it("says nothing of a clock that is not told", function()
    for _, date in ipairs { "", "yesterday", "Sun, 06 Foo 1994 08:49:37 GMT" } do
      local findings = doctor.findings()
      environment.check_clock(findings, date, 0)
      assert.equal("skipped", findings[1].state)
    end
  end)

  describe("asks the environment and", function()
    local app

    setup(function() app = vmcp.app { base_url = "http://127.0.0.1:9" } end)
    teardown(function() app = nil end)

    local function examine(given)
      local settings = {
        env_url = "http://127.0.0.1:9", client_id = app.client_id, client_secret = app.client_secret,
        transport = inproc.new(app),
      }
      for name, value in pairs(given or {}) do settings[name] = value end
      local findings = doctor.findings()
      environment.examine(findings, settings)
      return by_check(findings), findings
    end

    it("finds all well", function()
      local map, findings = examine()
      assert.is_true(doctor.is_well(findings))
      expect("ok", "accepted", map.credentials)
    end)

    it("finds wrong credentials", function()
      expect("problem", "of this very environment", examine({ client_secret = "wrong" }).credentials)
    end)

    it("finds what is not set", function()
      local map = examine { client_id = "" }
      expect("problem", "SCALEKIT_CLIENT_ID", map.settings)
      assert.is_nil(map.credentials)
    end)

    it("finds a URL that is none, or none to send secrets to", function()
      expect("problem", "must be a URL", examine({ env_url = "name.scalekit.dev" }).settings)
      expect("problem", "in clear", examine({ env_url = "http://name.scalekit.dev" }).settings)
    end)

    it("finds a URL where something else is", function()
      expect("problem", "status 404", examine({ env_url = "http://127.0.0.1:9/nothing" }).connection)
    end)

    it("finds that there is no way", function()
      expect("problem", "firewalls", examine({
        env_url = "http://127.0.0.1:1", transport = curl.new(),
      }).connection)
    end)

    it("finds that nobody vouches for the certificate", function()
      local server = fault_server.start()
      local map = examine { env_url = server:url "tls", transport = curl.new() }
      server:stop()
      expect("problem", "ca_file", map.connection)
    end)

    it("never tells the secret", function()
      local _, findings = examine { client_secret = "a-secret-that-is-wrong" }
      assert.is_nil(doctor.text(findings):find("a-secret-that-is-wrong", 1, true))
    end)
  end)

  it("writes lines for people and JSON for programs", function()
    local findings = doctor.findings()
    findings:ok("one", "is fine")
    findings:warn("two", "will hurt", "do this")
    assert.equal("ok       one: is fine\nwarning  two: will hurt\n         → do this\n",
      doctor.text(findings))
    assert.same({ ok = true, findings = {
      { check = "one", state = "ok", message = "is fine" },
      { check = "two", state = "warning", message = "will hurt", fix = "do this" },
    } }, json.decode(doctor.json(findings)))
    findings:fail("three", "is broken", "mend it")
    assert.is_false(json.decode(doctor.json(findings)).ok)
  end)
end)

describe("scalekit doctor #nginx", function()
  local interpreter, env

  setup(function()
    interpreter = select(2, shell.run "readlink /proc/$PPID/exe"):match "[^\n]+"
    env = assert(launch.start { workers = 1 })
  end)

  teardown(function() env:stop() end)

  -- → exit code, output
  local function run(arguments, secret)
    local _, output = shell.run(("SCALEKIT_ENV_URL=%s SCALEKIT_CLIENT_ID=%s SCALEKIT_CLIENT_SECRET=%s"
      .. " %s %s doctor %s; echo \"code=$?\""):format(
      env.url, env.client_id, secret or env.client_secret, shell.quote(interpreter), MAIN, arguments))
    local text, code = output:match "^(.*)code=(%d+)\n$"
    return tonumber(code), text
  end

  it("exits with 0 where all is well", function()
    local code, text = run ""
    assert.equal(0, code, text)
    assert.matches("ok       clock: agrees", text, 1, true)
  end)

  it("exits with 1 where there is a problem", function()
    local code, text = run("", "wrong")
    assert.equal(1, code)
    assert.matches("problem  credentials: ", text, 1, true)
  end)

  it("speaks JSON", function()
    local code, text = run "--json"
    assert.equal(0, code)
    assert.is_true(json.decode(text).ok)
  end)

  it("looks at a configuration of nginx", function()
    local code, text = run "--nginx examples/openresty/agents.conf"
    assert.equal(0, code, text)
    assert.matches("ok       streaming: examples/openresty/agents.conf:", text, 1, true)
    code, text = run "--nginx /no/such/nginx.conf"
    assert.equal(1, code)
    assert.matches("/no/such/nginx.conf cannot be read", text, 1, true)
  end)

  it("looks at the configuration that nginx reads by itself, and at what it includes", function()
    local code, text = run "--nginx"
    assert.equal(0, code, text)
    assert.matches("skipped  nginx: the configuration does not mention scalekit", text, 1, true)
  end)

  it("exits with 2 where the command line makes no sense", function()
    assert.equal(2, (run "--bogus"))
  end)
end)
