--- Tools in the shapes of the OpenAI Chat Completions API, which many servers of
-- other models speak as well: `tools` of a request, `tool_calls` of an answer,
-- messages of the role "tool". Those hold text alone, so images and sound follow
-- in a message of the user.
-- @module scalekit.mcp.llm.openai_chat

local json = require "scalekit.json"
local parts = require "scalekit.mcp.llm.parts"

local chat = {}

local IMAGES = parts.set("image/jpeg", "image/png", "image/gif", "image/webp")
local SOUNDS = {
  ["audio/wav"] = "wav", ["audio/x-wav"] = "wav", ["audio/wave"] = "wav",
  ["audio/mpeg"] = "mp3", ["audio/mp3"] = "mp3",
}

--- Whether the API can take a part.
function chat.takes(part)
  return IMAGES[part.mime] or SOUNDS[part.mime] ~= nil or part.mime == "application/pdf"
end

--- @tparam table list array of `{ name, description, schema }`
-- @treturn table array for `tools` of a request
function chat.tools(list)
  local tools = json.array {}
  for i, one in ipairs(list) do
    tools[i] = {
      type = "function",
      ["function"] = {
        name = one.name, description = one.description, parameters = one.schema,
      },
    }
  end
  return tools
end

--- @tparam table response of the API
-- @treturn table array of `{ id, name, arguments }`; `arguments` is text
function chat.calls(response)
  local choice = json.is_array(response.choices) and response.choices[1] or {}
  local list = json.is_object(choice.message) and choice.message.tool_calls
  local calls = {}
  for _, one in ipairs(json.is_array(list) and list or {}) do
    local fn = one["function"] or {}
    calls[#calls + 1] = { id = one.id, name = fn.name, arguments = fn.arguments }
  end
  return calls
end

local function media_of(part, index)
  if part.kind == "image" then
    return { type = "image_url", image_url = { url = parts.data_url(part) } }
  elseif part.kind == "audio" then
    return { type = "input_audio", input_audio = { data = part.data, format = SOUNDS[part.mime] } }
  end
  return {
    type = "file",
    file = { filename = ("document-%d.pdf"):format(index), file_data = parts.data_url(part) },
  }
end

--- @tparam table outcomes array of `{ call, parts, failed }`
-- @treturn table array of messages
function chat.messages(outcomes)
  local messages, shown = {}, json.array {}
  for i, outcome in ipairs(outcomes) do
    local text, media = parts.text(outcome.parts), parts.media(outcome.parts)
    if #media > 0 then
      text = (text ~= "" and text .. "\n" or "") .. "(what the tool shows follows)"
      shown[#shown + 1] = { type = "text", text = "From the tool " .. outcome.call.name .. ":" }
      for j, part in ipairs(media) do shown[#shown + 1] = media_of(part, j) end
    end
    messages[i] = { role = "tool", tool_call_id = outcome.call.id, content = text }
  end
  if #shown > 0 then messages[#messages + 1] = { role = "user", content = shown } end
  return messages
end

chat.failure_prefix = "Error: "

return chat
