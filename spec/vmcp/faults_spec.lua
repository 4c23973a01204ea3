local core = require "scalekit.core"
local inproc = require "scalekit.transport.inproc"
local support = require "spec.support.env"
local vmcp = require "scalekit.vmcp"

local CONFIGS = "/api/v1/mcp/configs"

describe("faults on order", function()
  support.both({}, function(env)
    local function order(fields)
      return env:api("PUT", "/switches/fault", fields)
    end

    local function status(path)
      return (env:api("GET", path or CONFIGS))
    end

    after_each(function()
      assert.equal(204, (env:api("DELETE", "/switches/fault")))
    end)

    it("fail the next request, once", function()
      assert.equal(204, (order { status = 503 }))
      assert.equal(503, status())
      assert.equal(200, status())
    end)

    it("fail as often as is said", function()
      order { status = 503, times = 2 }
      assert.same({ 503, 503, 200 }, { status(), status(), status() })
    end)

    it("come one after the other", function()
      order { status = 503 }
      order { status = 429 }
      assert.same({ 503, 429, 200 }, { status(), status(), status() })
    end)

    it("look like the API's own refusals", function()
      for code, expected in pairs {
        [400] = { 3, "INVALID_ARGUMENT" }, [401] = { 16, "UNAUTHENTICATED" },
        [403] = { 7, "PERMISSION_DENIED" }, [404] = { 5, "NOT_FOUND" },
        [429] = { 8, "RATE_LIMITED" }, [500] = { 13, "INTERNAL" }, [503] = { 14, "UNAVAILABLE" },
        [504] = { 4, "DEADLINE_EXCEEDED" },
      } do
        order { status = code }
        local given, body = env:api("GET", CONFIGS)
        assert.equal(code, given)
        assert.same(expected, { body.code, support.info(body).error_code })
      end
      order { status = 409, error_code = "MY_CODE", message = "Mine", retry_after = 1.5 }
      local _, body, response = env:api("GET", CONFIGS)
      assert.equal("MY_CODE", support.info(body).error_code)
      assert.equal("Mine", body.message)
      assert.equal("2", response.headers["retry-after"])
    end)

    it("hit one operation, by either of its names", function()
      for _, name in ipairs { "ListTools", "tools.list" } do
        order { status = 503, operation = name }
        assert.equal(200, status())
        assert.equal(503, status "/api/v1/tools")
      end
    end)

    it("hit one path, of the API or not", function()
      order { status = 503, path = "/keys" }
      assert.equal(200, status())
      assert.equal(503, env:request("GET", "/keys").status)
      order { status = 404, path = "/mcp/" }
      local session = env:open()
      assert.equal(404, env:modern(session, "tools/list").status)
    end)

    it("keep an answer waiting", function()
      order { seconds = 30, operation = "ListMcpConfigs" }
      local headers = { authorization = "Bearer " .. env:access_token() }
      if env.app then
        -- it is the transport that waits
        local response = env.app:handle { method = "GET", path = CONFIGS, headers = headers }
        assert.same({ 30, 200 }, { response.delay, response.status })
      else
        local response, err = env.send {
          method = "GET", url = env.url .. CONFIGS, headers = headers, deadline = core.now() + 0.2,
        }
        assert.is_nil(response)
        assert.equal("timeout", err.kind)
      end
    end)

    it("refuse a tool call, over MCP as well", function()
      local session = env:open()
      order { status = 403, tool_name = "gmail_fetch_mails", message = "No scope for this" }
      local function call()
        local _, body = env:modern(session, "tools/call", {
          name = "gmail_fetch_mails", arguments = {},
        })
        return body.result
      end
      local result = call()
      assert.is_true(result.isError)
      assert.equal("No scope for this", result.content[1].text)
      assert.is_false(call().isError)
    end)

    it("are taken back", function()
      order { status = 503, times = 100 }
      assert.equal(204, (env:api("DELETE", "/switches/fault")))
      assert.equal(200, status())
    end)

    it("are refused where they make no sense", function()
      for _, fields in ipairs {
        {}, { status = 200 }, { status = "503" }, { status = 503, times = 0 }, { seconds = 61 },
        { status = 503, operation = "ListMcpConfig" }, { novelty = 1, status = 500 },
        { tool_name = "gmail_fetch_mails" }, { lose = 1 },
      } do
        local code, body = order(fields)
        assert.equal(400, code)
        assert.truthy(body.message:find "^Validation error")
      end
      local _, body = order { status = 503, operation = "ListMcpConfig" }
      assert.truthy(body.message:find("did you mean 'ListMcpConfigs'?", 1, true))
    end)

    it("come from the API client alone", function()
      local response = env:request("PUT", "/switches/fault", { body = '{"status":503}' })
      assert.equal(401, response.status)
      assert.equal(405, (env:api("POST", "/switches/fault", { status = 503 })))
      assert.equal(404, (env:api("PUT", "/switches/novelty", {})))
    end)
  end)

  support.through("nginx", {}, function(env)
    it("lose the answer to a request that was served", function()
      env:access_token()
      env:api("PUT", "/switches/fault", { lose = true, operation = "CreateMcpConfig" })
      local name = env:name()
      local response, err = env.send {
        method = "POST", url = env.url .. CONFIGS, deadline = core.now() + 10, headers = {
          authorization = "Bearer " .. env:access_token(), ["content-type"] = "application/json",
        },
        body = ('{"name":"%s","connection_tool_mappings":[{"connection_name":"gmail"}]}'):format(name),
      }
      assert.is_nil(response)
      assert.equal("unknown", err.outcome)
      local _, body = env:api("GET", CONFIGS .. "?filter.name=" .. name)
      assert.equal(1, body.total_size)
    end)
  end)
end)

describe("an app in one's own process", function()
  local app, send, key, token

  setup(function()
    key = core.key_generate "RS256"
  end)

  before_each(function()
    app = vmcp.app { key = key }
    send = inproc.new(app)
    token = nil
  end)

  local function request(method, path, body, deadline)
    if not token then
      local response = send {
        method = "POST", url = app.base_url .. "/oauth/token",
        headers = { ["content-type"] = "application/x-www-form-urlencoded" },
        body = ("grant_type=client_credentials&client_id=%s&client_secret=%s"):format(
          app.client_id, app.client_secret),
      }
      token = response.body:match '"access_token":"([^"]+)"'
    end
    return send {
      method = method, url = app.base_url .. path, body = body, deadline = deadline,
      headers = { authorization = "Bearer " .. token, ["content-type"] = "application/json" },
    }
  end

  it("fails when it is told to", function()
    request("GET", CONFIGS)
    app:fail_next { status = 401 }
    assert.equal(401, request("GET", CONFIGS).status)
    assert.equal(200, request("GET", CONFIGS).status)
    app:fail_next { status = 429, retry_after = 3, operation = "mcp.list_configs", times = 2 }
    assert.equal("3", request("GET", CONFIGS).headers["retry-after"])
    app:clear_faults()
    assert.equal(200, request("GET", CONFIGS).status)
  end)

  it("is as slow as it is told to be, up to the deadline", function()
    request("GET", CONFIGS)
    app:delay_next { seconds = 0.01 }
    assert.equal(200, request("GET", CONFIGS, nil, core.now() + 30).status)
    app:delay_next { seconds = 30 }
    local response, err = request("GET", CONFIGS, nil, core.now() + 0.05)
    assert.is_nil(response)
    assert.same({ "timeout", "unknown" }, { err.kind, err.outcome })
  end)

  it("loses an answer, not the request", function()
    request("GET", CONFIGS)
    app:lose_next { operation = "CreateMcpConfig" }
    local response, err = request("POST", CONFIGS,
      '{"name":"lost","connection_tool_mappings":[{"connection_name":"gmail"}]}')
    assert.is_nil(response)
    assert.same({ "network", "unknown" }, { err.kind, err.outcome })
    assert.truthy(request("GET", CONFIGS).body:find('"name":"lost"', 1, true))
  end)

  it("has providers refuse calls", function()
    app:authorize { connection_name = "gmail", identifier = "ada" }
    app:fail_tool { tool_name = "gmail_fetch_mails", status = 429, error_code = "slowDown" }
    local body = '{"tool_name":"gmail_fetch_mails","identifier":"ada"}'
    local response = request("POST", "/api/v1/execute_tool", body)
    assert.equal(429, response.status)
    assert.truthy(response.body:find('"tool_error_code":"slowDown"', 1, true))
    assert.equal(200, request("POST", "/api/v1/execute_tool", body).status)
    app:fail_tool { tool_name = "gmail_fetch_mails" }
    assert.equal(500, request("POST", "/api/v1/execute_tool", body).status)
  end)

  it("moves accounts and its clock", function()
    local who = { connection_name = "gmail", identifier = "ada" }
    assert.equal("ACTIVE", app:authorize(who).status)
    assert.equal("EXPIRED", app:expire_account(who).status)
    who.status = "DISCONNECTED"
    assert.equal("DISCONNECTED", app:set_account_status(who).status)
    request("GET", CONFIGS)
    assert.is_true(app:advance(86400))
    assert.equal(401, request("GET", CONFIGS).status)
    assert.is_true(app:advance(-86400))
    assert.equal(200, request("GET", CONFIGS).status)
    local moved, reason = app:advance(1e12)
    assert.is_nil(moved)
    assert.truthy(reason:find("ten years", 1, true))
  end)

  it("raises at the caller's line for what makes no sense", function()
    local here = "faults_spec.lua:%d+: app:"
    local function refused(fn, words)
      local ok, err = pcall(fn)
      assert.is_false(ok)
      assert.truthy(tostring(err):find(here), tostring(err))
      assert.truthy(tostring(err):find(words, 1, true), tostring(err))
    end
    refused(function() app:fail_next {} end, "say what is to happen")
    refused(function() app:fail_next() end, "say what is to happen")
    refused(function() app:fail_next "x" end, "expected a table")
    refused(function() app:fail_next { statuss = 503 } end, "did you mean 'status'?")
    refused(function() app:delay_next { seconds = -1 } end, "from 0 to 60")
    refused(function() app:fail_tool { tool_name = "x" } end, "no tool named 'x'")
    refused(function() app:fail_tool {} end, "'tool_name' is required")
    refused(function() app:advance "1" end, "expected a number")
    refused(function() app:authorize { connection_name = "x", identifier = "a" } end, "named 'x'")
    refused(function() app:authorize { connection_name = "gmail" } end, "'identifier' is required")
    refused(function() app:authorize { connection = "gmail" } end, "unknown option")
    refused(function()
      app:set_account_status { connection_name = "gmail", identifier = "a", status = "active" }
    end, "is not a state")
    local public = vmcp.app { key = key, base_url = "https://env.example.test" }
    for _, name in ipairs { "advance", "clear_faults", "fail_next", "lose_next", "delay_next" } do
      refused(function() public[name](public, { seconds = 1 }) end, "only a local environment")
    end
  end)

  it("has no faults where it is not local", function()
    local public = vmcp.app { key = key, base_url = "https://env.example.test" }
    public.store:set("switch/faults", '[{"status":503,"path":"/","times":9}]')
    assert.equal(200, public:handle({ method = "GET", path = "/healthz", headers = {} }).status)
  end)
end)
