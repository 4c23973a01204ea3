--- A connection to one MCP server.
--
-- Read only: `era` ("modern" or "legacy"), `protocol_version`, `server_info`,
-- `capabilities`, `instructions` (what the server says about itself), and
-- `warnings`: what the last `list_tools` left out, as `{ tool =, message = }`.
--
-- Every method spends at most its `timeout` (the connection's, if none is
-- given) and returns `nil, err` when the world is against it; wrong arguments
-- are raised.
-- @classmod scalekit.mcp.connection

local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local options = require "scalekit.options"
local tools = require "scalekit.mcp.tools"

local connection = {}

local HEADER_MISMATCH = -32020
local CLOSE_MOST = 5 -- seconds for a good-bye

local ONLY_TIMEOUT = { timeout = duration.TYPE }
local OF_CALL = { timeout = duration.TYPE, on_progress = "function", on_message = "function" }

local OF_PEER = {
  era = true, protocol_version = true, server_info = true, capabilities = true, instructions = true,
}

local methods = {}
local connection_mt = { __name = "scalekit.mcp.connection" }

function connection_mt:__index(name)
  local peer = OF_PEER[name] and rawget(self, "_peer")
  if peer then return peer[name] end
  return methods[name]
end

function connection_mt:__tostring()
  local address = self._wire.url:match "^[^?]*"
  return ("mcp connection to %s (%s, %s)"):format(
    address, self.protocol_version, self._closed and "closed" or self.era)
end

function connection.new(wire, peer, timeout)
  return setmetatable({
    _wire = wire,
    _peer = peer,
    _timeout = timeout,
    _mirrors = {},
    _dropped = {},
    warnings = {},
  }, connection_mt)
end

--- Whether a number can be a duration or a limit: above 0 and finite.
-- @local
function connection.is_limit(number)
  return number > 0 and number < math.huge
end

-- Reads the options of a method into what goes down with each request.
local function begin(self, who, opts, known)
  opts = options.check(who, opts, known, 3)
  if self._closed then error(who .. ": the connection is closed", 3) end
  return {
    deadline = core.now() + duration.option(who, opts, "timeout", self._timeout, 3),
    on_progress = opts.on_progress,
    on_message = opts.on_message,
  }
end

local function refresh(self, call)
  local catalogue, err = tools.fetch(self._peer, { deadline = call.deadline }, self._wire.max_body)
  if not catalogue then return nil, err end
  self._mirrors, self._dropped = catalogue.mirrors, catalogue.dropped
  self.warnings = catalogue.warnings
  return catalogue.tools
end

--- Lists the tools of the server, all pages of them.
--
-- Each tool is as the server sent it (`name`, `description`, `inputSchema` …),
-- and `raw` is its exact JSON text. Tools that cannot be used safely are left
-- out; `warnings` says which and why.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout for all pages together: seconds, or a text
--   such as "1m30s"
-- @treturn[1] table array of tools
-- @treturn[2] nil
-- @treturn[2] table error
function methods:list_tools(opts)
  return refresh(self, begin(self, "list_tools", opts, ONLY_TIMEOUT))
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
-- @tparam string name
-- @tparam[opt] table arguments an object; lists inside are made with
--   `scalekit.json.array`, or simply have elements
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds, or a text such as "1m30s"
-- @tparam[opt] function opts.on_progress called with `{ progress, total, message }`
-- @tparam[opt] function opts.on_message called with `{ level, logger, data }`
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
  local call = begin(self, "call_tool", opts, OF_CALL)
  local encoded, text = pcall(json.encode, arguments)
  if not encoded then error("call_tool: the arguments cannot be JSON: " .. tostring(text), 2) end
  local dropped = self._dropped[name]
  if dropped then return nil, refused("tool " .. name .. " was left out: " .. dropped) end

  local params = { name = name, arguments = json.raw(text) }
  local result, raw = call_once(self, name, arguments, params, call)
  if not result and raw.code == HEADER_MISMATCH then
    -- we know no schema of this tool, or an old one; nothing was executed
    local list, err = refresh(self, call)
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

--- Asks whether the server is there.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds, or a text such as "1m30s"
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function methods:ping(opts)
  return self._peer:ping(begin(self, "ping", opts, ONLY_TIMEOUT))
end

--- What the server says about itself: the answer to `server/discover` in the
-- modern era, asked for anew; the answer to the handshake in the legacy era.
-- @tparam[opt] table opts
-- @tparam[opt] number|string opts.timeout seconds, or a text such as "1m30s"
-- @treturn[1] table as the server sent it
-- @treturn[1] string its exact JSON text
-- @treturn[2] nil
-- @treturn[2] table error
function methods:discover(opts)
  return self._peer:discover(begin(self, "discover", opts, ONLY_TIMEOUT))
end

--- Ends the connection, and the session if there is one. May be called twice.
-- @treturn boolean true
function methods:close()
  if self._closed then return true end
  self._closed = true
  return self._peer:close(core.now() + math.min(self._timeout, CLOSE_MOST))
end

return connection
