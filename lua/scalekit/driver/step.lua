--- The built-in scheduler: `run`, `spawn`, `all`, `sleep`. One thread, any
-- number of coroutines; a call that waits parks only its own.
--
-- Yields happen in `park` alone, in plain Lua, so this runs unchanged on 5.1.
-- There a coroutine cannot yield through `pcall` or an iterator: do not wrap
-- a waiting call in either (our calls return `nil, err`, they do not throw).
-- @module scalekit.driver.step

local core = require "scalekit.core"
local timers = require "scalekit.driver.timers"

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

local function wake(task, ...)
  if task.parked then
    task.parked = false
    task.resume = pack(...)
    table.insert(task.scheduler.ready, task)
  end
end

local function park()
  scheduler.task.parked = true
  return coroutine.yield()
end

--- Parks until the transfer has something for us.
function step.wait(loop, transfer)
  local s = scheduler
  local waiting = s.waiting[loop]
  if not waiting then
    waiting = { count = 0 }
    s.waiting[loop] = waiting
  end
  while not transfer:ready() do
    local id = transfer:id()
    waiting[id], waiting.count = s.task, waiting.count + 1
    park()
    waiting[id], waiting.count = nil, waiting.count - 1
  end
end

--- Parks for a time.
function step.sleep(seconds)
  local task = scheduler.task
  scheduler.timers:add(core.now() + seconds, function() wake(task) end)
  park()
end

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  local waiters = self.waiters
  self.waiters = {}
  for _, task in ipairs(waiters) do wake(task, true) end
end

function signal:wait(deadline)
  if self.is_set then return true end
  if not step.active() then return nil, "busy" end
  local task, timer = scheduler.task, nil
  table.insert(self.waiters, task)
  if deadline then
    timer = scheduler.timers:add(deadline, function() wake(task, nil, "timeout") end)
  end
  local ok, reason = park()
  if timer then timer.cancelled = true end
  return ok, reason
end

--- A latch: once set, everybody who waits goes on.
function step.signal()
  return setmetatable({ waiters = {} }, signal)
end

local task_mt = {}
task_mt.__index = task_mt

--- Waits for a task and returns what its function returned; an error raised
-- there is raised here.
function task_mt:join()
  if not self.done:wait() then
    error("scalekit: join can only be called inside scalekit.run", 2)
  end
  self.joined = true
  if self.failure then error(self.failure.value, 0) end
  return unpack(self.results, 1, self.results.n)
end

local function new_task(s, fn, ...)
  local task = setmetatable({
    scheduler = s,
    thread = coroutine.create(function(...) return fn(...) end), -- 5.1 takes no C function
    resume = pack(...),
    done = step.signal(),
  }, task_mt)
  s.alive = s.alive + 1
  s.ready[#s.ready + 1] = task
  return task
end

local function settle(s, task, ok, ...)
  if ok and coroutine.status(task.thread) ~= "dead" then return end
  s.alive = s.alive - 1
  if ok then
    task.results = pack(...)
  else
    task.failure = { value = (...) }
    s.failed[#s.failed + 1] = task
  end
  task.done:set()
end

local function run_ready(s)
  while #s.ready > 0 do
    local batch = s.ready
    s.ready = {}
    for _, task in ipairs(batch) do
      s.task = task
      local arguments = task.resume
      task.resume = nil
      settle(s, task, coroutine.resume(task.thread, unpack(arguments, 1, arguments.n)))
      s.task = nil
    end
  end
end

local function drain(loop, waiting)
  local id = loop:news()
  while id do
    if waiting[id] then wake(waiting[id]) end
    id = loop:news()
  end
end

local function wait_for_work(s)
  local loops = {}
  for loop, waiting in pairs(s.waiting) do
    if waiting.count > 0 then loops[#loops + 1] = loop end
  end
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
  for _, loop in ipairs(loops) do drain(loop, s.waiting[loop]) end
  s.timers:fire(core.now())
end

--- Runs a function as the first task and returns what it returns, once every
-- task is done. An error that no `join` has taken is raised at the end.
-- @tparam function fn
-- @param ... its arguments
function step.run(fn, ...)
  if scheduler then error("scalekit.run: already running; use scalekit.spawn", 2) end
  local s = { ready = {}, waiting = {}, failed = {}, timers = timers.new(), alive = 0 }
  scheduler = s
  local main = new_task(s, fn, ...)
  local ok, problem = pcall(function()
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
  if not scheduler then error("scalekit.spawn: call it inside scalekit.run", 2) end
  return new_task(scheduler, fn, ...)
end

--- Runs functions side by side and waits for all of them.
-- @tparam table functions a list
-- @treturn table what each returned first, by index
-- @treturn table what each returned second, by index (the errors)
function step.all(functions)
  if not step.active() then error("scalekit.all: call it inside scalekit.run", 2) end
  local tasks, values, errs = {}, {}, {}
  for i, fn in ipairs(functions) do tasks[i] = step.spawn(fn) end
  for i, task in ipairs(tasks) do values[i], errs[i] = task:join() end
  return values, errs
end

return step
