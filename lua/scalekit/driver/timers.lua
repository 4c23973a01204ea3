--- A heap of things to do at a time.
-- @module scalekit.driver.timers

local timers = {}
timers.__index = timers

function timers.new()
  return setmetatable({}, timers)
end

--- @treturn table an entry; set its `cancelled` to call it off
function timers:add(at, action)
  local entry, i = { at = at, action = action }, #self + 1
  self[i] = entry
  while i > 1 do
    local parent = math.floor(i / 2)
    if self[parent].at <= entry.at then break end
    self[i], self[parent] = self[parent], entry
    i = parent
  end
  return entry
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
  while self[1] and self[1].cancelled do pop(self) end
  return self[1] and self[1].at
end

--- Does what is due.
function timers:fire(now)
  local at = self:next()
  while at and at <= now do
    pop(self).action()
    at = self:next()
  end
end

return timers
