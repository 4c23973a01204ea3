-- Calls inside a cqueues controller: each parks its own coroutine.
--
--   scalekit dev -- lua examples/cqueues.lua
require "scalekit.driver.cqueues" -- once, anywhere
local cqueues = require "cqueues"
local scalekit = require "scalekit"
local check = scalekit.check

local client = check(scalekit.new())
local controller = cqueues.new()
local ticks, waiting = 0, 2

-- Something else that the controller does meanwhile.
controller:wrap(function()
  while waiting > 0 do
    ticks = ticks + 1
    cqueues.sleep(0.001)
  end
end)

for _, connection in ipairs { "gmail", "googlecalendar" } do
  controller:wrap(function()
    local tools = check(client.tools:list { filter_connector = connection })
    print(("%s has %d tools"):format(connection, tools.total_size))
    waiting = waiting - 1
  end)
end

assert(controller:loop())
print(ticks > 0 and "The controller turned all the time." or "The controller stood still.")
