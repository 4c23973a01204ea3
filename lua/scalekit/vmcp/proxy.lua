--- `/proxy/…`: a call of the provider's own API with a user's connected account. The headers
-- `connection_name` and `identifier` say whose; what the provider answers comes back as it is.
--
-- A connection's `proxy` is an array of `{ method, pattern of the path, reads, call }`, where
-- `call(data, request, capture, user)` answers an HTTP status and a value to be sent as JSON, and
-- `reads` says that it leaves `data` alone. `request` is `{ query (a table), body }`.
local json = require "scalekit.json"
local route = require "scalekit.route"

local execution = require "scalekit.vmcp.execution"
local problem = require "scalekit.vmcp.problem"
local selector = require "scalekit.vmcp.selector"
local tokens = require "scalekit.vmcp.tokens"

local proxy = {}

local PREFIX = "/proxy"

-- → claims, or nil and a problem
local function authenticate(app, request)
  local token = tokens.bearer(request.headers)
  local claims, reason
  if token then
    claims, reason = tokens.read_access(app, token)
  else
    reason = "Token empty"
  end
  if not claims then return nil, problem.unauthenticated(reason) end
  return claims
end

-- → record and connection, or nil and a problem
local function find_account(app, headers)
  for _, name in ipairs { "connection_name", "identifier" } do
    if not headers[name] or headers[name] == "" then
      return nil, problem.violation(name, "the header is required", "required")
    end
  end
  return selector.find(app, {
    connector = headers.connection_name, identifier = headers.identifier,
  })
end

-- → what serves a path of the provider's API, or nil
local function find_call(connection, method, path)
  for _, entry in ipairs(connection.proxy) do
    local capture = entry[1] == method and path:match(entry[2])
    if capture then return entry, capture end
  end
end

local function query_of(request)
  local query = {}
  for _, pair in ipairs(route.pairs(request.query) or {}) do query[pair[1]] = pair[2] end
  return query
end

local function respond(status, value)
  return {
    status = status,
    headers = { ["content-type"] = "application/json" },
    body = value ~= nil and json.encode(value) or "",
  }
end

-- What the demo provider says to a path that it does not have.
local function unknown_path()
  return respond(404, { error = { code = 404, message = "Not Found", status = "NOT_FOUND" } })
end

local function serve(app, request)
  local claims, refusal = authenticate(app, request)
  if not claims then return nil, refusal end
  local account, connection = find_account(app, request.headers)
  if not account then return nil, connection end
  if not connection.proxy then
    return nil, problem.precondition("PROXY_NOT_ENABLED",
      ("Connection '%s' has no proxy"):format(connection.name))
  end
  account, refusal = execution.ready(app, connection, account)
  if not account then return nil, refusal end
  local path = request.path:sub(#PREFIX + 1)
  local entry, capture = find_call(connection, request.method, path)
  if not entry then return unknown_path() end
  local inner = { query = query_of(request), body = request.body }
  local answer
  answer, refusal = execution.on_data(app, connection, account.identifier, entry[3],
    function(data, user)
      return respond(entry[4](data, inner, capture, user))
    end)
  return answer, refusal
end

--- Answers a request below `/proxy/`.
function proxy.handle(app, request)
  local response, refusal = serve(app, request)
  response = response or problem.response(refusal)
  response.note = "proxy"
  return response
end

return proxy
