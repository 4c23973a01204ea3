--- The demo calendar: what is in it on the first day, and the arithmetic of its times.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local seed = require "scalekit.vmcp.connector.seed"

local diary = {}

local DAY, HOUR, MINUTE = 86400, 3600, 60

-- { summary, location, day from today, hour, minutes long, description, attendees }
local MEETINGS = {
  { "Daily stand-up", "Video call", 0, 9, 15, "What was done, what is next, what is in the way.",
    { "projects@example.com" } },
  { "Design review", "Room 12", 1, 14, 60, "The new settings page.", { "design@example.org" } },
  { "Lunch with the support desk", "Canteen", 1, 12, 45, "", { "support@example.com" } },
  { "Planning meeting", "Room 3", 2, 10, 90, "Open reviews, release date, holidays.",
    { "projects@example.com", "people@example.com" } },
  { "Dentist", "", 3, 8, 30, "", {} },
  { "Train to the workshop", "Platform 7", 3, 13, 120, "Coach 12.", { "travel@example.org" } },
  { "Release rehearsal", "Video call", 4, 15, 60, "Dry run with the checklist.",
    { "builds@example.org" } },
  { "Focus time", "", 5, 9, 180, "No meetings, please.", {} },
  { "Monthly numbers", "Room 3", 6, 11, 45, "", { "billing@example.com" } },
}

local function meeting(identifier, index, template, dice, now)
  local start = moment.midnight(now) + template[3] * DAY + template[4] * HOUR
    + dice:throw(0, 1) * 30 * MINUTE
  return {
    id = seed.hex("event", identifier, ("%d"):format(index)),
    summary = template[1],
    location = template[2],
    start = start,
    finish = start + template[5] * MINUTE,
    description = template[6],
    attendees = json.array(template[7]),
  }
end

--- The calendar of a user.
function diary.seed(identifier, now)
  local dice, events = seed.dice("googlecalendar:" .. identifier), json.array {}
  for i, template in ipairs(dice:pick(MEETINGS, dice:throw(5, 7))) do
    events[i] = meeting(identifier, i, template, dice, now)
  end
  return { events = events }
end

--- Sorts events by their beginning, in place.
function diary.sort(events)
  table.sort(events, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    return a.id < b.id
  end)
  return events
end

--- The stretches of at least `length` seconds in [from, till) that no event covers.
-- @treturn table array of { start, finish }
function diary.free(events, from, till, length)
  local slots, at = {}, from
  for _, event in ipairs(diary.sort(events)) do
    if event.finish > at and event.start < till then
      if event.start - at >= length then
        slots[#slots + 1] = { start = at, finish = event.start }
      end
      at = math.max(at, event.finish)
    end
  end
  if till - at >= length then
    slots[#slots + 1] = { start = at, finish = till }
  end
  return slots
end

--- Reads a time argument.
-- @treturn number|nil Unix seconds; nil also when it is not given
-- @treturn string|nil what is wrong
function diary.time(arguments, name)
  local text = arguments[name]
  if text == nil then return nil end
  local seconds = moment.parse(text)
  if not seconds then
    return nil, ("%s: '%s' is not a time in RFC 3339, such as 2026-01-31T09:00:00Z"):format(
      name, text)
  end
  return seconds
end

return diary
