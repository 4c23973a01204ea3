--- Fetching once what all workers of an nginx need. Elsewhere a program is one
-- process, and there is nothing to share.
-- @module scalekit.shared

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local nginx = require "scalekit.driver.nginx"

local shared = {
  --- The `lua_shared_dict` that is used where there is one of this name.
  NAME = "scalekit",
}

local FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.1

--- What the option `shared_dict` means.
-- @tparam nil|string|boolean option a name; false: nothing is shared
-- @treturn[1] table|nil a store, see `scalekit.host.shared`
-- @treturn[2] nil
-- @treturn[2] table error, kind "configuration"
function shared.store(option)
  if option == false or (option == nil and not nginx.present) then return nil end
  local store = nginx.present and require("scalekit.host.shared").open(option or shared.NAME)
  if store then return store end
  if option == nil then return nil end
  return nil, errors.new {
    kind = "configuration",
    message = nginx.present
      and ("shared_dict: nginx has no lua_shared_dict named '%s'"):format(option)
      or "shared_dict: there is shared memory inside nginx alone",
  }
end

-- Fetches under the lock, and opens it whatever happens. There is a lock on
-- LuaJIT only, where a coroutine can wait inside pcall.
local function fetch_locked(cell, mine, take, fetch)
  local fine, ok, err = pcall(function()
    if take() then return true end
    return fetch()
  end)
  cell:unlock(mine)
  if not fine then error(ok, 0) end
  return ok, err
end

--- Fetches something, unless another worker does.
-- @tparam table|nil cell see `scalekit.host.shared`; without one it just fetches
-- @tparam number deadline on the monotonic clock
-- @tparam boolean is_patient whether to wait for another worker that fetches
-- @tparam function take looks whether the cell has what is wanted, and takes it; true
-- too where another coroutine of this worker has done so since
-- @tparam function fetch → true, or nil and an error
-- @treturn[1] boolean true: it is here; false: another worker is about it
-- @treturn[2] nil
-- @treturn[2] table error
function shared.fetch(cell, deadline, is_patient, take, fetch)
  if not cell then return fetch() end
  local pause = FIRST_PAUSE
  while true do
    local left = deadline - core.now()
    local mine = left > 0 and cell:lock(left)
    if mine then return fetch_locked(cell, mine, take, fetch) end
    if not is_patient then return false end
    if left <= pause then
      return nil, errors.new {
        kind = "timeout", message = "the deadline passed while another worker was fetching",
      }
    end
    driver.current().sleep(pause)
    if take() then return true end
    pause = math.min(2 * pause, LONGEST_PAUSE)
  end
end

return shared
