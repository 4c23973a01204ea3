--- The driver for programs on libuv. luv has callbacks, not coroutines, so
-- the coroutines that may wait are made here:
--
--     local luv = require "scalekit.driver.luv"
--     luv.spawn(function() … client.mcp:create_session_token{…} … end)
--     require("luv").run()
--
-- @module scalekit.driver.luv

local core = require "scalekit.core"
local tasks = require "scalekit.driver.tasks"
local uv = require "luv"

local driver = { name = "luv", now = core.now }

local ours = setmetatable({}, { __mode = "k" }) -- threads that spawn has made

--- Whether the running coroutine is one of `spawn`.
function driver.active()
  local thread = coroutine.running()
  return thread ~= nil and ours[thread] ~= nil
end

-- Wakes a coroutine. An error in it is nothing to who wakes it, perhaps another
-- coroutine, and keeps nobody else from being woken: libuv gets it.
local function resume(thread)
  local ok, problem = coroutine.resume(thread)
  if ok then return end
  local timer = uv.new_timer()
  timer:start(0, 0, function()
    timer:close()
    error(problem, 0)
  end)
end

--- Runs a function in a coroutine that may wait. An error in it is raised here
-- before its first wait, and afterwards in a callback of libuv.
-- @tparam function fn
-- @tparam any ... its arguments
function driver.spawn(fn, ...)
  local thread = coroutine.create(fn)
  ours[thread] = true
  local ok, problem = coroutine.resume(thread, ...)
  if not ok then error(problem, 0) end
end

-- libuv counts from the time it has last looked at its clock.
local function start(timer, seconds, fn)
  uv.update_time()
  timer:start(math.max(0, math.ceil(seconds * 1000)), 0, fn)
end

local watches = {}

local rearm

local function turn(loop)
  loop:step()
  tasks.serve(loop)
  rearm(loop)
end

-- Watches a loop as long as somebody waits for it: a program whose last waiter
-- is gone can end, and nothing keeps the loop from being collected.
function rearm(loop)
  local watch, seconds = watches[loop], loop:timeout()
  if not seconds then loop:prune() end -- where nothing is under way, nobody waits for it
  if loop:waiting() == 0 then
    if watch then
      watch.poll:close()
      watch.timer:close()
      watches[loop] = nil
    end
    return
  end
  if not watch then
    watch = { poll = uv.new_poll(loop:pollfd()), timer = uv.new_timer() }
    watches[loop] = watch
    watch.poll:start("r", function() turn(loop) end)
  end
  if seconds then
    start(watch.timer, seconds, function() turn(loop) end)
  else
    watch.timer:stop()
  end
end

-- A timer that goes off at a deadline; to be closed in any case.
local function alarm(deadline, wake)
  local timer = uv.new_timer()
  start(timer, deadline - core.now(), wake)
  return timer
end

--- Parks until the transfer has something for us, or the deadline has passed.
function driver.wait(loop, transfer, deadline)
  local thread = coroutine.running()
  while true do
    local waiting, timed_out, timer = true, false, nil
    local function wake()
      if not waiting then return end
      waiting = false
      if timer then timer:close() end
      resume(thread)
    end
    if loop:await(transfer, wake) then return true end
    rearm(loop)
    if deadline then
      timer = alarm(deadline, function()
        timed_out = true
        wake()
      end)
    end
    coroutine.yield()
    loop:forget(transfer)
    if timed_out and not transfer:ready() then
      rearm(loop)
      return nil, "timeout"
    end
  end
end

function driver.sleep(seconds)
  local thread, timer = coroutine.running(), uv.new_timer()
  start(timer, seconds, function()
    timer:close()
    resume(thread)
  end)
  coroutine.yield()
  return true
end

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  local threads = self.threads
  self.threads = {}
  for _, wake in ipairs(threads) do wake() end
end

function signal:wait(deadline)
  if self.is_set then return true end
  if not driver.active() then return nil, "busy" end
  local thread, timer, timed_out = coroutine.running(), nil, false
  local waiting = true
  local function wake()
    if not waiting then return end
    waiting = false
    if timer then timer:close() end
    resume(thread)
  end
  if deadline then
    timer = alarm(deadline, function()
      timed_out = true
      wake()
    end)
  end
  table.insert(self.threads, wake)
  coroutine.yield()
  if timed_out then return nil, "timeout" end
  return true
end

function driver.signal()
  return setmetatable({ threads = {} }, signal)
end

require("scalekit.driver").use(driver)

return driver
