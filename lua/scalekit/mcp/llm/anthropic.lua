--- Tools in the shapes of the Anthropic Messages API: `tools` of a request,
-- `tool_use` blocks of an answer, `tool_result` blocks of the next message.
-- @module scalekit.mcp.llm.anthropic

local json = require "scalekit.json"
local parts = require "scalekit.mcp.llm.parts"

local anthropic = {}

local IMAGES = parts.set("image/jpeg", "image/png", "image/gif", "image/webp")

--- Whether the API can take a part.
function anthropic.takes(part)
  return IMAGES[part.mime] or part.mime == "application/pdf"
end

--- @tparam table list array of `{ name, description, schema }`
-- @treturn table array for `tools` of a request
function anthropic.tools(list)
  local tools = json.array {}
  for i, one in ipairs(list) do
    tools[i] = { name = one.name, description = one.description, input_schema = one.schema }
  end
  return tools
end

--- @tparam table response of the API
-- @treturn table array of `{ id, name, arguments }`
function anthropic.calls(response)
  local calls = {}
  for _, block in ipairs(json.is_array(response.content) and response.content or {}) do
    if block.type == "tool_use" then
      calls[#calls + 1] = { id = block.id, name = block.name, arguments = block.input }
    end
  end
  return calls
end

local function block_of(part)
  if part.kind == "text" then return { type = "text", text = part.text } end
  return {
    type = part.kind,
    source = { type = "base64", media_type = part.mime, data = part.data },
  }
end

--- @tparam table outcomes array of `{ call, parts, failed }`
-- @treturn table array of messages
function anthropic.messages(outcomes)
  local blocks = json.array {}
  for i, outcome in ipairs(outcomes) do
    local content = json.array {}
    for j, part in ipairs(outcome.parts) do content[j] = block_of(part) end
    blocks[i] = {
      type = "tool_result", tool_use_id = outcome.call.id, content = content,
      is_error = outcome.failed or nil,
    }
  end
  return { { role = "user", content = blocks } }
end

return anthropic
