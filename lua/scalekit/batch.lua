--- Does one thing for each of many items, several at a time, and hands the
-- results out one by one: an iterator, with `next()` and `close()` besides.
--
-- Items are taken when there is room for them, so neither they nor the results
-- pile up. Where coroutines can wait side by side (`scalekit.run`, cqueues, luv)
-- the work is done in such; elsewhere it gets on while the iterator is asked.
-- @module scalekit.batch

local block = require "scalekit.driver.block"
local crew = require "scalekit.driver.crew"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"

local batch = {}

local methods = {}
local batch_mt = { __index = methods, __name = "scalekit.batch" }

-- Something whose finalizer calls `fn`, on every Lua.
local function guard(fn)
  local newproxy = rawget(_G, "newproxy") -- 5.1 knows finalizers of userdata only
  if not newproxy then return setmetatable({}, { __gc = fn }) end
  local proxy = newproxy(true)
  getmetatable(proxy).__gc = fn
  return proxy
end

--- Makes one.
-- @local
-- @tparam table spec `take()` → the next item, or nil at the end; `work(item,
-- index)` → its result, which must not throw; `width`, how many at once;
-- `ordered`, results in the order of the items; `on_progress(done, total)`;
-- `total`, where it is known
-- @treturn table the iterator, for `for`: callable, and closed by a `break` on
-- Lua 5.4
-- @treturn nil
-- @treturn nil
-- @treturn table the same
function batch.new(spec)
  local people = crew.new()
  local self = setmetatable({
    -- what the work refers to; never this table itself, which must become
    -- garbage when its owner drops it in the middle
    _state = {
      take = spec.take, work = spec.work, width = spec.width, ordered = spec.ordered,
      on_progress = spec.on_progress, total = spec.total,
      results = {}, tasks = {}, hired = 0, -- those of the crew
      started = 0, finished = 0, handed = 0, told = 0, crew = people,
    },
    _guard = guard(function() people:abandon() end),
  }, batch_mt)
  return self, nil, nil, self
end

local function finish(state, index, result)
  state.finished = state.finished + 1
  if state.closed then return end
  state.results[state.ordered and index or state.finished] = result
  if state.news then state.news:set() end
end

-- The driver whose coroutines do the work, or nil for the crew's.
local function host()
  local current = driver.current()
  return current.spawn and current.signal ~= block.signal and current or nil
end

local function start(state, item)
  local index, at = state.started + 1, host()
  state.started = index
  if not at then
    state.hired = state.hired + 1
    state.crew:spawn(function()
      local result = state.work(item, index)
      state.hired = state.hired - 1
      finish(state, index, result)
    end)
    return
  end
  local task
  task = at.spawn(function()
    local result = state.work(item, index)
    if task then state.tasks[task] = nil end
    finish(state, index, result)
  end)
  if task then
    state.tasks[task] = true
    task.finish = { set = function() if state.news then state.news:set() end end }
  end
end

local function fill(state)
  while not state.exhausted and not state.closed
    and state.started - state.handed < state.width do
    local item = state.take()
    if item == nil then state.exhausted = true else start(state, item) end
  end
end

local function tell(state)
  while state.told < state.finished do
    state.told = state.told + 1
    if state.on_progress then state.on_progress(state.told, state.total) end
  end
end

-- An error in the work is a mistake of the program: it is raised at whoever
-- waits for the results.
local function raise_failure(state)
  for task in pairs(state.tasks) do
    if task.failure then
      state.tasks[task] = nil
      task:join()
    end
  end
end

local function await(state)
  local before = state.finished
  if state.hired > 0 then
    state.crew:work(function() return state.finished > before end)
    return true
  end
  state.news = driver.current().signal()
  local ok, reason = state.news:wait()
  state.news = nil
  raise_failure(state)
  return ok, reason
end

local function advance(self)
  local state = self._state
  while not state.closed do
    fill(state)
    tell(state)
    local index = state.handed + 1
    local result = state.results[index]
    if result ~= nil then
      state.results[index], state.handed = nil, index
      return result
    elseif state.exhausted and state.handed == state.started then
      self:close()
    else
      local ok, reason = await(state)
      if not ok then
        self:close()
        return nil, errors.new {
          kind = "cancelled", message = "the waiting coroutine was " .. tostring(reason),
        }
      end
    end
  end
  return nil
end

--- The next result; nil at the end, or after `close`.
-- @treturn[1] any the result
-- @treturn[2] nil
function methods:next()
  return advance(self)
end

--- Ends it: what is under way is broken off, and its results are dropped.
function methods:close()
  local state = self._state
  if state.closed then return end
  state.closed, state.results = true, {}
  state.crew:abandon()
  for task in pairs(state.tasks) do task:cancel() end
  state.tasks = {}
end

batch_mt.__close = methods.close

function batch_mt:__call()
  return driver.hold(advance, self)
end

function batch_mt:__tostring()
  local state = self._state
  return ("scalekit.batch(%d of %s done)"):format(state.finished, tostring(state.total or "?"))
end

return batch
