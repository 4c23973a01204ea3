--- Tasks and the scheduler that runs them: one thread, any number of
-- coroutines. The built-in driver, `scalekit.driver.step`, is its face.
--
-- Yields happen in `park` alone, in plain Lua, so this runs unchanged on 5.1.
-- There a coroutine cannot yield through `pcall` or an iterator: a task that is
-- held (`hold`) runs the others instead of yielding to them.
-- @module scalekit.driver.tasks

local core = require "scalekit.core"
local errors = require "scalekit.error"
local timers = require "scalekit.driver.timers"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local tasks = {
  running = nil, -- the scheduler that runs, if any; its `task` is the one that does
}

local resume, yield = coroutine.resume, coroutine.yield

local PARKED = {} -- what a task yields that parks; nobody else has it

local MOST_DEEP = 16 -- tasks that run others, one in the other: 5.1 nests 200 C calls in all

--- A table of values that knows how many they are.
function tasks.pack(...)
  return { n = select("#", ...), ... }
end

local function is_ready(s)
  return s.first <= s.last
end

local function enqueue(task)
  local s = task.scheduler
  local last = s.last + 1
  s.last, s.ready[last] = last, task
end

-- Ends a wait: `park` answers `ok, reason`.
local function wake(task, ok, reason)
  if not task.parked then return end
  task.parked, task.ok, task.reason = false, ok, reason
  if not task.drives then enqueue(task) end
end

--- Wakes the task that the running one is when it next parks, and only then: who
-- wakes late wakes nobody.
-- @treturn function `wake(ok, reason)`
function tasks.waker()
  local task = tasks.running.task
  local ticket = task.ticket + 1
  return function(ok, reason)
    if task.ticket == ticket then wake(task, ok, reason) end
  end
end

--- Lets the next wait of the running task end at a deadline, as `nil, "timeout"`.
-- @treturn table a timer of the scheduler, to be called off
function tasks.alarm(deadline)
  local wake_me = tasks.waker()
  return tasks.running.timers:add(deadline, function() wake_me(nil, "timeout") end)
end

-- A latch that belongs to a scheduler: once set, everybody who waits goes on.
local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  local waiting = self.waiting
  self.waiting = {}
  for _, wake_one in ipairs(waiting) do wake_one(true) end
end

function signal:wait(deadline)
  if self.is_set then return true end
  -- what a run that has failed was to set, nobody sets any more
  if not tasks.active() or self.scheduler ~= tasks.running then return nil, "busy" end
  table.insert(self.waiting, tasks.waker())
  local timer = deadline and tasks.alarm(deadline)
  local ok, reason = tasks.park()
  if timer then self.scheduler.timers:cancel(timer) end
  return ok, reason
end

function tasks.signal(s)
  return setmetatable({ waiting = {}, scheduler = s }, signal)
end

--- Whether the running coroutine is a task.
function tasks.active()
  local s = tasks.running
  return s ~= nil and s.task ~= nil and coroutine.running() == s.task.thread
end

local task_mt = { __name = "scalekit.task" }
task_mt.__index = task_mt

--- Waits for a task and returns what its function returned; an error raised
-- there is raised here.
-- @treturn[1] any what it returned
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "cancelled": the task that waits was
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
  wake(self, nil, "cancelled")
end

--- Starts a task. It runs when the scheduler comes to it.
function tasks.new(s, fn, ...)
  local task = setmetatable({
    scheduler = s,
    thread = coroutine.create(function(...) return fn(...) end), -- 5.1 takes no C function
    arguments = tasks.pack(...),
    ticket = 0, -- counts its waits
    done = tasks.signal(s),
  }, task_mt)
  -- Serves all its waits for transfers: the loop forgets it before the next one. It is
  -- `wake`, written out: every answer to a request goes through here.
  task.waker = function()
    if not (task.parked and task.transfer) then return end
    task.parked, task.ok = false, true
    if task.drives then return end
    local last = s.last + 1
    s.last, s.ready[last] = last, task
  end
  s.alive = s.alive + 1
  enqueue(task)
  return task
end

local settle
function settle(s, task, ok, ...)
  if (...) == PARKED then return end
  task.parked = false -- 5.1 may have refused the yield, and the task gone on
  if ok and coroutine.status(task.thread) ~= "dead" then
    return settle(s, task, false, "scalekit.run: a task has yielded to somebody else's scheduler")
  end
  s.alive = s.alive - 1
  if s.tasks then s.tasks[task] = nil end
  if ok then
    task.results = tasks.pack(...)
  else
    task.failure = { value = (...) }
    if not task.cancelled then s.failed[#s.failed + 1] = task end
    if task.finish then task.finish:set() end
  end
  task.done:set()
end

local function run_ready(s, driver)
  local ready = s.ready
  while s.first <= s.last and (not driver or driver.parked) do
    local first = s.first
    local task = ready[first]
    ready[first] = nil
    s.first = first + 1
    s.task = task
    local arguments = task.arguments
    if arguments then
      task.arguments = nil
      settle(s, task, resume(task.thread, unpack(arguments, 1, arguments.n)))
    else
      settle(s, task, resume(task.thread, task.ok, task.reason))
    end
    s.task = nil
  end
  if s.first > s.last then s.first, s.last = 1, 0 end -- the queue stays short
end

--- Wakes everybody who waits for a transfer of a loop that has news, whichever
-- driver has noted him there.
function tasks.serve(loop)
  local news = loop:news()
  while news do
    news()
    news = loop:news()
  end
end

local function wait_for_work(s)
  local loops = {}
  for loop in pairs(s.loops) do
    if loop:waiting() > 0 then loops[#loops + 1] = loop end
  end
  -- somebody may have driven a loop meanwhile: a call that had to block
  for _, loop in ipairs(loops) do tasks.serve(loop) end
  if is_ready(s) then return end
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
  for _, loop in ipairs(loops) do tasks.serve(loop) end
  s.timers:fire(core.now())
end

local function drive_until_woken(task)
  local s = task.scheduler
  while task.parked do
    run_ready(s, task)
    if task.parked then wait_for_work(s) end
  end
end

-- A task that may not yield runs the others until it is woken itself.
local function drive(task)
  local s = task.scheduler
  task.drives, s.depth = true, s.depth + 1
  local ok, problem = pcall(drive_until_woken, task)
  task.drives, s.depth, s.task = false, s.depth - 1, task
  if not ok then error(problem, 0) end
end

--- Waits to be woken; answers what the waker says, or `nil, "cancelled"` from
-- the cancellation of the task on.
function tasks.park()
  local task = tasks.running.task
  task.ticket = task.ticket + 1
  if task.cancelled then return nil, "cancelled" end
  task.parked = true
  if not task.held then return yield(PARKED) end
  drive(task)
  return task.ok, task.reason
end

--- Whether the running task can be held: not where too many are already that
-- run one another.
function tasks.can_hold()
  return tasks.running.depth < MOST_DEEP
end

local function release(task, before, ok, ...)
  task.held = before
  if not ok then error((...), 0) end
  return ...
end

--- Calls a function within which the running task does not yield: what waits
-- there runs the other tasks meanwhile.
function tasks.hold(fn, ...)
  local task = tasks.running.task
  local before = task.held
  task.held = true
  return release(task, before, pcall(fn, ...))
end

--- A scheduler with nothing to do.
function tasks.scheduler()
  return {
    ready = {}, first = 1, last = 0, -- a queue of tasks
    loops = {}, failed = {}, timers = timers.new(), alive = 0, depth = 0,
  }
end

--- Makes a scheduler the running one until `done(scheduler)`, and the one before
-- it again afterwards.
function tasks.work(s, done)
  local before = tasks.running
  local ok, problem = pcall(function()
    tasks.running = s -- here: with no memory for it, nobody runs
    run_ready(s)
    while not done(s) do
      wait_for_work(s)
      run_ready(s)
    end
  end)
  tasks.running = before
  if not ok then error(problem, 0) end
end

return tasks
