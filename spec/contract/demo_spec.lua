local json = require "scalekit.json"
local support = require "spec.support.env"

local ALL = { { connection_name = "gmail" }, { connection_name = "googlecalendar" } }

describe("the demo connections", function()
  support.both({}, function(env)
    local sessions = {}

    local function session_of(user)
      sessions[user] = sessions[user] or env:open(ALL, user)
      return sessions[user]
    end

    local function call(user, name, arguments)
      local _, body = env:modern(session_of(user), "tools/call", { name = name, arguments = arguments })
      if body.result.isError then
        return nil, body.result.content[1].text
      end
      return body.result.structuredContent
    end

    it("gives each user a mailbox of their own, the same each time", function()
      local one = call("ada", "gmail_fetch_mails", { max_results = 50 })
      assert.is_true(#one.messages >= 6)
      assert.same(one, call("ada", "gmail_fetch_mails", { max_results = 50 }))
      local two = call("grace", "gmail_fetch_mails", { max_results = 50 })
      local ids = {}
      for _, message in ipairs(one.messages) do
        ids[message.id] = true
      end
      for _, message in ipairs(two.messages) do
        assert.is_nil(ids[message.id])
      end
      for i = 2, #one.messages do
        assert.is_true(one.messages[i - 1].date >= one.messages[i].date)
      end
    end)

    it("reads one message whole", function()
      local first = call("ada", "gmail_fetch_mails", { max_results = 1 }).messages[1]
      local whole = call("ada", "gmail_get_message_by_id", { message_id = first.id })
      assert.equal(first.subject, whole.subject)
      assert.is_true(#whole.body > 0)
      local nothing, reason = call("grace", "gmail_get_message_by_id", { message_id = first.id })
      assert.is_nil(nothing)
      assert.truthy(reason:find "no message")
    end)

    it("bounds what it is asked for", function()
      for _, case in ipairs {
        { "gmail_fetch_mails", { query = ("a "):rep(251) }, "query" },
        { "gmail_fetch_mails", { label_ids = json.decode("[" .. ('"A",'):rep(20) .. '"A"]') }, "label_ids" },
        { "gmail_fetch_mails", { label_ids = { ("A"):rep(101) } }, "label_ids[1]" },
        { "gmail_get_message_by_id", { message_id = ("a"):rep(65) }, "message_id" },
        { "googlecalendar_list_events", { query = ("a"):rep(501) }, "query" },
        { "googlecalendar_list_events", { calendar_id = ("a"):rep(101) }, "calendar_id" },
        { "googlecalendar_delete_event", { event_id = ("a"):rep(65) }, "event_id" },
      } do
        local result, reason = call("ada", case[1], case[2])
        assert.is_nil(result)
        assert.truthy(reason:find(case[3] .. ": must have a length of at most", 1, true), reason)
      end
      assert.is_table(call("ada", "gmail_fetch_mails", { query = ("a "):rep(250) }))
    end)

    it("searches mail as a mailbox does", function()
      local unread = call("ada", "gmail_fetch_mails", { query = "is:unread", max_results = 50 })
      for _, message in ipairs(unread.messages) do
        assert.truthy(json.encode(message.label_ids):find("UNREAD", 1, true))
      end
      assert.same({}, call("ada", "gmail_fetch_mails", { query = "zebra" }).messages)
      assert.equal(0, call("ada", "gmail_fetch_mails", { query = "zebra" }).result_size_estimate)
      local found = call("ada", "gmail_fetch_mails", { label_ids = { "INBOX" }, query = "from:example" })
      assert.is_true(#found.messages > 0)
    end)

    it("keeps what is sent, with the one who sent it", function()
      local sent = call("ada", "gmail_send_mail", {
        to = "Projects <projects@example.com>, x@example.org", subject = "Grüße 🙂", body = "Hi\n",
      })
      local listed = call("ada", "gmail_fetch_mails", { query = "in:sent" })
      assert.equal(sent.id, listed.messages[1].id)
      assert.equal("Grüße 🙂", listed.messages[1].subject)
      assert.same({}, call("grace", "gmail_fetch_mails", { query = "in:sent" }).messages)
      assert.is_nil((call("ada", "gmail_send_mail", { to = "nobody", subject = "x", body = "" })))
    end)

    it("finds people", function()
      local people = call("ada", "gmail_search_people", { query = "example" }).people
      assert.is_true(#people > 0)
      for _, person in ipairs(people) do
        assert.truthy(person.email:match "@example%.")
      end
    end)

    it("creates, changes, lists and deletes events", function()
      local made = call("ada", "googlecalendar_create_event", {
        summary = "Kick-off", start_datetime = "2031-03-01T10:00:00+01:00", event_duration_hour = 1,
        event_duration_minutes = 30, attendees_emails = { "projects@example.com" },
      })
      assert.equal("2031-03-01T09:00:00Z", made.start_datetime)
      assert.equal("2031-03-01T10:30:00Z", made.end_datetime)
      local window = { time_min = "2031-03-01T00:00:00Z", time_max = "2031-03-02T00:00:00Z" }
      assert.same({ made }, call("ada", "googlecalendar_list_events", window).events)
      assert.same({}, call("grace", "googlecalendar_list_events", window).events)
      local moved = call("ada", "googlecalendar_update_event", {
        event_id = made.id, start_datetime = "2031-03-01T12:00:00Z", location = "Room 3",
      })
      assert.equal("2031-03-01T13:30:00Z", moved.end_datetime)
      assert.equal("Kick-off", moved.summary)
      assert.equal("Room 3", moved.location)
      assert.is_nil((call("grace", "googlecalendar_delete_event", { event_id = made.id })))
      assert.is_true(call("ada", "googlecalendar_delete_event", { event_id = made.id }).deleted)
      assert.is_nil((call("ada", "googlecalendar_delete_event", { event_id = made.id })))
      assert.same({}, call("ada", "googlecalendar_list_events", window).events)
    end)

    it("finds the time between events", function()
      for _, hour in ipairs { "09", "11" } do
        call("ada", "googlecalendar_create_event", {
          summary = "Busy", start_datetime = "2032-01-01T" .. hour .. ":00:00Z",
          end_datetime = "2032-01-01T" .. hour .. ":45:00Z",
        })
      end
      local slots = call("ada", "googlecalendar_find_free_slots", {
        time_min = "2032-01-01T09:00:00Z", time_max = "2032-01-01T12:00:00Z", duration_minutes = 20,
      }).slots
      assert.same({
        { start_datetime = "2032-01-01T09:45:00Z", end_datetime = "2032-01-01T11:00:00Z" },
      }, slots)
      assert.is_nil((call("ada", "googlecalendar_find_free_slots", {
        time_min = "2032-01-02T00:00:00Z", time_max = "2032-01-01T00:00:00Z",
      })))
    end)

    it("refuses an event that ends before it begins", function()
      assert.is_nil((call("ada", "googlecalendar_create_event", {
        summary = "x", start_datetime = "2032-01-01T10:00:00Z", end_datetime = "2032-01-01T10:00:00Z",
      })))
    end)

    it("does not grow without bound", function()
      local made, reason
      for i = 1, 210 do
        made, reason = call("filler", "googlecalendar_create_event", {
          summary = "x" .. i, start_datetime = "2033-01-01T10:00:00Z",
        })
        if not made then
          break
        end
      end
      assert.truthy(reason:find("full", 1, true))
    end)
  end)
end)
