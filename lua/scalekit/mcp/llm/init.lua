--- MCP tools in the shapes that the APIs of language models want, and their
-- results back. `connection:tools_for` and `connection:results_for` do all of
-- it for one server; these functions are for programs that bring the tools of
-- several servers together, or call tools in a way of their own.
--
-- The APIs: "anthropic" (Messages), "openai" (Responses), "openai_chat" (Chat
-- Completions, and the many that speak like it), "gemini".
-- @module scalekit.mcp.llm

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local names = require "scalekit.mcp.llm.names"
local options = require "scalekit.options"
local parts = require "scalekit.mcp.llm.parts"

local llm = {}

local APIS = {
  anthropic = require "scalekit.mcp.llm.anthropic",
  openai = require "scalekit.mcp.llm.openai",
  openai_chat = require "scalekit.mcp.llm.openai_chat",
  gemini = (require "scalekit.mcp.llm.gemini"),
}

local NAMES = { "anthropic", "gemini", "openai", "openai_chat" }

--- What is wrong with the name of an API.
-- @local
-- @tparam any api
-- @treturn ?string nil where there is one of that name
function llm.mistake(api)
  if APIS[api] then return nil end
  local near = type(api) == "string" and options.nearest(api, NAMES)
  return ("unknown API '%s'%s"):format(tostring(api),
    near and (" (did you mean '%s'?)"):format(near) or "; known are " .. table.concat(NAMES, ", "))
end

local function shape_of(who, api)
  local wrong = llm.mistake(api)
  if wrong then error(who .. ": " .. wrong, 3) end
  return APIS[api]
end

--- Tools for a request. Their schemas are sent as the server wrote them, byte
-- for byte.
-- @tparam string api
-- @tparam table tools array of tools, from `list_tools`
-- @treturn table array for the member `tools` of a request
-- @treturn table the name that the model uses → the tool's own, which differ where
--   a name has more than 64 letters, digits, `_` and `-`
function llm.tools(api, tools)
  local shape = shape_of("llm.tools", api)
  local list, given, original = {}, names.of(tools)
  for i, tool in ipairs(tools) do
    list[i] = {
      name = given[i],
      description = type(tool.description) == "string" and tool.description or tool.title,
      schema = json.raw(core.json_member(tool.raw, "inputSchema")),
    }
  end
  return shape.tools(list), original
end

--- The calls that a model asks for.
-- @tparam string api
-- @tparam table response the decoded answer of the API
-- @treturn table array of `{ id, name, arguments }`; where the arguments are none,
--   `problem` says why, and such a call is to be answered with that
function llm.calls(api, response)
  local calls = shape_of("llm.calls", api).calls(response)
  for _, call in ipairs(calls) do
    if type(call.arguments) == "string" then
      local text = call.arguments
      call.arguments, call.problem = json.decode(text ~= "" and text or "{}")
    end
    if not json.is_object(call.arguments) then
      call.arguments = {}
      call.problem = "the arguments are not a JSON object"
        .. (call.problem and ": " .. call.problem or "")
    end
  end
  return calls
end

-- What a model is told about a call that has no result.
local function words_of(err)
  local text = errors.is(err) and err.message or tostring(err)
  if errors.is(err) and err.outcome == "unknown" then
    text = text .. " (it may have taken effect all the same)"
  end
  return text
end

-- Says in words that a call failed, where the API has no other way.
local function mark(found, prefix)
  local first = found[1]
  if first.kind == "text" then
    found[1] = { kind = "text", text = prefix .. first.text }
  else
    table.insert(found, 1, { kind = "text", text = prefix .. "the tool failed" })
  end
end

--- The messages that tell a model what came of its calls.
-- @tparam string api
-- @tparam table outcomes array of `{ call, result }` or `{ call, err }`, in the
--   order of the calls; `err` is an error or a text
-- @treturn table array of messages, to be appended after the model's own
function llm.messages(api, outcomes)
  local shape, list = shape_of("llm.messages", api), {}
  for i, outcome in ipairs(outcomes) do
    local result = outcome.result
    local failed = result == nil or result.isError == true
    local found = result and parts.of(result, shape.takes)
      or { { kind = "text", text = words_of(outcome.err) } }
    if failed and shape.failure_prefix then mark(found, shape.failure_prefix) end
    list[i] = { call = outcome.call, parts = found, failed = failed }
  end
  return shape.messages(list)
end

return llm
