--- Tools in the shapes of the Gemini API: `functionDeclarations` of a request,
-- `functionCall` parts of an answer, `functionResponse` parts of the next turn.
-- Images and documents go inside a response, sound beside it.
-- @module scalekit.mcp.llm.gemini

local json = require "scalekit.json"
local parts = require "scalekit.mcp.llm.parts"

local gemini = {}

local MEDIA = parts.set("image/jpeg", "image/png", "image/webp", "application/pdf", "audio/wav",
  "audio/mp3", "audio/mpeg", "audio/aiff", "audio/aac", "audio/ogg", "audio/flac")

--- Whether the API can take a part.
function gemini.takes(part)
  return MEDIA[part.mime]
end

--- @tparam table list array of `{ name, description, schema }`
-- @treturn table array for `tools` of a request
function gemini.tools(list)
  local declarations = json.array {}
  for i, one in ipairs(list) do
    declarations[i] = {
      name = one.name, description = one.description or one.name,
      parametersJsonSchema = one.schema,
    }
  end
  if #declarations == 0 then return json.array {} end
  return json.array { { functionDeclarations = declarations } }
end

--- @tparam table response of the API
-- @treturn table array of `{ id, name, arguments }`; older models give no id
function gemini.calls(response)
  local candidate = json.is_array(response.candidates) and response.candidates[1] or {}
  local list = json.is_object(candidate.content) and candidate.content.parts
  local calls = {}
  for _, part in ipairs(json.is_array(list) and list or {}) do
    local call = part.functionCall
    if json.is_object(call) then
      calls[#calls + 1] = { id = call.id, name = call.name, arguments = call.args or {} }
    end
  end
  return calls
end

local function inline(part)
  return { inlineData = { mimeType = part.mime, data = part.data } }
end

--- @tparam table outcomes array of `{ call, parts, failed }`
-- @treturn table array of contents
function gemini.messages(outcomes)
  local turn, sounds = json.array {}, {}
  for i, outcome in ipairs(outcomes) do
    local shown = json.array {}
    for _, part in ipairs(parts.media(outcome.parts)) do
      local list = part.kind == "audio" and sounds or shown
      list[#list + 1] = inline(part)
    end
    turn[i] = {
      functionResponse = {
        id = outcome.call.id, name = outcome.call.name,
        response = { [outcome.failed and "error" or "output"] = parts.text(outcome.parts) },
        parts = #shown > 0 and shown or nil,
      },
    }
  end
  for _, sound in ipairs(sounds) do turn[#turn + 1] = sound end
  return { { role = "user", parts = turn } }
end

return gemini
