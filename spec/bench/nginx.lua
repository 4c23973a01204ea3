-- Inside nginx: a location that mints upstream for each request beside plain
-- proxy_pass of the same call, which is the limit. Markdown, then targets, which are
-- about the transport. The way "client" is create_session_token with every check on
-- and the answer decoded and shaped, for which proxy_pass has no equal.
--
--   lua spec/bench/nginx.lua [rounds [seconds]]
--
-- One worker on the first core; wrk and the upstream, another nginx, on the second.
-- Contenders are interleaved round by round; a run with one error is void.
-- BENCH_ONLY=plain-0-16 picks one setting.
local core = require "scalekit.core"
local nginx = require "spec.support.nginx"
local shell = require "scalekit.host.shell"

local ROUNDS, SECONDS = tonumber((...)) or 5, tonumber((select(2, ...))) or 1
local ONLY = os.getenv "BENCH_ONLY"
local AT_ONCE = { 1, 16, 64, 256 }
local TICK = 100 -- of the kernel's clock, a second

local MAIN = "worker_cpu_affinity %s;\n"

local UPSTREAM = [[
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  ssl_certificate %DIR%/cert.pem;
  ssl_certificate_key %DIR%/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:%PORT2% backlog=4096;
    listen 127.0.0.1:%TLS% ssl backlog=4096;
    location /oauth/token {
      return 200 '{"access_token":"eyJ0.eyJ1.c2ln","token_type":"Bearer","expires_in":86399}';
    }
    location /20/ {
      location /20/oauth/token {
        return 200 '{"access_token":"eyJ0.eyJ1.c2ln","token_type":"Bearer","expires_in":86399}';
      }
      content_by_lua_block { ngx.sleep(0.02) ngx.header["content-length"] = #(%ANSWER%) ngx.print(%ANSWER%) }
    }
    location / { return 200 %ANSWER%; }
  }
]]

local HOST = [[
  keepalive_requests 100000000;
  lua_socket_pool_size 512;
  lua_ssl_trusted_certificate %DIR%/cert.pem;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
  proxy_http_version 1.1;
  proxy_set_header connection "";
  proxy_ssl_trusted_certificate %DIR%/cert.pem;
  proxy_ssl_verify on;
  proxy_ssl_name localhost;
  upstream plain { server 127.0.0.1:%PLAIN%; keepalive 512; }
  upstream tls { server 127.0.0.1:%TLS%; keepalive 512; }
]]

-- One location for each contender and kind of upstream.
local function locations(plain, tls)
  local list = { "location = /trivial { return 200 'ok'; }" }
  for name, port in pairs { plain = plain, tls = tls } do
    local scheme = name == "tls" and "https" or "http"
    for _, delay in ipairs { 0, 20 } do
      local path = delay == 0 and "" or "/20"
      list[#list + 1] = ("location = /proxy/%s-%d { proxy_pass %s://%s%s/api/v1/mcp/configs/cfg_1/tokens; }")
        :format(name, delay, scheme, name, path)
      for _, how in ipairs { "client", "transport" } do
        list[#list + 1] = ('location = /%s/%s-%d { content_by_lua_block { %s } }'):format(
          how, name, delay, ('require "spec.bench.nginx_mint".%s "%s://localhost:%d%s"'):format(
            how, scheme, port, path))
      end
    end
  end
  return table.concat(list, "\n")
end

local function median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  return sorted[math.ceil(#sorted / 2)]
end

-- CPU seconds that a process has used.
local function cpu(pid)
  local stat = shell.read("/proc/" .. pid .. "/stat"):match "%) (.*)$"
  local user, system = stat:match "^%S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ %S+ (%S+) (%S+)"
  return (tonumber(user) + tonumber(system)) / TICK
end

local function milliseconds(text)
  local number, unit = text:match "([%d.]+)(%a+)"
  return tonumber(number) * ({ us = 0.001, ms = 1, s = 1000, m = 60000 })[unit]
end

-- { rate, cpu (µs a request), p50, beside (p99 of the trivial location) }, or nil where
-- something went wrong
local function measure(host, worker, path, at_once)
  local before = cpu(worker)
  local ok, text = shell.run(([[
    taskset -c 1 wrk -t1 -c1 -d%d --latency -s spec/bench/trivial.lua %s/trivial >%s/beside &
    taskset -c 1 wrk -t1 -c%d -d%d --latency -s spec/bench/post.lua %s%s
    wait]]):format(SECONDS, host.url, host.dir, at_once, SECONDS, host.url, path))
  local used = cpu(worker) - before
  local beside = shell.read(host.dir .. "/beside")
  local said = text .. beside
  if not ok or said:find "Non%-2xx" or said:find "Socket errors" then return nil end
  local requests = tonumber(text:match "(%d+) requests in")
  return {
    rate = tonumber(text:match "Requests/sec:%s*([%d.]+)"), cpu = used * 1e6 / requests,
    p50 = milliseconds(text:match "\n%s+50%%%s+(%S+)"),
    beside = milliseconds(beside:match "\n%s+99%%%s+(%S+)"),
  }
end

local NAMES = { "proxy", "client", "transport" }

local function compare(host, worker, setting, at_once)
  local runs, voids = {}, {}
  for _, name in ipairs(NAMES) do
    runs[name], voids[name] = {}, 0
    measure(host, worker, ("/%s/%s"):format(name, setting), at_once) -- warms up
  end
  for round = 1, ROUNDS do
    for _, name in ipairs(NAMES) do
      local run = measure(host, worker, ("/%s/%s"):format(name, setting), at_once)
      if run then runs[name][round] = run else voids[name] = voids[name] + 1 end
    end
  end
  local results = {}
  for _, name in ipairs(NAMES) do
    local ratios, columns = {}, { rate = {}, cpu = {}, p50 = {}, beside = {} }
    local besides = {}
    for round = 1, ROUNDS do
      local run, limit = runs[name][round], runs.proxy[round]
      if run and limit then
        ratios[#ratios + 1] = run.rate / limit.rate
        besides[#besides + 1] = run.beside / limit.beside
        for column, list in pairs(columns) do list[#list + 1] = run[column] end
      end
    end
    if #ratios > 0 then
      results[name] = { ratio = median(ratios), beside_ratio = median(besides), void = voids[name] }
      for column, list in pairs(columns) do results[name][column] = median(list) end
    end
  end
  return results
end

local function target(name, measured, wanted, ok)
  print(("target %s %s %s %s"):format(name, measured, wanted, ok and "ok" or "short"))
end

local function start()
  local _, dir = shell.run "mktemp -d"
  dir = dir:match "^[^\n]*"
  assert(shell.run(([[openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s/key.pem -out %s/cert.pem]])
    :format(dir, dir)))
  local answer = ([['{"token":"%s","expires_at":"2026-11-24T15:00:00Z"}']]):format(("0"):rep(800))
  local tls = 19000 + core.random(1):byte()
  local upstream = nginx.start {
    workers = 1, main = MAIN:format "10",
    http = UPSTREAM:gsub("%%DIR%%", dir):gsub("%%TLS%%", tls):gsub("%%ANSWER%%", answer),
  }
  local host = nginx.start {
    workers = 1, main = MAIN:format "01",
    http = HOST:gsub("%%DIR%%", dir):gsub("%%PLAIN%%", upstream.port2):gsub("%%TLS%%", tls),
    server = locations(upstream.port2, tls),
  }
  return host, upstream, dir
end

local host, upstream, dir = start()
local worker = host:eval "return ngx.worker.pid()"
local _, version = shell.run "wrk -v | head -n 1"

print(("## nginx: a mint upstream for each request, medians of %d rounds of %d s\n"):format(ROUNDS, SECONDS))
print("Load: " .. version:match "^wrk %S+" .. "; one worker.\n")
print "| upstream | at once | way | requests/s | ratio | CPU µs | p50 ms | trivial p99 ms | ratio | void |"
print "|---|---|---|---|---|---|---|---|---|---|"
local all = {}
for _, setting in ipairs { "plain-0", "plain-20", "tls-0", "tls-20" } do
  for _, at_once in ipairs(AT_ONCE) do
    local name = ("%s-%d"):format(setting, at_once)
    if not ONLY or name:find(ONLY, 1, true) then
      local results = compare(host, worker, setting, at_once)
      all[name] = results
      for _, way in ipairs(NAMES) do
        local r = results[way]
        print(r and ("| %s ms | %d | %s | %.0f | %.2f | %.0f | %.2f | %.2f | %.2f | %d |"):format(setting,
          at_once, way, r.rate, r.ratio, r.cpu, r.p50, r.beside, r.beside_ratio, r.void)
          or ("| %s | %d | %s | all void | | | | | | %d |"):format(setting, at_once, way, ROUNDS))
      end
    end
  end
end
print ""
for _, setting in ipairs { "plain-0", "tls-0" } do
  for _, at_once in ipairs { 16, 64 } do
    local name = ("%s-%d"):format(setting, at_once)
    local results = all[name]
    if results and results.transport then
      local ratio, beside = results.transport.ratio, results.transport.beside_ratio
      target("nginx-mint-" .. name, ("%.2f"):format(ratio), "0.7", ratio >= 0.7)
      target("nginx-trivial-p99-" .. name, ("%.2f"):format(beside), "1.5", beside <= 1.5)
    end
  end
end

host:stop()
upstream:stop()
shell.run("rm -rf " .. dir)
