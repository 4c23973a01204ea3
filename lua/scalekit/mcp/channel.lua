--- The one stream of a session of the older era on which the server speaks
-- unasked: requests while calls are under way, and notifications for those who
-- listen. It is open only as long as somebody needs it.
--
-- Whoever wants something from it reads it; one coroutine at a time does, and
-- hands on what is for others.
-- @module scalekit.mcp.channel

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local block = require "scalekit.driver.block"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local failure = require "scalekit.mcp.failure"
local resume = require "scalekit.mcp.resume"
local step = require "scalekit.driver.step"
local subscriber = require "scalekit.mcp.subscriber"
local wire = require "scalekit.mcp.wire"

local channel = {}

local HEAD_MOST = 30     -- seconds for the stream to begin
local GRACE = 1          -- seconds that a call waits for it
local SLICE = 1          -- seconds after which a reader looks whether it is still wanted
local ANSWER_MOST = 30   -- seconds for an answer that belongs to no call
local TRIES = 5          -- openings that fail one after the other
local LONGEST_PAUSE = 30 -- seconds between two of them
local CONFLICT_PAUSE = 0.02 -- seconds, at first, for a server to see that a stream is closed

-- Statuses after which it may be tried again.
local PASSING = { [408] = true, [425] = true, [429] = true }
local CONFLICT = 409

local channel_methods = {}
local channel_mt = { __index = channel_methods, __name = "scalekit.mcp.channel" }

--- Makes one; opens nothing.
-- @tparam table peer of the older era
function channel.new(peer)
  return setmetatable({
    peer = peer, calls = {}, subscribers = {}, place = {}, generation = 0,
    failures = 0, conflicts = 0,
  }, channel_mt)
end

local function is_dead(thread)
  return thread ~= nil and coroutine.status(thread) == "dead"
end

local function cancelled()
  return errors.new { kind = "cancelled", message = "the waiting coroutine was cancelled" }
end

-- Breaks off what is under way on the stream.
local function hang_up(self)
  local events, handle = self.events, self.handle
  self.events, self.handle = nil, nil
  if events then events:close() end
  if handle and handle.abort then handle.abort() end
  if self.bell then self.bell:set() end
end

--- Forgets the stream of a session that is gone.
function channel_methods:reset()
  self.dead, self.place, self.retry_at, self.mute = nil, {}, nil, nil
  self.failures, self.conflicts = 0, 0
  self.generation = self.generation + 1
  hang_up(self)
end

--- Ends it for good.
function channel_methods:close()
  self.dead = errors.new { kind = "cancelled", message = "the connection is closed" }
  hang_up(self)
end

-- Whether anybody needs the stream. A call whose coroutine has died with an
-- error of its own does not.
local function is_wanted(self)
  for i = #self.calls, 1, -1 do
    if is_dead(self.calls[i].thread) then table.remove(self.calls, i) end
  end
  return not self.dead and (#self.calls > 0 or #self.subscribers > 0)
end

-- The stream broke. Without a place to take it up at, something may be missed.
local function lose(self)
  self.events = nil
  if not resume.is_place(self.place.id) then self.generation = self.generation + 1 end
  self.retry_at = core.now() + resume.pause(self.place.retry)
end

-- A server that allows one stream has not noticed yet that the last one is closed.
local function conflict(self, response)
  self.conflicts = self.conflicts + 1
  self.retry_at = core.now() + math.min(CONFLICT_PAUSE * 2 ^ (self.conflicts - 1), LONGEST_PAUSE)
  return nil, failure.http(self.peer.wire, response)
end

local function refused(self, response, err)
  local status = response and response.status
  if status == CONFLICT then return conflict(self, response) end
  self.failures = self.failures + 1
  if status == 405 or (status and status < 300) then
    self.dead = errors.new {
      kind = "unimplemented", status = status, message = "the server has no stream of its own",
    }
  elseif response then
    err = failure.http(self.peer.wire, response)
    if status < 500 and not PASSING[status] then self.dead = err end
  end
  if not self.dead and self.failures >= TRIES then self.dead = err end
  self.retry_at = core.now()
    + math.min(resume.pause(self.place.retry) * 2 ^ (self.failures - 1), LONGEST_PAUSE)
  return nil, self.dead or err
end

local function open(self, deadline)
  local headers, handle = self.peer:to_listen(), {}
  local by = math.min(deadline or math.huge, core.now() + HEAD_MOST)
  headers["last-event-id"] = resume.is_place(self.place.id) and self.place.id or nil
  self.handle = handle
  local response, err = self.peer.wire:request("GET", headers, nil, {
    head_deadline = by, handle = handle, idle_timeout = self.idle_timeout,
  })
  if self.handle ~= handle or handle.aborted then -- nobody wants it any more
    if response and response.events then response.events:close() end
    return true
  end
  self.handle = nil
  if response and response.events and response.status < 300 then
    self.events, self.retry_at, self.mute = response.events, nil, nil
    self.failures, self.conflicts = 0, 0
    return true
  end
  if response and response.events then response.events:close() end
  -- a server that begins with its first event has not failed where that is late
  if err and (err.kind == "cancelled" or core.now() >= by) then return nil, err end
  return refused(self, response, err)
end

-- The call whose callbacks answer what the server asks here.
local function call_for(self)
  local first = self.calls[1]
  if first then return first.call end
  local call = { deadline = core.now() + ANSWER_MOST }
  for name, callback in pairs(self.peer.callbacks) do call[name] = callback end
  return call
end

-- Gives a message to those whom it concerns.
local function hand_on(self, message)
  if message.kind == "request" then
    self.peer:respond(message, call_for(self))
  elseif message.kind == "notification" then
    answer.notices(self.peer, call_for(self))(message)
    for _, one in ipairs(self.subscribers) do one:hear(message) end
  end
end

local function dispatch(self, data)
  local messages, err = answer.messages(self.peer.wire, data, self.peer:batches())
  if not messages then
    self.dead = err
    hang_up(self)
    return nil, err
  end
  for _, message in ipairs(messages) do
    local holder = self.calls[1]
    local ok, problem = driver.pcall(hand_on, self, message)
    if not ok and not holder then error(problem, 0) end
    if not ok then -- the callback was that of a call: it ends with the error
      holder.problem = { value = problem }
      wire.break_off(holder.call.breaker)
    end
  end
  return true
end

local function read(self, deadline)
  local events = self.events
  local event, err = events:read(deadline)
  if event then
    self.place.id, self.place.retry = event.id or self.place.id, event.retry or self.place.retry
    local data = answer.data(event)
    if data then return dispatch(self, data) end
    return true
  end
  if self.events ~= events then return true end -- somebody has closed it
  if err and err.kind == "timeout" and deadline and core.now() >= deadline then return nil, err end
  events:close()
  lose(self)
  if err and err.kind == "cancelled" then return nil, err end
  return true
end

-- Waits until a time, or until the bell rings.
local function nap(self, till)
  self.bell = driver.current().signal()
  local ok, reason = self.bell:wait(till)
  if reason == "busy" then ok, reason = driver.current().sleep(math.max(0, till - core.now())) end
  if not ok and reason ~= "timeout" then return nil, cancelled() end
  return true
end

-- One thing that has to be done with the stream; opening it may take until `head_by`.
local function work(self, deadline, head_by)
  if self.events then return read(self, deadline) end
  local till = self.retry_at
  if till and core.now() < till then
    local ok, err = nap(self, deadline and math.min(till, deadline) or till)
    if not ok then return nil, err end
    if deadline and core.now() >= deadline then return nil, failure.timeout() end
    if core.now() < till then return true end
  end
  return open(self, head_by or deadline)
end

-- Waits for the coroutine that reads; it may have died meanwhile.
local function attend(reader, deadline)
  local slice = core.now() + SLICE
  local ok, reason = reader.signal:wait(math.min(deadline or slice, slice))
  if ok then return true end
  if reason == "timeout" then
    if deadline and core.now() >= deadline then return nil, failure.timeout() end
    return true
  elseif reason == "busy" then
    return nil, errors.new {
      kind = "unavailable", message = "a coroutine that cannot be waited for reads the stream",
    }
  end
  return nil, cancelled()
end

--- Does one thing with the stream, or waits for the coroutine that does.
-- @tparam ?number deadline
-- @tparam[opt=deadline] number head_by until when the stream may take to begin
-- @treturn[1] boolean true: look what has come of it
-- @treturn[2] nil
-- @treturn[2] table error; of kind "timeout" when the deadline has passed
function channel_methods:turn(deadline, head_by)
  if self.dead then return nil, self.dead end
  local reader = self.reader
  if reader and not is_dead(reader.thread) then return attend(reader, deadline) end
  reader = { signal = driver.current().signal(), thread = coroutine.running() }
  self.reader = reader
  local ok, err = work(self, deadline, head_by)
  if self.reader == reader then self.reader = nil end
  reader.signal:set()
  return ok, err
end

-- Lets go of the stream if nobody needs it.
local function rest(self)
  if not is_wanted(self) then hang_up(self) end
end

-- Reads beside the calls that are under way. They wait for the stream to begin,
-- unless it has failed to.
local function listen(self)
  local err
  self.listener = coroutine.running()
  while is_wanted(self) and #self.calls > 0 and not (err and err.kind == "cancelled") do
    if self.events or self.failures > 0 then self.begun:set() end
    err = select(2, self:turn(core.now() + SLICE, core.now() + HEAD_MOST))
    if err and err.kind == "unavailable" then driver.current().sleep(SLICE) end
  end
  self.listening, self.listener = false, nil
  self.begun:set()
  rest(self)
end

local function begin(self, current, deadline)
  if not self.listening or is_dead(self.listener) then
    self.listening, self.listener = true, nil
    self.begun = current.signal()
    current.spawn(function() listen(self) end)
  end
  if self.events or self.mute then return end
  -- some servers send no head before their first event
  if not self.begun:wait(math.min(deadline, core.now() + GRACE)) then self.mute = true end
end

--- Does something while the stream is open, so that the server can ask. Where
-- nothing runs beside the running coroutine, it becomes a task of `scalekit.run`.
-- @tparam table call whose callbacks answer, `deadline`
-- @tparam function fn
-- @return what `fn` returns
function channel_methods:during(call, fn)
  local current = driver.current()
  if current == block and not step.running() then
    return step.run(function() return self:during(call, fn) end)
  elseif not current.spawn or self.dead then
    return fn()
  end
  local holder = { call = call, thread = coroutine.running() }
  call.breaker = {}
  table.insert(self.calls, holder)
  begin(self, current, call.deadline)
  local result, detail = fn()
  for i, one in ipairs(self.calls) do
    if one == holder then table.remove(self.calls, i) break end
  end
  rest(self)
  if holder.problem then error(holder.problem.value, 0) end
  return result, detail
end

--- Adds somebody who listens to notifications.
-- @tparam table wants `toolsListChanged`, `resourceSubscriptions` …
-- @tparam table call `deadline` for the stream to begin, `idle_timeout`
-- @treturn[1] table see `scalekit.mcp.subscriber`
-- @treturn[2] nil
-- @treturn[2] table error
function channel_methods:subscribe(wants, call)
  self.idle_timeout = call.idle_timeout or self.idle_timeout
  local one = subscriber.new(self, wants)
  table.insert(self.subscribers, one)
  local ok, err = true, nil
  while ok and not self.events do ok, err = self:turn(call.deadline) end
  if ok then ok, err = one:begin(call) end
  if ok then return one end
  self:leave(one)
  return nil, err
end

--- Takes somebody off again.
function channel_methods:leave(one)
  for i, other in ipairs(self.subscribers) do
    if other == one then table.remove(self.subscribers, i) break end
  end
  rest(self)
end

return channel
