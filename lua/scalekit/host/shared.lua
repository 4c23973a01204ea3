--- What all workers of an nginx share: values in a `lua_shared_dict`, each with a
-- lock, so that one worker fetches what all of them need. A reload keeps them.
--
-- Writers of a shared dict other than `safe_` ones throw live entries out when
-- memory runs low; the zone may be somebody else's too, so they are not used. What
-- does not fit is not shared, and every worker fetches for itself.
-- @module scalekit.host.shared

local core = require "scalekit.core"
local ffi = require "ffi"

local shared = {}

local store = {}
store.__index = store

local cell = {}
cell.__index = cell

local HEAD = "^(%S+ %S+ (%S+)) (.*)$" -- renew, end, stamp; then the value

--- The shared memory of a name, or nil where nginx has none.
-- @tparam string name of a `lua_shared_dict`
function shared.open(name)
  local dict = ngx.shared[name]
  return dict and setmetatable({ dict = dict, name = name }, store)
end

--- One value, its times and its lock.
-- @tparam string name
-- @tparam[opt] userdata sealer of `scalekit.core`: the value rests sealed
function store:cell(name, sealer)
  return setmetatable({
    dict = self.dict, sealer = sealer,
    key = "client value " .. name, lock_key = "client lock " .. name,
  }, cell)
end

--- What it holds, unread; another value is another text.
-- @treturn ?string
function cell:text()
  return (self.dict:get(self.key))
end

--- Reads such a text.
-- @tparam string text
-- @return as `read`
function cell:open(text)
  local head, stamp, value = text:match(HEAD)
  if not head then return nil end
  if self.sealer then value = self.sealer:open(value, head) end
  local renew, over = head:match "^(%S+) (%S+)"
  renew, over = tonumber(renew), tonumber(over)
  if not value or core.now() >= over then return nil end
  return value, renew, over, stamp
end

--- Reads it.
-- @treturn[1] string|userdata the value; a secret where it was sealed
-- @treturn[1] number from this time on, monotonic, another is wanted
-- @treturn[1] number until this time it serves
-- @treturn[1] string its stamp, which no other value has
-- @treturn[2] nil there is none
function cell:read()
  local text = self:text()
  if not text then return nil end
  return self:open(text)
end

--- Writes it.
-- @tparam string|userdata value
-- @tparam number renew
-- @tparam number over
-- @treturn string its stamp
function cell:write(value, renew, over)
  local stamp = core.base64url(core.random(9))
  local head = ("%.3f %.3f %s"):format(renew, over, stamp)
  if self.sealer then value = self.sealer:seal(value, head) end
  local life = math.max(over - core.now(), 0.001)
  local ok, problem = self.dict:safe_set(self.key, head .. " " .. value, life)
  if not ok and problem == "no memory" then
    ngx.log(ngx.WARN, "scalekit: lua_shared_dict is full: every worker fetches for itself")
  end
  return stamp
end

--- Has it forgotten after so many seconds from now.
function cell:keep(seconds)
  self.dict:expire(self.key, math.max(seconds, 0.001))
end

--- Forgets it.
function cell:drop()
  self.dict:delete(self.key)
end

-- Whether a worker is there: signal 0 only asks. A worker that was killed frees
-- nothing, and the others should not wait for what it has begun.
ffi.cdef [[int scalekit_kill(int pid, int signal) __asm__("kill");]]
local ESRCH = 3

local function is_alive(holder)
  local pid = tonumber(holder:match "^%d+")
  return not pid or ffi.C.scalekit_kill(pid, 0) == 0 or ffi.errno() ~= ESRCH
end

--- Tries to become the only one of all workers that fetches.
-- @tparam number seconds after which the lock opens by itself
-- @treturn string|nil what `unlock` wants
function cell:lock(seconds)
  local dict, key = self.dict, self.lock_key
  local mine = ngx.worker.pid() .. ":" .. core.base64url(core.random(9))
  for _ = 1, 2 do
    local ok, problem = dict:safe_add(key, mine, seconds)
    if ok or problem ~= "exists" then return mine end
    local holder = dict:get(key)
    if holder and is_alive(holder) then return nil end
    -- the first who finds its holder gone takes the lock
    if holder and dict:safe_add("client heir " .. holder, true, seconds) then
      dict:safe_set(key, mine, seconds)
      return mine
    end
  end
  return nil
end

--- Opens the lock, where it is still ours.
function cell:unlock(mine)
  if self.dict:get(self.lock_key) == mine then self.dict:delete(self.lock_key) end
end

return shared
