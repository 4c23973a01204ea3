--- The store of one machine: nginx's shared memory, seen by every worker. See `store.memory` for
-- the interface.
--
-- Only the `safe_` writers are used: the others throw live entries out when memory runs low, and a
-- Virtual MCP server that silently disappears is worse than an honest "no memory".
local M = {}

local Store = {}
local mt = { __index = Store, __name = "scalekit.store.shdict" }

local LOCK = "lock/"
-- A holder never waits, so locks last microseconds. The expiry is for a worker that died inside.
local LOCK_TTL = 5
local LOCK_PATIENCE = 10
local FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.016

--- @tparam string zone name of a `lua_shared_dict`
function M.new(zone)
  local dict = ngx.shared[zone]
  if not dict then
    error("scalekit: nginx has no lua_shared_dict named '" .. zone .. "'", 2)
  end
  return setmetatable({ dict = dict }, mt)
end

local function write(self, writer, key, text, ttl)
  local ok, err = self.dict[writer](self.dict, key, text, ttl or 0)
  if not ok and err == "no memory" and self.dict:flush_expired() > 0 then
    ok, err = self.dict[writer](self.dict, key, text, ttl or 0)
  end
  return ok, err
end

function Store:get(key)
  local text, err = self.dict:get(key)
  if text == nil and err then
    error("scalekit: shared memory: " .. err)
  end
  return text
end

function Store:set(key, text, ttl)
  return write(self, "safe_set", key, text, ttl)
end

function Store:add(key, text, ttl)
  local ok, err = write(self, "safe_add", key, text, ttl)
  if err == "exists" then
    return false
  end
  return ok, err
end

function Store:delete(key)
  self.dict:delete(key)
  return true
end

local function lock(self, key)
  local name = LOCK .. key
  local token = ngx.worker.pid() .. ":" .. tostring(coroutine.running())
  local pause, waited = FIRST_PAUSE, 0
  while true do
    local ok, err = write(self, "safe_add", name, token, LOCK_TTL)
    if ok then
      return token
    elseif err ~= "exists" then
      return nil, err
    elseif waited >= LOCK_PATIENCE then
      return nil, "busy"
    end
    ngx.sleep(pause)
    waited = waited + pause
    pause = math.min(pause * 2, LONGEST_PAUSE)
  end
end

local function unlock(self, key, token)
  local name = LOCK .. key
  -- after an expiry the lock may be somebody else's
  if self.dict:get(name) == token then
    self.dict:delete(name)
  end
end

function Store:take(key)
  local ok, text = self:update(key, function(old)
    return false, old
  end)
  return ok and text or nil
end

function Store:update(key, change, ttl)
  local token, err = lock(self, key)
  if not token then
    return nil, err
  end
  -- `change` never waits, so this pcall holds no suspended coroutine
  local fine, text, first, second = pcall(change, self:get(key))
  local ok = true
  if fine and text == false then
    self.dict:delete(key)
  elseif fine and text ~= nil then
    ok, err = self:set(key, text, ttl)
  end
  unlock(self, key, token)
  if not fine then
    error(text, 0)
  elseif not ok then
    return nil, err
  end
  return true, first, second
end

return M
