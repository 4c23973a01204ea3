--- Methods of a connection: listing and calling tools.
-- @classmod scalekit.mcp.connection

local core = require "scalekit.core"
local begin = require "scalekit.mcp.call"
local errors = require "scalekit.error"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local lists = require "scalekit.mcp.lists"
local tools = require "scalekit.mcp.tools"

local methods = {}

local HEADER_MISMATCH = -32020

local OF_LIST = begin.with(begin.TIMES, { refresh = "boolean" })

local function fetch(self, call)
  local stamp = self._cache:stamp(tools.METHOD)
  local catalogue, err = tools.fetch(self._peer, call, self._wire.max_body)
  if not catalogue then return nil, err end
  self._mirrors, self._dropped = catalogue.mirrors, catalogue.dropped
  self.warnings = catalogue.warnings
  self._cache:put(tools.METHOD, catalogue.tools, catalogue.till, stamp)
  for _, warning in ipairs(catalogue.warnings) do begin.warn(self, warning) end
  return catalogue.tools
end

--- Lists the tools of the server, all pages of them.
--
-- Each tool is as the server sent it (`name`, `description`, `inputSchema` …),
-- and `raw` is its exact JSON text. Tools that cannot be used safely are left
-- out; `warnings` and the callback `on_warning` of `connect` say which and why.
--
-- As long as the server says that its list holds (`ttlMs`), it is not asked
-- again; the tools are then the same tables as before, so do not change them.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds for all pages together
-- @tparam[opt] number|string opts.idle_timeout seconds without a byte from the server
-- @tparam[opt=false] boolean opts.refresh asks in any case
-- @treturn[1] table array of tools
-- @treturn[2] nil
-- @treturn[2] table error
function methods:list_tools(opts)
  local call = begin.begin(self, "list_tools", opts, OF_LIST)
  local list = not (opts and opts.refresh) and self._cache:get(tools.METHOD)
  if not list then
    local err
    list, err = fetch(self, call)
    if not list then return nil, err end
  end
  return lists.copy(list)
end

local function refused(text)
  return errors.new { kind = "bad_request", operation = "tools/call", message = text }
end

-- One attempt, with the headers that the last list of tools asks for.
local function call_once(self, name, arguments, params, call)
  if self._peer.era == "modern" then
    local headers, reason = header.mirror(self._mirrors[name] or {}, arguments)
    if not headers then return nil, refused(reason) end
    call.headers = headers
  end
  return self._peer:request("tools/call", params, call)
end

--- Calls a tool.
--
-- A tool that fails is a result too: look at `isError`. `nil, err` means that
-- the server refused the call, or could not be asked.
--
-- The callbacks run in the coroutine that calls and may wait; what `connect`
-- was given is used where none is given here. A server that asks for something
-- nobody answers is refused, and the call goes on or fails as the server likes.
-- @tparam string name
-- @tparam[opt] table arguments an object; lists inside are made with
--   `scalekit.json.array`, or simply have elements
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds, for all of it
-- @tparam[opt] number|string opts.idle_timeout seconds without a byte from the server,
--   after which it counts as gone
-- @tparam[opt] function opts.on_progress called with `{ progress, total, message }`
-- @tparam[opt] function opts.on_message called with `{ level, logger, data }`
-- @tparam[opt] function opts.on_elicitation called with `{ message,
--   requestedSchema }`, returns `{ action = "accept", content = {…} }`,
--   `{ action = "decline" }`, or nil to dismiss it; values of the schema's
--   `default` need not be repeated
-- @tparam[opt] function opts.on_url called with `{ message, url }`, returns
--   `{ action = … }` or nil: show the whole address, and open it only if the user
--   agrees
-- @tparam[opt] function opts.on_sampling called with `{ messages, maxTokens … }`,
--   returns `{ role, content, model, stopReason }`, or nil to reject it
-- @treturn[1] table result: `content` (array of blocks), `structuredContent`,
--   `isError`, whatever else the server sent, and `raw`, its exact JSON text
-- @treturn[2] nil
-- @treturn[2] table error
function methods:call_tool(name, arguments, opts)
  if type(name) ~= "string" then
    error("call_tool: the name of the tool must be a string, got " .. type(name), 2)
  elseif not core.utf8_length(name) then
    error("call_tool: the name of the tool is not valid UTF-8", 2)
  end
  arguments = arguments == nil and {} or arguments
  if type(arguments) ~= "table" or json.is_array(arguments) then
    error("call_tool: the arguments must be a table of named values", 2)
  end
  local call = begin.begin(self, "call_tool", opts, begin.CALLBACKS)
  local encoded, text = pcall(json.encode, arguments)
  if not encoded then error("call_tool: the arguments cannot be JSON: " .. tostring(text), 2) end
  local dropped = self._dropped[name]
  if dropped then return nil, refused("tool " .. name .. " was left out: " .. dropped) end

  local params = { name = name, arguments = json.raw(text) }
  local result, raw = call_once(self, name, arguments, params, call)
  if not result and raw.code == HEADER_MISMATCH then
    -- we know no schema of this tool, or an old one; nothing was executed
    local list, err = fetch(self, begin.quiet(call))
    if not list then return nil, err end
    result, raw = call_once(self, name, arguments, params, call)
  end
  if not result then return nil, raw end
  if result.content == nil then result.content = json.array {} end
  if not json.is_array(result.content) then
    return nil, errors.new {
      kind = "protocol", operation = "tools/call", outcome = "unknown",
      message = "the server sent a result without a list of content",
    }
  end
  result.raw = raw
  return result
end

return methods
