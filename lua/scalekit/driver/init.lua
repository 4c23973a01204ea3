--- Who makes a coroutine wait. The layers above ask `current()` for the driver
-- of the running coroutine and never know which one it is.
--
-- A driver is a table: `name`; `active()`, whether it can park the running
-- coroutine; `wait(loop, transfer, deadline)`, which returns true once the
-- transfer is or may be ready, or `nil, reason` ("timeout" once a deadline that was given
-- has passed); `sleep(seconds)`; `now()`, monotonic seconds; `signal()`, a latch
-- with `set()` and `wait(deadline)`, whose wait answers `nil, "busy"` where this
-- coroutine cannot park and `nil, "timeout"` when the deadline passed; and,
-- where something can run beside the running coroutine, `spawn(fn)`, which
-- starts a coroutine that may wait as well. `detach(fn, …)`, where it has one,
-- starts what is to go on when the caller is ended, and answers whether it could.
-- @module scalekit.driver

local block = require "scalekit.driver.block"
local nginx = require "scalekit.driver.nginx"

local driver = {
  --- Monotonic seconds, whoever makes coroutines wait.
  now = nginx.present and nginx.now or block.now,
}

-- The built-in scheduler is only loaded by who wants to run one.
local loaded, BUILTIN = package.loaded, "scalekit.driver.step"

local others = {} -- of event loops that a program has brought along

--- Adds a driver, for any event loop that can watch one descriptor:
--
--     driver.use {
--       name = "mine",
--       active = function() return my_loop.is_mine(coroutine.running()) end,
--       sleep = my_loop.sleep,
--       wait = function(loop, transfer, deadline)
--         while not transfer:ready() do
--           local left = deadline and deadline - scalekit.core.now()
--           if left and left <= 0 then return nil, "timeout" end
--           my_loop.wait_readable(loop:pollfd(), math.min(loop:timeout() or 60, left or 60))
--           loop:step() -- the line above has parked this coroutine
--         end
--         return true
--       end,
--     }
--
-- `loop:timeout()` is to be asked before every wait: it says how long to wait
-- at most (nil: for ever) and tells the kernel what to watch. Without a
-- `signal` of its own the driver's coroutines do not wait for one another:
-- each fetches its own access token where two come at the same time. Without a
-- `spawn` an MCP session of the older era hears its server only during calls, and
-- work in bulk is done one by one.
-- @tparam table one `name`, `active`, `sleep`, `wait`, and perhaps `now`, `signal` and `spawn`
function driver.use(one)
  for _, name in ipairs { "active", "wait", "sleep" } do
    if type(one[name]) ~= "function" then
      error("driver.use: the driver has no function '" .. name .. "'", 2)
    end
  end
  one.now = one.now or block.now
  one.signal = one.signal or block.signal
  table.insert(others, 1, one)
end

--- The driver for the coroutine that calls. An unknown coroutine (somebody's
-- generator) gets the blocking one: a yield of ours would surface there. Inside
-- nginx nothing blocks: where nothing can wait either, this raises an error.
-- @treturn table
function driver.current()
  if nginx.present then return nginx.current() end
  local step = loaded[BUILTIN]
  if step and step.active() then return step end
  for _, other in ipairs(others) do
    if other.active() then return other end
  end
  return block
end

--- Who makes tasks here: `run`, `spawn`, `all`, `race`.
-- @local
function driver.tasks()
  return require(nginx.present and "scalekit.driver.threads" or BUILTIN)
end

-- PUC-Rio Lua 5.1 cannot yield across pcall, nor through an iterator.
local YIELDS_ANYWHERE = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

--- Like `pcall`, for a function that may wait. In a coroutine of PUC-Rio Lua 5.1,
-- where both together cannot be, an error goes on its way.
-- @local
-- @tparam function fn
-- @param ... its arguments
-- @return as `pcall`
function driver.pcall(fn, ...)
  if YIELDS_ANYWHERE or not coroutine.running() then return pcall(fn, ...) end
  return true, fn(...)
end

--- Calls a function that may wait from within an iterator. Lua 5.1 cannot yield
-- through a generic `for`: there the built-in scheduler runs the other tasks
-- meanwhile, and any other event loop waits.
-- @local
-- @tparam function fn
-- @param ... its arguments
-- @return its results
function driver.hold(fn, ...)
  if YIELDS_ANYWHERE or not coroutine.running() then return fn(...) end
  local step = loaded[BUILTIN]
  if step and step.active() and step.can_hold() then return step.hold(fn, ...) end
  -- a coroutine that nobody knows blocks
  return coroutine.wrap(function(...) return fn(...) end)(...)
end

return driver
