--- A stream of notifications about changes, from `connection:listen`.
--
-- Read only: `acknowledged`, what the server will send of what was asked for.
-- @classmod scalekit.mcp.subscription

local core = require "scalekit.core"
local errors = require "scalekit.error"
local duration = require "scalekit.duration"

local subscription = {}

local methods = {}
local subscription_mt = { __index = methods, __name = "scalekit.mcp.subscription" }

function subscription_mt:__tostring()
  return ("mcp subscription at %s%s"):format(self._address, self._closed and " (closed)" or "")
end

--- Makes one.
-- @local
-- @tparam table source of a peer
-- @tparam string url
function subscription.new(source, url)
  return setmetatable({
    _source = source, _address = url:match "^[^?]*", acknowledged = source.acknowledged,
  }, subscription_mt)
end

--- Waits for the next notification.
--
-- A stream that broke is taken up again where nothing can have been missed;
-- otherwise this says so, and `listen` may be called again.
-- @tparam[opt] number|string timeout seconds, or a text such as "1m30s"; without
--   it, as long as it takes
-- @treturn[1] table `{ method, params }`
-- @treturn[2] nil the server has ended the stream, or it is closed
-- @treturn[3] nil
-- @treturn[3] table error; after one of kind "timeout" reading may go on
function methods:read(timeout)
  local seconds = duration.option("read", { timeout = timeout }, "timeout")
  if self._closed then return nil end
  local message, err = self._source:next(seconds and core.now() + seconds)
  if message then return { method = message.method, params = message.params } end
  if err and err.kind == "timeout" then
    return nil, errors.new {
      kind = "timeout", operation = "listen", message = "no notification within the time given",
    }
  end
  self:close()
  return nil, err
end

--- Ends it. May be called twice.
-- @treturn boolean true
function methods:close()
  if self._closed then return true end
  self._closed = true
  self._source:close()
  return true
end

return subscription
