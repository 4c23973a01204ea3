--- The driver inside nginx (lua-nginx-module, OpenResty): waiting parks the
-- light thread, and a worker never blocks. It is found by itself.
--
-- Waiting is possible where nginx allows it: in the phases rewrite, access,
-- content, timer and ssl_certificate. Elsewhere (init, log, header_filter …)
-- a call raises an error that names the phase and the way out.
-- @module scalekit.driver.nginx

local core = require "scalekit.core"

local nginx = {
  name = "nginx",
  --- Whether this program is nginx.
  present = type(rawget(_G, "ngx")) == "table" and type(ngx.config) == "table"
    and ngx.get_phase ~= nil,
}

-- The monotonic clock again, in a form that LuaJIT compiles: a call of a C function
-- takes it out of its compiled code and back.
local function compiled_clock()
  local ffi = require "ffi"
  ffi.cdef [[int scalekit_clock(int id, void *now) __asm__("clock_gettime");]]
  local MONOTONIC = 1
  local now, C = ffi.new "struct { long seconds, nanoseconds; }", ffi.C
  return function()
    C.scalekit_clock(MONOTONIC, now)
    return tonumber(now.seconds) + tonumber(now.nanoseconds) * 1e-9
  end
end

if nginx.present and jit.os == "Linux" then core.now = compiled_clock() end -- luacheck: ignore 113

nginx.now = core.now

local WAITS = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true,
  ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true, preread = true,
}

local AT_ONCE = "start it with ngx.timer.at(0, function() … end)"
local WAY_OUT = {
  init = "do it in init_worker_by_lua, and there " .. AT_ONCE,
  exit_worker = "it is too late there",
}

--- Whether a call may wait in a phase, by its name.
function nginx.waits_in(phase)
  return WAITS[phase] == true
end

--- What to do instead of a call in a phase where nothing can wait.
function nginx.way_out(phase)
  return WAY_OUT[phase] or AT_ONCE
end

local get_phase = nginx.present and ngx.get_phase

--- Whether the running light thread can be parked: it can in every coroutine of
-- a phase that may wait, whoever has made it.
function nginx.active()
  return nginx.present and WAITS[get_phase()] == true
end

-- The level, as `error` takes it, of the first function that is not ours.
local function level_of_caller()
  local ours = debug.getinfo(1, "S").source:match "^(.*)driver/nginx%.lua$"
  local level = 2
  while true do
    local info = debug.getinfo(level, "S")
    if not info then return 2 end
    if info.what ~= "C" and info.source:sub(1, #ours) ~= ours then return level - 1 end
    level = level + 1
  end
end

--- The driver, or an error at the caller's line where nothing can wait.
function nginx.current()
  local phase = get_phase()
  if WAITS[phase] then return nginx end
  error(("scalekit: nothing can wait for the network in nginx's phase '%s'; %s"):format(
    phase, nginx.way_out(phase)), level_of_caller())
end

--- libcurl's loop would stop a worker.
function nginx.wait()
  error("scalekit: libcurl would block this nginx worker; leave the option 'transport' out", 2)
end

function nginx.sleep(seconds)
  ngx.sleep(seconds)
  return true
end

local LONG = 3600 -- seconds; a semaphore does not wait for ever
local TICK = 0.001

local signal = {}
signal.__index = signal

function signal:set()
  self.is_set = true
  local waiting = self.waiting
  self.waiting = 0
  if waiting > 0 then self.semaphore:post(waiting) end
end

function signal:wait(deadline)
  if self.is_set then return true end
  if not nginx.active() then return nil, "busy" end
  self.semaphore = self.semaphore or require("ngx.semaphore").new()
  while not self.is_set do
    local left = deadline and deadline - core.now() or LONG
    if left <= 0 then return nil, "timeout" end
    self.waiting = self.waiting + 1
    local ok, reason = self.semaphore:wait(math.max(left, TICK))
    if not ok then
      self.waiting = math.max(self.waiting - 1, 0)
      if reason ~= "timeout" then return nil, reason end
    end
  end
  return true
end

--- A latch for the light threads of one worker, of whatever requests.
function nginx.signal()
  return setmetatable({ waiting = 0 }, signal)
end

--- Starts a task, see `scalekit.driver.threads`.
function nginx.spawn(fn, ...)
  return require("scalekit.driver.threads").spawn(fn, ...)
end

--- Starts a light thread: `fn` runs at once, until it first waits. It ends with
-- the request at the latest.
function nginx.thread(fn, ...)
  return ngx.thread.spawn(fn, ...)
end

--- Waits until the first of some light threads, children of this one, is done.
-- @treturn boolean false where it was an error that ended it
-- @return what its function has returned, or the error
function nginx.join(...)
  return ngx.thread.wait(...)
end

--- Ends a light thread of which this one is the parent; what it waits for is
-- given up, and the connection it reads is closed.
-- @treturn boolean whether that could be
function nginx.kill(thread)
  return ngx.thread.kill(thread) ~= nil
end

-- nginx runs 256 timers at once, unless lua_max_running_timers says otherwise, and
-- drops those beyond.
local MOST_DETACHED = 128
local detached = 0

local function run_detached(_, fn, ...)
  local ok, problem = pcall(fn, ...)
  detached = detached - 1
  if not ok then error(problem, 0) end
end

--- Runs a function that the end of this request does not end.
-- @treturn boolean false: there are too many already, so that it does not run
function nginx.detach(fn, ...)
  if detached >= MOST_DETACHED or not ngx.timer.at(0, run_detached, fn, ...) then return false end
  detached = detached + 1
  return true
end

-- What `within` gives back, once one of the two threads is done.
local function first(work, clock, ok, who, ...)
  if ok and who == clock then
    nginx.kill(work.thread)
    return nil, "timeout"
  end
  nginx.kill(work.clock)
  if not ok then error(who, 0) end
  return ...
end

--- Calls a function, and gives it up when it takes too long.
-- @tparam number seconds
-- @tparam function fn
-- @param ... its arguments
-- @return its results, or `nil, "timeout"`
function nginx.within(seconds, fn, ...)
  local clock = {}
  local work = {
    thread = nginx.thread(function(...) return true, fn(...) end, ...),
    clock = nginx.thread(function()
      ngx.sleep(math.max(seconds, TICK))
      return clock
    end),
  }
  return first(work, clock, nginx.join(work.thread, work.clock))
end

return nginx
