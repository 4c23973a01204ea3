--- The store of one process: strings by key, some of which expire.
-- `store.shdict` is the same interface over nginx's shared memory, and one spec runs over both.
--
-- get(key) → text or nil · set(key, text, ttl) · add(key, text, ttl) → false when it is there
-- already · delete(key) · take(key) → the text, to exactly one caller · update(key, change, ttl).
-- Writers answer `true`, or `nil, message` when the store is full.
local M = {}

local Store = {}
local mt = { __index = Store, __name = "scalekit.store.memory" }

local SWEEP_EVERY = 512

--- @tparam[opt] table options `max_items` (100 000), `clock` (function → seconds)
function M.new(options)
  options = options or {}
  return setmetatable({
    items = {},
    count = 0,
    writes = 0,
    max_items = options.max_items or 100000,
    clock = options.clock or os.time,
  }, mt)
end

local function forget(self, key)
  if self.items[key] then
    self.items[key] = nil
    self.count = self.count - 1
  end
end

local function sweep(self)
  local now, dead = self.clock(), {}
  for key, item in pairs(self.items) do
    if item.expires and item.expires <= now then
      dead[#dead + 1] = key
    end
  end
  for _, key in ipairs(dead) do
    forget(self, key)
  end
end

local function live(self, key)
  local item = self.items[key]
  if item and item.expires and item.expires <= self.clock() then
    forget(self, key)
    return nil
  end
  return item
end

function Store:get(key)
  local item = live(self, key)
  return item and item.text
end

function Store:set(key, text, ttl)
  self.writes = self.writes + 1
  if self.writes % SWEEP_EVERY == 0 then
    sweep(self)
  end
  if not self.items[key] then
    if self.count >= self.max_items then
      sweep(self)
    end
    if self.count >= self.max_items then
      return nil, "no memory"
    end
    self.count = self.count + 1
  end
  self.items[key] = { text = text, expires = ttl and self.clock() + ttl }
  return true
end

function Store:add(key, text, ttl)
  if live(self, key) then
    return false
  end
  return self:set(key, text, ttl)
end

function Store:delete(key)
  forget(self, key)
  return true
end

function Store:take(key)
  local text = self:get(key)
  forget(self, key)
  return text
end

--- Reads, decides and writes with nobody in between.
-- @tparam string key
-- @tparam function change gets the text or nil; returns the new text, `false` to delete or `nil`
--   to leave things alone, and up to two values for the caller. It must not wait: `get`, `set`,
--   `add` and `delete` of other keys are fine, `take` and `update` are not.
-- @tparam[opt] number ttl of the new text, in seconds
-- @treturn true and the values of `change`; or nil and a message
function Store:update(key, change, ttl)
  local text, first, second = change(self:get(key))
  if text == false then
    forget(self, key)
  elseif text ~= nil then
    local ok, err = self:set(key, text, ttl)
    if not ok then
      return nil, err
    end
  end
  return true, first, second
end

return M
