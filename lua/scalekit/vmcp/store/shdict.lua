--- The store of one machine: nginx's shared memory, seen by every worker. See `store.memory` for
-- the interface.
--
-- Only the `safe_` writers are used: the others throw live entries out when memory runs low, and a
-- Virtual MCP server that silently disappears is worse than an honest "no memory". Even those free
-- the old value of another size before they look for room for the new one. So a text lies in one of
-- two slots, and a pointer names it: the other slot is written first, and a flip of the pointer,
-- which replaces one character in place and cannot fail, makes it the valid one.
local shdict = {}

local Store = {}
local mt = { __index = Store, __name = "scalekit.store.shdict" }

-- A holder never waits, so locks last microseconds. The expiry is for a worker that died inside.
local LOCK_TTL = 5
local LOCK_PATIENCE = 10
local FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.016

local OTHER = { a = "b", b = "a" }
-- A reader may come between a flip and the end of the old slot. More than one of them in between
-- two of its steps is rare, as many as this do not happen.
local READ_TRIES = 8

local function zone_named(name)
  local dict = ngx.shared[name]
  if not dict then error("scalekit: nginx has no lua_shared_dict named '" .. name .. "'", 3) end
  return dict
end

--- @tparam string zone name of a `lua_shared_dict`; another one, `<zone>_locks`, holds locks alone,
--   so that a full store can still be emptied
function shdict.new(zone)
  return setmetatable({ dict = zone_named(zone), locks = zone_named(zone .. "_locks") }, mt)
end

local function write(dict, writer, key, text, ttl)
  local ok, err = dict[writer](dict, key, text, ttl or 0)
  if not ok and err == "no memory" and dict:flush_expired() > 0 then
    ok, err = dict[writer](dict, key, text, ttl or 0)
  end
  return ok, err
end

-- Slots are `a<key>` and `b<key>`, the pointer is `=<key>`: no key can be taken for another's slot.
local function slot_of(key, name)
  return name .. key
end

local function pointer_of(key)
  return "=" .. key
end

-- A slot holds the length of its text, the text, and perhaps padding.
local function pack(text)
  return ("%08x"):format(#text) .. text
end

local function unpack_text(value)
  return value:sub(9, 8 + tonumber(value:sub(1, 8), 16))
end

local function read(self, key)
  local value, err = self.dict:get(key)
  if value == nil and err then error("scalekit: shared memory: " .. err) end
  return value
end

local function current_slot(self, key)
  return read(self, pointer_of(key))
end

function Store:get(key)
  for _ = 1, READ_TRIES do
    local name = current_slot(self, key)
    if not name then return nil end
    local value = read(self, slot_of(key, name))
    if value then return unpack_text(value) end
  end
  return nil
end

-- A text that does not grow can replace the old one in place, padded to its size: that needs no
-- memory and so cannot fail.
local function overwrite(self, key, value, ttl)
  local name = current_slot(self, key)
  local slot = name and slot_of(key, name)
  local old = slot and read(self, slot)
  if not old or #value > #old then return nil, "no memory" end
  local ok, err = self.dict:safe_set(slot, value .. (" "):rep(#old - #value), ttl or 0)
  if ok then ok, err = self.dict:safe_set(pointer_of(key), name, ttl or 0) end
  return ok, err
end

-- Writes a text. The caller holds the lock.
local function put(self, key, text, ttl)
  local dict, value = self.dict, pack(text)
  local name = OTHER[current_slot(self, key)] or "a"
  dict:delete(slot_of(key, name)) -- a worker may have died before its flip
  local ok, err = write(dict, "safe_add", slot_of(key, name), value, ttl)
  if err == "no memory" then return overwrite(self, key, value, ttl) end
  if ok then ok, err = write(dict, "safe_set", pointer_of(key), name, ttl) end
  dict:delete(slot_of(key, ok and OTHER[name] or name))
  return ok, err
end

local function remove(self, key)
  self.dict:delete(pointer_of(key))
  self.dict:delete(slot_of(key, "a"))
  self.dict:delete(slot_of(key, "b"))
  return true
end

local function lock(self, key)
  local token = ngx.worker.pid() .. ":" .. tostring(coroutine.running())
  local pause, waited = FIRST_PAUSE, 0
  while true do
    local ok, err = write(self.locks, "safe_add", key, token, LOCK_TTL)
    if ok then return token end
    if err ~= "exists" then return nil, err end
    if waited >= LOCK_PATIENCE then return nil, "busy" end
    ngx.sleep(pause)
    waited = waited + pause
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

local function unlock(self, key, token)
  -- after an expiry the lock may be somebody else's
  if self.locks:get(key) == token then self.locks:delete(key) end
end

-- Runs `act(self, key, ...)`, which never waits, under the key's lock.
local function locked(self, key, act, ...)
  local token, err = lock(self, key)
  if not token then return nil, err end
  local fine, ok, first, second = pcall(act, self, key, ...)
  unlock(self, key, token)
  if not fine then error(ok, 0) end
  return ok, first, second
end

local function add(self, key, text, ttl)
  if self:get(key) then return false end
  return put(self, key, text, ttl)
end

local function take(self, key)
  local text = self:get(key)
  remove(self, key)
  return text
end

local function update(self, key, change, ttl)
  local text, first, second = change(self:get(key))
  if text == false then
    remove(self, key)
  elseif text ~= nil then
    local ok, err = put(self, key, text, ttl)
    if not ok then return nil, err end
  end
  return true, first, second
end

function Store:set(key, text, ttl)
  return locked(self, key, put, text, ttl)
end

function Store:add(key, text, ttl)
  return locked(self, key, add, text, ttl)
end

function Store:delete(key)
  return locked(self, key, remove)
end

function Store:take(key)
  return locked(self, key, take)
end

function Store:update(key, change, ttl)
  return locked(self, key, update, change, ttl)
end

return shdict
