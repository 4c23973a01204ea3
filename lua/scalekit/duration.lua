--- Spans of time as callers write them: seconds as a number, or a text such as
-- "90s", "30m", "1h30m", "1.5h", "500ms".
-- @module scalekit.duration

local core = require "scalekit.core"
local json = require "scalekit.json"

local duration = {}

--- What an option that takes one is declared as, for `scalekit.options`.
duration.TYPE = "number|string"

-- The reader of the API's own durations, so that there is one grammar.
local model = core.model("Duration", { { "value", "duration", min = 0 } })

--- The seconds that a value stands for.
-- @param value
-- @treturn ?number above 0 and finite; nil where it is no span of time that can pass
function duration.seconds(value)
  if type(value) == "number" then
    return value > 0 and value < math.huge and value or nil
  elseif type(value) ~= "string" then
    return nil
  end
  local checked = model:check({ value = value }, "send", json)
  local seconds = checked and tonumber((checked.value:match "^(.*)s$"))
  return seconds and seconds > 0 and seconds or nil
end

--- The seconds of an option, or an error at the caller's line.
-- @tparam string what the function's name, for the message
-- @tparam table opts options that were checked already
-- @tparam string name of the option
-- @tparam[opt] number default
-- @tparam[opt=2] number level as for `error`, seen from the caller
-- @treturn ?number
function duration.option(what, opts, name, default, level)
  local value = opts[name]
  if value == nil then return default end
  local seconds = duration.seconds(value)
  if seconds then return seconds end
  error(('%s: option \'%s\' must be a time above 0: seconds, or a text such as "90s" or "1h30m"')
    :format(what, name), (level or 2) + 1)
end

return duration
