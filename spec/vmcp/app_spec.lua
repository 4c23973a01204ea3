local core = require "scalekit.core"
local inproc = require "scalekit.transport.inproc"
local memory = require "scalekit.vmcp.store.memory"
local vmcp = require "scalekit.vmcp"

describe("an app", function()
  local key

  setup(function()
    key = core.key_generate "RS256"
  end)

  local function options(more)
    local all = {
      base_url = "https://env.example.test", store = memory.new(), key = key,
      client_id = "skc_1", client_secret = "s3cr3t",
    }
    for name, value in pairs(more or {}) do
      all[name] = value
    end
    return all
  end

  it("is served by the in-process transport", function()
    local send = inproc.new(vmcp.app(options()))
    assert.equal(200, send({ method = "GET", url = "https://env.example.test/healthz" }).status)
  end)

  it("takes its secret as a secret, too", function()
    local app = vmcp.app(options { client_secret = core.secret "s3cr3t" })
    local response = app:handle {
      method = "POST", path = "/oauth/token",
      headers = { ["content-type"] = "application/x-www-form-urlencoded" },
      body = "grant_type=client_credentials&client_id=skc_1&client_secret=s3cr3t",
    }
    assert.equal(200, response.status)
  end)

  it("has no switches unless they are asked for", function()
    local response = vmcp.app(options()):handle {
      method = "PUT", path = "/switches/clock", headers = {}, body = '{"advance":1}',
    }
    assert.equal(404, response.status)
    response = vmcp.app(options { switches = true }):handle {
      method = "PUT", path = "/switches/clock", headers = {}, body = '{"advance":1}',
    }
    assert.equal(401, response.status)
  end)

  it("answers under its own name, and for origins it was told of", function()
    local app = vmcp.app(options { allowed_origins = { "https://tool.example.test" } })
    local function status(headers)
      return app:handle({ method = "GET", path = "/healthz", headers = headers }).status
    end
    assert.equal(200, status { host = "env.example.test" })
    assert.equal(200, status { host = "env.example.test", origin = "https://env.example.test" })
    assert.equal(200, status { origin = "https://tool.example.test" })
    assert.equal(403, status { host = "localhost" })
    assert.equal(403, status { origin = "http://env.example.test" })
    assert.equal(403, status { origin = "https://env.example.test.evil.example" })
  end)

  it("throws on options that make no sense", function()
    for _, more in ipairs {
      { base_url = "env.example.test" }, { base_url = "https://env.example.test/" },
      { novelty = true }, { store = "x" }, { user_verification = "other" },
    } do
      assert.has_error(function() vmcp.app(options(more)) end)
    end
    assert.error_matches(function()
      vmcp.app(options { client_secret = nil, store = nil, connections = { { name = "a", tools = {} },
        { name = "a", tools = {} } } })
    end, "two connections are named 'a'")
    local two = { { name = "t", annotations = {} } }
    assert.error_matches(function()
      vmcp.app(options { connections = { { name = "a", tools = two }, { name = "b", tools = two } } })
    end, "two connections have a tool named 't'")
    assert.error_matches(function()
      vmcp.app(options { connections = { { name = "a", tools = { { name = "a/b" } } } } })
    end, "is not a tool name")
  end)

  it("says so when its store is full", function()
    local app = vmcp.app(options { store = memory.new { max_items = 1 }, switches = true })
    local token = require("scalekit.vmcp.tokens").access(app, { "openid" })
    local response = app:handle {
      method = "POST", path = "/api/v1/mcp/configs",
      headers = { authorization = "Bearer " .. token },
      body = '{"name":"a","connection_tool_mappings":[{"connection_name":"gmail"}]}',
    }
    assert.equal(503, response.status)
    assert.is_nil(app.store:get "configs")
  end)
end)
