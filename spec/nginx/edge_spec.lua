-- What the recipes say to who writes them: misuse, and what nginx lacks.
local nginx = require "spec.support.nginx"

describe("recipes of the edge #nginx", function()
  local host

  setup(function() host = nginx.start { http = "lua_shared_dict scalekit 1m;" } end)
  teardown(function() host:stop() end)

  local CLIENT = [[
    local client = require("scalekit").new {
      env_url = "http://127.0.0.1:1", client_id = "skc_1", client_secret = "s", shared_dict = ...,
    }
    local function who() return "ada" end
    local edge = require "scalekit.edge"
  ]]

  for code, words in pairs {
    ["edge.agents { client = client, authenticate = who, expriy = 3600 }"] =
      "edge.agents: unknown option 'expriy' (did you mean 'expiry'?)",
    ["edge.agents { client = client }"] = "edge.agents: option 'authenticate' is required",
    ["edge.agents { authenticate = who }"] = "edge.agents: option 'client' is required",
    ["edge.agents { client = client, authenticate = who, upstream = 'x' }"] =
      "edge.agents: option 'upstream' must be a URL",
    ["edge.agents { client = client, authenticate = who, idle = -1 }"] =
      "edge.agents: option 'idle' must be a time above 0",
    ["edge.guard { }"] = "edge.guard: option 'resource' must be the URL of the MCP server",
    ["edge.guard { resource = 'https://x/mcp', headers = { ['X User'] = 'sub' } }"] =
      "edge.guard: option 'headers' must have header names",
    ["edge.guard { resource = 'https://x/mcp', headers = { X = true } }"] =
      "edge.guard: option 'headers' must say a claim",
    ["edge.portal { client = client, authenticate = who }"] = "edge.portal: option 'configs' is required",
    ["edge.portal { client = client, authenticate = who, configs = { {} } }"] =
      "edge.portal: option 'configs' must be a list",
    ["edge.doctor { uri = 'http://x' }"] = "edge.doctor: unknown option 'uri' (did you mean 'url'?)",
  } do
    it("say at the caller's line what is wrong with " .. code, function()
      local ok, problem = pcall(host.eval, host, CLIENT .. code, "scalekit")
      assert.is_false(ok)
      assert.matches("^spec:%d+: ", problem)
      assert.matches(words, problem, 1, true)
    end)
  end

  it("runs of agents need a shared dict", function()
    local kind, message = host:eval(CLIENT .. [[
      local agents, err = edge.agents { client = client, authenticate = who }
      return err.kind, err.message
    ]], false)
    assert.equal("configuration", kind)
    assert.matches("lua_shared_dict scalekit 10m", message, 1, true)
  end)

  it("a guard needs an environment that is safe to fetch keys from", function()
    assert.equal("configuration", host:eval [[
      local _, err = require("scalekit.edge").guard {
        resource = "https://mcp.example.com/mcp", env_url = "http://name.scalekit.dev",
      }
      return err.kind
    ]])
  end)

  it("an identifier that cannot be one is the operator's mistake", function()
    local ok, problem = pcall(host.eval, host, CLIENT .. [[
      local agents = edge.agents { client = client, authenticate = function() return "a\0b" end }
      agents:access "c"
    ]], "scalekit")
    assert.is_false(ok)
    assert.matches("authenticate must return strings without NUL", problem, 1, true)
  end)

  it("an agent's request has to say which config it is for", function()
    local ok, problem = pcall(host.eval, host, CLIENT .. [[
      edge.agents { client = client, authenticate = who }:access()
    ]], "scalekit")
    assert.is_false(ok)
    assert.matches("agents:access: say which config", problem, 1, true)
  end)

  it("hundreds of runs may begin at once, more than nginx has timers for", function()
    assert.equal(400, host:eval [[
      local core, flight = require "scalekit.core", require "scalekit.flight"
      local threads, good = {}, 0
      for i = 1, 400 do
        threads[i] = ngx.thread.spawn(function()
          return flight.new():fly(core.now() + 5, function()
            ngx.sleep(0.05)
            return true
          end)
        end)
      end
      for i = 1, 400 do
        local _, done = ngx.thread.wait(threads[i])
        if done then good = good + 1 end
      end
      return good
    ]])
  end)

  it("print as what they are, without secrets", function()
    assert.same({
      "scalekit.edge.agents(http://127.0.0.1:1)", "scalekit.edge.guard(https://x/mcp)",
      "scalekit.edge.portal(http://127.0.0.1:1)", "scalekit.edge.doctor",
    }, { host:eval(CLIENT .. [[
      return tostring(edge.agents { client = client, authenticate = who }),
        tostring(edge.guard { resource = "https://x/mcp", env_url = "http://127.0.0.1:1" }),
        tostring(edge.portal { client = client, authenticate = who, configs = { "c" } }),
        tostring(edge.doctor())
    ]], "scalekit") })
  end)
end)
