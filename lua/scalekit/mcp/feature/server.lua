--- Methods of a connection: the server itself.
-- @classmod scalekit.mcp.connection

local begin = require "scalekit.mcp.call"
local level = require "scalekit.mcp.level"

local methods = {}

--- Asks whether the server is there.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds
-- @tparam[opt] number|string opts.idle_timeout seconds
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function methods:ping(opts)
  return self._peer:ping(begin.begin(self, "ping", opts, begin.TIMES))
end

--- What the server says about itself: the answer to `server/discover` in the
-- modern era, asked for anew; the answer to the handshake in the legacy era.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds
-- @tparam[opt] number|string opts.idle_timeout seconds
-- @treturn[1] table as the server sent it
-- @treturn[1] string its exact JSON text
-- @treturn[2] nil
-- @treturn[2] table error
function methods:discover(opts)
  return self._peer:discover(begin.begin(self, "discover", opts, begin.TIMES))
end

--- Sets the least important messages that `on_message` wants to hear of. In the
-- modern era it goes with each call; in the older one the session is told.
-- @tparam string name "debug", "info", "notice", "warning", "error", "critical",
--   "alert" or "emergency" (RFC 5424)
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds
-- @tparam[opt] number|string opts.idle_timeout seconds
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function methods:set_log_level(name, opts)
  local wrong = level.mistake(name)
  if wrong then error("set_log_level: " .. wrong, 2) end
  local call = begin.begin(self, "set_log_level", opts, begin.TIMES)
  local ok, err = self._peer:set_log_level(name, call)
  if not ok then return nil, err end
  self._log_level = name
  return true
end

return methods
