-- What the workers of an nginx share: one access token, one set of keys.
local core = require "scalekit.core"
local json = require "scalekit.json"
local jwt = require "scalekit.jwt"
local nginx = require "spec.support.nginx"
local step = require "scalekit.driver.step"

local HTTP = [[
  lua_shared_dict scalekit 1m;
  lua_shared_dict upstream 1m;
  lua_socket_pool_size 64;
  server {
    listen 127.0.0.1:%PORT2%;
    location = /oauth/token { content_by_lua_block { require "spec.nginx.upstream".token() } }
    location = /keys { content_by_lua_block { require "spec.nginx.upstream".keys() } }
    location / { content_by_lua_block { require "spec.nginx.upstream".call() } }
  }
]]

-- With reuseport the kernel spreads connections over the workers.
local SERVER = [[
    listen 127.0.0.2:%PORT2% reuseport;
    location = /abortable {
      lua_check_client_abort on;
      content_by_lua_block { require "spec.nginx.eval" () }
    }
]]

-- A call of the client with that id, one for each worker: pid, the token it went out
-- with, or nil and the error's kind.
local CALL = [[
  local port, id, option = ...
  local scalekit = require "scalekit"
  clients = rawget(_G, "clients") or {}
  rawset(_G, "clients", clients)
  local client = clients[id]
  if not client then
    client = scalekit.check(scalekit.new {
      env_url = "http://127.0.0.1:" .. port, client_id = id, client_secret = "s3cr3t",
      timeout = option.timeout, shared_dict = option.shared_dict,
    })
    clients[id] = client
  end
  local page, err = client.mcp:list_configs()
  ngx.sleep(0.005)
  return ngx.worker.pid(), page and page.configs[1].name, err and err.kind
]]

describe("the workers of an nginx #nginx", function()
  local host, everybody, id

  setup(function()
    host = nginx.start { http = HTTP, server = SERVER, log = "crit" }
    everybody = ("http://127.0.0.2:%d/eval"):format(host.port2)
  end)
  teardown(function() host:stop() end)

  before_each(function()
    host:forget_connections() -- a kept one leads to the worker it has led to before
    id = "skc_" .. core.base64url(core.random(9))
    host:eval [[ngx.shared.upstream:flush_all()]]
  end)

  local function upstream(name, value)
    if value ~= nil then return host:eval("ngx.shared.upstream:set(...)", name, value) end
    return host:eval("return ngx.shared.upstream:get(...)", name)
  end

  local function call(option, location)
    return host:eval_at(location or everybody, CALL, host.port2, id, option or json.decode "{}")
  end

  -- Many calls at once: how many workers had a part in it, and how many calls went
  -- out with each token.
  local function call_often(count, option)
    local pids, workers, tokens = {}, 0, {}
    step.run(function()
      for _ = 1, count do
        step.spawn(function()
          local pid, token, kind = call(option)
          if not pids[pid] then pids[pid], workers = true, workers + 1 end
          local key = token or kind
          tokens[key] = (tokens[key] or 0) + 1
        end)
      end
    end)
    return workers, tokens
  end

  it("fetch one token for all of them", function()
    upstream("delay:1", 0.05)
    local workers, tokens = call_often(60)
    assert.equal(2, workers)
    assert.same({ ["token-1"] = 60 }, tokens)
    assert.equal(1, upstream "tokens")
  end)

  it("let it rest where nobody can read it", function()
    call_often(20)
    local text = host:eval [[
      local dict, all = ngx.shared.scalekit, {}
      for _, key in ipairs(dict:get_keys(0)) do
        all[#all + 1] = key .. "=" .. require "scalekit.core".base64(tostring(dict:get(key)))
        all[#all + 1] = tostring(dict:get(key)):gsub("[^\32-\126]", "?")
      end
      return table.concat(all, "\n")
    ]]
    assert.is_true(#text > 100)
    for _, secret in ipairs { "token%-1", "s3cr3t", id, "127%.0%.0%.1" } do
      assert.not_matches(secret, text)
    end
  end)

  it("replace a token that was refused, once", function()
    call_often(20)
    upstream("refused", "token-1")
    local _, tokens = call_often(60)
    assert.same({ ["token-2"] = 60 }, tokens)
    assert.equal(2, upstream "tokens")
  end)

  it("go on with a token that is being renewed", function()
    upstream("life", 4) -- to be renewed from 2.5 or 3 s on, of use for 3.8
    upstream("delay:2", 0.6)
    call()
    core.sleep(3.05)
    local _, tokens = call_often(20)
    assert.same({ ["token-1"] = 20 }, tokens)
    assert.same({ 2, 1 }, { upstream "tokens", upstream "answered" })
    core.sleep(0.7)
    _, tokens = call_often(20)
    assert.same({ ["token-2"] = 20 }, tokens)
    assert.equal(2, upstream "tokens")
  end)

  -- A call that may fail: nil and the error where it does.
  local function attempt(option, location, deadline)
    return host:request {
      method = "POST", url = location or "/eval", deadline = core.now() + deadline,
      body = json.encode { code = CALL, arguments = { host.port2, id, option } },
    }
  end

  it("do not wait for one that was killed while it fetched", function()
    upstream("delay:1", 30)
    local killed, token
    step.run(function()
      step.spawn(function() killed = select(2, attempt({ timeout = 30 }, nil, 30)) end)
      step.spawn(function()
        while upstream "tokens" ~= 1 do step.sleep(0.01) end
        local holder = host:eval [[
          for _, key in ipairs(ngx.shared.scalekit:get_keys(0)) do
            local pid = key:find "^client lock" and ngx.shared.scalekit:get(key):match "^%d+"
            if pid then return pid end
          end
        ]]
        os.execute("kill -9 " .. holder)
        step.sleep(0.05)
        token = select(2, call { timeout = 5 })
      end)
    end)
    assert.same({ "network", "token-2" }, { killed.kind, token })
  end)

  it("do not lose a fetch when the client goes away for whom it began", function()
    upstream("delay:1", 0.3)
    local aborted, token
    step.run(function()
      step.spawn(function()
        aborted = select(2, attempt({ timeout = 20 }, "/abortable", 0.1)).kind
      end)
      step.spawn(function()
        step.sleep(0.15)
        token = select(2, call())
      end)
    end)
    assert.same({ "timeout", "token-1" }, { aborted, token })
    assert.equal(1, upstream "tokens")
  end)

  it("share nothing where that is not wanted", function()
    local workers, tokens = call_often(40, { shared_dict = false })
    assert.equal(2, workers)
    assert.same({ 2, 2 }, { upstream "tokens", tokens["token-1"] and tokens["token-2"] and 2 })
  end)

  it("are told when there is no shared dict of that name", function()
    local ok, problem = pcall(call, { shared_dict = "nowhere" })
    assert.is_false(ok)
    assert.matches("nginx has no lua_shared_dict named 'nowhere'", problem, 1, true)
  end)

  it("fetch the keys of an environment once", function()
    local key = core.key_generate "ES256"
    local jwk = key:jwk()
    jwk.kid = "k1"
    upstream("jwks", json.encode { keys = { jwk } })
    local url = "http://127.0.0.1:" .. host.port2
    local token = jwt.sign {
      key = key, kid = "k1", claims = { iss = url, sub = id, exp = os.time() + 60, iat = os.time() },
    }
    local pids, workers, good = {}, 0, 0
    step.run(function()
      for _ = 1, 40 do
        step.spawn(function()
          local pid, subject = host:eval_at(everybody, [[
            local url, token = ...
            local tokens = require "scalekit.tokens"
            local key = "validator " .. url
            rawset(_G, key, rawget(_G, key) or tokens.new { env_url = url })
            local claims, err = rawget(_G, key):validate_access_token(token)
            ngx.sleep(0.005)
            return ngx.worker.pid(), claims and claims.sub or tostring(err)
          ]], url, token)
          if not pids[pid] then pids[pid], workers = true, workers + 1 end
          if subject == id then good = good + 1 end
        end)
      end
    end)
    assert.same({ 2, 40, 1 }, { workers, good, upstream "keys" })
  end)
end)
