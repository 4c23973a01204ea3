--- Tasks beside whoever works them off: for iterators that do many things at
-- once in a program that runs no scheduler.
-- @module scalekit.driver.crew

require "scalekit.driver.step" -- by which calls know that a task makes them

local tasks = require "scalekit.driver.tasks"

local crew = {}
crew.__index = crew

--- Makes one. Its tasks get on while `work` is called, and only then.
function crew.new()
  local s = tasks.scheduler()
  s.tasks = {}
  return setmetatable({ scheduler = s }, crew)
end

--- Starts a task.
function crew:spawn(fn, ...)
  self.scheduler.tasks[tasks.new(self.scheduler, fn, ...)] = true
end

--- Gets on until `done()`. An error in a task is raised here.
function crew:work(done)
  tasks.work(self.scheduler, function(s) return #s.failed > 0 or done() end)
  local failed = table.remove(self.scheduler.failed, 1)
  if failed then error(failed.failure.value, 0) end
end

--- Drops all tasks and breaks their requests off. Fit for a finalizer: runs no
-- code of theirs, and does not mind what the collector has closed before.
function crew:abandon()
  for task in pairs(self.scheduler.tasks) do
    if task.transfer then
      task.loop:forget(task.transfer)
      task.transfer:close()
    end
  end
  self.scheduler.tasks = {}
end

return crew
