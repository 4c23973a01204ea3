--- The demo providers' own APIs, for calls through the proxy: a few of Google's paths, over the same
-- made-up data as the tools.
local core = require "scalekit.core"
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local seed = require "scalekit.vmcp.connector.seed"

local google = {}

local MOST_RESULTS = 250

local function fail(status, word, message)
  return status, { error = { code = status, message = message, status = word } }
end

-- How many results are wanted: nil when that is no number.
local function count_of(query, default)
  local count = tonumber(query.maxResults or default)
  return count and count % 1 == 0 and count >= 1 and math.min(count, MOST_RESULTS) or nil
end

local function header(name, value)
  return { name = name, value = value }
end

local function render_mail(mail, snippet)
  return {
    id = mail.id,
    threadId = mail.thread_id,
    labelIds = json.array(mail.label_ids),
    snippet = snippet,
    payload = {
      mimeType = "text/plain",
      headers = json.array {
        header("From", mail.from), header("To", mail.to), header("Subject", mail.subject),
        header("Date", mail.date),
      },
      body = { size = #mail.body, data = core.base64url(mail.body) },
    },
  }
end

--- Gmail: the profile, the list of messages, one message.
-- @tparam function matches (mail, query text) → boolean
-- @tparam function snippet (body) → text
function google.gmail(matches, snippet)
  local USER = "^/gmail/v1/users/[^/]+"
  return {
    { "GET", USER .. "/profile$", true, function(data, _, _, user)
      return 200, {
        emailAddress = seed.address(user.identifier), messagesTotal = #data.mails,
        threadsTotal = #data.mails,
      }
    end },
    { "GET", USER .. "/messages$", true, function(data, request)
      local query, messages, found = request.query, json.array {}, 0
      local most = count_of(query, 100)
      if not most then return fail(400, "INVALID_ARGUMENT", "Invalid maxResults") end
      for _, mail in ipairs(data.mails) do
        if matches(mail, query.q or "") then
          found = found + 1
          if found <= most then messages[found] = { id = mail.id, threadId = mail.thread_id } end
        end
      end
      return 200, { messages = messages, resultSizeEstimate = found }
    end },
    { "GET", USER .. "/messages/(%w+)$", true, function(data, _, id)
      for _, mail in ipairs(data.mails) do
        if mail.id == id then return 200, render_mail(mail, snippet(mail.body)) end
      end
      return fail(404, "NOT_FOUND", "Requested entity was not found.")
    end },
  }
end

local function render_event(event)
  local attendees = json.array {}
  for i, address in ipairs(event.attendees) do attendees[i] = { email = address } end
  return {
    kind = "calendar#event",
    id = event.id,
    status = "confirmed",
    summary = event.summary,
    description = event.description,
    location = event.location,
    start = { dateTime = moment.format(event.start) },
    ["end"] = { dateTime = moment.format(event.finish) },
    attendees = attendees,
  }
end

local function time_of(part)
  local text = json.is_object(part) and part.dateTime
  return type(text) == "string" and moment.parse(text) or nil
end

-- The arguments of the tool that creates an event, or nil.
local function event_arguments(request)
  local body = json.decode(request.body or "", 16)
  if not json.is_object(body) then return nil end
  local start, finish = time_of(body.start), time_of(body["end"])
  if not start or not finish then return nil end
  local function text(name)
    return type(body[name]) == "string" and body[name] or ""
  end
  return {
    summary = text "summary", description = text "description", location = text "location",
    start_datetime = moment.format(start), end_datetime = moment.format(finish),
  }
end

--- Google Calendar: the events of a calendar, one event, and a new one.
-- @tparam function sort (events) → the same, by their beginning
-- @tparam function create (data, arguments, user) → event as the tool answers it, or nil, message
function google.calendar(sort, create)
  local EVENTS = "^/calendar/v3/calendars/[^/]+/events"
  local function find(data, id)
    for _, event in ipairs(data.events) do
      if event.id == id then return 200, render_event(event) end
    end
    return fail(404, "NOT_FOUND", "Not Found")
  end
  return {
    { "GET", EVENTS .. "$", true, function(data, request)
      local items, most = json.array {}, count_of(request.query, MOST_RESULTS)
      if not most then return fail(400, "INVALID_ARGUMENT", "Invalid maxResults") end
      for i, event in ipairs(sort(data.events)) do
        if i <= most then items[i] = render_event(event) end
      end
      return 200, { kind = "calendar#events", items = items }
    end },
    { "GET", EVENTS .. "/(%w+)$", true, function(data, _, id)
      return find(data, id)
    end },
    { "POST", EVENTS .. "$", false, function(data, request, _, user)
      local arguments = event_arguments(request)
      if not arguments then return fail(400, "INVALID_ARGUMENT", "Bad Request") end
      local event, message = create(data, arguments, user)
      if not event then return fail(400, "INVALID_ARGUMENT", message) end
      return find(data, event.id)
    end },
  }
end

return google
