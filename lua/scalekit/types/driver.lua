---@meta scalekit.driver
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Who makes a coroutine wait. The layers above ask `current()` for the driver
---of the running coroutine and never know which one it is.
---
---A driver is a table: `name`; `active()`, whether it can park the running
---coroutine; `wait(loop, transfer)`, which returns true once the transfer is
---ready, or `nil, reason`; `sleep(seconds)`; `now()`, monotonic seconds; and
---`signal()`, a latch with `set()` and `wait(deadline)`, whose wait answers
---`nil, "busy"` where this coroutine cannot park and `nil, "timeout"` when the
---deadline passed. `spawn(fn)`, where it has one, starts a coroutine that may
---wait, for what is done in bulk; without it such work blocks.
---@class scalekit.driver
local driver = {}

---Adds a driver, for any event loop that can watch one descriptor:
---
---    driver.use {
---      name = "mine",
---      active = function() return my_loop.is_mine(coroutine.running()) end,
---      sleep = my_loop.sleep,
---      wait = function(loop, transfer)
---        while not transfer:ready() do
---          my_loop.wait_readable(loop:pollfd(), loop:timeout()) -- parks this coroutine
---          loop:step()
---        end
---        return true
---      end,
---    }
---
---`loop:timeout()` is to be asked before every wait: it says how long to wait
---at most (nil: for ever) and tells the kernel what to watch. Without a
---`signal` of its own the driver's coroutines do not wait for one another:
---each fetches its own access token where two come at the same time.
---@param one table `name`, `active`, `sleep`, `wait`, and perhaps `now` and `signal`
function driver.use(one) end

---The driver for the coroutine that calls. An unknown coroutine (somebody's
---generator) gets the blocking one: a yield of ours would surface there.
---@return table
function driver.current() end

return driver
