--- The driver for coroutines of a cqueues controller. `require` it once, and
-- every call inside `controller:wrap(…)` parks only its own coroutine.
-- @module scalekit.driver.cqueues

local condition = require "cqueues.condition"
local core = require "scalekit.core"
local cqueues = require "cqueues"
local tasks = require "scalekit.driver.tasks"

local driver = { name = "cqueues", now = core.now }

--- Whether the running coroutine belongs to a controller.
function driver.active()
  local controller, inside = cqueues.running()
  return controller ~= nil and inside
end

-- One coroutine of a controller polls the loop for all its others that wait:
-- with as many pollers as waiters each event would wake everybody. A pump dies
-- with its controller, and its waiters do; so what is noted about them holds
-- neither loop nor transfer.
local pumps = setmetatable({}, { __mode = "k" }) -- controller → loop → { n = how many wait }

local function pump(loop, waiting, counter)
  while counter.n > 0 do
    cqueues.poll(loop)
    loop:step()
    tasks.serve(loop)
  end
  waiting[loop] = nil
end

-- Has the loop polled for one more; who stops waiting counts itself out.
local function ask_pump(loop, controller)
  local waiting = pumps[controller]
  if not waiting then
    waiting = setmetatable({}, { __mode = "k" })
    pumps[controller] = waiting
  end
  local counter = waiting[loop]
  if counter then
    counter.n = counter.n + 1
    loop:nudge() -- the pump may be waiting for less than it should by now
  else
    counter = { n = 1 }
    waiting[loop] = counter
    controller:wrap(pump, loop, waiting, counter)
  end
  return counter
end

--- Parks until the transfer has something for us, or the deadline has passed.
function driver.wait(loop, transfer, deadline)
  while true do
    local news, counter = condition.new(), nil
    local function wake()
      counter.n = counter.n - 1
      news:signal()
    end
    if loop:await(transfer, wake) then return true end
    local left = deadline and deadline - core.now()
    if left and left <= 0 then
      loop:forget(transfer)
      return nil, "timeout"
    end
    counter = ask_pump(loop, (cqueues.running()))
    if not transfer:ready() then news:wait(left) end
    if loop:forget(transfer) then wake() end
    if left then loop:nudge() end -- the pump may have nobody to wait for any more
  end
end

function driver.sleep(seconds)
  cqueues.sleep(seconds)
  return true
end

--- Starts a function beside the running one.
function driver.spawn(fn)
  cqueues.running():wrap(fn)
end

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  self.condition:signal()
end

function signal:wait(deadline)
  if self.is_set then return true end
  if not driver.active() then return nil, "busy" end
  while not self.is_set do
    local left = deadline and deadline - core.now()
    if left and left <= 0 then return nil, "timeout" end
    self.condition:wait(left)
  end
  return true
end

function driver.signal()
  return setmetatable({ condition = condition.new() }, signal)
end

require("scalekit.driver").use(driver)

return driver
