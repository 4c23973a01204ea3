-- What an operator does to an nginx under load: reload, binary upgrade, a worker that dies; and
-- how much memory a worker takes.
local core = require "scalekit.core"
local driver = require "scalekit.driver"
local env = require "spec.support.env"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"
local nginx = require "spec.support.nginx"
local recipe = require "spec.support.recipe"
local shell = require "scalekit.host.shell"
local step = require "scalekit.driver.step"

local MINT = [[
    location = /mint {
      lua_check_client_abort on;
      content_by_lua_block {
        local token, err = agents.client.mcp:create_session_token { mcp_config_id = "%s", identifier = "ada" }
        if not token then ngx.status = 500 return ngx.print(tostring(err)) end
        ngx.header["x-worker"] = ngx.worker.pid()
        ngx.print(token.expires_at)
      }
    }
    location @again {]]

local LIST = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
local AT_ONCE = 8

describe("an nginx that mints, under load #nginx,", function()
  env.through("nginx", {}, function(e)
    local host, config

    setup(function()
      config = e:create()
      e:activate(config, "ada")
      local place = e.url:match "//(.*)$"
      host = recipe.start("agents.conf", {
        env = {
          SCALEKIT_ENV_URL = e.url, SCALEKIT_CLIENT_ID = e.client_id,
          SCALEKIT_CLIENT_SECRET = e.client_secret,
        },
        replace = {
          ["https://scalekit$scalekit_path"] = "http://scalekit$scalekit_path",
          ["server name.scalekit.dev:443"] = "server " .. place,
          ["Host name.scalekit.dev"] = "Host " .. place,
          ["listen 127.0.0.1:%PORT%"] = "listen 127.0.0.1:%PORT% reuseport", -- so that both get some
          ["location @again {"] = MINT:format(config.id):match "^%s*(.*)$",
        },
      })
    end)

    teardown(function() host:stop() end)

    local function pid()
      return (shell.read(host.dir .. "/nginx.pid"):match "%d+")
    end

    local function workers()
      local list = {}
      local _, text = shell.run(("cat /proc/%s/task/*/children"):format(pid()))
      for worker in text:gmatch "%d+" do list[#list + 1] = worker end
      return list
    end

    -- One request: a mint in Lua, or a call that nginx passes on. → nil, or what went wrong
    local function ask(number)
      local response, err
      if number % 2 == 0 then
        response, err = host:request { url = "/mint" }
      else
        response, err = host:request {
          method = "POST", url = "/agents/" .. config.name .. "/mcp", body = LIST, headers = {
            authorization = "Bearer key-of-adas-agent", ["content-type"] = "application/json",
            accept = "application/json, text/event-stream", ["mcp-protocol-version"] = "2025-11-25",
            connection = number % 4 == 1 and "close" or nil,
          },
        }
      end
      if not response then return tostring(err) end
      return response.status ~= 200 and response.status .. " " .. response.body or nil
    end

    -- Asks, and asks again, while `act()` goes on. → number of requests, list of failures
    local function under_load(act)
      local count, failures, over = 0, {}, false
      step.run(function()
        for i = 1, AT_ONCE do
          step.spawn(function()
            local number = i
            while not over do
              failures[#failures + 1] = ask(number)
              count, number = count + 1, number + 1
            end
          end)
        end
        step.spawn(function()
          step.sleep(0.3)
          act()
          step.sleep(0.3)
          over = true
        end)
      end)
      return count, failures
    end

    -- Waits until `fits()`, some seconds at most.
    local function await(fits)
      for _ = 1, 500 do
        if fits() then return true end
        driver.current().sleep(0.02)
      end
      return false
    end

    it("is reloaded without one failed request", function()
      local before = {}
      for _, worker in ipairs(workers()) do before[worker] = true end
      local count, failures = under_load(function()
        for _ = 1, 3 do
          shell.run("kill -HUP " .. pid())
          step.sleep(0.4)
        end
      end)
      assert.same({}, failures)
      assert.is_true(count > 50)
      assert.is_true(await(function() -- the old workers go, too
        for _, worker in ipairs(workers()) do
          if before[worker] then return false end
        end
        return true
      end))
    end)

    it("is replaced by a new binary without one failed request", function()
      local old = pid()
      local count, failures = under_load(function()
        shell.run("kill -USR2 " .. old)
        assert(await(function()
          return shell.exists(host.dir .. "/nginx.pid.oldbin")
            and (shell.read(host.dir .. "/nginx.pid") or "") ~= ""
        end), "no new master")
        step.sleep(0.2)
        shell.run("kill -WINCH " .. old)
        step.sleep(0.3)
        shell.run("kill -QUIT " .. old)
        assert(await(function() return not shell.exists(host.dir .. "/nginx.pid.oldbin") end),
          "the old one stays")
      end)
      assert.same({}, failures)
      assert.is_true(count > 50)
      assert.not_equal(old, pid())
    end)

    -- What the environment has been asked for, as often as its log says.
    local function asked(what)
      core.sleep(0.1) -- a log is written after the answer
      return select(2, shell.read(e.dir .. "/access.log"):gsub(what, ""))
    end

    local function slow_down(seconds, times)
      assert(e:api("PUT", "/switches/fault", {
        operation = "CreateMcpSessionToken", seconds = seconds, times = times,
      }) == 204)
    end

    after_each(function() e:api("DELETE", "/switches/fault") end)

    it("loses a worker: the other one goes on, and no token is fetched again", function()
      assert.is_nil(ask(2))
      local before = asked "POST /oauth/token"
      slow_down(0.5, 16)
      local victim, lost, kept = workers()[1], 0, 0
      step.run(function()
        for _ = 1, 16 do
          step.spawn(function()
            local response, err = host:request { url = "/mint", headers = { connection = "close" } }
            if response and response.headers["x-worker"] ~= victim then kept = kept + 1 end
            if not response and err.kind == "network" then lost = lost + 1 end
          end)
        end
        step.spawn(function()
          step.sleep(0.25)
          shell.run("kill -9 " .. victim)
        end)
      end)
      assert.equal(16, lost + kept)
      assert.is_true(lost > 0 and kept > 0)
      local failures = {}
      for _ = 1, 8 do failures[#failures + 1] = ask(2) end
      assert.same({}, failures)
      assert.equal(before, asked "POST /oauth/token")
      assert.equal(2, #workers())
    end)
  end)
end)

describe("a client of nginx that goes away #nginx", function()
  it("takes the call that nginx makes for it with it", function()
    local server = fault_server.start()
    local host = nginx.start {
      server = [[
        location = /call {
          lua_check_client_abort on;
          content_by_lua_block { require "spec.nginx.eval" () }
        }
      ]],
    }
    server:reset()
    local response, err = host:request {
      method = "POST", url = "/call", deadline = core.now() + 0.3, body = json.encode {
        code = [[
          return require "scalekit.transport".default() {
            url = ..., deadline = require "scalekit.core".now() + 60,
          }
        ]],
        arguments = json.array { server:url "plain" .. "/fault/silence/" },
      },
    }
    local before = server:until_stats(function(stats) return stats.requests == 1 end)
    local after = server:until_stats(function(stats) return stats.open == 0 end)
    host:stop()
    server:stop()
    assert.same({ nil, "timeout" }, { response, err.kind })
    assert.same({ 1, 0 }, { before.requests, after.open })
  end)
end)

-- An environment whose answers cost nothing.
local CHEAP = [[
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:%PORT2%;
    location = /oauth/token { return 200 '{"access_token":"t","token_type":"Bearer","expires_in":86399}'; }
    location / {
      return 200 '{"token":"eyJ0.eyJ1.c2ln","expires_at":"2099-01-01T00:00:00Z","configs":[
        {"id":"cfg_1","name":"c","mcp_server_url":"http://localhost:%PORT2%/mcp"}]}';
    }
  }
]]

describe("the memory of a worker #nginx", function()
  local host

  setup(function()
    host = recipe.start("agents.conf", {
      workers = 1, http = CHEAP,
      env = {
        SCALEKIT_ENV_URL = "http://localhost:%PORT2%", SCALEKIT_CLIENT_ID = "skc_1",
        SCALEKIT_CLIENT_SECRET = "s3cr3t",
      },
      replace = {
        ["https://scalekit$scalekit_path"] = "http://scalekit$scalekit_path",
        ["server name.scalekit.dev:443"] = "server 127.0.0.1:%PORT2%",
        ["scalekit.new()"] = 'scalekit.new { env_url = "http://localhost:%PORT2%" }',
        ["location @again {"] = ([[location = /eval {
          content_by_lua_block { require "spec.nginx.eval" () }
        }
        ]] .. MINT):format "cfg_1",
      },
    })
  end)

  teardown(function() host:stop() end)

  -- Mints in Lua and calls through nginx, in turn, each run of an agent with its own token.
  local function work(count)
    local failures, number = 0, 0
    step.run(function()
      for _ = 1, 32 do
        step.spawn(function()
          while number < count do
            number = number + 1
            local response = number % 2 == 0 and host:request { url = "/mint" } or host:request {
              method = "POST", url = "/agents/c/mcp", body = LIST, headers = {
                authorization = "Bearer key-of-adas-agent", ["x-agent-run"] = "run " .. number % 2000,
              },
            }
            if not response or response.status ~= 200 then failures = failures + 1 end
          end
        end)
      end
    end)
    assert.equal(0, failures)
  end

  -- KiB of the worker, and of its Lua.
  local function memory()
    local lua, pid = host:eval [[
      collectgarbage() collectgarbage()
      return collectgarbage "count", ngx.worker.pid()
    ]]
    return tonumber(shell.read("/proc/" .. pid .. "/status"):match "VmRSS:%s+(%d+)"), lua
  end

  local function stays_flat(count)
    work(math.max(count / 4, 5000))
    local rss, lua = memory()
    work(count)
    local rss_then, lua_then = memory()
    assert.is_true(lua_then - lua < 256, ("Lua: %.0f KiB, then %.0f"):format(lua, lua_then))
    assert.is_true(rss_then - rss < 4096, ("all: %.0f KiB, then %.0f"):format(rss, rss_then))
  end

  it("does not grow with calls", function() stays_flat(5000) end)

  it("does not grow with 200 000 calls #slow", function() stays_flat(200000) end)
end)
