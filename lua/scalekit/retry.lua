--- What may be repeated, and when: pure functions.
--
-- A request is repeated where it surely did not reach the server, or where a
-- repetition does no harm (`op.safe`) and the server said "not now". Nothing
-- else: an unsafe request whose outcome is unknown is reported as such.
-- @module scalekit.retry

local moment = require "scalekit.moment"

local retry = {}

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
  Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

--- Seconds to wait before the next attempt: doubles from 1 up to 30, jittered
-- down to half.
-- @tparam number attempt the attempt that failed, from 1
-- @tparam number random in 0..1
function retry.delay(attempt, random)
  return math.min(2 ^ (attempt - 1), 30) * (0.5 + 0.5 * random)
end

--- The seconds a Retry-After header asks for, or nil (RFC 9110 10.2.3: a
-- number, or a date).
-- @tparam string|nil value
-- @tparam number now Unix seconds
function retry.after(value, now)
  if not value then return nil end
  local seconds = tonumber(value:match "^%s*(%d+)%s*$")
  if seconds then return seconds end
  local day, month, year, hour, minute, second =
    value:match "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not MONTHS[month] then return nil end
  local at = moment.at(year, MONTHS[month], day, hour, minute, second)
  return at and math.max(0, at - now)
end

local NOT_NOW = { [502] = true, [503] = true, [504] = true }

--- Whether an attempt that failed with `err` may be repeated.
-- @tparam table op a row of `scalekit.ops`
-- @tparam table err `err.before_request`: it is about fetching a token
-- @tparam[opt] boolean patient whether a refusal for too many requests, which
-- surely had no effect, may be repeated
function retry.may(op, err, patient)
  if err.kind == "tool_error" then return false end
  if err.kind == "rate_limited" then return patient == true end
  if err.kind == "network" and err.outcome == "none" then return true end
  if not (op.safe or err.before_request) then return false end
  return NOT_NOW[err.status] or (err.kind == "network" and err.outcome == "unknown")
end

return retry
