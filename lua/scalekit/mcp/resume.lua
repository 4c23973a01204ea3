--- Taking up a broken stream of the older era where it stood: by GET, with
-- `Last-Event-ID`, not before the time that the server has asked for.
-- @module scalekit.mcp.resume

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local failure = require "scalekit.mcp.failure"
local header = require "scalekit.mcp.header"

local resume = {}

local MAX_EVENT_ID = 8192
local DEFAULT_RETRY, LEAST_RETRY = 1, 0.05 -- seconds

--- The seconds to wait before a stream is taken up again.
-- @tparam ?number retry milliseconds, as the server said
function resume.pause(retry)
  return math.max(retry and retry / 1000 or DEFAULT_RETRY, LEAST_RETRY)
end

--- Whether a place can be named to the server.
-- @tparam ?string id of the last event
function resume.is_place(id)
  return id ~= nil and id ~= "" and #id <= MAX_EVENT_ID and header.is_value(id)
end

local function lost(wire, response)
  if response.events then response.events:close() end
  local refused = response.status == 401 or response.status == 403
  return refused and failure.http(wire, response) or failure.cut()
end

--- Makes the function that takes up the stream of one call. Its request was
-- sent whatever becomes of this, so no error from here may look as if it had
-- not been executed.
-- @tparam table wire
-- @tparam function headers_of makes the headers of a GET
-- @tparam table call `deadline`, `idle_timeout`
-- @treturn function `resume(place)` → response, or nil and an error
function resume.of(wire, headers_of, call)
  return function(place)
    local err
    if not resume.is_place(place.id) then return nil, failure.cut() end
    local seconds = resume.pause(place.retry)
    if core.now() + seconds >= call.deadline then return nil, failure.timeout() end
    if not driver.current().sleep(seconds) then
      return nil, errors.new {
        kind = "cancelled", message = "the waiting coroutine was cancelled", outcome = "unknown",
      }
    end
    local headers = headers_of()
    headers["last-event-id"] = place.id
    local response
    response, err = wire:request("GET", headers, nil, call)
    if response and response.status < 300 then return response end
    err = err or lost(wire, response)
    err.outcome = "unknown"
    return nil, err
  end
end

return resume
