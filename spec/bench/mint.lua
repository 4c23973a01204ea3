-- The contender: N times create_session_token through the client, C tasks at
-- once, every check on and every answer decoded into a table.
--
--   lua mint.lua url N C http1|h2 [ca_file]
--
-- Prints: seconds, CPU microseconds, peak RSS in KiB.
local scalekit = require "scalekit"
local core = require "scalekit.core"

local url, total, at_once, protocol, ca_file = ...
total, at_once = tonumber(total), tonumber(at_once)

local client = scalekit.check(scalekit.new {
  env_url = url, client_id = "skc_1", client_secret = "s", ca_file = ca_file,
  http1 = protocol == "http1",
})
local args = { mcp_config_id = "cfg_1", identifier = "user_0000000001", expiry = "1h" }

local start, begun = core.now(), 0
local function worker()
  while begun < total do
    begun = begun + 1
    local token = scalekit.check(client.mcp:create_session_token(args))
    if #token.token < 700 then error "short token" end
  end
end

if at_once == 1 then
  worker()
else
  scalekit.run(function()
    for _ = 1, at_once do scalekit.spawn(worker) end
  end)
end
local seconds = core.now() - start

local peak
for line in io.lines "/proc/self/status" do
  peak = peak or line:match "^VmHWM:%s*(%d+)"
end
print(("%.6f %d %d"):format(seconds, math.floor(os.clock() * 1e6), tonumber(peak)))
