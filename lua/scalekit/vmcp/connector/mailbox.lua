--- The demo mailbox: what is in it on the first day.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local seed = require "scalekit.vmcp.connector.seed"

local mailbox = {}

local DAY = 86400

-- { sender, subject, body, days ago (latest), labels }; %d in a text is filled with a number
local LETTERS = {
  { "Build Service <builds@example.org>", "Nightly build #%d passed",
    "All checks passed. Three warnings are new since yesterday; the report is in the usual place.",
    0, { "INBOX", "UNREAD", "CATEGORY_UPDATES" } },
  { "Project Desk <projects@example.com>", "Agenda for the planning meeting",
    "Hello,\n\nthe agenda for this week: open reviews, the release date, and who covers the desk"
      .. " during the holidays. Please add your points before noon.\n\nProject Desk",
    1, { "INBOX", "UNREAD", "IMPORTANT" } },
  { "Accounts <billing@example.com>", "Invoice %d is due next week",
    "Your invoice is attached. The amount is due within fourteen days; no action is needed if you"
      .. " pay by direct debit.",
    2, { "INBOX", "IMPORTANT" } },
  { "Travel Desk <travel@example.org>", "Your train on Thursday, booking %d",
    "Departure 08:42, platform 7, coach 12. The return ticket is flexible. Have a good trip.",
    2, { "INBOX", "STARRED" } },
  { "Help Desk <support@example.com>", "Ticket %d: answered",
    "We found the cause: the certificate on the old gateway had expired. It has been replaced."
      .. " Please tell us if the error comes back.",
    3, { "INBOX", "UNREAD" } },
  { "Design Review <design@example.org>", "Comments on the new settings page",
    "Two things came up: the labels are too long on a phone, and nobody found the export button."
      .. " Shall we look at it together on Friday?",
    4, { "INBOX" } },
  { "Facilities <facilities@example.com>", "Room change for the workshop",
    "The workshop moves to room %d on the second floor. Coffee is at the same time.",
    5, { "INBOX" } },
  { "Newsletter <weekly@example.org>", "The week in small databases, issue %d",
    "This week: a tour of write-ahead logs, why your index is not used, and five short questions.",
    6, { "INBOX", "UNREAD", "CATEGORY_PROMOTIONS" } },
  { "People Team <people@example.com>", "Please confirm your holidays",
    "You have %d days left this year. Days that are not confirmed by the end of the month are"
      .. " lost.",
    7, { "INBOX", "IMPORTANT" } },
  { "Security <security@example.org>", "New sign-in from an unknown device",
    "If this was you, there is nothing to do. Otherwise change your password and tell us.",
    9, { "INBOX" } },
}

local function letter(identifier, index, template, dice, now)
  local number = dice:throw(100, 999)
  local date = moment.midnight(now) - template[4] * DAY
    + dice:throw(6, 11) * 3600 + dice:throw(0, 59) * 60
  local id = seed.hex("mail", identifier, ("%d"):format(index))
  return {
    id = id,
    thread_id = id,
    from = template[1],
    to = seed.address(identifier),
    subject = template[2]:gsub("%%d", ("%d"):format(number)),
    body = template[3]:gsub("%%d", ("%d"):format(number % 100 + 1)),
    date = moment.format(math.min(date, now)),
    label_ids = json.array(template[5]),
  }
end

--- The mailbox of a user, newest first.
-- @tparam string identifier
-- @tparam number now Unix seconds
function mailbox.seed(identifier, now)
  local dice, mails = seed.dice("gmail:" .. identifier), json.array {}
  for i, template in ipairs(dice:pick(LETTERS, dice:throw(6, 8))) do
    mails[i] = letter(identifier, i, template, dice, now)
  end
  table.sort(mails, function(a, b)
    return a.date > b.date or a.date == b.date and a.id > b.id
  end)
  return { mails = mails }
end

return mailbox
