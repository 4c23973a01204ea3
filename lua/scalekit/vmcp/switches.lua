--- Switches of a local environment, for trying what is hard to wait for: an account that expired,
-- a clock that moved on. Offered only where the app was made with `switches = true`, and only to
-- the API client.
--
-- `PUT /switches/account` `{ connection_name, identifier, status }`
-- `PUT /switches/clock` `{ advance = seconds }`
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local problem = require "scalekit.vmcp.problem"
local tokens = require "scalekit.vmcp.tokens"

local M = {}

local CLOCK = "switch/clock"

--- How far the clock was moved, in seconds.
function M.offset(app)
  return tonumber(app.store:get(CLOCK) or 0)
end

local SWITCHES = {}

function SWITCHES.account(app, body)
  local connection = app.catalogue:connection(body.connection_name)
  if not connection then
    return problem.not_found "There is no connection with this name"
  elseif type(body.identifier) ~= "string" or body.identifier == "" then
    return problem.violation("identifier", "is required", "required")
  elseif not accounts.STATES[body.status] then
    return problem.violation("status", "is not a state of an account", "enum")
  end
  local _, refusal = accounts.set_status(app, connection, body.identifier, body.status)
  return refusal
end

function SWITCHES.clock(app, body)
  local seconds = body.advance
  if type(seconds) ~= "number" or seconds - seconds ~= 0 then
    return problem.violation("advance", "must be a number of seconds", "type")
  end
  local ok = app.store:update(CLOCK, function(text)
    return ("%.3f"):format(tonumber(text or 0) + seconds)
  end)
  return not ok and problem.unavailable "The clock cannot be moved now" or nil
end

local function serve(app, request)
  local token = tokens.bearer(request.headers)
  if not token or not tokens.read_access(app, token) then
    return problem.unauthenticated "The switches belong to the API client"
  end
  local switch = SWITCHES[request.path:match "^/switches/(%l+)$"]
  if not switch then
    return problem.not_found "There is no such switch"
  elseif request.method ~= "PUT" then
    return problem.method_not_allowed "PUT"
  end
  local body = json.decode(request.body or "", 8)
  if type(body) ~= "table" then
    return problem.malformed "The body must be a JSON object"
  end
  return switch(app, body)
end

--- Answers a request below `/switches/`.
function M.handle(app, request)
  local refusal = serve(app, request)
  if refusal then
    return problem.response(refusal)
  end
  return { status = 204, headers = {} }
end

return M
