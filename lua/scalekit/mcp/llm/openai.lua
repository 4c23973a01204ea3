--- Tools in the shapes of the OpenAI Responses API: `tools` of a request,
-- `function_call` items of an answer, `function_call_output` items of the next
-- input.
-- @module scalekit.mcp.llm.openai

local json = require "scalekit.json"
local parts = require "scalekit.mcp.llm.parts"

local openai = {}

local IMAGES = parts.set("image/jpeg", "image/png", "image/gif", "image/webp")

--- Whether the API can take a part.
function openai.takes(part)
  return IMAGES[part.mime] or part.mime == "application/pdf"
end

--- @tparam table list array of `{ name, description, schema }`
-- @treturn table array for `tools` of a request
function openai.tools(list)
  local tools = json.array {}
  for i, one in ipairs(list) do
    tools[i] = {
      type = "function", name = one.name, description = one.description, parameters = one.schema,
      strict = false, -- which would allow only a part of JSON Schema
    }
  end
  return tools
end

--- @tparam table response of the API
-- @treturn table array of `{ id, name, arguments }`; `arguments` is text
function openai.calls(response)
  local calls = {}
  for _, item in ipairs(json.is_array(response.output) and response.output or {}) do
    if item.type == "function_call" then
      calls[#calls + 1] = { id = item.call_id, name = item.name, arguments = item.arguments }
    end
  end
  return calls
end

local function item_of(part, index)
  if part.kind == "text" then
    return { type = "input_text", text = part.text }
  elseif part.kind == "image" then
    return { type = "input_image", image_url = parts.data_url(part) }
  end
  return {
    type = "input_file", filename = ("document-%d.pdf"):format(index),
    file_data = parts.data_url(part),
  }
end

local function output_of(outcome)
  if #parts.media(outcome.parts) == 0 then return parts.text(outcome.parts) end
  local items = json.array {}
  for i, part in ipairs(outcome.parts) do items[i] = item_of(part, i) end
  return items
end

--- @tparam table outcomes array of `{ call, parts, failed }`
-- @treturn table array of items of input
function openai.messages(outcomes)
  local items = {}
  for i, outcome in ipairs(outcomes) do
    items[i] = {
      type = "function_call_output", call_id = outcome.call.id, output = output_of(outcome),
    }
  end
  return items
end

--- The API has no mark for a tool that failed, so the text says it.
openai.failure_prefix = "Error: "

return openai
