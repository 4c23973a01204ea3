--- A stream of `subscriptions/listen` (2026-07-28): an acknowledgement, then
-- notifications until somebody ends it.
-- @module scalekit.mcp.stream

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local failure = require "scalekit.mcp.failure"
local json = require "scalekit.json"

local stream = {}

local SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"
local ACKNOWLEDGED = "notifications/subscriptions/acknowledged"

local stream_methods = {}
local stream_mt = { __index = stream_methods, __name = "scalekit.mcp.stream" }

-- Servers disagree about the type of the id, so it is compared as text.
local function is_foreign(self, message)
  local meta = message.params and message.params._meta
  local id = json.is_object(meta) and meta[SUBSCRIPTION]
  return id ~= nil and id ~= false and tostring(id) ~= tostring(self.id)
end

-- The next message for us. Nil at the clean end, nil and an error at any other.
local function next_message(self, deadline)
  while self.events do
    local event, err = self.events:read(deadline)
    if not event then
      if err and err.kind == "timeout" and deadline and core.now() >= deadline then
        return nil, err
      end
      self:close()
      -- a peer that fell silent: the reader's own time is not over
      if err and err.kind == "timeout" then err.kind = "network" end
      return nil, err or failure.cut()
    end
    local data = answer.data(event)
    if data then
      local messages
      messages, err = answer.messages(self.peer.wire, data)
      local message = messages and messages[1]
      if err or message.kind == "request" then
        self:close()
        return nil, err or failure.protocol "the server sent a request where there is none"
      elseif message.kind == "response" then
        self:close()
        if message.error then return nil, failure.rpc(self.peer.wire, message) end
        return nil
      elseif not is_foreign(self, message) then
        return message
      end
    end
  end
  return nil
end

--- Waits for the acknowledgement.
-- @treturn[1] table the stream
-- @treturn[2] nil
-- @treturn[2] table error
function stream.open(peer, events, id, deadline)
  local self = setmetatable({ peer = peer, events = events, id = id }, stream_mt)
  while true do
    local message, err = next_message(self, deadline)
    if not message then
      self:close()
      return nil, err or failure.protocol "the server ended the stream at once"
    end
    if message.method == ACKNOWLEDGED then
      local honoured = message.params.notifications
      self.acknowledged = json.is_object(honoured) and honoured or {}
      return self
    end
    peer.noticed(message)
  end
end

--- The next notification.
-- @tparam ?number deadline
-- @treturn[1] table message
-- @treturn[2] nil the server ended the stream, or it is closed
-- @treturn[3] nil
-- @treturn[3] table error
function stream_methods:next(deadline)
  local message, err = next_message(self, deadline)
  if message then self.peer.noticed(message) end
  return message, err
end

function stream_methods:close()
  if self.events then self.events:close() end
  self.events = nil
end

return stream
