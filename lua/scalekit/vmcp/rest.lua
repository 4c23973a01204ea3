--- `/api/v1/…`: finds the operation, checks who asks and what they say, and shapes the answer.
-- Handlers, grouped by noun under `handler/`, see checked values and return a reply or a problem.
local json = require "scalekit.json"
local route = require "scalekit.route"

local problem = require "scalekit.vmcp.problem"
local tokens = require "scalekit.vmcp.tokens"

local rest = {}

local HANDLERS = {}
for _, noun in ipairs {
  "configs", "instances", "sessions", "accounts", "links", "tools", "execution", "providers",
} do
  for operation, handler in pairs(require("scalekit.vmcp.handler." .. noun)) do
    HANDLERS[operation] = handler
  end
end

local MAX_DEPTH = 32

local function authenticate(app, request)
  local token, reason = tokens.bearer(request.headers)
  if not token then
    return nil, reason == "missing" and "Token empty" or "Authorization must be a bearer token"
  end
  return tokens.read_access(app, token)
end

-- An absent body is an empty message, as for the service's gateway.
local function read_body(request)
  local text = request.body
  if not text or text == "" then return {} end
  local value, message = json.decode(text, MAX_DEPTH)
  if value == nil then
    return nil, problem.malformed("The body is not valid JSON: " .. message)
  elseif not json.is_object(value) then
    return nil, problem.malformed("The body must be a JSON object")
  end
  return value
end

-- → { params, query, body }, checked
local function read_call(op, params, request)
  local call = { op = op, params = params, query = {}, body = {} }
  if op.query then
    local query, violations = route.read_query(op, request.query)
    if not query then return nil, problem.invalid(violations) end
    call.query = query
  end
  if op.body then
    local value, refusal = read_body(request)
    if not value then return nil, refusal end
    local body, violations = op.body:check(value, "receive", json)
    if not body then return nil, problem.invalid(violations) end
    call.body = body
  end
  return call
end

local function respond(op, reply)
  local shaped, violations = op.reply:check(reply, "reply", json)
  if not shaped then
    error(("scalekit.vmcp: reply of %s: %s: %s"):format(
      op.id, violations[1].field, violations[1].description))
  end
  return {
    status = op.status or 200,
    headers = { ["content-type"] = "application/json", ["cache-control"] = "no-store" },
    body = json.encode(shaped),
    note = op.id,
  }
end

local function answer(app, request)
  local op, params = route.match(request.method, request.path)
  if not op then
    local refusal = params == "not_found"
      and problem.not_found("No operation has this path")
      or problem.method_not_allowed(route.methods(request.path))
    return nil, refusal
  end
  local claims, reason = authenticate(app, request)
  if not claims then return nil, problem.unauthenticated(reason) end
  local handler = HANDLERS[op.id]
  if not handler then
    return nil, problem.unimplemented(op.id .. " is not served here"), op
  end
  local call, refusal = read_call(op, params, request)
  if not call then return nil, refusal, op end
  local reply
  reply, refusal = handler(app, call)
  if not reply then return nil, refusal, op end
  return respond(op, reply)
end

--- Answers an API request.
function rest.handle(app, request)
  local response, refusal, op = answer(app, request)
  if not response then
    response = problem.response(refusal)
    response.note = op and op.id
  end
  return response
end

return rest
