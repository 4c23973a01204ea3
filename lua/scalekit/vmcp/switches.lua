--- Switches of a local environment, for trying what is hard to wait for: an account that expired,
-- a clock that moved on. Offered only where the app was made with `switches = true`, and only to
-- the API client.
--
-- `PUT /switches/account` `{ connection_name, identifier, status }`
-- `PUT /switches/clock` `{ advance = seconds }`
local core = require "scalekit.core"
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local problem = require "scalekit.vmcp.problem"
local tokens = require "scalekit.vmcp.tokens"

local switches = {}

local CLOCK = "switch/clock"
local FARTHEST = 10 * 365 * 86400
local MAX_IDENTIFIER = 255

--- How far the clock was moved, in seconds.
function switches.offset(app)
  return tonumber(app.store:get(CLOCK) or 0)
end

local SWITCHES = {}

function SWITCHES.account(app, body)
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

function SWITCHES.clock(app, body)
  local seconds = body.advance
  if type(seconds) ~= "number" then
    return problem.violation("advance", "must be a number of seconds", "type")
  end
  local ok, refusal = app.store:update(CLOCK, function(text)
    local offset = tonumber(text or 0) + seconds
    if math.abs(offset) > FARTHEST then
      return nil, problem.violation("advance", "moves the clock more than ten years", "range")
    end
    return ("%.3f"):format(offset)
  end)
  return ok and refusal or not ok and problem.store(refusal) or nil
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
    return problem.method_not_allowed { "PUT" }
  end
  local body = json.decode(request.body or "", 8)
  if not json.is_object(body) then return problem.malformed "The body must be a JSON object" end
  return switch(app, body)
end

--- Answers a request below `/switches/`.
function switches.handle(app, request)
  local refusal = serve(app, request)
  if refusal then return problem.response(refusal) end
  return { status = 204, headers = {} }
end

return switches
