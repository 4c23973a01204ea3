-- The client beside bare libcurl: tables and targets, in Markdown.
--
--   lua spec/bench/client.lua [rounds]
--
-- Contenders are interleaved round by round; the client or the limit runs on
-- the first core, nginx on the second. A run with one error is void.
local core = require "scalekit.core"

local ROUNDS = tonumber((...)) or 5
local SETTINGS = { { 1, 2000 }, { 16, 8000 }, { 64, 16000 }, { 256, 16000 } }
local PROTOCOLS = {
  { name = "plain", port = 0, http = "http1", scheme = "http" },
  { name = "TLS", port = 1, http = "http1", scheme = "https" },
  { name = "h2", port = 2, http = "h2", scheme = "https" },
}
local PATH = "/api/v1/mcp/configs/cfg_1/tokens"

local function run(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local function median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  return sorted[math.ceil(#sorted / 2)]
end

local function column(runs, name)
  local list = {}
  for i, one in ipairs(runs) do list[i] = one[name] end
  return list
end

-- { rate, cpu, rss }, or nil where the run is void
local function measure(command, calls)
  local seconds, cpu, rss = run("taskset -c 0 " .. command):match "^([%d.]+) (%d+) (%d+)"
  if not seconds then return nil end
  return { rate = calls / tonumber(seconds), cpu = tonumber(cpu) / calls, rss = tonumber(rss) / 1024 }
end

local function contenders(dir, port, protocol, at_once, calls)
  local base = ("%s://127.0.0.1:%d"):format(protocol.scheme, port + protocol.port)
  local ca = protocol.scheme == "https" and dir .. "/cert.pem" or ""
  local limit = ("build/bench/limit %s%s %d %d %%s %s %s"):format(
    base, PATH, calls, at_once, protocol.http, ca)
  return {
    { name = "libcurl, poll", command = limit:format "poll" },
    { name = "libcurl, epoll", command = limit:format "epoll" },
    { name = "scalekit", command = ("lua5.4 spec/bench/mint.lua %s %d %d %s %s"):format(
      base, calls, at_once, protocol.http, ca) },
  }
end

local function compare(dir, port, protocol, at_once, calls)
  local list = contenders(dir, port, protocol, at_once, calls)
  for _, one in ipairs(list) do one.runs = {} end
  for _ = 1, ROUNDS do
    for _, one in ipairs(list) do
      table.insert(one.runs, measure(one.command, calls))
    end
  end
  local best
  for i, one in ipairs(list) do
    for _, name in ipairs { "rate", "cpu", "rss" } do
      one[name] = #one.runs > 0 and median(column(one.runs, name)) or nil
    end
    if i < #list and one.rate and (not best or one.rate > best.rate) then best = one end
  end
  return list, best
end

local function startup(command)
  local list = {}
  for i = 1, 15 do
    local before = core.now()
    run("taskset -c 0 " .. command)
    list[i] = (core.now() - before) * 1000
  end
  return median(list)
end

local results = {}

local function table_of(dir, port, protocol)
  print(("\n### %s\n"):format(protocol.name))
  print "| at once | contender | requests/s | ratio | CPU µs | peak RSS MiB | void |"
  print "|---|---|---|---|---|---|---|"
  for _, setting in ipairs(SETTINGS) do
    local list, best = compare(dir, port, protocol, setting[1], setting[2])
    for _, one in ipairs(list) do
      if one.rate then
        print(("| %d | %s%s | %.0f | %.2f | %.1f | %.1f | %d |"):format(setting[1], one.name,
          one == best and " (the limit)" or "", one.rate, one.rate / best.rate, one.cpu, one.rss,
          ROUNDS - #one.runs))
      else
        print(("| %d | %s | all void | | | | %d |"):format(setting[1], one.name, ROUNDS))
      end
    end
    results[protocol.name .. setting[1]] = { ours = list[3], best = best }
  end
end

local function target(name, measured, wanted, ok)
  print(("target %s %s %s %s"):format(name, measured, wanted, ok and "ok" or "short"))
end

local dir = run "mktemp -d":match "%S+"
local port = 20000 + core.random(1):byte() * 40
assert(os.execute(("spec/bench/serve %s %d"):format(dir, port)))

print(("## Client: N mints against a local nginx, medians of %d rounds"):format(ROUNDS))
for _, protocol in ipairs(PROTOCOLS) do table_of(dir, port, protocol) end

local first = contenders(dir, port, PROTOCOLS[1], 1, 1)
local bare, ours = startup(first[2].command), startup(first[3].command)
print(("\nStart-up to the first mint: libcurl %.1f ms, scalekit %.1f ms\n"):format(bare, ours))

for _, protocol in ipairs(PROTOCOLS) do
  local wanted = protocol.name == "plain" and 0.8 or 0.9
  local at64, at256 = results[protocol.name .. 64], results[protocol.name .. 256]
  local rate = at64.ours.rate / at64.best.rate
  local cpu = at64.ours.cpu / at64.best.cpu
  local rss = at256.ours.rss - at256.best.rss
  target(("client-rate-%s-64"):format(protocol.name), ("%.2f"):format(rate), wanted, rate >= wanted)
  target(("client-cpu-%s-64"):format(protocol.name), ("%.2f"):format(cpu), 1.25, cpu <= 1.25)
  target(("client-rss-%s-256"):format(protocol.name), ("%.1fMiB"):format(rss), "4MiB", rss <= 4)
end
target("client-startup", ("%.1fms"):format(ours - bare), "5ms", ours - bare <= 5)

os.execute(("kill $(cat %s/nginx.pid) && rm -rf %s"):format(dir, dir))
