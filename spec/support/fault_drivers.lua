-- Each way to wait, as a function that runs another one to its end.

local step = require "scalekit.driver.step"

local function optional(module, driver)
  if not pcall(require, module) then return nil end
  return require(driver)
end

-- Lua 5.1 itself cannot yield across pcall.
local pcall_waits = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

-- Brings results, and errors where that can be, out of somebody's event loop.
local function guarded(fn, start)
  local results, ok, problem
  start(function()
    if pcall_waits then
      ok, problem = pcall(function() results = { fn() } end)
    else
      results, ok = { fn() }, true
    end
  end)
  if ok == nil then error("the function did not come to its end", 0) end
  if not ok then error(problem, 0) end
  return results[1], results[2]
end

local drivers = {}

function drivers.block(fn)
  return fn()
end

drivers.step = step.run

if optional("cqueues", "scalekit.driver.cqueues") then
  local cqueues = require "cqueues"
  function drivers.cqueues(fn)
    return guarded(fn, function(body)
      local controller = cqueues.new()
      controller:wrap(body)
      assert(controller:loop())
      controller:close()
    end)
  end
end

local luv = optional("luv", "scalekit.driver.luv")
if luv then
  function drivers.luv(fn)
    return guarded(fn, function(body)
      luv.spawn(body)
      require("luv").run()
    end)
  end
end

return { run = drivers, names = { "block", "step", "cqueues", "luv" } }
