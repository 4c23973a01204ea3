--- `/mcp/v3/servers/<uuid>`: one Virtual MCP server, in both eras of the protocol; and
-- `/mcp/instances/<opaque>`, one of the older model.
--
-- Order of the checks: Origin and Host, path and verb (all in `app`), bearer, JSON, era. The
-- handshake era is served without sessions, so no request depends on an earlier one.
local trim = require "scalekit.trim"

local configs = require "scalekit.vmcp.configs"
local discovery = require "scalekit.vmcp.discovery"
local instances = require "scalekit.vmcp.instances"
local legacy = require "scalekit.vmcp.legacy"
local modern = require "scalekit.vmcp.modern"
local problem = require "scalekit.vmcp.problem"
local rpc = require "scalekit.vmcp.rpc"
local tokens = require "scalekit.vmcp.tokens"

local endpoint = {}

local MAX_NOTE = 100

-- RFC 6750: whoever sent no credentials gets no error code; RFC 9728 says where to learn more.
local function unauthorized(app, uuid, reason)
  local challenge = ('Bearer resource_metadata="%s"'):format(discovery.resource_url(app, uuid))
  if reason then
    challenge = challenge .. (', error="invalid_token", error_description="%s"'):format(reason)
  end
  local refusal = problem.unauthenticated(reason or "Token empty")
  refusal.headers = { ["www-authenticate"] = challenge }
  return problem.response(refusal)
end

-- → claims, or nil and a response
local function authenticate(app, request, uuid)
  local token, reason = tokens.bearer(request.headers)
  local claims
  if token then
    claims, reason = tokens.read_session(app, token, uuid)
  elseif reason == "missing" then
    return nil, unauthorized(app, uuid)
  else
    reason = "Authorization must be a bearer token"
  end
  if not claims then return nil, unauthorized(app, uuid, reason) end
  return claims
end

local function is_json(headers)
  local kind = headers["content-type"]
  return kind == nil or kind:lower():match "^%s*application/json%s*$"
    or kind:lower():match "^%s*application/json%s*;"
end

local function is_modern(message, headers)
  local in_body = message.params and message.params._meta
  if type(in_body) == "table" and in_body[rpc.META .. "protocolVersion"] ~= nil then
    return true
  end
  local in_header = headers["mcp-protocol-version"]
  if not in_header or legacy.VERSIONS[in_header] then return false end
  -- an initialize that announces a date of its own is answered with one of ours
  return message.method ~= "initialize" or modern.VERSIONS[in_header] ~= nil
end

-- Optional white space around a field value is not part of it.
local function protocol_headers(headers)
  local trimmed = {}
  for _, name in ipairs { "mcp-protocol-version", "mcp-method", "mcp-name" } do
    trimmed[name] = headers[name] and trim(headers[name])
  end
  return trimmed
end

-- For the request log, where a line has an end.
local function note_of(message)
  local name = message.method == "tools/call" and message.params.name
  local note = (message.method or "response") .. (type(name) == "string" and " " .. name or "")
  return note:sub(1, MAX_NOTE)
end

-- Answers for a user who may use a config; `session` is { app, config, identifier, read_only }.
local function answer(session, request)
  if not is_json(request.headers) then
    return rpc.error(nil, 415, rpc.INVALID_REQUEST, "The body must be application/json")
  end
  local message, refused = rpc.read(request.body)
  if not message then return refused end
  session.headers = protocol_headers(request.headers)
  local era = is_modern(message, session.headers) and modern or legacy
  local response = era.answer(session, message)
  response.note = note_of(message)
  return response
end

local function gone()
  return problem.response(problem.not_found("This MCP server does not exist any more"))
end

--- Answers a POST.
function endpoint.post(app, request, uuid)
  uuid = uuid:lower()
  local claims, refused = authenticate(app, request, uuid)
  if not claims then return refused end
  local config = configs.by_uuid(app, uuid)
  if not config or config.id ~= claims.mcp_cfg then return gone() end
  return answer({
    app = app,
    config = config,
    identifier = claims.sub,
    read_only = claims.access_level == "READ_ONLY",
  }, request)
end

--- Answers a POST to an instance of the older model: its URL says who asks.
function endpoint.post_to_instance(app, request, opaque)
  local instance = instances.at(app, opaque)
  local config = instance and configs.by_id(app, instance.config_id)
  if not config then return gone() end
  instances.note_use(app, instance)
  return answer({ app = app, config = config, identifier = instance.user_identifier }, request)
end

return endpoint
