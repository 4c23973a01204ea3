--- A table with bounds: what was asked for last stays, and nothing stays longer
-- than it is asked for.
--
-- It has two generations. When the young one is full, or has lived its time, it
-- becomes the old one, and what nobody has asked for since the last time is gone.
-- @module scalekit.edge.cache

local cache = {}
cache.__index = cache

--- @tparam number size how many it holds at most
-- @tparam number life seconds: what was not asked for is gone after two of them
function cache.new(size, life)
  return setmetatable({
    young = {}, old = {}, count = 0, most = math.ceil(size / 2), life = life, turns_at = 0,
  }, cache)
end

local function turn(self, now)
  local outlived = now >= self.turns_at + self.life -- the young one, too
  self.old, self.young, self.count = outlived and {} or self.young, {}, 0
  self.turns_at = now + self.life
end

--- What there is under a key, or nil.
-- @tparam string key
-- @tparam number now seconds on a clock that only goes forward
function cache:get(key, now)
  if now >= self.turns_at then turn(self, now) end
  local value = self.young[key]
  if value == nil then
    value = self.old[key]
    if value ~= nil then self:set(key, value, now) end
  end
  return value
end

--- Puts a value under a key.
function cache:set(key, value, now)
  if self.young[key] == nil then
    if self.count >= self.most or now >= self.turns_at then turn(self, now) end
    self.count = self.count + 1
  end
  self.young[key] = value
end

--- Forgets what there is under a key.
function cache:drop(key)
  self.young[key], self.old[key] = nil, nil
end

return cache
