--- The store of one process: strings by key, some of which expire.
-- `store.shdict` is the same interface over nginx's shared memory, and one spec runs over both.
--
-- get(key) → text or nil · set(key, text, ttl) · add(key, text, ttl) → false when it is there
-- already · delete(key) · take(key) → the text, to exactly one caller · update(key, change, ttl).
-- Writers answer `true`, or `nil, message` ("no memory", "busy"); what was there is then unchanged.
-- A text that does not grow can always be written.
local memory = {}

local Store = {}
local mt = { __index = Store, __name = "scalekit.store.memory" }

local SWEEP_EVERY = 512

--- @tparam[opt] table options `max_items` (100 000), `max_bytes` (64 MiB of keys and texts),
--   `clock` (function → seconds)
function memory.new(options)
  options = options or {}
  return setmetatable({
    items = {},
    count = 0,
    bytes = 0,
    writes = 0,
    max_items = options.max_items or 100000,
    max_bytes = options.max_bytes or 64 * 1024 * 1024,
    clock = options.clock or os.time,
  }, mt)
end

local function size_of(key, item)
  return item and #key + #item.text or 0
end

local function put(self, key, item)
  local before = self.items[key]
  self.count = self.count + (item and 1 or 0) - (before and 1 or 0)
  self.bytes = self.bytes + size_of(key, item) - size_of(key, before)
  self.items[key] = item
end

local function has_expired(self, item)
  return item.expires ~= nil and item.expires <= self.clock()
end

local function sweep(self)
  local dead = {}
  for key, item in pairs(self.items) do
    if has_expired(self, item) then dead[#dead + 1] = key end
  end
  for _, key in ipairs(dead) do put(self, key, nil) end
end

local function live(self, key)
  local item = self.items[key]
  if item and has_expired(self, item) then
    put(self, key, nil)
    return nil
  end
  return item
end

local function fits(self, key, item)
  local before = self.items[key]
  local more = size_of(key, item) - size_of(key, before)
  return (before or self.count < self.max_items)
    and (more <= 0 or self.bytes + more <= self.max_bytes)
end

function Store:get(key)
  local item = live(self, key)
  return item and item.text
end

function Store:set(key, text, ttl)
  local item = { text = text, expires = ttl and self.clock() + ttl }
  self.writes = self.writes + 1
  if self.writes % SWEEP_EVERY == 0 or not fits(self, key, item) then sweep(self) end
  if not fits(self, key, item) then return nil, "no memory" end
  put(self, key, item)
  return true
end

function Store:add(key, text, ttl)
  if live(self, key) then return false end
  return self:set(key, text, ttl)
end

function Store:delete(key)
  put(self, key, nil)
  return true
end

function Store:take(key)
  local text = self:get(key)
  put(self, key, nil)
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
    put(self, key, nil)
  elseif text ~= nil then
    local ok, err = self:set(key, text, ttl)
    if not ok then return nil, err end
  end
  return true, first, second
end

return memory
