--- Methods of a connection: hearing of changes.
-- @classmod scalekit.mcp.connection

local begin = require "scalekit.mcp.call"
local json = require "scalekit.json"
local options = require "scalekit.options"
local subscription = require "scalekit.mcp.subscription"

local methods = {}

local WANTS = {
  toolsListChanged = "boolean", promptsListChanged = "boolean", resourcesListChanged = "boolean",
  resourceSubscriptions = "table",
}

local function check_wants(given)
  options.check("listen", given, WANTS, 3)
  local wants, any = {}, false
  for name, value in pairs(given or {}) do
    if value then wants[name], any = value, true end
  end
  if not any then error("listen: say what to listen for", 3) end
  if wants.resourceSubscriptions then
    local uris = json.array {}
    for i, uri in ipairs(wants.resourceSubscriptions) do
      if type(uri) ~= "string" then
        error("listen: 'resourceSubscriptions' must be a list of strings", 3)
      end
      uris[i] = uri
    end
    wants.resourceSubscriptions = uris
  end
  return wants
end

--- Opens a stream of notifications: `subscriptions/listen`, or in the older era
-- the session's own stream and `resources/subscribe`.
--
-- @usage
-- local changes = assert(connection:listen { toolsListChanged = true })
-- local notification, err = changes:read()
-- while notification do … notification, err = changes:read() end
-- @tparam table wants at least one of these
-- @tparam[opt] boolean wants.toolsListChanged
-- @tparam[opt] boolean wants.promptsListChanged
-- @tparam[opt] boolean wants.resourcesListChanged
-- @tparam[opt] table wants.resourceSubscriptions array of addresses of resources
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds for the stream to begin
-- @tparam[opt] number|string opts.idle_timeout seconds without a byte, after which the
--   stream counts as broken; only for servers that send signs of life
-- @treturn[1] scalekit.mcp.subscription
-- @treturn[2] nil
-- @treturn[2] table error; `unimplemented` or `not_found` where the server has none
function methods:listen(wants, opts)
  wants = check_wants(wants)
  local call = begin.begin(self, "listen", opts, begin.TIMES)
  if not (opts and opts.idle_timeout) then call.idle_timeout = nil end -- silence is normal here
  local source, err = self._peer:listen(wants, call)
  if not source then
    err.operation = err.operation or "listen"
    return nil, err
  end
  return subscription.new(source, self._wire.url)
end

return methods
