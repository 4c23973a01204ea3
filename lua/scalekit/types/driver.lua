---@meta scalekit.driver
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Who makes a coroutine wait. The layers above ask `current()` for the driver
---of the running coroutine and never know which one it is.
---
---A driver is a table: `name`; `active()`, whether it can park the running
---coroutine; `wait(loop, transfer, deadline)`, which returns true once the
---transfer is or may be ready, or `nil, reason` ("timeout" once a deadline that was given
---has passed); `sleep(seconds)`; `now()`, monotonic seconds; `signal()`, a latch
---with `set()` and `wait(deadline)`, whose wait answers `nil, "busy"` where this
---coroutine cannot park and `nil, "timeout"` when the deadline passed; and,
---where something can run beside the running coroutine, `spawn(fn)`, which
---starts a coroutine that may wait as well. `detach(fn, …)`, where it has one,
---starts what is to go on when the caller is ended, and answers whether it could.
---@class scalekit.driver
local driver = {}

---Adds a driver, for any event loop that can watch one descriptor:
---
---    driver.use {
---      name = "mine",
---      active = function() return my_loop.is_mine(coroutine.running()) end,
---      sleep = my_loop.sleep,
---      wait = function(loop, transfer, deadline)
---        while not transfer:ready() do
---          local left = deadline and deadline - scalekit.core.now()
---          if left and left <= 0 then return nil, "timeout" end
---          my_loop.wait_readable(loop:pollfd(), math.min(loop:timeout() or 60, left or 60))
---          loop:step() -- the line above has parked this coroutine
---        end
---        return true
---      end,
---    }
---
---`loop:timeout()` is to be asked before every wait: it says how long to wait
---at most (nil: for ever) and tells the kernel what to watch. Without a
---`signal` of its own the driver's coroutines do not wait for one another:
---each fetches its own access token where two come at the same time. Without a
---`spawn` an MCP session of the older era hears its server only during calls, and
---work in bulk is done one by one.
---@param one table `name`, `active`, `sleep`, `wait`, and perhaps `now`, `signal` and `spawn`
function driver.use(one) end

---The driver for the coroutine that calls. An unknown coroutine (somebody's
---generator) gets the blocking one: a yield of ours would surface there. Inside
---nginx nothing blocks: where nothing can wait either, this raises an error.
---@return table
function driver.current() end

return driver
