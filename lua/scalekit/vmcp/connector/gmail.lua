--- The demo connection `gmail`: a mailbox per user, made up, and changed by what tools send.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local google = require "scalekit.vmcp.connector.google"
local ids = require "scalekit.vmcp.ids"
local mailbox = require "scalekit.vmcp.connector.mailbox"
local match = require "scalekit.vmcp.match"
local schema = require "scalekit.vmcp.connector.schema"
local seed = require "scalekit.vmcp.connector.seed"

local MAX_MAILS = 200
local SNIPPET = 100

local LABEL = schema.string("A label, e.g. INBOX, UNREAD, STARRED, SENT", { maxLength = 100 })

local SUMMARY = {
  id = schema.string "The message's id",
  thread_id = schema.string "The id of its conversation",
  from = schema.string "Who sent it",
  to = schema.string "Who received it",
  subject = schema.string "The subject line",
  snippet = schema.string "The beginning of the text",
  date = schema.time "When it was sent",
  label_ids = schema.list(LABEL, "Its labels"),
}

-- Cuts after whole UTF-8 characters.
local function snippet(body)
  local text = body:gsub("%s+", " ")
  if #text <= SNIPPET then return text end
  return (text:sub(1, SNIPPET):gsub("[\192-\255]?[\128-\191]*$", "")) .. "…"
end

local function summary(mail)
  return {
    id = mail.id,
    thread_id = mail.thread_id,
    from = mail.from,
    to = mail.to,
    subject = mail.subject,
    snippet = snippet(mail.body),
    date = mail.date,
    label_ids = json.array(mail.label_ids),
  }
end

local function has_label(mail, label)
  return match.has(mail.label_ids, label:upper())
end

-- the operators of a search that the demo understands; anything else is a word of the text
local OPERATORS = {
  from = function(mail, value) return match.mentions(mail.from, value) end,
  to = function(mail, value) return match.mentions(mail.to, value) end,
  subject = function(mail, value) return match.mentions(mail.subject, value) end,
  is = function(mail, value)
    if value == "read" then return not has_label(mail, "UNREAD") end
    return has_label(mail, value)
  end,
  ["in"] = has_label,
  label = has_label,
}

local function matches(mail, query)
  local text
  for term in query:lower():gmatch "%S+" do
    local name, value = term:match "^(%a+):(.+)$"
    local found
    if OPERATORS[name] then
      found = OPERATORS[name](mail, value)
    else
      text = text or (mail.subject .. "\n" .. mail.body .. "\n" .. mail.from):lower()
      found = text:find(term, 1, true)
    end
    if not found then return false end
  end
  return true
end

local function wanted(mail, arguments)
  for _, label in ipairs(arguments.label_ids or {}) do
    if not match.has(mail.label_ids, label) then return false end
  end
  -- a plain listing shows what was received, as a mailbox does
  if not arguments.query and not arguments.label_ids then
    return has_label(mail, "INBOX")
  end
  return matches(mail, arguments.query or "")
end

local function fetch_mails(data, arguments)
  local messages, found = json.array {}, 0
  for _, mail in ipairs(data.mails) do
    if wanted(mail, arguments) then
      found = found + 1
      if found <= (arguments.max_results or 10) then
        messages[found] = summary(mail)
      end
    end
  end
  return { messages = messages, result_size_estimate = found }
end

local function get_message(data, arguments)
  for _, mail in ipairs(data.mails) do
    if mail.id == arguments.message_id then
      local message = summary(mail)
      message.body = mail.body
      return message
    end
  end
  return nil, "There is no message with the id " .. arguments.message_id
end

-- "a@x.org, B <b@x.org>" → the list of addresses, or nil and the one that is none
local function addresses(text)
  local list = {}
  for part in text:gmatch "[^,]+" do
    local address = part:match "<%s*([^<>%s]+)%s*>%s*$" or part:match "^%s*(%S+)%s*$"
    if not address or not address:match "^[^@%s]+@[^@%s]+$" then
      return nil, part
    end
    list[#list + 1] = address
  end
  if #list == 0 then return nil, text end
  return list
end

local function send_mail(data, arguments, user)
  for _, name in ipairs { "to", "cc" } do
    local _, wrong = addresses(arguments[name] or "none@example.com")
    if wrong then
      return nil, ("%s: '%s' is not an e-mail address"):format(name, wrong)
    end
  end
  if #data.mails >= MAX_MAILS then
    return nil, ("The demo mailbox is full (%d messages)"):format(MAX_MAILS)
  end
  local own = seed.address(user.identifier)
  local id = seed.hex("sent", user.identifier, ids.opaque())
  local labels = { "SENT" }
  if match.mentions(arguments.to, own) then
    labels = { "SENT", "INBOX", "UNREAD" }
  end
  local mail = {
    id = id,
    thread_id = arguments.thread_id or id,
    from = own,
    to = arguments.to,
    cc = arguments.cc,
    subject = arguments.subject,
    body = arguments.body,
    date = moment.format(user.now),
    label_ids = json.array(labels),
  }
  table.insert(data.mails, 1, mail)
  return { id = id, thread_id = mail.thread_id, label_ids = mail.label_ids, date = mail.date }
end

local function search_people(data, arguments)
  local people, seen = json.array {}, {}
  for _, mail in ipairs(data.mails) do
    local name, address = mail.from:match "^(.-)%s*<(.+)>$"
    address = address or mail.from
    if not seen[address] and match.mentions(mail.from, arguments.query)
      and #people < (arguments.max_results or 10)
    then
      seen[address] = true
      people[#people + 1] = { name = name or address, email = address }
    end
  end
  return { people = people }
end

return {
  id = "conn_100000000000000001",
  name = "gmail",
  provider = "GMAIL",
  display_name = "Gmail",
  seed = mailbox.seed,
  scopes = { "https://www.googleapis.com/auth/gmail.modify" },
  proxy = google.gmail(matches, snippet),
  tools = {
    {
      name = "gmail_fetch_mails",
      title = "Fetch mails",
      description = "Lists messages of the user's mailbox, newest first, optionally those that a"
        .. " search finds.",
      input_schema = schema.arguments {
        query = schema.string("A search in Gmail's syntax, e.g. 'is:unread from:billing'",
          { maxLength = 500 }),
        label_ids = schema.list(LABEL, "Only messages with all of these labels",
          { maxItems = 20 }),
        max_results = schema.integer("How many messages at most (default 10)",
          { minimum = 1, maximum = 50 }),
      },
      output_schema = schema.object({
        messages = schema.list(schema.object(SUMMARY, { "id", "from", "subject", "date" })),
        result_size_estimate = schema.integer "How many messages match",
      }, { "messages", "result_size_estimate" }),
      annotations = schema.READS,
      call = fetch_mails,
    },
    {
      name = "gmail_get_message_by_id",
      title = "Read a mail",
      description = "Returns one message with its whole text.",
      input_schema = schema.arguments({
        message_id = schema.string("An id from gmail_fetch_mails",
          { minLength = 1, maxLength = 64 }),
      }, { "message_id" }),
      output_schema = schema.object({
        id = SUMMARY.id, thread_id = SUMMARY.thread_id, from = SUMMARY.from, to = SUMMARY.to,
        subject = SUMMARY.subject, snippet = SUMMARY.snippet, date = SUMMARY.date,
        label_ids = SUMMARY.label_ids, body = schema.string "The whole text",
      }, { "id", "from", "subject", "date", "body" }),
      annotations = schema.READS,
      call = get_message,
    },
    {
      name = "gmail_send_mail",
      title = "Send a mail",
      description = "Sends a message in the user's name. In the demo it only appears among the"
        .. " user's sent messages.",
      input_schema = schema.arguments({
        to = schema.string("Recipients, separated by commas", { minLength = 3, maxLength = 1000 }),
        cc = schema.string("Further recipients, separated by commas", { maxLength = 1000 }),
        subject = schema.string("The subject line", { minLength = 1, maxLength = 250 }),
        body = schema.string("The text", { maxLength = 20000 }),
        thread_id = schema.string("The conversation this answers", { maxLength = 64 }),
      }, { "to", "subject", "body" }),
      output_schema = schema.object({
        id = SUMMARY.id, thread_id = SUMMARY.thread_id, date = SUMMARY.date,
        label_ids = SUMMARY.label_ids,
      }, { "id", "thread_id", "date" }),
      annotations = schema.ADDS,
      call = send_mail,
    },
    {
      name = "gmail_search_people",
      title = "Search people",
      description = "Finds people and desks the user has had mail from.",
      input_schema = schema.arguments({
        query = schema.string("Part of a name or an address", { minLength = 1, maxLength = 100 }),
        max_results = schema.integer("How many at most (default 10)",
          { minimum = 1, maximum = 50 }),
      }, { "query" }),
      output_schema = schema.object({
        people = schema.list(schema.object({
          name = schema.string "The name", email = schema.string "The address",
        }, { "name", "email" })),
      }, { "people" }),
      annotations = schema.READS,
      call = search_people,
    },
  },
}
