-- The recipes of examples/openresty beside plain proxy_pass of the same call: requests/s, as a
-- ratio; and the least that any Lua costs, a handler that sets one variable. Markdown, then targets.
--
--   lua spec/bench/edge.lua [rounds [seconds]]
--
-- One worker on the first core; wrk and the upstream, another nginx, on the second. Interleaved.
local core = require "scalekit.core"
local json = require "scalekit.json"
local jwt = require "scalekit.jwt"
local nginx = require "spec.support.nginx"
local recipe = require "spec.support.recipe"
local shell = require "scalekit.host.shell"

local ROUNDS, SECONDS = tonumber((...)) or 5, tonumber((select(2, ...))) or 1
local AT_ONCE = { 16, 64 }

local CALL = [[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a_tool","arguments":{"n":1}}}]]
local ANSWER = ('{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"%s"}]}}'):format(
  ("x"):rep(900))

-- An environment that gives what a recipe asks for, and a server that answers at once.
local ENVIRONMENT = [[
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  server {
    listen 127.0.0.1:%%PORT2%% backlog=4096;
    location = /oauth/token { return 200 '{"access_token":"t","token_type":"Bearer","expires_in":86399}'; }
    location = /keys { return 200 '%s'; }
    location = /api/v1/mcp/configs {
      return 200
        '{"configs":[{"id":"cfg_1","name":"bench","mcp_server_url":"http://localhost:%%PORT2%%/mcp"}]}';
    }
    location /api/v1/mcp/configs/cfg_1/connected_accounts { return 200 '{"connected_accounts":[]}'; }
    location /api/v1/mcp/configs/cfg_1/tokens {
      return 200 '{"token":"%s","expires_at":"2099-01-01T00:00:00Z"}';
    }
    location /mcp { return 200 '%s'; }
  }
]]

local function session_token(key, resource)
  local time = os.time()
  return jwt.sign {
    key = key, kid = "snk_1", claims = {
      aud = json.array { resource }, sub = "user_0000000001", mcp_cfg = "cfg_1",
      ca_ids = json.array { "ca_1", "ca_2" }, token_type = "mcp_session",
      iat = time, exp = time + 86400, jti = "tkn_1",
    },
  }
end

local function start()
  local key = core.key_generate "RS256"
  local jwk = key:jwk()
  jwk.kid = "snk_1"
  local token = session_token(key, "https://mcp.example.com/mcp")
  local upstream = nginx.start {
    workers = 1, main = "worker_cpu_affinity 10;",
    http = ENVIRONMENT:format(json.encode { keys = json.array { jwk } }, token, ANSWER),
  }
  local place = "localhost:" .. upstream.port2
  local variables = {
    SCALEKIT_ENV_URL = "http://" .. place, SCALEKIT_CLIENT_ID = "skc_1", SCALEKIT_CLIENT_SECRET = "s",
  }
  local plain = [[
    location = /plain { set $scalekit_authorization "Bearer %s"; proxy_pass http://%s/mcp; }
    location = /least {
      set $scalekit_authorization "";
      access_by_lua_block { ngx.var.scalekit_authorization = "Bearer %s" }
      proxy_pass http://%s/mcp;
    }
  ]]
  local function host(name, group, replace)
    replace["worker_processes 1;"] = "worker_processes 1; worker_cpu_affinity 01;"
    replace["http {\n"] = "http {\n keepalive_requests 100000000;\n"
    local locations = plain:format(token, group, token, group)
    replace["server {\n    listen"] = "server {\n    " .. locations .. "\n    listen"
    replace["access_log access.log"] = "access_log off"
    return recipe.start(name, { workers = 1, env = variables, replace = replace })
  end
  local agents = host("agents.conf", "scalekit", {
    ["https://scalekit$scalekit_path"] = "http://scalekit$scalekit_path",
    ["server name.scalekit.dev:443"] = "server 127.0.0.1:" .. upstream.port2,
    ["Host name.scalekit.dev"] = "Host " .. place,
  })
  local guard = host("guard.conf", "my_mcp_server", {
    ["server 127.0.0.1:9000"] = "server 127.0.0.1:" .. upstream.port2,
  })
  return { agents = agents, guard = guard, upstream = upstream, token = token }
end

local function median(list)
  table.sort(list)
  return list[math.ceil(#list / 2)]
end

-- CPU seconds that the worker has used.
local function cpu(host)
  local _, text = shell.run(("cat /proc/$(cat %s/nginx.pid)/task/*/children"):format(host.dir))
  return tonumber(shell.read("/proc/" .. text:match "%d+" .. "/schedstat"):match "%d+") / 1e9
end

-- Requests per second, and CPU µs of each; nil where something went wrong.
local function rate(host, path, authorization, at_once)
  local before = cpu(host)
  local ok, text = shell.run(("BENCH_BODY=%s taskset -c 1 wrk -t1 -c%d -d%d -s spec/bench/call.lua"
    .. " -H 'authorization: %s' -H 'x-agent-run: run-1' %s"):format(
    shell.quote(CALL), at_once, SECONDS, authorization, host.url .. path))
  local used = cpu(host) - before
  if not ok or text:find "Non%-2xx" or text:find "Socket errors" then return nil end
  return tonumber(text:match "Requests/sec:%s*([%d.]+)"),
    used * 1e6 / tonumber(text:match "(%d+) requests in")
end

local function compare(host, path, authorization, at_once)
  local columns, voids = { ratio = {}, plain = {}, rate = {}, plain_cpu = {}, cpu = {} }, 0
  for round = 0, ROUNDS do -- the first warms up
    local plain, plain_cpu = rate(host, "/plain", authorization, at_once)
    local own, own_cpu = rate(host, path, authorization, at_once)
    if not (plain and own) then
      voids = voids + 1
    elseif round > 0 then
      for name, value in pairs {
        ratio = own / plain, plain = plain, rate = own, plain_cpu = plain_cpu, cpu = own_cpu,
      } do
        table.insert(columns[name], value)
      end
    end
  end
  assert(#columns.ratio > 0, "all void: " .. host:errors())
  local result = { void = voids }
  for name, list in pairs(columns) do result[name] = median(list) end -- sorts it, too
  result.least, result.most = columns.ratio[1], columns.ratio[#columns.ratio]
  return result
end

local place = start()
local RECIPES = {
  { "agents", "/agents/bench/mcp", "Bearer key-of-adas-agent", 0.8 },
  { "guard", "/mcp", "Bearer " .. place.token, 0.9 },
  { "guard", "/least", "Bearer " .. place.token },
}
print(("## nginx: recipes beside plain proxy_pass, medians of %d rounds of %d s, one worker\n"):format(
  ROUNDS, SECONDS))
print("| recipe | at once | requests/s: proxy_pass | recipe | ratio | min–max "
  .. "| CPU µs: proxy_pass | recipe | void |")
print "|---|---|---|---|---|---|---|---|---|"
local targets = {}
for _, row in ipairs(RECIPES) do
  for _, at_once in ipairs(AT_ONCE) do
    local r = compare(place[row[1]], row[2], row[3], at_once)
    local name = row[4] and row[1] or "any Lua"
    print(("| %s | %d | %.0f | %.0f | %.2f | %.2f–%.2f | %.1f | %.1f | %d |"):format(
      name, at_once, r.plain, r.rate, r.ratio, r.least, r.most, r.plain_cpu, r.cpu, r.void))
    targets[#targets + 1] = row[4] and ("target nginx-%s-%d %.2f %.1f %s"):format(
      row[1], at_once, r.ratio, row[4], r.ratio >= row[4] and "ok" or "short")
  end
end
print("\n" .. table.concat(targets, "\n"))
place.agents:stop()
place.guard:stop()
place.upstream:stop()
