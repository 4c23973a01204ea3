--- `run`, `spawn`, `all` and `race` inside nginx, where each task is a light
-- thread of the request: the same calls and results as `scalekit.driver.step`.
--
-- Two things follow from nginx. `spawn` works without `run`, because the request
-- waits for its light threads anyway. And a task that is cancelled ends where it
-- waits, without another line of it being run.
-- @module scalekit.driver.threads

local errors = require "scalekit.error"
local nginx = require "scalekit.driver.nginx"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local threads = {}

local groups = setmetatable({}, { __mode = "k" }) -- coroutine → the tasks of its run

local function pack(...)
  return { n = select("#", ...), ... }
end

local task_mt = { __name = "scalekit.task" }
task_mt.__index = task_mt

--- Waits for a task and returns what its function returned; an error raised
-- there is raised here.
function task_mt:join()
  self.done:wait()
  self.joined = true
  if self.failure then error(self.failure.value, 0) end
  return unpack(self.results, 1, self.results.n)
end

--- Cancels a task. Its `join` answers `nil, err` with the kind "cancelled".
function task_mt:cancel()
  if self.done.is_set then return end
  self.cancelled = true
  self.over:set()
end

-- Only the parent of a light thread may end it, so each task has one of its own.
local function supervise(task, fn, ...)
  local worker = nginx.thread(function(...)
    groups[coroutine.running()] = task.group
    local results = pack(pcall(fn, ...))
    if results[1] then
      task.results = { n = results.n - 1, unpack(results, 2, results.n) }
    else
      task.failure = { value = results[2] }
    end
    task.over:set()
  end, ...)
  task.over:wait()
  if task.results or task.failure then
    nginx.join(worker) -- nginx counts one that nobody has taken leave of
  else
    nginx.kill(worker)
    local err = errors.new { kind = "cancelled", message = "the task was cancelled" }
    task.results = { n = 2, nil, err }
  end
  if task.finish then task.finish:set() end
  task.done:set()
  if task.failure and not task.group and not task.joined then
    error(tostring(task.failure.value), 0) -- nginx logs what nobody hears
  end
end

-- `more`: fields of the task.
local function start(more, fn, ...)
  more.done, more.over = nginx.signal(), nginx.signal()
  local task = setmetatable(more, task_mt)
  if task.group then table.insert(task.group, task) end
  nginx.thread(supervise, task, fn, ...)
  return task
end

--- Starts a function beside the running one.
-- @treturn table a task; `task:join()` waits for it
function threads.spawn(fn, ...)
  if type(fn) ~= "function" then error("scalekit.spawn: expected a function", 2) end
  nginx.current()
  return start({ group = groups[coroutine.running()] }, fn, ...)
end

--- Calls a function and returns what it returns, once every task that it has
-- started is done. An error that no `join` has taken is raised at the end.
-- @tparam function fn
-- @param ... its arguments
function threads.run(fn, ...)
  if type(fn) ~= "function" then error("scalekit.run: expected a function", 2) end
  nginx.current()
  local thread, group = coroutine.running(), {}
  local before = groups[thread]
  groups[thread] = group
  local results = pack(pcall(fn, ...))
  groups[thread] = before
  local at = 1
  while group[at] do -- they may start others
    group[at].done:wait()
    at = at + 1
  end
  if not results[1] then error(results[2], 0) end
  for _, task in ipairs(group) do
    if task.failure and not task.joined and not task.cancelled then error(task.failure.value, 0) end
  end
  return unpack(results, 2, results.n)
end

--- Runs functions side by side; the first to return wins and the others are
-- cancelled.
-- @tparam table functions a list
-- @treturn number the index of the winner
-- @return what it returned
function threads.race(functions)
  nginx.current()
  if #functions == 0 then error("scalekit.race: nobody runs", 2) end
  local finish, tasks, winner = nginx.signal(), {}, nil
  for i, fn in ipairs(functions) do
    tasks[i] = start({ finish = finish, joined = true }, function()
      local results = pack(fn())
      winner = winner or i
      return unpack(results, 1, results.n)
    end)
  end
  finish:wait()
  for i, task in ipairs(tasks) do
    if i ~= winner then task:cancel() end
  end
  if not winner then
    for _, task in ipairs(tasks) do task:join() end -- raises what went wrong
  end
  return winner, tasks[winner]:join()
end

--- Runs functions side by side and waits for all of them.
-- @tparam table functions a list
-- @treturn table what each returned first, by index
-- @treturn table what each returned second, by index (the errors)
function threads.all(functions)
  nginx.current()
  local tasks, values, errs = {}, {}, {}
  for i, fn in ipairs(functions) do tasks[i] = start({ joined = true }, fn) end
  for i, task in ipairs(tasks) do values[i], errs[i] = task:join() end
  return values, errs
end

return threads
