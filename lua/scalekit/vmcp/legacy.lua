--- The handshake era of MCP (2025-11-25 and two revisions before it), served without sessions:
-- `initialize` agrees on a version, and the version header of a later request says it again.
local rpc = require "scalekit.vmcp.rpc"
local toolbox = require "scalekit.vmcp.toolbox"

local legacy = {}

legacy.VERSIONS = { ["2025-11-25"] = true, ["2025-06-18"] = true, ["2025-03-26"] = true }

local NEWEST = "2025-11-25"
-- what a request without a version header speaks; this one knows no structured results
local ASSUMED = "2025-03-26"

local METHODS = {}

function METHODS.initialize(session, message)
  local wanted = message.params.protocolVersion
  return rpc.result(message, {
    protocolVersion = legacy.VERSIONS[wanted] and wanted or NEWEST,
    capabilities = { tools = {} },
    serverInfo = rpc.SERVER_INFO,
    instructions = toolbox.instructions(session.config),
  })
end

function METHODS.ping(_, message)
  return rpc.result(message, {})
end

METHODS["tools/list"] = function(session, message)
  local tools, wrong = toolbox.list(session, message.params)
  if not tools then return rpc.error(message, 200, rpc.INVALID_PARAMS, wrong) end
  for _, tool in ipairs(session.version == ASSUMED and tools or {}) do
    tool.title, tool.outputSchema = nil, nil
  end
  return rpc.result(message, { tools = tools })
end

METHODS["tools/call"] = function(session, message)
  local result, wrong = toolbox.call(session, message.params)
  if not result then
    return rpc.error(message, 200, rpc.INVALID_PARAMS, wrong)
  elseif session.version == ASSUMED then
    result.structuredContent = nil
  end
  return rpc.result(message, result)
end

--- Answers a message of this era. Notifications and responses are taken and forgotten.
-- @tparam table session { app, config, identifier, headers }
-- @tparam table message
-- @treturn table response
function legacy.answer(session, message)
  if not message.method or not message.id then return rpc.accepted() end
  session.version = session.headers["mcp-protocol-version"] or ASSUMED
  local method = METHODS[message.method]
  if not method then
    return rpc.error(message, 200, rpc.METHOD_NOT_FOUND, "Method not found")
  end
  return method(session, message)
end

return legacy
