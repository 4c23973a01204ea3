-- Starts one of the peers that run on spec/support/raw_server.lua. It ends with
-- this process, or when it is stopped, because that closes its standard input.

local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"

local raw_peer = {}

local PROGRAM = "LUA_PATH='./?.lua;;' exec lua5.4 spec/support/%s_main.lua >%s"

local peer = {}
peer.__index = peer

--- Starts one.
-- @tparam string name of the program: spec/support/<name>_main.lua
-- @treturn table `url`, without a path; `log()`, `stop()`
function raw_peer.start(name)
  local out = os.tmpname()
  local self = setmetatable({
    out = out,
    pipe = assert(io.popen(PROGRAM:format(name, out), "w")),
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
  error("the peer " .. name .. " did not start")
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

return raw_peer
