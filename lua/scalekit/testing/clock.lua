--- A clock that only moves when somebody sleeps, or is told to: tests that wait
-- for minutes take none.
-- @module scalekit.testing.clock

local core = require "scalekit.core"
local driver = require "scalekit.driver"

local clock = {}

local function first_of(sleepers)
  local least
  for _, till in pairs(sleepers) do
    if not least or till < least then least = till end
  end
  return least
end

--- Makes one: the time of a client and of the app it talks to.
-- @tparam number start Unix seconds
-- @treturn table `time()`, Unix seconds; `now()`, monotonic seconds, never behind
-- the real ones; `sleep(seconds)`; `advance(seconds)`
function clock.new(start)
  local self, moved, sleepers = { name = "testing" }, 0, {}

  function self.time()
    return start + moved
  end

  function self.now()
    return core.now() + moved
  end

  function self.advance(seconds)
    moved = moved + seconds
  end

  -- Who sleeps beside others lets those go first that wake earlier.
  function self.sleep(seconds)
    local me, till = {}, moved + seconds
    sleepers[me] = till
    repeat
      local host = driver.current()
      local ok, reason = host.sleep(0)
      if not ok then
        sleepers[me] = nil
        return nil, reason
      end
    until moved >= till or first_of(sleepers) == till or host.name == "block"
    sleepers[me] = nil
    moved = math.max(moved, till)
    return true
  end

  return self
end

return clock
