--- Methods of an app: what a test, or somebody trying things out, may do to a local environment that
-- runs in the own process. `vmcp.switches` offers the same over HTTP.
-- @classmod scalekit.vmcp.controls
local options = require "scalekit.options"

local accounts = require "scalekit.vmcp.accounts"
local faults = require "scalekit.vmcp.faults"
local problem = require "scalekit.vmcp.problem"

local controls = {}

local CLOCK = "switch/clock"
local FARTHEST = 10 * 365 * 86400

--- How far the clock was moved, in seconds.
-- @local
function controls.offset(app)
  return tonumber(app.store:get(CLOCK) or 0)
end

--- Moves the clock.
-- @local
-- @treturn boolean|nil true
-- @treturn table problem
function controls.move_clock(app, seconds)
  local ok, refusal = app.store:update(CLOCK, function(text)
    local offset = tonumber(text or 0) + seconds
    if math.abs(offset) > FARTHEST or offset ~= offset then
      return nil, problem.violation("advance", "moves the clock more than ten years", "range")
    end
    return ("%.3f"):format(offset)
  end)
  if not ok then return nil, problem.store(refusal) end
  return not refusal or nil, refusal
end

local App = {}

-- `level` as for `error`, seen from here.
local function require_local(app, what, level)
  if not app.has_switches then
    error(what .. ": only a local environment (base_url on loopback) can be told what to do", level)
  end
end

-- The connection and the user that a method is about; a mistake in them is the caller's.
local function target(app, what, opts, spec)
  require_local(app, what, 4)
  opts = options.check(what, opts, spec, 3)
  local connection = app.catalogue:connection(opts.connection_name)
  if not connection then
    error(("%s: there is no connection named '%s'"):format(what, tostring(opts.connection_name)), 3)
  elseif not opts.identifier or opts.identifier == "" then
    error(what .. ": option 'identifier' is required", 3)
  end
  return connection, opts
end

local function told(value, refusal)
  if refusal then return nil, refusal.message end
  return value
end

--- Makes a user's account ACTIVE, as if the user had opened a link and allowed it.
-- @tparam table opts
-- @tparam string opts.connection_name
-- @tparam string opts.identifier
-- @treturn table|nil account
-- @treturn string why not
function App:authorize(opts)
  local connection
  connection, opts = target(self, "app:authorize", opts,
    { connection_name = "string", identifier = "string" })
  return told(accounts.authorize(self, connection, opts.identifier))
end

--- Moves a user's account to a state, creating it if need be.
-- @tparam table opts
-- @tparam string opts.connection_name
-- @tparam string opts.identifier
-- @tparam string opts.status "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION" or
--   "DISCONNECTED"
-- @treturn table|nil account
-- @treturn string why not
function App:set_account_status(opts)
  local connection
  connection, opts = target(self, "app:set_account_status", opts,
    { connection_name = "string", identifier = "string", status = "string" })
  if not accounts.STATES[opts.status] then
    error(("app:set_account_status: '%s' is not a state of an account"):format(
      tostring(opts.status)), 2)
  end
  return told(accounts.set_status(self, connection, opts.identifier, opts.status))
end

--- Lets a user's account expire: the user has to authorize it again.
-- @tparam table opts
-- @tparam string opts.connection_name
-- @tparam string opts.identifier
-- @treturn table|nil account
-- @treturn string why not
function App:expire_account(opts)
  local connection
  connection, opts = target(self, "app:expire_account", opts,
    { connection_name = "string", identifier = "string" })
  return told(accounts.set_status(self, connection, opts.identifier, "EXPIRED"))
end

--- Moves the environment's clock, on which tokens, links and access tokens run out.
-- @tparam number seconds negative moves it back
-- @treturn boolean|nil true
-- @treturn string why not
function App:advance(seconds)
  require_local(self, "app:advance", 3)
  if type(seconds) ~= "number" then
    error("app:advance: expected a number of seconds", 2)
  end
  return told(controls.move_clock(self, seconds))
end

-- Orders a fault; `base` is what the method stands for. Not to be called as a tail call: its errors
-- belong to whoever called the method.
local function order(app, what, opts, base)
  require_local(app, what, 4)
  if type(opts or {}) ~= "table" then
    error(what .. ": expected a table of options", 3)
  end
  local fault = {}
  for name, value in pairs(base) do fault[name] = value end
  for name, value in pairs(opts or {}) do fault[name] = value end
  local wrong = faults.wrong(fault)
  if wrong then error(what .. ": " .. wrong, 3) end
  return told(faults.add(app, fault))
end

--- The next request that fits fails.
-- @tparam table opts `status` (401, 429, 503 …), optionally `operation` ("CreateMcpSessionToken" or
--   "mcp.create_session_token") or `path` (its beginning, "/api/v1/" by default), `error_code`,
--   `message`, `retry_after` and `seconds` (to wait before the answer), and `times` (1)
-- @treturn boolean|nil true
-- @treturn string why not
function App:fail_next(opts)
  local ok, why = order(self, "app:fail_next", opts, {})
  return ok, why
end

--- The next request that fits is answered late.
-- @tparam table opts `seconds`, optionally `operation` or `path`, and `times` (1)
-- @treturn boolean|nil true
-- @treturn string why not
function App:delay_next(opts)
  local ok, why = order(self, "app:delay_next", opts, {})
  return ok, why
end

--- The next request that fits is served, but its answer is lost: whoever sent it cannot know.
-- @tparam[opt] table opts `operation` or `path`, and `times` (1)
-- @treturn boolean|nil true
-- @treturn string why not
function App:lose_next(opts)
  local ok, why = order(self, "app:lose_next", opts, { lose = true })
  return ok, why
end

--- The provider refuses the next call of a tool.
-- @tparam table opts `tool_name`, `status` (the provider's class, 500 by default), optionally
--   `error_code` (the provider's own), `message`, and `times` (1)
-- @treturn boolean|nil true
-- @treturn string why not
function App:fail_tool(opts)
  if type(opts) ~= "table" or type(opts.tool_name) ~= "string" then
    error("app:fail_tool: option 'tool_name' is required", 2)
  elseif not self.catalogue:tool(opts.tool_name) then
    error(("app:fail_tool: there is no tool named '%s'"):format(opts.tool_name), 2)
  end
  local ok, why = order(self, "app:fail_tool", opts, { status = 500 })
  return ok, why
end

--- Takes back the faults that were ordered and have not happened yet.
function App:clear_faults()
  require_local(self, "app:clear_faults", 3)
  faults.clear(self)
end

controls.methods = App

return controls
