--- Who makes a coroutine wait. The layers above ask `current()` for the driver
-- of the running coroutine and never know which one it is.
--
-- A driver is a table: `name`; `active()`; `wait(loop, transfer)`, which
-- returns once the transfer is ready; `sleep(seconds)`; `now()`, monotonic
-- seconds; `signal()`, a latch with `set()` and `wait(deadline)`, whose wait
-- answers `nil, "busy"` where this coroutine cannot park and
-- `nil, "timeout"` when the deadline passed.
-- @module scalekit.driver

local block = require "scalekit.driver.block"
local step = require "scalekit.driver.step"

local driver = {}

--- The driver for the coroutine that calls. An unknown coroutine (somebody's
-- generator) gets the blocking one: a yield of ours would surface there.
function driver.current()
  if step.active() then return step end
  return block
end

return driver
