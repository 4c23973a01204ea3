-- Which options functions take, found out by calling them.
local options = require "scalekit.options"
local platform = require "scalekit.platform"

local taken = {}

--- The options that a function checks a table for, or nil. The table has to be the one that is given
-- to it: what else it may check is of no interest.
function taken.by(call, given)
  local real, known = options.check, nil
  options.check = function(what, checked, spec, level) -- luacheck: ignore 122
    if checked ~= given then return real(what, checked, spec, (level or 2) + 1) end
    known = spec
    error(known, 0)
  end
  pcall(call)
  options.check = real -- luacheck: ignore 122
  return known
end

-- What has to be given for a function to look at its options: those that it cannot do without, and
-- the arguments before them.
local GIVEN = { account = { status = "ACTIVE" }, fail_tool = { tool_name = "gmail_fetch_mails" } }
local BEFORE = {
  listen = { { toolsListChanged = true } }, set_log_level = { "info" }, tools_for = { "openai" },
  results_for = { "openai", {} }, get_prompt = { "x", {} }, call_tool = { "x", {} },
}

-- The options that a function takes in one of its arguments.
local function by_place(owner, item, place)
  local args, given = {}, {}
  for name, value in pairs(GIVEN[item.name] or {}) do given[name] = value end
  for i = 1, place - 1 do args[i] = (BEFORE[item.name] or {})[i] or "x" end
  args[place] = given
  local unpack = table.unpack or unpack -- luacheck: ignore 113 143
  return taken.by(function()
    if item.separator == ":" then return owner[item.name](owner, unpack(args, 1, place)) end
    return owner[item.name](unpack(args, 1, place))
  end, given)
end

-- The options of a platform's shape depend on the platform.
local function by_any_platform(session, method)
  local all = {}
  for _, name in ipairs(platform.NAMES) do
    local given = {}
    local known = taken.by(function() session[method](session, name, given) end, given)
    for option in pairs(known) do all[option] = true end
  end
  return all
end

--- The options that a public function takes in one of its arguments.
-- @tparam string class
-- @tparam table owner the object or module
-- @tparam table item as `comments` reads it
-- @tparam number place of the argument
-- @treturn ?table name → its type; nil where none are checked
function taken.of(class, owner, item, place)
  if class == "scalekit.session" and (item.name == "to" or item.name == "json") then
    return by_any_platform(owner, item.name)
  end
  return by_place(owner, item, place)
end

return taken
