--- The driver of plain programs: waiting means waiting.
-- @module scalekit.driver.block

local core = require "scalekit.core"

local block = { name = "block", now = core.now }

function block.active()
  return true
end

-- One wait a turn, so that a signal's hook (Ctrl-C) runs in between.
function block.wait(loop, transfer, deadline)
  local left = deadline and math.max(0, deadline - core.now())
  while not loop:drive(transfer, left) do
    left = deadline and deadline - core.now()
    if left and left <= 0 then return nil, "timeout" end
  end
  return true
end

function block.sleep(seconds)
  local till = core.now() + seconds
  local left = seconds
  while left > 0 do
    core.sleep(left)
    left = till - core.now()
  end
  return true
end

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
end

function signal:wait()
  if self.is_set then return true end
  return nil, "busy"
end

function block.signal()
  return setmetatable({}, signal)
end

return block
