-- The contender: N times call_tool on one connection, C tasks at once, every
-- answer decoded into a table.
--
--   lua mcp_call.lua url N C modern|legacy
--
-- Prints: seconds, CPU microseconds, peak RSS in KiB.
local core = require "scalekit.core"
local mcp = require "scalekit.mcp"
local step = require "scalekit.driver.step"

local url, total, at_once, era = ...
total, at_once = tonumber(total), tonumber(at_once)

local connection = assert(mcp.connect { url = url, era = era })
assert(#connection:list_tools() == 1)

local start, begun = core.now(), 0
local function worker()
  while begun < total do
    begun = begun + 1
    local result = assert(connection:call_tool("weather", { town = "Zürich" }))
    if result.structuredContent.temperature ~= 12 then error "wrong answer" end
  end
end

if at_once == 1 then
  worker()
else
  step.run(function()
    for _ = 1, at_once do step.spawn(worker) end
  end)
end
local seconds = core.now() - start
connection:close()

local peak
for line in io.lines "/proc/self/status" do
  peak = peak or line:match "^VmHWM:%s*(%d+)"
end
print(("%.6f %d %d"):format(seconds, math.floor(os.clock() * 1e6), tonumber(peak)))
