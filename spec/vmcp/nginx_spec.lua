local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"
local support = require "spec.support.env"

local send

-- One request → status, the API's error, response.
local function refusal(env, method, path, headers)
  local response = assert(send {
    method = method, url = env.url .. path, headers = headers or {}, deadline = core.now() + 15,
  })
  assert.equal("application/json", response.headers["content-type"])
  return response.status, json.decode(response.body), response
end

describe("nginx as a host #nginx", function()
  setup(function()
    send = curl.new { http1 = true }
  end)

  it("refuses in the API's own words, too, what never reaches the app", function()
    local env = assert(launch.start {})
    finally(function() env:stop() end)
    for _, case in ipairs {
      { 400, "GET", "/%zz" },
      { 400, "GET", "/", { ["x-long"] = ("x"):rep(20000) } },
      { 405, "TRACE", "/" },
      { 414, "GET", "/" .. ("x"):rep(8500) },
      { 501, "POST", "/", { ["transfer-encoding"] = "gzip" } },
    } do
      local status, body = refusal(env, case[2], case[3], case[4])
      assert.equal(case[1], status)
      assert.is_string(body.message)
      assert.is_number(body.code)
      assert.is_string(support.info(body).error_code)
    end
    assert.is_nil(env:errors():find("uninitialized", 1, true))
  end)

  it("answers 500 where the app has a bug, which the log describes", function()
    local env = assert(launch.start { app = "spec.support.broken_app", lua_path = "?.lua" })
    finally(function() env:stop() end)
    local status, body, response = refusal(env, "GET", "/api/v1/mcp/configs")
    assert.equal(500, status)
    assert.equal(13, body.code)
    assert.equal("INTERNAL", support.info(body).error_code)
    assert.is_nil(response.body:find("a bug", 1, true))
    assert.truthy(env:errors():find("a bug that only the log may know of", 1, true))
    assert.equal(200, assert(send { method = "GET", url = env.url .. "/healthz" }).status)
  end)
end)
