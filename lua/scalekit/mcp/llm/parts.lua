--- The content of a tool's result, sorted into what the APIs of language models
-- tell apart: text, images, sound, documents.
-- @module scalekit.mcp.llm.parts

local core = require "scalekit.core"
local json = require "scalekit.json"

local parts = {}

local NOTHING = "(no output)"

-- Whether a block is meant for the model; without a word about it, it is.
local function is_for_model(block)
  local annotations = json.is_object(block.annotations) and block.annotations
  local audience = annotations and annotations.audience
  if not json.is_array(audience) or #audience == 0 then return true end
  for _, one in ipairs(audience) do
    if one == "assistant" then return true end
  end
  return false
end

local function text(value)
  return type(value) == "string" and value ~= "" and { kind = "text", text = value } or nil
end

local function media(data, mime)
  if type(data) ~= "string" or type(mime) ~= "string" then return nil end
  mime = mime:lower():match "^%s*([%w!#$&^_.+-]+/[%w!#$&^_.+-]+)" or mime:lower()
  local kind = mime:match "^(%a+)/"
  if kind ~= "image" and kind ~= "audio" then kind = "document" end
  return { kind = kind, mime = mime, data = data }
end

local function link(block)
  local words = { block.title or block.name, block.uri, block.description }
  local list = {}
  for i = 1, 3 do
    if type(words[i]) == "string" then list[#list + 1] = words[i] end
  end
  return text(table.concat(list, "\n"))
end

local READ = {
  text = function(block) return text(block.text) end,
  image = function(block) return media(block.data, block.mimeType) end,
  audio = function(block) return media(block.data, block.mimeType) end,
  resource_link = link,
  resource = function(block)
    local resource = json.is_object(block.resource) and block.resource or {}
    return text(resource.text)
      or media(resource.blob, resource.mimeType or "application/octet-stream")
  end,
}

-- What a model is told about something that its API cannot take.
local function note(part)
  return {
    kind = "text",
    text = ("[%s of %d bytes, which cannot be shown here]"):format(
      part.mime, math.floor(#part.data / 4) * 3),
  }
end

--- Sorts a result.
-- @tparam table result of `call_tool`
-- @tparam function takes `takes(part)`: whether the API can take an image, a
--   sound or a document
-- @treturn table array of `{ kind = "text", text }` and `{ kind = "image" |
--   "audio" | "document", mime, data }`, where `data` is Base64; never empty
function parts.of(result, takes)
  local list = {}
  for _, block in ipairs(result.content) do
    local read = json.is_object(block) and is_for_model(block) and READ[block.type]
    local part = read and read(block) or nil
    if part and part.kind ~= "text" and not takes(part) then part = note(part) end
    list[#list + 1] = part
  end
  if #result.content == 0 and result.structuredContent ~= nil then
    list[1] = { kind = "text", text = core.json_member(result.raw, "structuredContent") }
  end
  if #list == 0 then list[1] = { kind = "text", text = NOTHING } end
  return list
end

--- All text of a list of parts, one after the other.
-- @tparam table list
-- @treturn string
function parts.text(list)
  local texts = {}
  for _, part in ipairs(list) do texts[#texts + 1] = part.text end
  return table.concat(texts, "\n")
end

--- The parts that are no text.
function parts.media(list)
  local media_only = {}
  for _, part in ipairs(list) do
    if part.kind ~= "text" then media_only[#media_only + 1] = part end
  end
  return media_only
end

--- A set, for `takes`.
function parts.set(...)
  local set = {}
  for _, item in ipairs { ... } do set[item] = true end
  return set
end

--- Media as a `data:` address.
function parts.data_url(part)
  return ("data:%s;base64,%s"):format(part.mime, part.data)
end

return parts
