--- Points in time: whole seconds of Unix time, nanoseconds beside them where
-- they matter (a float cannot carry both), and their spelling in RFC 3339.
-- @module scalekit.moment

local moment = {}

local floor = math.floor

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- Days since 1970-01-01 of a date in the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local before = 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
  return before + floor((153 * (month - 3) + 2) / 5) + day - 719469
end

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

--- Unix time of a date and time in UTC, given as numbers or as their digits.
-- @treturn ?number nil where the calendar has no such date or the day no such time
function moment.at(year, month, day, hour, minute, second)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  local last = MONTH_DAYS[month]
  if month == 2 and is_leap(year) then last = 29 end
  if not last or day < 1 or day > last or hour > 23 or minute > 59 or second > 60 then
    return nil
  end
  return floor(days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)
end

--- What this module reads and writes: years of four digits, from 1900 on.
moment.FIRST = moment.at(1900, 1, 1, 0, 0, 0)
moment.LAST = moment.at(9999, 12, 31, 23, 59, 59)

local function pad(nanos)
  if nanos == 0 then return "" end
  local digits = ("%09d"):format(nanos)
  -- protobuf prints 0, 3, 6 or 9 digits
  for _, count in ipairs { 3, 6 } do
    if digits:sub(count + 1):match "^0*$" then return "." .. digits:sub(1, count) end
  end
  return "." .. digits
end

--- RFC 3339 in UTC.
-- @tparam number seconds Unix time, a fraction is dropped
-- @tparam[opt=0] number nanos
-- @treturn string
function moment.format(seconds, nanos)
  return os.date("!%Y-%m-%dT%H:%M:%S", floor(seconds)) .. pad(nanos or 0) .. "Z"
end

local function offset_seconds(zone)
  if zone == "Z" or zone == "z" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hours) > 23 or tonumber(minutes) > 59 then return nil end
  local seconds = hours * 3600 + minutes * 60
  return sign == "+" and seconds or -seconds
end

--- Reads RFC 3339 with `Z` or a numeric offset.
-- @tparam string text
-- @treturn ?number whole seconds of Unix time
-- @treturn ?number nanoseconds after them, 0 to 999999999; digits beyond are dropped
function moment.parse(text)
  local year, month, day, hour, minute, second, rest =
    text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$"
  if not year then return nil end
  local fraction, zone = rest:match "^%.(%d+)(%D.*)$"
  local seconds, offset = moment.at(year, month, day, hour, minute, second),
    offset_seconds(zone or rest)
  if not seconds or not offset then return nil end
  seconds = floor(seconds - offset)
  if seconds < moment.FIRST or seconds > moment.LAST then return nil end
  return seconds, floor(tonumber(((fraction or "") .. "000000000"):sub(1, 9)))
end

--- Splits a protobuf duration such as `90.5s`, which a model has checked already.
-- @treturn number seconds
-- @treturn number nanos
function moment.duration(text)
  local seconds, fraction = text:match "^(%d+)%.?(%d*)s$"
  local nanos = (fraction .. "000000000"):sub(1, 9)
  return floor(tonumber(seconds)), floor(tonumber(nanos))
end

--- Midnight (UTC) of the day that holds `seconds`.
function moment.midnight(seconds)
  return floor(seconds / 86400) * 86400
end

return moment
