-- Calls of a provider's own API through the service.
local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local support = require "spec.support.peer"

local answer, client_of, peer, refusal =
  support.answer, support.client_of, support.peer, support.refusal

local BASE = "https://env.example.test/proxy/"

-- `request` of a client whose server does as it is told.
local function proxy_of(serve)
  local server = peer(serve or function() return answer(200, "{}") end)
  local actions = client_of(server).actions
  return function(more)
    local args = { connection_name = "gmail", identifier = "user_123", path = "/v1/x" }
    for name, value in pairs(more or {}) do
      if value == json.null then value = nil end
      args[name] = value
    end
    return actions:request(args)
  end, server
end

describe("client.actions:request", function()
  it("says for whom and what in headers, and nothing of it in the URL", function()
    local request, server = proxy_of()
    local response = assert(request())
    assert.same({ 200, "{}" }, { response.status, response.body })
    local sent = server.requests[1]
    assert.same({ "GET", BASE .. "v1/x", "gmail", "user_123", "token-1" }, {
      sent.method, sent.url, sent.headers.connection_name, sent.headers.identifier, sent.bearer,
    })
  end)

  it("takes a path with and without its slash, and a query of its own", function()
    local request, server = proxy_of()
    assert(request { path = "gmail/v1/x" })
    assert(request { path = "/a?x=1", query_params = { b = { 1, true }, a = "é &" } })
    assert.equal(BASE .. "gmail/v1/x", server.requests[1].url)
    assert.equal(BASE .. "a?x=1&a=%C3%A9%20%26&b=1&b=true", server.requests[2].url)
  end)

  it("lets no path lead out of the proxy", function()
    local request, server = proxy_of()
    for _, path in ipairs {
      "", "/../api/v1/tools", "/a/../../b", "/%2e%2e/api", "/a/.%2E/b", "/..%2fapi", "/a\\..\\b",
      "/a/%5c..%5c/b", "/./x", "/%252e%252e/api", "/a/..;/b", "/a/..;x=1/b", "/a b",
      "/a\r\nx", "/é", "/a#b", "/%zz",
    } do
      local response, err = request { path = path }
      assert.is_nil(response, path)
      assert.equal("path", err.fields[1].field)
    end
    assert(request { path = "/a..b/...?x=.." })
    assert.equal(1, #server.requests)
  end)

  it("wants a connection and an identifier that can stand in a header", function()
    local request, server = proxy_of()
    for _, name in ipairs { "connection_name", "identifier" } do
      for _, value in ipairs { json.null, "", "a\r\nauthorization: x", "a\0b" } do
        local _, err = request { [name] = value }
        assert.equal(name, err.fields[1].field)
      end
    end
    assert.equal(0, #server.requests)
  end)

  it("sends a table as JSON, text as it is, and a form as one", function()
    local request, server = proxy_of()
    assert(request { method = "post", body = { a = { 1, 2 } } })
    assert(request { method = "PUT", body = "text", headers = { ["Content-Type"] = "text/plain" } })
    assert(request { method = "POST", form_data = { b = "x y", a = { 1, 2 } } })
    local seen = {}
    for i, sent in ipairs(server.requests) do
      seen[i] = { sent.method, sent.body, sent.headers["content-type"] }
    end
    assert.same({
      { "POST", '{"a":[1,2]}', "application/json" }, { "PUT", "text", "text/plain" },
      { "POST", "a=1&a=2&b=x%20y", "application/x-www-form-urlencoded" },
    }, seen)
  end)

  it("keeps its own headers to itself", function()
    local request = proxy_of()
    for _, name in ipairs { "Authorization", "identifier", "Connection_Name", "Host" } do
      local ok, message = pcall(request, { headers = { [name] = "x" } })
      assert.is_false(ok)
      assert.matches("request: header '" .. name .. "' is set by the client", message)
    end
  end)

  it("carries other headers, secrets too", function()
    local request, server = proxy_of()
    assert(request { headers = { ["X-One"] = "1", ["X-Key"] = core.secret "k" } })
    local headers = server.requests[1].headers
    assert.same({ "1", "k" }, { headers["x-one"], core.reveal(headers["x-key"]) })
  end)

  it("raises for options that make no sense", function()
    local request = proxy_of()
    for pattern, args in pairs {
      ["unknown option 'pth' %(did you mean 'path'"] = { pth = "/" },
      ["give either body or form_data"] = { body = "x", form_data = {} },
      ["query_params.a must be text"] = { query_params = { a = { {} } } },
      ["'query_params' must have names"] = { query_params = { "a" } },
      ["'timeout' must be a time"] = { timeout = -1 },
      ["headers must be text"] = { headers = { a = 1 } },
    } do
      local ok, message = pcall(request, args)
      assert.is_false(ok)
      assert.matches(pattern, message)
    end
  end)

  it("hands on whatever the provider answers", function()
    for _, status in ipairs { 201, 204, 302, 400, 404, 429, 500, 503 } do
      local request, server = proxy_of(function()
        return answer(status, '{"error":"theirs"}', { ["x-a"] = "b" })
      end)
      local response = assert(request())
      assert.same({ status, '{"error":"theirs"}', "b", 1 },
        { response.status, response.body, response.headers["x-a"], #server.requests })
    end
  end)

  it("A08 tries a 401 once more with a new token, then hands it on", function()
    local request, server = proxy_of(function(_, n)
      return n == 1 and answer(401, "no") or answer(200, "yes")
    end)
    assert.equal("yes", assert(request()).body)
    assert.same({ "token-1", "token-2" }, { server.requests[1].bearer, server.requests[2].bearer })
    request, server = proxy_of(function() return answer(401, "theirs") end)
    local response = assert(request { method = "POST", body = "x" })
    assert.same({ 401, "theirs", 2 }, { response.status, response.body, #server.requests })
  end)

  it("A10 hands on a tool's refusal as the error that it is, without a new token", function()
    local request, server = proxy_of(function() return refusal(401, "TOOL_ERROR") end)
    local response, err = request()
    assert.same({ nil, "tool_error", 1, 1 }, { response, err.kind, server.grants, #server.requests })
  end)

  it("says what the service itself refuses", function()
    local request = proxy_of(function() return refusal(403, "PERMISSION_DENIED") end)
    local response, err = request()
    assert.same({ nil, 403, "request" }, { response, err.status, err.operation })
  end)

  it("repeats after a broken connection only what is safe", function()
    local function broken(outcome)
      return function()
        return nil, errors.new { kind = "network", outcome = outcome, message = "gone" }
      end
    end
    support.with_fake_sleep(function()
      for method, count in pairs { GET = 4, HEAD = 4, POST = 1, PUT = 1, DELETE = 1, PATCH = 1 } do
        local request, server = proxy_of(broken "unknown")
        local _, err = request { method = method }
        assert.same({ count, count == 1 and "outcome_unknown" or "network" },
          { #server.requests, err.kind }, method)
      end
      local request, server = proxy_of(broken "none")
      request { method = "POST" }
      assert.equal(4, #server.requests)
    end)
  end)

  it("takes the time of a tool", function()
    local request, server = proxy_of()
    local before = core.now()
    assert(request())
    assert(request { timeout = "90s" })
    assert.is_true(server.requests[1].deadline >= before + 60)
    assert.is_true(server.requests[2].deadline >= before + 90)
  end)

  it("wants to be called with a colon", function()
    local client = client_of(peer(error))
    assert.matches("request: call it with a colon", select(2, pcall(client.actions.request, {})))
  end)
end)
