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
local connection = require "scalekit.mcp.connection"
local duration = require "scalekit.duration"
local endpoint = require "scalekit.mcp.endpoint"
local era = require "scalekit.mcp.era"
local options = require "scalekit.options"
local transport = require "scalekit.transport"
local wire = require "scalekit.mcp.wire"
local VERSION = require "scalekit.version"

local mcp = {}

local TIMEOUT = 30
local MAX_BODY = 8 * 1024 * 1024
local MAX_DEPTH = 64

local OPTIONS = {
  url = "string", token = "string|secret", headers = "table", timeout = duration.TYPE,
  era = "string", client_info = "table", transport = "function",
  allow_insecure_http = "boolean", max_body = "number",
}

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
  elseif opts.max_body and not (connection.is_limit(opts.max_body) and opts.max_body % 1 == 0) then
    return "option 'max_body' must be a number of bytes above 0"
  elseif info and not (is_text(info.name) and is_text(info.version)) then
    return "option 'client_info' must have a name and a version"
  end
  return endpoint.mistake(opts.headers, opts.token)
end

--- Connects to a server and finds out which era it belongs to.
--
-- @tparam table opts
-- @tparam string opts.url the server's MCP endpoint
-- @tparam[opt] string|secret opts.token sent as a bearer token with every request
-- @tparam[opt] table opts.headers further headers; `Authorization = "Bearer …"`
--   is the same as a token
-- @tparam[opt=30] number|string opts.timeout for connecting and for each call: seconds,
--   or a text such as "1m30s"
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
  local timeout = duration.option("connect", opts, "timeout", TIMEOUT)
  local wrong = mistake(opts)
  if wrong then error("connect: " .. wrong, 2) end
  local spec, fault = endpoint.read(opts)
  if not spec then
    return nil, errors.new { kind = "configuration", operation = "connect", message = fault }
  end
  spec.send = opts.transport or transport.default {}
  spec.max_body, spec.max_depth = opts.max_body or MAX_BODY, MAX_DEPTH

  local info = opts.client_info or { name = "scalekit-lua", version = VERSION }
  local line = wire.new(spec)
  local peer, err = era.open(line, {
    era = opts.era or "auto",
    client_info = { name = info.name, version = info.version },
  }, core.now() + timeout)
  if not peer then
    err.operation = err.operation or "connect"
    return nil, err
  end
  return connection.new(line, peer, timeout)
end

return mcp
