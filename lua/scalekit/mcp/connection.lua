--- A connection to one MCP server.
--
-- Read only: `era` ("modern" or "legacy"), `protocol_version`, `server_info`,
-- `capabilities`, `instructions` (what the server says about itself), and
-- `warnings`: what the last `list_tools` left out, as `{ tool =, message = }`.
--
-- Every method spends at most its `timeout` (the connection's, if none is
-- given) and returns `nil, err` when the world is against it; wrong arguments
-- are raised. Any number of coroutines may use one connection at once.
-- @classmod scalekit.mcp.connection

local core = require "scalekit.core"
local cache = require "scalekit.mcp.cache"

local FEATURES = {
  require "scalekit.mcp.feature.tools",
  require "scalekit.mcp.feature.resources",
  require "scalekit.mcp.feature.prompts",
  require "scalekit.mcp.feature.changes",
  require "scalekit.mcp.feature.llm",
  (require "scalekit.mcp.feature.server"), -- 5.4 returns a second value
}

local connection = {}

local CLOSE_MOST = 5 -- seconds for a good-bye

local OF_PEER = {
  era = true, protocol_version = true, server_info = true, capabilities = true, instructions = true,
}

local methods = {}
local connection_mt = { __name = "scalekit.mcp.connection" }

for _, feature in ipairs(FEATURES) do
  for name, method in pairs(feature) do methods[name] = method end
end

function connection_mt:__index(name)
  local peer = OF_PEER[name] and rawget(self, "_peer")
  if peer then return peer[name] end
  return methods[name]
end

function connection_mt:__tostring()
  local address = self._wire.url:match "^[^?]*"
  return ("mcp connection to %s (%s, %s)"):format(
    address, self.protocol_version, self._closed and "closed" or self.era)
end

--- Makes one.
-- @local
-- @tparam table wire
-- @tparam table peer of one of the eras
-- @tparam table defaults for all methods: `timeout`, `idle_timeout`, and callbacks
function connection.new(wire, peer, defaults)
  local lists = cache.new(wire.bearer)
  peer.noticed = function(message) lists:notice(message.method) end
  return setmetatable({
    _wire = wire,
    _peer = peer,
    _defaults = defaults,
    _cache = lists,
    _mirrors = {},
    _dropped = {},
    _names = {}, -- of tools, by the API of a language model
    warnings = {},
  }, connection_mt)
end

--- Ends the connection, and the session if there is one. May be called twice.
-- @treturn boolean true
function methods:close()
  if self._closed then return true end
  self._closed = true
  return self._peer:close(core.now() + math.min(self._defaults.timeout, CLOSE_MOST))
end

return connection
