--- Who listens to the stream of a session of the older era: what is for him,
-- in a queue until he reads it.
-- @module scalekit.mcp.subscriber

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"

local subscriber = {}

local MOST_QUEUED = 1000
local GOODBYE = 5 -- seconds

-- What each notification is called where it is asked for.
local WANT = {
  ["notifications/tools/list_changed"] = "toolsListChanged",
  ["notifications/prompts/list_changed"] = "promptsListChanged",
  ["notifications/resources/list_changed"] = "resourcesListChanged",
  ["notifications/resources/updated"] = "resourceSubscriptions",
}

-- The capability without which a server does not send it.
local NEEDS = {
  toolsListChanged = { "tools", "listChanged" },
  promptsListChanged = { "prompts", "listChanged" },
  resourcesListChanged = { "resources", "listChanged" },
  resourceSubscriptions = { "resources", "subscribe" },
}

local subscriber_methods = {}
local subscriber_mt = { __index = subscriber_methods, __name = "scalekit.mcp.subscriber" }

local function has(capabilities, needs)
  local feature = capabilities[needs[1]]
  return json.is_object(feature) and feature[needs[2]] == true
end

--- Makes one.
-- @tparam table channel
-- @tparam table wants
function subscriber.new(channel, wants)
  local acknowledged = {}
  for name, value in pairs(wants) do
    if value and NEEDS[name] and has(channel.peer.capabilities, NEEDS[name]) then
      acknowledged[name] = value
    end
  end
  return setmetatable({
    channel = channel, acknowledged = acknowledged, queue = {}, first = 1, uris = {},
  }, subscriber_mt)
end

--- Tells the server what he wants to hear, now that the stream is open.
function subscriber_methods:begin(call)
  self.generation = self.channel.generation
  for _, uri in ipairs(self.acknowledged.resourceSubscriptions or {}) do
    local ok, err = self.channel.peer:request("resources/subscribe", { uri = uri }, call)
    if not ok then
      self:part()
      return nil, err
    end
    self.uris[#self.uris + 1] = uri
  end
  return true
end

--- Takes a notification that came on the stream.
function subscriber_methods:hear(message)
  local want = WANT[message.method]
  if not want or not self.acknowledged[want] or self.overflow then return end
  self.queue[#self.queue + 1] = message
  self.overflow = #self.queue - self.first >= MOST_QUEUED
end

local function lost(text)
  return errors.new { kind = "network", message = text, outcome = "unknown" }
end

--- The next notification.
-- @tparam ?number deadline
-- @treturn[1] table message
-- @treturn[2] nil it is closed
-- @treturn[3] nil
-- @treturn[3] table error; all but "timeout" end it
function subscriber_methods:next(deadline)
  while not self.closed do
    local message = self.queue[self.first]
    if message then
      self.queue[self.first], self.first = nil, self.first + 1
      if self.first > #self.queue then self.queue, self.first = {}, 1 end
      return message
    end
    local err
    if self.overflow then
      err = lost "notifications came faster than they were read"
    elseif self.generation ~= self.channel.generation then
      err = lost "the stream broke; notifications may have been missed"
    else
      local ok
      ok, err = self.channel:turn(deadline)
      if ok then err = nil end
    end
    if err then
      if err.kind ~= "timeout" or not deadline or core.now() < deadline then self:close() end
      return nil, err
    end
  end
  return nil
end

-- Tells the server that he has heard enough.
function subscriber_methods:part()
  local peer, call = self.channel.peer, { deadline = core.now() + GOODBYE }
  for _, uri in ipairs(self.uris) do peer:request("resources/unsubscribe", { uri = uri }, call) end
  self.uris = {}
end

function subscriber_methods:close()
  if self.closed then return end
  self.closed = true
  if self.generation == self.channel.generation and not self.channel.dead then self:part() end
  self.channel:leave(self)
end

return subscriber
