--- Tables of options, checked at the door: an unknown name or a wrong type is
-- the caller's mistake and raises at the caller's line. A misspelt option
-- must never be silently ignored (a misspelt `tools` would mean every tool).
-- @module scalekit.options

local options = {}

-- Edits between two words, a swap of neighbours counting as one.
local function distance(a, b)
  local rows = {}
  for i = 0, #a do
    rows[i] = { [0] = i }
    for j = 1, #b do
      if i == 0 then
        rows[i][j] = j
      else
        local same = a:byte(i) == b:byte(j)
        local best = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
          rows[i - 1][j - 1] + (same and 0 or 1))
        if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
          best = math.min(best, rows[i - 2][j - 2] + 1)
        end
        rows[i][j] = best
      end
    end
    if i == 0 then rows[0][0] = 0 end
  end
  return rows[#a][#b]
end

--- The name nearest to `given` among `names`, or nil where none is near.
-- @tparam string given
-- @tparam table names a list of strings
function options.nearest(given, names)
  if #given > 64 then return nil end
  local best, least
  for _, name in ipairs(names) do
    local d = #name <= 64 and distance(given, name) or math.huge
    if not least or d < least or (d == least and name < best) then best, least = name, d end
  end
  if least and least <= math.max(1, math.floor(#given / 3)) then return best end
  return nil
end

--- Whether a value is of a type.
-- @param value
-- @tparam string want a type, or several joined by "|" (`"string|secret"`)
function options.fits(value, want)
  local kind = type(value)
  for one in want:gmatch "%w+" do
    if one == "any" or one == kind then return true end
    if one == "secret" and tostring(value) == "scalekit.secret" then return true end
    if one == "callable" and kind == "function" then return true end
  end
  return false
end

--- Whether a value is a number of seconds that can pass.
function options.is_duration(value)
  return type(value) == "number" and value > 0 and value < math.huge
end

--- Checks a table of options.
-- @tparam string what the function's name, for the message
-- @tparam table|nil given the caller's table
-- @tparam table spec name → type, or types joined by "|" (`"string|secret"`)
-- @tparam[opt=2] number level as for `error`, seen from the caller of `check`
-- @treturn table `given`, or an empty table where it is nil
function options.check(what, given, spec, level)
  level = (level or 2) + 1
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(("%s: expected a table of options, got %s"):format(what, type(given)), level)
  end
  for name, value in pairs(given) do
    local want = spec[name]
    if not want then
      local names = {}
      for known in pairs(spec) do names[#names + 1] = known end
      local near = type(name) == "string" and options.nearest(name, names)
      error(("%s: unknown option '%s'%s"):format(what, tostring(name),
        near and (" (did you mean '%s'?)"):format(near) or ""), level)
    end
    if not options.fits(value, want) then
      error(("%s: option '%s' must be a %s, got %s"):format(what, name,
        want:gsub("|", " or "), type(value)), level)
    end
  end
  return given
end

return options
