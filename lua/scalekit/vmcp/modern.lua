--- The stateless era of MCP (2026-07-28): each request carries its version and capabilities, in the
-- body and, for intermediaries, in headers. The two must agree: whoever routes by a header must not
-- be told something else than whoever executes the body.
local core = require "scalekit.core"
local json = require "scalekit.json"

local rpc = require "scalekit.vmcp.rpc"
local toolbox = require "scalekit.vmcp.toolbox"

local modern = {}

modern.VERSIONS = { ["2026-07-28"] = true }

local SUPPORTED = { "2026-07-28" }
local LEVELS = {
  debug = true, info = true, notice = true, warning = true,
  error = true, critical = true, alert = true, emergency = true,
}

local SENTINEL = "^=%?base64%?(.*)%?=$"

-- A header value that was not safe as plain text; nil when the encoding is broken.
local function decode_header(value)
  local encoded = value:match(SENTINEL)
  if not encoded then return value end
  local text = core.unbase64(encoded)
  return text and core.utf8_length(text) and text or nil
end

local function complete(result)
  result.resultType = "complete"
  result._meta = { [rpc.META .. "serverInfo"] = rpc.SERVER_INFO }
  return result
end

-- A config may change at any moment and its URL shows that at once, so nothing is to be kept.
local function uncached(result)
  result.ttlMs, result.cacheScope = 0, "private"
  return complete(result)
end

local METHODS = {}

METHODS["server/discover"] = function(session, message)
  return rpc.result(message, uncached {
    supportedVersions = json.array(SUPPORTED),
    capabilities = { tools = {} },
    instructions = toolbox.instructions(session.config),
  })
end

METHODS["tools/list"] = function(session, message)
  local tools, wrong = toolbox.list(session, message.params)
  if not tools then return rpc.error(message, 200, rpc.INVALID_PARAMS, wrong) end
  return rpc.result(message, uncached { tools = tools })
end

METHODS["tools/call"] = function(session, message)
  local name, given = message.params.name, session.headers["mcp-name"]
  local decoded = given and decode_header(given)
  if not decoded or type(name) == "string" and decoded ~= name then
    return rpc.error(message, 400, rpc.HEADER_MISMATCH,
      given and "Mcp-Name does not match params.name" or "Mcp-Name is missing")
  end
  local result, wrong = toolbox.call(session, message.params)
  if not result then return rpc.error(message, 200, rpc.INVALID_PARAMS, wrong) end
  return rpc.result(message, complete(result))
end

-- What a request's metadata lacks, as an error response; nil when it is complete.
local function check_meta(message, meta, in_header)
  meta = json.is_object(meta) and meta or {}
  local in_body = meta[rpc.META .. "protocolVersion"]
  local level = meta[rpc.META .. "logLevel"]
  if not in_header then
    return rpc.error(message, 400, rpc.HEADER_MISMATCH, "MCP-Protocol-Version is missing")
  elseif type(in_body) ~= "string" then
    return rpc.error(message, 400, rpc.INVALID_PARAMS,
      "params._meta lacks " .. rpc.META .. "protocolVersion")
  elseif not json.is_object(meta[rpc.META .. "clientCapabilities"]) then
    return rpc.error(message, 400, rpc.INVALID_PARAMS,
      "params._meta lacks " .. rpc.META .. "clientCapabilities")
  elseif in_header ~= in_body then
    return rpc.error(message, 400, rpc.HEADER_MISMATCH,
      "MCP-Protocol-Version does not match params._meta")
  elseif not modern.VERSIONS[in_body] then
    return rpc.error(message, 400, rpc.UNSUPPORTED_VERSION, "Unsupported protocol version", {
      supported = json.array(SUPPORTED),
      requested = in_body,
    })
  elseif level ~= nil and not LEVELS[level] then
    return rpc.error(message, 400, rpc.INVALID_PARAMS, "Unknown log level")
  end
end

--- Answers a message of this era.
-- @tparam table session { app, config, identifier, headers }
-- @tparam table message
-- @treturn table response
function modern.answer(session, message)
  if not message.method then
    return rpc.error(nil, 400, rpc.INVALID_REQUEST, "Responses are not sent to a server")
  elseif not message.id then
    return rpc.accepted()
  end
  local refused = check_meta(message, message.params._meta, session.headers["mcp-protocol-version"])
  if refused then
    return refused
  elseif session.headers["mcp-method"] ~= message.method then
    return rpc.error(message, 400, rpc.HEADER_MISMATCH, session.headers["mcp-method"]
      and "Mcp-Method does not match method" or "Mcp-Method is missing")
  end
  local method = METHODS[message.method]
  if not method then
    return rpc.error(message, 404, rpc.METHOD_NOT_FOUND, "Method not found")
  end
  return method(session, message)
end

return modern
