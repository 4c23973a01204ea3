--- What every method of a connection begins with: its options, checked, and
-- turned into what goes down with each request.
-- @module scalekit.mcp.call

local core = require "scalekit.core"
local duration = require "scalekit.duration"
local input = require "scalekit.mcp.input"
local options = require "scalekit.options"

local call = {
  --- The options of methods that only wait.
  TIMES = { timeout = duration.TYPE, idle_timeout = duration.TYPE },
  --- The options of methods during which a server may report and ask.
  CALLBACKS = {
    timeout = duration.TYPE, idle_timeout = duration.TYPE, on_progress = "function",
    on_message = "function", on_elicitation = "function", on_url = "function",
    on_sampling = "function",
  },
}

--- Tells the program of something that went not quite as it should.
-- @tparam table self a connection
-- @tparam table warning `message`, and `tool` where it is about one
function call.warn(self, warning)
  local on_warning = self._defaults.on_warning
  if on_warning then on_warning(warning) end
end

-- A session was told at its beginning what it may ask; more cannot be offered later.
local function warn_of_undeclared(self, who, given)
  for _, name in ipairs(input.CALLBACKS) do
    if given[name] and not self._peer.callbacks[name] then
      call.warn(self, {
        message = ("%s: %s is of no use here: this session was opened without it")
          :format(who, name),
      })
    end
  end
end

--- Reads the options of a method.
-- @tparam table self a connection
-- @tparam string who the method
-- @tparam ?table opts
-- @tparam table known `call.TIMES`, `call.CALLBACKS`, or those and more
-- @tparam[opt=3] number level as for `error`
-- @treturn table `deadline`, `idle_timeout`, `log_level`, and the callbacks
function call.begin(self, who, opts, known, level)
  level = level or 3
  opts = options.check(who, opts, known, level)
  if self._closed then error(who .. ": the connection is closed", level) end
  local defaults = self._defaults
  local made = {
    deadline = core.now() + duration.option(who, opts, "timeout", defaults.timeout, level),
    idle_timeout = duration.option(who, opts, "idle_timeout", defaults.idle_timeout, level),
    log_level = self._log_level,
    on_message = opts.on_message or defaults.on_message,
    on_progress = known.on_progress and (opts.on_progress or defaults.on_progress),
  }
  for _, name in ipairs(input.CALLBACKS) do made[name] = opts[name] or defaults[name] end
  if self._peer.era == "legacy" then warn_of_undeclared(self, who, opts) end
  return made
end

--- A call beside another one, within the same time: without its headers and
-- without reports of its progress.
function call.quiet(made)
  local quiet = {}
  for name, value in pairs(made) do quiet[name] = value end
  quiet.headers, quiet.on_progress = nil, nil
  return quiet
end

--- Options of a method and some of its own.
function call.with(base, own)
  local all = {}
  for name, kind in pairs(base) do all[name] = kind end
  for name, kind in pairs(own) do all[name] = kind end
  return all
end

return call
