--- One of many coroutines fetches what all of them need; the others wait.
-- @module scalekit.flight

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"

local SLICE = 1 -- seconds between two looks at whether somebody will land

local flight = {}
flight.__index = flight

function flight.new()
  return setmetatable({}, flight)
end

--- Takes off: from here on the others wait, until `land` or the deadline.
-- @tparam number deadline on the monotonic clock
-- @treturn table for `land`
function flight:start(deadline)
  local one = {
    done = driver.current().signal(), overdue = deadline, pilot = coroutine.running(),
  }
  self.current = one
  return one
end

--- It is done, well or not.
function flight:land(one)
  if self.current == one then self.current = nil end
  one.done:set()
end

local function finish(self, one, ok, ...)
  self:land(one)
  if not ok then error((...), 0) end
  return ...
end

--- Takes off, calls a function, and lands whatever becomes of it.
-- @tparam number deadline on the monotonic clock
-- @tparam function fn is given what `start` returns, then the rest
-- @return its results
function flight:fly(deadline, fn, ...)
  local one = self:start(deadline)
  return finish(self, one, driver.pcall(fn, one, ...))
end

-- Whether nobody will end a flight any more.
local function is_lost(one)
  return core.now() >= one.overdue
    or (one.pilot ~= nil and coroutine.status(one.pilot) == "dead")
end

--- Waits for the coroutine that is on its way, if there is one.
-- @tparam number deadline
-- @treturn[1] boolean true: look at what came of it; false: nobody is on the
-- way, or this coroutine cannot wait, so go yourself
-- @treturn[2] nil
-- @treturn[2] table error: this wait has ended
function flight:join(deadline)
  local one = self.current
  if not one or is_lost(one) then return false end
  local ok, reason = one.done:wait(math.min(deadline, one.overdue, core.now() + SLICE))
  if ok then return true end
  if reason == "busy" then return false end
  if reason == "timeout" and core.now() < deadline then return true end
  return nil, errors.new {
    kind = reason == "timeout" and "timeout" or "cancelled",
    message = reason == "timeout" and "the deadline passed while another coroutine was fetching"
      or "the waiting coroutine was cancelled",
  }
end

return flight
