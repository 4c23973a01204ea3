--- The built-in scheduler: `run`, `spawn`, `all`, `sleep`. One thread, any
-- number of coroutines; a call that waits parks only its own.
--
-- Yields happen in `park` alone, in plain Lua, so this runs unchanged on 5.1.
-- There a coroutine cannot yield through `pcall` or an iterator: do not wrap
-- a waiting call in either (our calls return `nil, err`, they do not throw).
-- @module scalekit.driver.step

local core = require "scalekit.core"
local errors = require "scalekit.error"
local timers = require "scalekit.driver.timers"
local waiters = require "scalekit.driver.waiters"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local step = { name = "step", now = core.now }

local scheduler -- the one that runs, if any

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Whether the running coroutine is a task of ours.
function step.active()
  return scheduler ~= nil and scheduler.task ~= nil
    and coroutine.running() == scheduler.task.thread
end

--- Whether `run` is under way, whoever asks.
function step.running()
  return scheduler ~= nil
end

-- Each wait has its own ticket: who wakes late wakes nobody.
local function take_ticket()
  local task = scheduler.task
  task.ticket = task.ticket + 1
  return task, task.ticket
end

local function wake(task, ticket, ok, reason)
  if not task.parked or task.ticket ~= ticket then return end
  task.parked, task.ok, task.reason = false, ok, reason
  local ready = task.scheduler.ready
  ready[#ready + 1] = task
end

-- Waits to be woken; answers what the waker says, or `nil, "cancelled"` from
-- the cancellation of the task on.
local function park()
  if scheduler.task.cancelled then return nil, "cancelled" end
  scheduler.task.parked = true
  return coroutine.yield()
end

--- Parks until the transfer has something for us, or the deadline has passed.
function step.wait(loop, transfer, deadline)
  scheduler.loops[loop] = true
  while not transfer:ready() do
    local task, ticket = take_ticket()
    local id = waiters.add(loop, transfer, function() wake(task, ticket, true) end)
    local timer = deadline and scheduler.timers:add(deadline, function()
      wake(task, ticket, nil, "timeout")
    end)
    local ok, reason = park()
    if timer then timer.cancelled = true end
    if not ok then
      waiters.remove(loop, id)
      return nil, reason
    end
  end
  return true
end

--- Parks for a time.
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string "cancelled"
function step.sleep(seconds)
  local task, ticket = take_ticket()
  local timer = scheduler.timers:add(core.now() + seconds, function() wake(task, ticket, true) end)
  local ok, reason = park()
  timer.cancelled = true
  return ok, reason
end

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  local waiting = self.waiting
  self.waiting = {}
  for _, one in ipairs(waiting) do wake(one.task, one.ticket, true) end
end

function signal:wait(deadline)
  if self.is_set then return true end
  -- what a run that has failed was to set, nobody sets any more
  if not step.active() or self.scheduler ~= scheduler then return nil, "busy" end
  local task, ticket = take_ticket()
  local timer
  table.insert(self.waiting, { task = task, ticket = ticket })
  if deadline then
    timer = scheduler.timers:add(deadline, function() wake(task, ticket, nil, "timeout") end)
  end
  local ok, reason = park()
  if timer then timer.cancelled = true end
  return ok, reason
end

local function new_signal(s)
  return setmetatable({ waiting = {}, scheduler = s }, signal)
end

--- A latch: once set, everybody who waits goes on.
function step.signal()
  return new_signal(scheduler)
end

local task_mt = {}
task_mt.__index = task_mt

--- Waits for a task and returns what its function returned; an error raised
-- there is raised here.
function task_mt:join()
  local ok, reason = self.done:wait()
  if not ok and reason == "busy" then
    error("scalekit: join can only be called inside scalekit.run", 2)
  elseif not ok then
    return nil, errors.new { kind = "cancelled", message = "the waiting task was cancelled" }
  end
  self.joined = true
  if self.failure then error(self.failure.value, 0) end
  return unpack(self.results, 1, self.results.n)
end

--- Cancels a task: what it waits for answers `nil, "cancelled"`, a request in
-- flight is broken off, and every later wait of it answers the same at once.
function task_mt:cancel()
  if self.done.is_set then return end
  self.cancelled = true
  wake(self, self.ticket, nil, "cancelled")
end

local function new_task(s, fn, ...)
  local task = setmetatable({
    scheduler = s,
    thread = coroutine.create(function(...) return fn(...) end), -- 5.1 takes no C function
    arguments = pack(...),
    ticket = 0,
    done = new_signal(s),
  }, task_mt)
  s.alive = s.alive + 1
  s.ready[#s.ready + 1] = task
  return task
end

local settle
function settle(s, task, ok, ...)
  if task.parked then return end
  if ok and coroutine.status(task.thread) == "suspended" then
    return settle(s, task, false, "scalekit.run: a task has yielded to somebody else's scheduler")
  end
  s.alive = s.alive - 1
  if ok then
    task.results = pack(...)
  else
    task.failure = { value = (...) }
    if not task.cancelled then s.failed[#s.failed + 1] = task end
    if task.finish then task.finish:set() end
  end
  task.done:set()
end

local function run_ready(s)
  while #s.ready > 0 do
    local batch = s.ready
    s.ready = {}
    for _, task in ipairs(batch) do
      s.task = task
      local arguments = task.arguments
      if arguments then
        task.arguments = nil
        settle(s, task, coroutine.resume(task.thread, unpack(arguments, 1, arguments.n)))
      else
        settle(s, task, coroutine.resume(task.thread, task.ok, task.reason))
      end
      s.task = nil
    end
  end
end

local function wait_for_work(s)
  local loops = {}
  for loop in pairs(s.loops) do
    if waiters.of(loop).count > 0 then loops[#loops + 1] = loop end
  end
  -- somebody may have driven a loop meanwhile: a call that had to block
  for _, loop in ipairs(loops) do waiters.serve(loop) end
  if #s.ready > 0 then return end
  local till = s.timers:next()
  if #loops == 0 and not till then
    error("scalekit.run: every task waits for another one", 0)
  end
  local seconds = till and math.max(0, till - core.now())
  if #loops == 1 then
    loops[1]:wait(seconds)
  else
    core.poll(loops, seconds)
  end
  for _, loop in ipairs(loops) do waiters.serve(loop) end
  s.timers:fire(core.now())
end

--- Runs a function as the first task and returns what it returns, once every
-- task is done. An error that no `join` has taken is raised at the end.
-- @tparam function fn
-- @param ... its arguments
function step.run(fn, ...)
  if type(fn) ~= "function" then error("scalekit.run: expected a function", 2) end
  if scheduler then error("scalekit.run: already running; use scalekit.spawn", 2) end
  local s = { ready = {}, loops = {}, failed = {}, timers = timers.new(), alive = 0 }
  local main = new_task(s, fn, ...)
  local ok, problem = pcall(function()
    scheduler = s -- here: with no memory for it, nobody runs
    run_ready(s)
    while s.alive > 0 do
      wait_for_work(s)
      run_ready(s)
    end
  end)
  scheduler = nil
  if not ok then error(problem, 0) end
  for _, task in ipairs(s.failed) do
    if not task.joined then error(task.failure.value, 0) end
  end
  return unpack(main.results, 1, main.results.n)
end

--- Starts a function beside the running task.
-- @treturn table a task; `task:join()` waits for it
function step.spawn(fn, ...)
  if type(fn) ~= "function" then error("scalekit.spawn: expected a function", 2) end
  if not scheduler then error("scalekit.spawn: call it inside scalekit.run", 2) end
  return new_task(scheduler, fn, ...)
end

--- Runs functions side by side; the first to return wins and the others are
-- cancelled.
-- @tparam table functions a list
-- @treturn number the index of the winner
-- @return what it returned
function step.race(functions)
  if not step.active() then error("scalekit.race: call it inside scalekit.run", 2) end
  if #functions == 0 then error("scalekit.race: nobody runs", 2) end
  local finish, tasks, winner = step.signal(), {}, nil
  for i, fn in ipairs(functions) do
    tasks[i] = step.spawn(function()
      local results = pack(fn())
      winner = winner or i
      finish:set()
      return unpack(results, 1, results.n)
    end)
    tasks[i].finish = finish
  end
  local ok, reason = finish:wait()
  for i, task in ipairs(tasks) do
    if i ~= winner then task:cancel() end
  end
  if not ok and not winner then return nil, reason end
  if not winner then
    for _, task in ipairs(tasks) do task:join() end -- raises what went wrong
  end
  return winner, tasks[winner]:join()
end

--- Runs functions side by side and waits for all of them.
-- @tparam table functions a list
-- @treturn table what each returned first, by index
-- @treturn table what each returned second, by index (the errors)
function step.all(functions)
  if not step.active() then error("scalekit.all: call it inside scalekit.run", 2) end
  local tasks, values, errs = {}, {}, {}
  for i, fn in ipairs(functions) do tasks[i] = step.spawn(fn) end
  for i, task in ipairs(tasks) do
    values[i], errs[i] = task:join()
    if errors.is(errs[i]) and scheduler.task.cancelled then task:cancel() end
  end
  return values, errs
end

return step
