--- Points in time: RFC 3339 text, and whole seconds of Unix time with nanoseconds beside them.
-- Seconds as a float cannot carry nanoseconds, hence the pair.
local M = {}

local floor = math.floor

local function pad(nanos)
  if nanos == 0 then
    return ""
  end
  local digits = ("%09d"):format(nanos)
  -- protobuf prints 0, 3, 6 or 9 digits
  for _, count in ipairs { 3, 6 } do
    if digits:sub(count + 1):match "^0*$" then
      return "." .. digits:sub(1, count)
    end
  end
  return "." .. digits
end

--- RFC 3339 in UTC.
-- @tparam number seconds Unix time, a fraction is dropped
-- @tparam[opt=0] number nanos
-- @treturn string
function M.format(seconds, nanos)
  return os.date("!%Y-%m-%dT%H:%M:%S", floor(seconds)) .. pad(nanos or 0) .. "Z"
end

-- days since 1970-01-01 of a date in the proleptic Gregorian calendar
local function days(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local era_days = 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
  return era_days + floor((153 * (month - 3) + 2) / 5) + day - 1 - 719468
end

local MONTH_DAYS = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function in_range(month, day, hour, minute, second)
  return month >= 1 and month <= 12 and day >= 1 and day <= MONTH_DAYS[month]
    and hour <= 23 and minute <= 59 and second <= 60
end

local function offset_seconds(zone)
  if zone == "Z" or zone == "z" then
    return 0
  end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then
    return nil
  end
  local seconds = hours * 3600 + minutes * 60
  return sign == "+" and seconds or -seconds
end

--- Reads RFC 3339 with `Z` or a numeric offset.
-- @treturn number|nil whole seconds of Unix time; a fraction is dropped
function M.parse(text)
  local y, mo, d, h, mi, s, rest =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$"
  if not y then
    return nil
  end
  local fraction, zone = rest:match "^(%.?%d*)(%D.*)$"
  if not fraction or fraction == "." or (fraction ~= "" and fraction:sub(1, 1) ~= ".") then
    return nil
  end
  y, mo, d, h, mi, s =
    tonumber(y), tonumber(mo), tonumber(d), tonumber(h), tonumber(mi), tonumber(s)
  local offset = offset_seconds(zone)
  if not offset or not in_range(mo, d, h, mi, s) then
    return nil
  end
  return floor(days(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset)
end

--- Splits a protobuf duration such as `90.5s`, which the schema has checked already.
-- @treturn number seconds
-- @treturn number nanos
function M.duration(text)
  local seconds, fraction = text:match "^(%d+)%.?(%d*)s$"
  local nanos = (fraction .. "000000000"):sub(1, 9)
  return floor(tonumber(seconds)), floor(tonumber(nanos))
end

--- Midnight (UTC) of the day that holds `seconds`.
function M.midnight(seconds)
  return floor(seconds / 86400) * 86400
end

return M
