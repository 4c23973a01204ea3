--- The built-in scheduler: `run`, `spawn`, `all`, `race`, `sleep`. A call that
-- waits parks only its own coroutine.
--
-- On 5.1 a coroutine cannot yield through `pcall`: do not wrap a waiting call in
-- it (our calls return `nil, err`, they do not throw).
-- @module scalekit.driver.step

local core = require "scalekit.core"
local errors = require "scalekit.error"
local tasks = require "scalekit.driver.tasks"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local step = {
  name = "step",
  now = core.now,
  --- Whether the running coroutine is a task of ours.
  active = tasks.active,
  can_hold = tasks.can_hold,
  hold = tasks.hold,
}

--- Whether `run` is under way, whoever asks.
function step.running()
  return tasks.running ~= nil
end

--- Parks until the transfer has something for us, or the deadline has passed.
function step.wait(loop, transfer, deadline)
  local s = tasks.running
  local task = s.task
  if loop:await(transfer, task.waker) then return true end
  s.loops[loop] = true
  task.loop, task.transfer = loop, transfer -- for its waker, and for who drops the task
  local timer = deadline and tasks.alarm(deadline)
  local ok, reason = tasks.park()
  task.transfer = nil
  if timer then s.timers:cancel(timer) end
  if ok then return true end
  loop:forget(transfer)
  return nil, reason
end

--- Parks for a time.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string "cancelled"
function step.sleep(seconds)
  local s, wake = tasks.running, tasks.waker()
  local timer = s.timers:add(core.now() + seconds, function() wake(true) end)
  local ok, reason = tasks.park()
  s.timers:cancel(timer)
  return ok, reason
end

--- A latch: once set, everybody who waits goes on.
function step.signal()
  return tasks.signal(tasks.running)
end

local function all_done(s)
  return s.alive == 0
end

--- Runs a function as the first task and returns what it returns, once every
-- task is done. An error that no `join` has taken is raised at the end.
-- @tparam function fn
-- @param ... its arguments
function step.run(fn, ...)
  if type(fn) ~= "function" then error("scalekit.run: expected a function", 2) end
  if tasks.running then error("scalekit.run: already running; use scalekit.spawn", 2) end
  local s = tasks.scheduler()
  local main = tasks.new(s, fn, ...)
  tasks.work(s, all_done)
  for _, task in ipairs(s.failed) do
    if not task.joined then error(task.failure.value, 0) end
  end
  return unpack(main.results, 1, main.results.n)
end

--- Starts a function beside the running task.
-- @treturn table a task; `task:join()` waits for it
function step.spawn(fn, ...)
  if type(fn) ~= "function" then error("scalekit.spawn: expected a function", 2) end
  if not tasks.running then error("scalekit.spawn: call it inside scalekit.run", 2) end
  return tasks.new(tasks.running, fn, ...)
end

--- Runs functions side by side; the first to return wins and the others are
-- cancelled.
-- @tparam table functions a list
-- @treturn number the index of the winner
-- @return what it returned
function step.race(functions)
  if not step.active() then error("scalekit.race: call it inside scalekit.run", 2) end
  if #functions == 0 then error("scalekit.race: nobody runs", 2) end
  local finish, all, winner = step.signal(), {}, nil
  for i, fn in ipairs(functions) do
    all[i] = step.spawn(function()
      local results = tasks.pack(fn())
      winner = winner or i
      finish:set()
      return unpack(results, 1, results.n)
    end)
    all[i].finish = finish
  end
  local ok, reason = finish:wait()
  for i, task in ipairs(all) do
    if i ~= winner then task:cancel() end
  end
  if not ok and not winner then return nil, reason end
  if not winner then
    for _, task in ipairs(all) do task:join() end -- raises what went wrong
  end
  return winner, all[winner]:join()
end

--- Runs functions side by side and waits for all of them.
-- @tparam table functions a list
-- @treturn table what each returned first, by index
-- @treturn table what each returned second, by index (the errors)
function step.all(functions)
  if not step.active() then error("scalekit.all: call it inside scalekit.run", 2) end
  local all, values, errs = {}, {}, {}
  for i, fn in ipairs(functions) do all[i] = step.spawn(fn) end
  for i, task in ipairs(all) do
    values[i], errs[i] = task:join()
    if errors.is(errs[i]) and tasks.running.task.cancelled then task:cancel() end
  end
  return values, errs
end

return step
