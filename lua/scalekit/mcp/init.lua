--- An MCP client over Streamable HTTP, for any server of either era: the
-- stateless one (2026-07-28) and the one of sessions (2025-11-25, 2025-06-18,
-- 2025-03-26).
--
-- @usage
-- local mcp = require "scalekit.mcp"
-- local server = assert(mcp.connect { url = url, token = token })
-- for _, tool in ipairs(server:list_tools()) do print(tool.name) end
-- local result, err = server:call_tool("add", { a = 1, b = 2 })
-- @module scalekit.mcp

local core = require "scalekit.core"
local errors = require "scalekit.error"
local call = require "scalekit.mcp.call"
local connection = require "scalekit.mcp.connection"
local duration = require "scalekit.duration"
local endpoint = require "scalekit.mcp.endpoint"
local era = require "scalekit.mcp.era"
local memory = require "scalekit.mcp.memory"
local options = require "scalekit.options"
local transport = require "scalekit.transport"
local wire = require "scalekit.mcp.wire"
local VERSION = require "scalekit.version"

local mcp = {}

local TIMEOUT = 30
local MAX_BODY = 8 * 1024 * 1024
local MAX_DEPTH = 64

local OPTIONS = call.with(call.CALLBACKS, {
  url = "string", token = "string|secret|function", headers = "table", era = "string",
  client_info = "table", transport = "function", allow_insecure_http = "boolean",
  max_body = "number", on_warning = "function",
})

local ERAS = { auto = true, modern = true, legacy = true }

local function is_text(value)
  return type(value) == "string" and core.utf8_length(value) ~= nil
end

-- The mistake that only a programmer can make, or nil.
local function mistake(opts)
  local info = opts.client_info
  if not opts.url then
    return "option 'url' is required"
  elseif opts.era and not ERAS[opts.era] then
    return "option 'era' must be \"auto\", \"modern\" or \"legacy\""
  elseif opts.max_body and not (options.is_duration(opts.max_body) and opts.max_body % 1 == 0) then
    return "option 'max_body' must be a number of bytes above 0"
  elseif info and not (is_text(info.name) and is_text(info.version)) then
    return "option 'client_info' must have a name and a version"
  end
  return endpoint.mistake(opts.headers, opts.token)
end

-- The transport of connections that were given none: one as long as any of them lives.
local shared = setmetatable({}, { __mode = "v" })

local function default_transport()
  local send = shared.send
  if not send then
    send = transport.default {}
    shared.send = send
  end
  return send
end

--- Connects to a server and finds out which era it belongs to; once found out,
-- that is remembered for other connections to the same address.
--
-- The callbacks are those of `call_tool`, for every call that brings none of its
-- own. What a server is told that it may ask follows from them; in the older era
-- it is told here, once.
-- @tparam table opts
-- @tparam string opts.url the server's MCP endpoint
-- @tparam[opt] string|secret|function opts.token sent as a bearer token with
--   every request. A function is called for the first one as `token(nil, seconds)`,
--   and again as `token(err, seconds)` when the server has refused it: it returns
--   another one, or nil and an error, within that many seconds; the request that
--   was refused is then repeated once
-- @tparam[opt] table opts.headers further headers; `Authorization = "Bearer …"`
--   is the same as a token
-- @tparam[opt=30] number|string opts.timeout seconds, for connecting and for each call
-- @tparam[opt] number|string opts.idle_timeout seconds without a byte from the server,
--   after which it counts as gone although there is time left
-- @tparam[opt] function opts.on_progress
-- @tparam[opt] function opts.on_message
-- @tparam[opt] function opts.on_elicitation
-- @tparam[opt] function opts.on_url
-- @tparam[opt] function opts.on_sampling
-- @tparam[opt] function opts.on_warning called with `{ message, tool }`, about a
--   tool that is left out and the like
-- @tparam[opt="auto"] string opts.era "modern" or "legacy" where it is known
-- @tparam[opt] table opts.client_info `{ name, version }` of the program, for the
--   server's logs
-- @tparam[opt] function opts.transport how requests travel; if absent cosockets inside
--   nginx, else libcurl
-- @tparam[opt=false] boolean opts.allow_insecure_http allows secrets over plain
--   http to another machine
-- @tparam[opt=8388608] number opts.max_body bytes that one message may have
-- @treturn[1] scalekit.mcp.connection
-- @treturn[2] nil
-- @treturn[2] table error; `unauthorized` and `forbidden` have the server's
--   `challenge` (`scheme`, `error`, `error_description`, `scope`,
--   `resource_metadata` …)
function mcp.connect(opts)
  opts = options.check("connect", opts, OPTIONS, 2)
  local defaults = {
    timeout = duration.option("connect", opts, "timeout", TIMEOUT),
    idle_timeout = duration.option("connect", opts, "idle_timeout"),
  }
  local wrong = mistake(opts)
  if wrong then error("connect: " .. wrong, 2) end
  local spec, fault = endpoint.read(opts)
  if not spec then
    return nil, errors.new { kind = "configuration", operation = "connect", message = fault }
  end
  spec.send = opts.transport or default_transport()
  spec.max_body, spec.max_depth = opts.max_body or MAX_BODY, MAX_DEPTH

  local info = opts.client_info or { name = "scalekit-lua", version = VERSION }
  for name in pairs(OPTIONS) do
    if name:find "^on_" then defaults[name] = opts[name] end
  end
  local line = wire.new(spec)
  local peer, err = era.open(line, {
    era = opts.era or "auto",
    client_info = { name = info.name, version = info.version },
    memory = memory.of(opts.transport),
    on_elicitation = opts.on_elicitation, on_url = opts.on_url, on_sampling = opts.on_sampling,
  }, { deadline = core.now() + defaults.timeout, idle_timeout = defaults.idle_timeout })
  if not peer then
    err.operation = err.operation or "connect"
    return nil, err
  end
  return connection.new(line, peer, defaults)
end

return mcp
