-- Starts spec/support/odd_peer_main.lua. It ends with this process, or when it
-- is stopped, because that closes its standard input.

local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"

local odd_peer = {}

local peer = {}
peer.__index = peer

--- Starts one.
-- @treturn table `url`, without a path; `log()`, `stop()`
function odd_peer.start()
  local out = os.tmpname()
  local self = setmetatable({
    out = out,
    pipe = assert(io.popen("exec lua5.4 spec/support/odd_peer_main.lua >" .. out, "w")),
  }, peer)
  for _ = 1, 250 do
    local file = assert(io.open(out))
    local port = file:read "*l"
    file:close()
    if port then
      self.url = "http://127.0.0.1:" .. port
      return self
    end
    core.sleep(0.02)
  end
  self:stop()
  error "the odd peer did not start"
end

--- What it was asked, in order: { "POST /modern/bom tools/call" … }.
function peer:log()
  local response = assert(curl.new {} { url = self.url .. "/log", deadline = core.now() + 10 })
  return assert(json.decode(response.body))
end

function peer:stop()
  self.pipe:close()
  os.remove(self.out)
end

return odd_peer
