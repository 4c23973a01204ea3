--- The demo connection `googlecalendar`: a calendar per user, made up, and changed by its tools.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local diary = require "scalekit.vmcp.connector.diary"
local google = require "scalekit.vmcp.connector.google"
local ids = require "scalekit.vmcp.ids"
local match = require "scalekit.vmcp.match"
local schema = require "scalekit.vmcp.connector.schema"
local seed = require "scalekit.vmcp.connector.seed"

local MAX_EVENTS = 200
local MAX_SLOTS = 50
local DEFAULT_MINUTES = 30

local CALENDAR = schema.string("Which calendar; the demo has one, 'primary'", { maxLength = 100 })
local ATTENDEE = schema.string("An e-mail address", { maxLength = 320 })

local EVENT = schema.object({
  id = schema.string "The event's id",
  status = schema.enum({ "confirmed" }, "Whether it stands"),
  summary = schema.string "The title",
  description = schema.string "What it is about",
  location = schema.string "Where it is",
  start_datetime = schema.time "When it begins",
  end_datetime = schema.time "When it ends",
  attendees_emails = schema.list(ATTENDEE, "Who takes part"),
}, { "id", "summary", "start_datetime", "end_datetime" })

local function render(event)
  return {
    id = event.id,
    status = "confirmed",
    summary = event.summary,
    description = event.description,
    location = event.location,
    start_datetime = moment.format(event.start),
    end_datetime = moment.format(event.finish),
    attendees_emails = json.array(event.attendees),
  }
end

local function find(data, id)
  for i, event in ipairs(data.events) do
    if event.id == id then return event, i end
  end
  return nil, ("There is no event with the id %s"):format(id)
end

local function contains(event, query)
  return match.mentions(event.summary, query) or match.mentions(event.description, query)
    or match.mentions(event.location, query)
end

local function window(arguments)
  local from, wrong = diary.time(arguments, "time_min")
  local till, wrong_too = diary.time(arguments, "time_max")
  if wrong or wrong_too then
    return nil, nil, wrong or wrong_too
  elseif from and till and till <= from then
    return nil, nil, "time_max must be later than time_min"
  end
  return from, till
end

local function list_events(data, arguments)
  local from, till, wrong = window(arguments)
  if wrong then return nil, wrong end
  local events, most = json.array {}, arguments.max_results or 25
  for _, event in ipairs(diary.sort(data.events)) do
    if (not from or event.finish > from) and (not till or event.start < till)
      and (not arguments.query or contains(event, arguments.query)) and #events < most
    then
      events[#events + 1] = render(event)
    end
  end
  return { events = events }
end

local function check_attendees(arguments)
  for i, address in ipairs(arguments.attendees_emails or {}) do
    if not address:match "^[^@%s]+@[^@%s]+$" then
      return ("attendees_emails[%d]: '%s' is not an e-mail address"):format(i, address)
    end
  end
end

-- The end of an event: given, or the beginning plus a duration.
local function finish_of(arguments, start, default)
  local finish, wrong = diary.time(arguments, "end_datetime")
  if wrong then return nil, wrong end
  if not finish then
    local hours, minutes = arguments.event_duration_hour, arguments.event_duration_minutes
    finish = (hours or minutes) and start + (hours or 0) * 3600 + (minutes or 0) * 60 or default
  end
  if finish <= start then return nil, "The event must end after it begins" end
  if finish > moment.LAST then return nil, "The event must end before the year 10000" end
  return finish
end

-- When an event begins and ends and whether its guests can be invited: → start, finish, or nil, nil
-- and what is wrong. What is not given stays as it is, the length of a moved event too.
local function times_of(arguments, event)
  local start, wrong = diary.time(arguments, "start_datetime")
  wrong = wrong or check_attendees(arguments)
  if wrong then return nil, nil, wrong end
  start = start or event.start
  local finish
  finish, wrong = finish_of(arguments, start, start + event.finish - event.start)
  return finish and start, finish, wrong
end

local function create_event(data, arguments, user)
  local start, finish, wrong = times_of(arguments, { start = 0, finish = DEFAULT_MINUTES * 60 })
  if wrong then return nil, wrong end
  if #data.events >= MAX_EVENTS then
    return nil, ("The demo calendar is full (%d events)"):format(MAX_EVENTS)
  end
  local event = {
    id = seed.hex("created", user.identifier, ids.opaque()),
    summary = arguments.summary,
    description = arguments.description or "",
    location = arguments.location or "",
    start = start,
    finish = finish,
    attendees = json.array(arguments.attendees_emails),
  }
  table.insert(data.events, event)
  return render(event)
end

local function update_event(data, arguments)
  local event, missing = find(data, arguments.event_id)
  if not event then return nil, missing end
  local start, finish, wrong = times_of(arguments, event)
  if wrong then return nil, wrong end
  event.start, event.finish = start, finish
  for _, name in ipairs { "summary", "description", "location" } do
    event[name] = arguments[name] or event[name]
  end
  event.attendees = arguments.attendees_emails or event.attendees
  return render(event)
end

local function delete_event(data, arguments)
  local event, at = find(data, arguments.event_id)
  if not event then return nil, at end
  table.remove(data.events, at)
  return { id = event.id, deleted = true }
end

local function find_free_slots(data, arguments)
  local from, till, wrong = window(arguments)
  if wrong then return nil, wrong end
  local slots = json.array {}
  local length = (arguments.duration_minutes or DEFAULT_MINUTES) * 60
  for i, slot in ipairs(diary.free(data.events, from, till, length)) do
    if i <= MAX_SLOTS then
      slots[i] = {
        start_datetime = moment.format(slot.start),
        end_datetime = moment.format(slot.finish),
      }
    end
  end
  return { slots = slots }
end

local EVENT_ARGUMENTS = {
  calendar_id = CALENDAR,
  summary = schema.string("The title", { minLength = 1, maxLength = 250 }),
  description = schema.string("What it is about", { maxLength = 8000 }),
  location = schema.string("Where it is", { maxLength = 500 }),
  start_datetime = schema.time "When it begins, RFC 3339 with an offset, e.g. 2026-01-31T09:00:00Z",
  end_datetime = schema.time "When it ends; give this or a duration",
  event_duration_hour = schema.integer("Hours it lasts", { minimum = 0, maximum = 240 }),
  event_duration_minutes = schema.integer("Minutes it lasts, on top of the hours",
    { minimum = 0, maximum = 59 }),
  attendees_emails = schema.list(ATTENDEE, "Who takes part", { maxItems = 50 }),
}

local function event_arguments(more, required)
  local properties = {}
  for _, part in ipairs { EVENT_ARGUMENTS, more } do
    for name, value in pairs(part) do
      properties[name] = value
    end
  end
  return schema.arguments(properties, required)
end

local EVENT_ID = schema.string("An id from googlecalendar_list_events",
  { minLength = 1, maxLength = 64 })

return {
  id = "conn_100000000000000002",
  name = "googlecalendar",
  provider = "GOOGLECALENDAR",
  display_name = "Google Calendar",
  seed = diary.seed,
  scopes = { "https://www.googleapis.com/auth/calendar" },
  proxy = google.calendar(diary.sort, create_event),
  tools = {
    {
      name = "googlecalendar_list_events",
      title = "List events",
      description = "Lists events of the user's calendar in the order of their beginning.",
      input_schema = schema.arguments {
        calendar_id = CALENDAR,
        time_min = schema.time "Only events that end after this",
        time_max = schema.time "Only events that begin before this",
        query = schema.string("Only events whose title, text or place contains this",
          { maxLength = 500 }),
        max_results = schema.integer("How many at most (default 25)",
          { minimum = 1, maximum = 250 }),
      },
      output_schema = schema.object({ events = schema.list(EVENT) }, { "events" }),
      annotations = schema.READS,
      call = list_events,
    },
    {
      name = "googlecalendar_create_event",
      title = "Create an event",
      description = "Creates an event in the user's calendar; without an end or a duration it"
        .. " lasts half an hour.",
      input_schema = event_arguments({}, { "summary", "start_datetime" }),
      output_schema = EVENT,
      annotations = schema.ADDS,
      call = create_event,
    },
    {
      name = "googlecalendar_update_event",
      title = "Change an event",
      description = "Changes what is given of an event and leaves the rest; moved without a new"
        .. " end, it keeps its length.",
      input_schema = event_arguments({ event_id = EVENT_ID }, { "event_id" }),
      output_schema = EVENT,
      annotations = schema.CHANGES,
      call = update_event,
    },
    {
      name = "googlecalendar_delete_event",
      title = "Delete an event",
      description = "Removes an event from the user's calendar.",
      input_schema = schema.arguments({
        calendar_id = CALENDAR, event_id = EVENT_ID,
      }, { "event_id" }),
      output_schema = schema.object({
        id = EVENT_ID, deleted = schema.boolean "Always true",
      }, { "id", "deleted" }),
      annotations = schema.CHANGES,
      call = delete_event,
    },
    {
      name = "googlecalendar_find_free_slots",
      title = "Find free time",
      description = "Finds stretches of time without an event.",
      input_schema = schema.arguments({
        calendar_id = CALENDAR,
        time_min = schema.time "Where to begin looking",
        time_max = schema.time "Where to stop",
        duration_minutes = schema.integer("How long a stretch must be (default 30)",
          { minimum = 1, maximum = 1440 }),
      }, { "time_min", "time_max" }),
      output_schema = schema.object({
        slots = schema.list(schema.object({
          start_datetime = schema.time "When it begins", end_datetime = schema.time "When it ends",
        }, { "start_datetime", "end_datetime" })),
      }, { "slots" }),
      annotations = schema.READS,
      call = find_free_slots,
    },
  },
}
