--- Calls of the modern era that take several rounds: the server answers
-- `input_required`, and the same request goes out again with what it asked for.
-- (2026-07-28, "Multi round-trip requests")
-- @module scalekit.mcp.rounds

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local failure = require "scalekit.mcp.failure"
local input = require "scalekit.mcp.input"
local json = require "scalekit.json"

local rounds = {
  --- How many rounds one call may take.
  MOST = 16,
}

-- The methods whose results may ask for something.
local ASKING = { ["tools/call"] = true, ["prompts/get"] = true, ["resources/read"] = true }

local FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2 -- seconds before a round that only repeats
local REJECTED = -1

local function refused(wire, raw, why)
  local rejected = why.code == REJECTED
  return errors.new {
    kind = rejected and "cancelled" or "unimplemented",
    message = rejected and why.message
      or "the server asks for input that was not offered to it: " .. why.message,
    data = failure.data(wire, core.json_member(raw, "inputRequests")),
    outcome = "unknown",
  }
end

-- Answers each request of the server; nil and an error if one has no answer.
local function answers(wire, requests, raw, call)
  local keys, responses = {}, {}
  for key in pairs(requests) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local request = requests[key]
    if not json.is_object(request) or type(request.method) ~= "string" then
      return nil, failure.protocol "the server sent a malformed request for input"
    end
    local params = json.is_object(request.params) and request.params or {}
    local result, why = input.answer(call, request.method, params)
    if not result then return nil, refused(wire, raw, why) end
    responses[key] = result
  end
  return keys[1] and responses or nil
end

-- Waits before a round that brings nothing new; nil and an error if there is no time.
local function pause(round, deadline)
  local seconds = math.min(FIRST_PAUSE * 2 ^ (round - 1), LONGEST_PAUSE)
  if core.now() + seconds >= deadline then return nil, failure.timeout() end
  local ok = driver.current().sleep(seconds)
  if ok then return true end
  return nil, errors.new {
    kind = "cancelled", message = "the waiting coroutine was cancelled", outcome = "unknown",
  }
end

--- What to send in the next round. The state goes back as the very bytes it
-- came in, and only to this call.
-- @tparam table wire
-- @tparam string method
-- @tparam table params of the first round
-- @tparam table result which says `input_required`
-- @tparam string raw its exact text
-- @tparam table call with its callbacks and its deadline
-- @tparam number round how many there were
-- @treturn[1] table params
-- @treturn[2] nil
-- @treturn[2] table error
function rounds.next(wire, method, params, result, raw, call, round)
  local requests, state = result.inputRequests, result.requestState
  if requests == json.null then requests = nil end
  if state == json.null then state = nil end
  if not ASKING[method] then
    return nil, failure.protocol "the server asks for input where the protocol has none"
  elseif (requests == nil and state == nil) or (requests ~= nil and not json.is_object(requests))
    or (state ~= nil and type(state) ~= "string") then
    return nil, failure.protocol "the server asks for input without saying for what"
  elseif round >= rounds.MOST then
    return nil, failure.protocol(("the server asked for input %d times"):format(round))
  end
  local responses, err = answers(wire, requests or {}, raw, call)
  if err then return nil, err end
  if not responses then
    local ok
    ok, err = pause(round, call.deadline)
    if not ok then return nil, err end
  end
  local all = {}
  for name, value in pairs(params) do all[name] = value end
  all.inputResponses = responses
  all.requestState = state and json.raw(core.json_member(raw, "requestState"))
  return all
end

return rounds
