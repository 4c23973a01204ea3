-- fork(fn) → wait: runs fn in a child, whose exit status is what fn returns; wait()
-- waits for it and returns that. The module is false where this Lua cannot fork.
local has_ffi, ffi = pcall(require, "ffi")
local has_posix, unistd = pcall(require, "posix.unistd")

local start, finish, join

if has_ffi then
  ffi.cdef [[
    int fork(void);
    int waitpid(int pid, int *status, int options);
    void _exit(int status);
  ]]
  start, finish = ffi.C.fork, ffi.C._exit
  join = function(pid)
    local status = ffi.new "int[1]"
    assert(ffi.C.waitpid(pid, status, 0) == pid)
    return math.floor(status[0] / 256)
  end
elseif has_posix then
  start, finish = unistd.fork, unistd._exit
  join = function(pid)
    local done, _, status = require("posix.sys.wait").wait(pid)
    assert(done == pid)
    return status
  end
else
  return false
end

return function(fn)
  local pid = assert(start())
  assert(pid >= 0, "fork")
  if pid == 0 then
    local ok, status = pcall(fn)
    finish(ok and status or 99)
  end
  return function() return join(pid) end
end
