-- A stand-in for an Anthropic-style Messages endpoint. Its model lists events
-- and fetches mails, both at once, then tries what is no tool, then says what it
-- has seen. Run by spec/support/raw_peer.lua.

local json = require "cjson"
local raw_server = require "spec.support.raw_server"

local http = raw_server.http

local function refuse(message)
  return http("400 Bad Request", "content-type: application/json\r\n", json.encode {
    type = "error", error = { type = "invalid_request_error", message = message },
  })
end

local function say(reason, content)
  return http("200 OK", "content-type: application/json\r\n", json.encode {
    id = "msg_1", type = "message", role = "assistant", model = "m", stop_reason = reason,
    content = content,
  })
end

local function tool_use(id, name, input)
  return { type = "tool_use", id = id, name = name, input = input }
end

-- What the real endpoint insists on: each tool_use is answered in the next message.
local function fault_of(messages)
  for i, message in ipairs(messages) do
    if message.role ~= (i % 2 == 1 and "user" or "assistant") then return "roles must alternate" end
    if message.role == "assistant" then
      local answered = {}
      local next_message = messages[i + 1] or { content = {} }
      for _, block in ipairs(next_message.content) do
        if block.type == "tool_result" then answered[block.tool_use_id] = block end
      end
      for _, block in ipairs(message.content) do
        if block.type == "tool_use" and not answered[block.id] then return block.id .. " is unanswered" end
      end
    end
  end
  return nil
end

local function names(tools)
  local list = {}
  for i, tool in ipairs(tools) do
    assert(tool.input_schema.type == "object")
    list[i] = tool.name
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function result(messages, turn, index)
  return messages[turn].content[index]
end

raw_server.run(function(request)
  if request.method ~= "POST" or request.path ~= "/v1/messages" then return http("404 No", "", "") end
  if not request.head:lower():find("x-api-key: k-1", 1, true) then return http("401 No", "", "{}") end
  local body = json.decode(request.body)
  local messages = body.messages
  local fault = fault_of(messages)
  if fault then return refuse(fault) end
  if #messages == 1 then
    return say("tool_use", {
      { type = "text", text = "I have " .. names(body.tools) },
      tool_use("t1", "googlecalendar_list_events", { max_results = 2 }),
      tool_use("t2", "gmail_fetch_mails", { max_results = 1 }),
    })
  elseif #messages == 3 then
    return say("tool_use", { tool_use("t3", "gmail_send_mail", { to = "x" }) })
  end
  return say("end_turn", { { type = "text", text = table.concat({
    "events: " .. tostring(result(messages, 3, 1).content[1].text ~= ""),
    "mails: " .. tostring(result(messages, 3, 2).content[1].text ~= ""),
    "sent: " .. tostring(not result(messages, 5, 1).is_error),
    "why: " .. result(messages, 5, 1).content[1].text,
  }, "\n") } })
end)
