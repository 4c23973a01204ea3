--- Switches of a local environment, for trying what is hard to wait for: an account that expired,
-- a clock that moved on, a request that fails. Offered only where the app was made with
-- `switches = true`, and only to the API client.
--
-- `PUT /switches/account` `{ connection_name, identifier, status }`
-- `PUT /switches/clock` `{ advance = seconds }`
-- `PUT /switches/fault` `{ operation | path | tool_name, status, error_code, message, retry_after,
--   seconds, lose, times }`; `DELETE` takes all faults back
local core = require "scalekit.core"
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local controls = require "scalekit.vmcp.controls"
local faults = require "scalekit.vmcp.faults"
local problem = require "scalekit.vmcp.problem"
local tokens = require "scalekit.vmcp.tokens"

local switches = {}

local MAX_IDENTIFIER = 255

-- name → method → function(app, body) → nil, or a problem
local SWITCHES = { account = {}, clock = {}, fault = {} }

function SWITCHES.account.PUT(app, body)
  local connection = app.catalogue:connection(body.connection_name)
  if not connection then
    return problem.not_found "There is no connection with this name"
  elseif type(body.identifier) ~= "string" or body.identifier == "" then
    return problem.violation("identifier", "is required", "required")
  elseif core.utf8_length(body.identifier) > MAX_IDENTIFIER then
    return problem.violation("identifier",
      ("must have at most %d characters"):format(MAX_IDENTIFIER), "string.max_len")
  elseif not accounts.STATES[body.status] then
    return problem.violation("status", "is not a state of an account", "enum")
  end
  local _, refusal = accounts.set_status(app, connection, body.identifier, body.status)
  return refusal
end

function SWITCHES.clock.PUT(app, body)
  if type(body.advance) ~= "number" then
    return problem.violation("advance", "must be a number of seconds", "type")
  end
  local _, refusal = controls.move_clock(app, body.advance)
  return refusal
end

function SWITCHES.fault.PUT(app, body)
  local wrong = faults.wrong(body)
  if wrong then return problem.violation("", wrong, "fault") end
  local _, refusal = faults.add(app, body)
  return refusal
end

function SWITCHES.fault.DELETE(app)
  faults.clear(app)
end

local function names_of(methods)
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  return names
end

local function serve(app, request)
  local token = tokens.bearer(request.headers)
  if not token or not tokens.read_access(app, token) then
    return problem.unauthenticated "The switches belong to the API client"
  end
  local switch = SWITCHES[request.path:match "^/switches/(%l+)$"]
  if not switch then
    return problem.not_found "There is no such switch"
  elseif not switch[request.method] then
    return problem.method_not_allowed(names_of(switch))
  end
  local body = request.method == "PUT" and json.decode(request.body or "", 8) or {}
  if not json.is_object(body) then return problem.malformed "The body must be a JSON object" end
  return switch[request.method](app, body)
end

--- Answers a request below `/switches/`.
function switches.handle(app, request)
  local refusal = serve(app, request)
  if refusal then return problem.response(refusal) end
  return { status = 204, headers = {} }
end

return switches
