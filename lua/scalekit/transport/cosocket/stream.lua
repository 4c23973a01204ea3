--- An answer that is handed on as it comes: chunks, or the events of an event
-- stream.
-- @module scalekit.transport.cosocket.stream

local body = require "scalekit.http1.body"
local core = require "scalekit.core"
local errors = require "scalekit.error"

local stream = {}
stream.__index = stream
stream.__name = "scalekit.stream"

--- @tparam table link
-- @tparam table frame
-- @tparam string rest as `scalekit.http1.answer` gave them
-- @tparam boolean is_events whether it is an event stream
-- @tparam number most bytes of one event, or of all chunks
-- @tparam boolean is_out whether all of the request has been sent
function stream.new(link, frame, rest, is_events, most, is_out)
  return setmetatable({
    link = link,
    body = body.new(link, frame, rest),
    keep = frame.keep and is_out,
    events = is_events and core.sse(math.min(most, 2 ^ 31 - 1)) or nil,
    room = most,
  }, stream)
end

local function fail(self, kind, message)
  self.keep = false
  self:close()
  return nil, errors.new { kind = kind, message = message, outcome = "unknown" }
end

-- The reader's time is over, that of the stream is not.
local function later()
  return nil, errors.new {
    kind = "timeout", message = "nothing came by the reader's deadline", outcome = "unknown",
  }
end

-- The next bytes of the body; nil at the end; `nil, err`.
local function receive(self, by)
  if self.reading then error("another coroutine is reading this stream", 3) end
  self.reading = true
  local bytes, kind, message = self.body:next(by)
  self.reading = false
  if not self.link then -- closed meanwhile
    self.closing:close()
    return nil, errors.new {
      kind = "cancelled", message = "the stream was closed", outcome = "unknown",
    }
  elseif bytes then
    return bytes
  elseif kind == "later" then
    return later()
  elseif kind then
    return fail(self, kind, message)
  end
  self:close()
  return nil
end

local function next_chunk(self, by)
  local bytes, err = receive(self, by)
  if not bytes then return nil, err end
  self.room = self.room - #bytes
  if self.room < 0 then return fail(self, "protocol", "the answer is larger than allowed") end
  return bytes
end

--- The next event (`{ data, event, id, retry }`) or chunk (a string) of a
-- stream; nil at its clean end; `nil, err` where it broke. By a deadline that is
-- given, `nil, err` of kind "timeout": the stream stays open.
-- @tparam[opt] number deadline `scalekit.core.now` seconds
-- @treturn[1] table|string
-- @treturn[2] nil
-- @treturn[2] ?scalekit.error
function stream:read(deadline)
  if not self.link then return nil end
  if not self.events then
    local bytes, err = next_chunk(self, deadline)
    return bytes, err
  end
  local event = self.events:next()
  while not event do
    if not self.link then return nil end
    local bytes, err = receive(self, deadline)
    if err then return nil, err end
    if bytes then
      local ok, problem = self.events:feed(bytes)
      if not ok then return fail(self, "protocol", problem) end
    end
    event = self.events:next()
    if not event and self.link and deadline and core.now() >= deadline then return later() end
  end
  return event
end

--- Ends the stream; the peer sees the connection go, unless all has come.
function stream:close()
  local link = self.link
  if not link then return end
  self.link = nil
  if self.reading then
    self.closing = link
    link:abort()
  elseif self.keep and self.body:is_clean() then
    link:keep()
  else
    link:close()
  end
end

return stream
