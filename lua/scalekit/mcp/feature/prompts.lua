--- Methods of a connection: prompts, and the completion of arguments.
-- @classmod scalekit.mcp.connection

local begin = require "scalekit.mcp.call"
local failure = require "scalekit.mcp.failure"
local json = require "scalekit.json"
local lists = require "scalekit.mcp.lists"

local methods = {}

local OF_COMPLETION = begin.with(begin.TIMES, {
  prompt = "string", resource = "string", argument = "string", value = "string",
  arguments = "table",
})

--- Lists the prompts of the server, all pages of them, as `list_tools` does.
-- @function list_prompts
-- @tparam[opt] table opts as for `list_tools`
-- @treturn[1] table array of prompts (`name`, `description`, `arguments` …, and `raw`)
-- @treturn[2] nil
-- @treturn[2] table error
methods.list_prompts = lists.method("list_prompts", "prompts/list", "prompts")

-- Arguments of prompts are strings, all of them.
local function check_arguments(who, arguments)
  if arguments == nil then return nil end
  if type(arguments) ~= "table" then error(who .. ": the arguments must be a table", 3) end
  local all = {}
  for name, value in pairs(arguments) do
    if type(name) ~= "string" or type(value) ~= "string" then
      error(who .. ": names and values of arguments must be strings", 3)
    end
    all[name] = value
  end
  return next(all) ~= nil and all or nil
end

--- Gets a prompt.
-- @tparam string name
-- @tparam[opt] table arguments name → string
-- @tparam[opt] table opts as for `call_tool`
-- @treturn[1] table result: `messages` (array of `{ role, content }`),
--   `description`, and `raw`
-- @treturn[2] nil
-- @treturn[2] table error
function methods:get_prompt(name, arguments, opts)
  if type(name) ~= "string" then error("get_prompt: the name of the prompt must be a string", 2) end
  arguments = check_arguments("get_prompt", arguments)
  local call = begin.begin(self, "get_prompt", opts, begin.CALLBACKS)
  local params = { name = name, arguments = arguments }
  local result, raw = self._peer:request("prompts/get", params, call)
  if not result then return nil, raw end
  return lists.with_array(result, raw, "messages", "prompts/get")
end

--- Asks how an argument of a prompt, or of a template of resources, may go on.
-- @tparam table opts
-- @tparam[opt] string opts.prompt the name of the prompt
-- @tparam[opt] string opts.resource the template, if it is not about a prompt
-- @tparam string opts.argument the name of the argument
-- @tparam[opt=""] string opts.value what there is of it
-- @tparam[opt] table opts.arguments those that are known already, name → string
-- @tparam[opt] number|string opts.timeout seconds
-- @tparam[opt] number|string opts.idle_timeout seconds
-- @treturn[1] table `values` (at most 100 strings), `total`, `hasMore`
-- @treturn[2] nil
-- @treturn[2] table error
function methods:complete(opts)
  local call = begin.begin(self, "complete", opts, OF_COMPLETION)
  opts = opts or {}
  if (opts.prompt == nil) == (opts.resource == nil) then
    error("complete: give either 'prompt' or 'resource'", 2)
  elseif not opts.argument then
    error("complete: option 'argument' is required", 2)
  end
  local known = check_arguments("complete", opts.arguments)
  local result, raw = self._peer:request("completion/complete", {
    ref = opts.prompt and { type = "ref/prompt", name = opts.prompt }
      or { type = "ref/resource", uri = opts.resource },
    argument = { name = opts.argument, value = opts.value or "" },
    context = known and { arguments = known } or nil,
  }, call)
  if not result then return nil, raw end
  local completion = result.completion
  if json.is_object(completion) and json.is_array(completion.values) then return completion end
  local err = failure.protocol "the server sent a completion without values"
  err.operation = "completion/complete"
  return nil, err
end

return methods
