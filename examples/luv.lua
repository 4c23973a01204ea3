-- Calls inside libuv's loop: each parks its own coroutine, and the loop turns.
--
--   scalekit dev -- lua examples/luv.lua
local luv = require "scalekit.driver.luv"
local scalekit = require "scalekit"
local uv = require "luv"
local check = scalekit.check

local client = check(scalekit.new())

-- Something else that the loop does meanwhile.
local ticks, ticker = 0, uv.new_timer()
ticker:start(0, 1, function() ticks = ticks + 1 end)

local waiting = 3
local function done(what)
  print(what)
  waiting = waiting - 1
  if waiting == 0 then ticker:close() end
end

for _, connection in ipairs { "gmail", "googlecalendar" } do
  luv.spawn(function()
    local tools = check(client.tools:list { filter_connector = connection })
    done(("%s has %d tools"):format(connection, tools.total_size))
  end)
end

luv.spawn(function()
  scalekit.sleep "20ms" -- any wait of the library is one of the loop
  done(("%d config(s)"):format(check(client.mcp:list_configs()).total_size))
end)

uv.run()
print(ticks > 0 and "The loop turned all the time." or "The loop stood still.")
