-- Waiting inside nginx: where it can be done, and what is said where it cannot.
local fault_server = require "spec.support.fault_server"
local nginx = require "spec.support.nginx"

local HTTP = [[
  lua_shared_dict seen 1m;
  lua_socket_keepalive_timeout 50ms;
  init_by_lua_block {
    require "spec.nginx.phases".url = "%URL%"
    require "spec.nginx.phases".try "init"
  }
  init_worker_by_lua_block {
    require "spec.nginx.phases".try "init_worker"
    ngx.timer.at(0, function() require "spec.nginx.phases".try "timer" end)
  }
  upstream balanced {
    server 127.0.0.1:1;
    balancer_by_lua_block {
      require "spec.nginx.phases".try "balancer"
      require "ngx.balancer".set_current_peer("127.0.0.1", %PORT2%)
    }
  }
  server {
    listen 127.0.0.1:%PORT2% ssl;
    ssl_certificate %DIR%/client.pem;
    ssl_certificate_key %DIR%/client.key;
    ssl_certificate_by_lua_block { require "spec.nginx.phases".try "ssl_cert" }
    location / { return 204; }
  }
]]

local SERVER = [[
    location = /phases {
      set_by_lua_block $nothing { require "spec.nginx.phases".try "set" return "" }
      rewrite_by_lua_block { require "spec.nginx.phases".try "rewrite" }
      access_by_lua_block { require "spec.nginx.phases".try "access" }
      content_by_lua_block { require "spec.nginx.phases".try "content" ngx.say "said" }
      header_filter_by_lua_block { require "spec.nginx.phases".try "header_filter" }
      body_filter_by_lua_block { require "spec.nginx.phases".try "body_filter" }
      log_by_lua_block { require "spec.nginx.phases".try "log" }
    }
    location = /balanced { proxy_pass https://balanced; }
]]

local CLIENT = [[
  local url = ...
  local scalekit = require "scalekit"
  local client = scalekit.check(scalekit.new {
    env_url = url, client_id = "skc_1", client_secret = "s3cr3t", timeout = 5,
  })
]]

describe("inside nginx #nginx", function()
  local server, host

  setup(function()
    server = fault_server.start()
    host = nginx.start {
      http = HTTP:gsub("%%URL%%", server:url "plain" .. "/fault/good"):gsub("%%DIR%%", server.dir),
      server = SERVER,
    }
    assert.equal(200, host:request { url = "/phases" }.status)
    assert.equal(204, host:request { url = "/balanced" }.status)
  end)

  teardown(function()
    host:stop()
    server:stop()
  end)

  local function seen(phase)
    return host:eval("return ngx.shared.seen:get(...)", phase)
  end

  for _, phase in ipairs { "rewrite", "access", "content", "timer", "ssl_cert" } do
    it("a call works in the phase " .. phase, function()
      assert.equal("a page", seen(phase))
    end)
  end

  for _, phase in ipairs {
    "init_worker", "set", "header_filter", "body_filter", "log", "balancer",
  } do
    it("a call in the phase " .. phase .. " is an error that names it and the way out", function()
      local problem = seen(phase)
      assert.matches("phases%.lua:%d+: scalekit: ", problem) -- at the caller's line
      assert.matches(("phase '%s'"):format(phase), problem, 1, true)
      assert.matches("ngx.timer.at(0", problem, 1, true)
    end)
  end

  it("a call in the phase init is an error that says where else to do it", function()
    assert.matches("phase 'init'; do it in init_worker_by_lua", seen "init", 1, true)
  end)

  it("the driver is nginx's, in coroutines of whoever made them too", function()
    assert.same({ "nginx", "nginx" }, { host:eval [[
      local driver = require "scalekit.driver"
      return driver.current().name, coroutine.wrap(function() return driver.current().name end)()
    ]] })
  end)

  it("a call in a generator waits there and does not surface", function()
    assert.same({ "page", "mine" }, { host:eval(CLIENT .. [[
      local generator = coroutine.wrap(function()
        local page = scalekit.check(client.mcp:list_configs())
        coroutine.yield(page and "page")
        scalekit.sleep(0.001)
        coroutine.yield "mine"
      end)
      return generator(), generator()
    ]], server:url "plain" .. "/fault/good") })
  end)

  it("libcurl is refused, because it would block a worker", function()
    local ok, problem = pcall(host.eval, host, [[require "scalekit.transport.curl".new {}]])
    assert.is_false(ok)
    assert.matches("would block an nginx worker", problem, 1, true)
  end)

  it("run returns what its function returns, once all tasks are done", function()
    assert.same({ 1, 3, 2 }, { host:eval [[
      local scalekit = require "scalekit"
      local done = 0
      local a, b = scalekit.run(function(x)
        for _ = 1, 2 do
          scalekit.spawn(function()
            scalekit.sleep(0.005)
            done = done + 1
          end)
        end
        return x, 3
      end, 1)
      return a, b, done
    ]] })
  end)

  it("run raises the error of a task that nobody joined", function()
    local ok, problem = pcall(host.eval, host, [[
      local scalekit = require "scalekit"
      scalekit.run(function() scalekit.spawn(function() error("lost", 0) end) end)
    ]])
    assert.is_false(ok)
    assert.equal("lost", problem)
  end)

  it("spawn works without run, and join raises what went wrong", function()
    assert.same({ 7, "broken" }, { host:eval [[
      local scalekit = require "scalekit"
      local good = scalekit.spawn(function() scalekit.sleep(0.001) return 7 end)
      local bad = scalekit.spawn(function() scalekit.sleep(0.001) error("broken", 0) end)
      local value = good:join()
      local _, problem = pcall(bad.join, bad)
      return value, problem
    ]] })
  end)

  it("tasks have calls in flight side by side, from one token", function()
    server:reset()
    local kinds = host:eval(CLIENT .. [[
      local functions = {}
      for i = 1, 20 do functions[i] = function() return client.mcp:list_configs() end end
      local values = scalekit.all(functions)
      return #values
    ]], server:url "plain" .. "/fault/late")
    assert.equal(20, kinds)
    local stats = server:stats()
    assert.same({ 20, 1 }, { stats.requests, stats.tokens })
  end)

  it("all collects values and errors by index", function()
    assert.same({ "a", "no", "c" }, { host:eval [[
      local scalekit = require "scalekit"
      local values, errs = scalekit.all {
        function() return "a" end,
        function() return nil, "no" end,
        function() scalekit.sleep(0.001) return "c" end,
      }
      return values[1], errs[2], values[3]
    ]] })
  end)

  it("race takes the first and cancels the others", function()
    assert.same({ 2, "fast", false }, { host:eval [[
      local scalekit = require "scalekit"
      local late = false
      local winner, value = scalekit.race {
        function() scalekit.sleep(0.05) late = true end,
        function() scalekit.sleep(0.001) return "fast" end,
      }
      scalekit.sleep(0.08)
      return winner, value, late
    ]] })
  end)

  it("race raises the error of the first task that has one", function()
    local ok, problem = pcall(host.eval, host, [[
      require "scalekit".race { function() error("first", 0) end, function() ngx.sleep(0.1) end }
    ]])
    assert.is_false(ok)
    assert.equal("first", problem)
  end)

  it("a task that is cancelled is over at once, and its request is broken off", function()
    server:reset()
    assert.same({ "cancelled", true }, { host:eval(CLIENT .. [[
      local begun = require "scalekit.core".now()
      local task = scalekit.spawn(function() return client.mcp:list_configs() end)
      scalekit.spawn(function() scalekit.sleep(0.05) task:cancel() end)
      local value, err = task:join()
      return err.kind, require "scalekit.core".now() - begun < 2
    ]], server:url "plain" .. "/fault/silence") })
    assert.equal(0, server:until_stats(function(stats) return stats.open == 0 end).open)
  end)

  it("a latch of one request wakes those of others", function()
    assert.equal(true, host:eval [[
      local driver = require "scalekit.driver"
      local signal = driver.current().signal()
      ngx.timer.at(0.005, function() signal:set() end)
      return signal:wait(require "scalekit.core".now() + 5)
    ]])
  end)

  it("a latch gives up at the deadline", function()
    assert.same({ nil, "timeout" }, { host:eval [[
      return require "scalekit.driver".current().signal():wait(require "scalekit.core".now() + 0.01)
    ]] })
  end)

  it("nothing is left in C after all that", function()
    local left = host:eval [[
      collectgarbage()
      collectgarbage()
      local census = require "scalekit.core".census()
      return { loops = census.loops, transfers = census.transfers, streams = census.streams }
    ]]
    assert.same({ loops = 0, transfers = 0, streams = 0 }, left)
  end)
end)
