--- One of many coroutines fetches what all of them need; the others wait.
--
-- Where a coroutine may be ended from outside (inside nginx, when a client goes
-- away) the fetch runs beside it, so that it does not take the others' with it.
-- @module scalekit.flight

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

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

local function land_with(self, one, ...)
  one.results = { n = select("#", ...), ... }
  self:land(one)
  return ...
end

-- The same with what `pcall` said: an error goes on, but nobody waits for ever.
local function finish(self, one, ok, ...)
  if ok then return land_with(self, one, ...) end
  self:land(one)
  error((...), 0)
end

-- For LuaJIT, where a coroutine can wait inside pcall.
local function fly_alone(self, one, fn)
  local ok, problem = pcall(function() land_with(self, one, fn(one)) end)
  if ok then return end
  land_with(self, one, nil, errors.new { kind = "internal", message = tostring(problem) })
  error(problem, 0)
end

-- Starts it beside this coroutine; false where that cannot be.
local function detach(self, one, fn)
  local beside = driver.current().detach
  if not (beside and beside(fly_alone, self, one, fn)) then return false end
  one.pilot = nil -- whoever calls may end before it does
  return true
end

--- Fetches, while the others wait.
-- @tparam number deadline
-- @tparam function fn gets what `start` returns
-- @return what `fn` returns, or `nil, err` where the deadline passed
function flight:fly(deadline, fn)
  local one = self:start(deadline)
  if not detach(self, one, fn) then return finish(self, one, driver.pcall(fn, one)) end
  local _, err = self:join(deadline)
  if one.results then return unpack(one.results, 1, one.results.n) end
  return nil, err
end

--- Fetches without anybody waiting, for what still serves while it is renewed.
-- @tparam number deadline
-- @tparam function fn
-- @treturn boolean whether that is being done
function flight:depart(deadline, fn)
  if self:is_under_way() then return true end
  if not driver.current().detach then return false end
  local one = self:start(deadline)
  if detach(self, one, fn) then return true end
  self:land(one)
  return false
end

-- Whether nobody will end a flight any more.
local function is_lost(one)
  return core.now() >= one.overdue
    or (one.pilot ~= nil and coroutine.status(one.pilot) == "dead")
end

--- Whether somebody is on the way.
function flight:is_under_way()
  return self.current ~= nil and not is_lost(self.current)
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
