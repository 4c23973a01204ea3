--- A heap of things to do at a time.
-- @module scalekit.driver.timers

local timers = {}
timers.__index = timers

local FEW = 64 -- called off, that nobody minds

function timers.new()
  return setmetatable({ idle = 0 }, timers) -- idle: how many are called off
end

local function put(self, entry)
  local i = #self + 1
  self[i] = entry
  while i > 1 do
    local parent = math.floor(i / 2)
    if self[parent].at <= entry.at then break end
    self[i], self[parent] = self[parent], entry
    i = parent
  end
end

--- @treturn table an entry, for `cancel`
function timers:add(at, action)
  local entry = { at = at, action = action }
  put(self, entry)
  return entry
end

-- Without this, waits that end well before their deadlines would pile up.
local function drop_idle(self)
  local entries = {}
  for i = #self, 1, -1 do
    entries[i], self[i] = self[i], nil
  end
  for _, entry in ipairs(entries) do
    if not entry.over then put(self, entry) end
  end
  self.idle = 0
end

--- Calls an entry off; harmless once it has been done.
function timers:cancel(entry)
  if entry.over then return end
  entry.over = true
  self.idle = self.idle + 1
  if self.idle > FEW and self.idle > #self / 2 then drop_idle(self) end
end

local function pop(self)
  local first, last = self[1], table.remove(self)
  local n, i = #self, 1
  if n == 0 then return first end
  self[1] = last
  while true do
    local child = 2 * i
    if child > n then break end
    if child < n and self[child + 1].at < self[child].at then child = child + 1 end
    if self[child].at >= last.at then break end
    self[i], self[child] = self[child], last
    i = child
  end
  return first
end

--- When the next entry is due, or nil.
function timers:next()
  while self[1] and self[1].over do
    pop(self)
    self.idle = self.idle - 1
  end
  return self[1] and self[1].at
end

--- Does what is due.
function timers:fire(now)
  local at = self:next()
  while at and at <= now do
    local entry = pop(self)
    entry.over = true
    entry.action()
    at = self:next()
  end
end

return timers
