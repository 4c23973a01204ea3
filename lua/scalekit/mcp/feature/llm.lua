--- Methods of a connection: tools for language models.
-- @classmod scalekit.mcp.connection

local begin = require "scalekit.mcp.call"
local driver = require "scalekit.driver"
local json = require "scalekit.json"
local llm = require "scalekit.mcp.llm"
local step = require "scalekit.driver.step"

local methods = {}

local OF_TOOLS = begin.with(begin.TIMES, { refresh = "boolean", tools = "table" })

-- Failures that no model can do anything about.
local FATAL = {
  unauthorized = true, forbidden = true, authorization_required = true, cancelled = true,
  configuration = true,
}

--- The tools of the server, for a request to a language model.
-- @tparam string api "anthropic", "openai", "openai_chat" or "gemini": see
--   `scalekit.mcp.llm`
-- @tparam[opt] table opts
-- @tparam[opt] table opts.tools array of tools from `list_tools`, if not all of them
-- @tparam[opt] number|string opts.timeout seconds
-- @tparam[opt] number|string opts.idle_timeout seconds
-- @tparam[opt=false] boolean opts.refresh asks the server in any case
-- @treturn[1] table array for the member `tools` of the request
-- @treturn[2] nil
-- @treturn[2] table error
function methods:tools_for(api, opts)
  local wrong = llm.mistake(api)
  if wrong then error("tools_for: " .. wrong, 2) end
  begin.begin(self, "tools_for", opts, OF_TOOLS)
  opts = opts or {}
  local tools = opts.tools
  if not tools then
    local err
    tools, err = self:list_tools {
      timeout = opts.timeout, idle_timeout = opts.idle_timeout, refresh = opts.refresh,
    }
    if not tools then return nil, err end
  end
  local shaped, original = llm.tools(api, tools)
  self._names[api] = original
  return shaped
end

-- Runs functions side by side where the running coroutine can wait for that.
local function run_all(functions)
  if #functions > 1 and driver.current() == step then return step.all(functions) end
  local values, errs = {}, {}
  for i, fn in ipairs(functions) do values[i], errs[i] = fn() end
  return values, errs
end

--- Calls the tools that a language model asks for.
--
-- A call that fails is told to the model, which may try something else. Only
-- what it cannot help is an error here: no access, or a user who has to sign in.
-- Several calls go side by side inside `scalekit.run`, else one after the other.
-- @tparam string api as for `tools_for`, which has to have been called before
-- @tparam table response the decoded answer of the API
-- @tparam[opt] table opts as for `call_tool`, for each call
-- @treturn[1] table array of messages to append after the model's own, empty
--   where it asks for nothing
-- @treturn[2] nil
-- @treturn[2] table error
function methods:results_for(api, response, opts)
  local wrong = llm.mistake(api)
  if wrong then error("results_for: " .. wrong, 2) end
  if not json.is_object(response) then error("results_for: the response must be a table", 2) end
  begin.begin(self, "results_for", opts, begin.CALLBACKS)
  local calls, functions, original = llm.calls(api, response), {}, self._names[api] or {}
  for i, call in ipairs(calls) do
    functions[i] = function()
      local name = original[call.name]
      if not name then return nil, "there is no tool " .. tostring(call.name) end
      if call.problem then return nil, call.problem end
      return self:call_tool(name, call.arguments, opts)
    end
  end
  if #calls == 0 then return {} end
  local results, errs = run_all(functions)
  local outcomes = {}
  for i, call in ipairs(calls) do
    local err = errs[i]
    if type(err) == "table" and FATAL[err.kind] then return nil, err end
    outcomes[i] = { call = call, result = results[i], err = err }
  end
  return llm.messages(api, outcomes)
end

return methods
