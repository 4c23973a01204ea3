--- Finds the answer to a request in an HTTP response: a JSON body, or an
-- event stream that may carry other messages first.
-- @module scalekit.mcp.answer

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local failure = require "scalekit.mcp.failure"
local rpc = require "scalekit.mcp.rpc"

local answer = {}

-- A peer that could not read our id answers with an error that has none.
local function belongs(message, exchange)
  return message.kind == "response"
    and (message.id == exchange.id or (message.error ~= nil and message.id == nil))
end

local function found(message, response)
  message.status, message.headers = response.status, response.headers
  return message
end

--- Reads one text of a peer.
-- @tparam table wire
-- @tparam string text
-- @tparam ?boolean batches whether it may be an array
-- @treturn[1] table array of messages, as from `rpc.read`
-- @treturn[2] nil
-- @treturn[2] table error
function answer.messages(wire, text, batches)
  if #text > wire.max_body then
    return nil, failure.protocol(("a message of more than %d bytes"):format(wire.max_body))
  end
  local messages, reason = rpc.read(text, wire.max_depth, batches)
  if messages then return messages end
  return nil, failure.protocol("the server sent no valid message: " .. reason)
end

-- Looks through one text; the message, or nil and an error if reading must end.
local function take(wire, text, exchange)
  local messages, reason = answer.messages(wire, text, exchange.batches)
  if not messages then return nil, reason end
  local answered
  for _, message in ipairs(messages) do
    if belongs(message, exchange) then
      answered = answered or message
    elseif message.kind == "notification" then
      exchange.on_notification(message)
    elseif message.kind == "request" then
      local ok, err = exchange.on_request(message)
      if not ok then return nil, err end
    end
  end
  return answered
end

-- What else than JSON a body claims to be, or nil.
local function foreign_type(response)
  local kind = (response.headers["content-type"] or ""):match "^[^;]*"
  return kind ~= "" and not kind:lower():find "json" and kind or nil
end

local function from_body(wire, response, exchange)
  local status, body = response.status, response.body or ""
  local message, err
  if body ~= "" and status ~= 202 then
    message, err = take(wire, body, exchange)
    if message then return found(message, response) end
  end
  if status >= 300 then return nil, failure.http(wire, response) end
  if body == "" or status == 202 then
    err = failure.protocol "the server took the request and gave no answer"
  elseif err and foreign_type(response) then
    err = failure.protocol("the server answered with something else than JSON: "
      .. failure.words(wire.secrets, foreign_type(response)))
  end
  err = err or failure.protocol "the server answered another request"
  err.status = err.status or status
  return nil, err
end

--- The data of an event that is a message. Empty data only says where a stream
-- stands, and other kinds of events are for others.
-- @tparam table event
-- @treturn ?string
function answer.data(event)
  local kind, data = event.event, event.data
  if (kind == nil or kind == "" or kind == "message") and data and data ~= "" then return data end
  return nil
end

-- Whether a stream that ended with an error may go on elsewhere: it broke, or
-- its peer fell silent while there was time left.
local function is_broken(err, exchange)
  return err.kind == "network" or (err.kind == "timeout" and core.now() < exchange.deadline)
end

-- Reads one stream to its end or to the answer. Returns the message; or nil,
-- an error or nil at a clean end, and whether to give up.
local function from_events(wire, events, exchange, place)
  while true do
    local event, err = events:read()
    if not event then return nil, err, err and not is_broken(err, exchange) end
    place.id, place.retry = event.id or place.id, event.retry or place.retry
    local data = answer.data(event)
    if data then
      local message
      message, err = take(wire, data, exchange)
      if message or err then return message, err, true end
    end
    if core.now() >= exchange.deadline then return nil, failure.timeout(), true end
  end
end

--- Reads the answer.
-- @tparam table wire
-- @tparam table response
-- @tparam table exchange `id` of the request, `deadline`, `batches`,
--   `on_notification(message)`, `on_request(message)` → true or nil and an
--   error that ends the call, `resume(place)` → response or nil and an error,
--   where a broken stream can be taken up again, and `abandoned()`, called
--   before the error of a callback goes on
-- @treturn[1] table message from `rpc.read`, with `status` and `headers`
-- @treturn[2] nil
-- @treturn[2] table error
function answer.read(wire, response, exchange)
  local place = {}
  while true do
    local status, events = response.status, response.events
    if status == 401 or status == 403 then
      if events then events:close() end
      return nil, failure.http(wire, response)
    end
    if not events then return from_body(wire, response, exchange) end
    local ok, message, err, final = driver.pcall(from_events, wire, events, exchange, place)
    wire:finish(events)
    if not ok then
      if exchange.abandoned then exchange.abandoned() end
      error(message, 0)
    end
    if message then return found(message, response) end
    if final then return nil, err end
    if status >= 300 then return nil, failure.http(wire, response) end
    if not exchange.resume or not place.id then return nil, err or failure.cut() end
    response, err = exchange.resume(place)
    if not response then return nil, err end
  end
end

--- What to do with notifications that come before an answer.
-- @tparam table peer `noticed(message)` hears of what concerns no single call
-- @tparam table call `on_progress(params)` and `on_message(params)`, both optional
-- @tparam ?number id of the request, which is its progress token as well
-- @treturn function for `on_notification`
function answer.notices(peer, call, id)
  return function(message)
    local method, params = message.method, message.params
    if method == "notifications/progress" then
      if call.on_progress and params.progressToken == id then call.on_progress(params) end
    elseif method == "notifications/message" then
      if call.on_message then call.on_message(params) end
    else
      peer.noticed(message)
    end
  end
end

--- Turns a message, or the error that came instead, into what a caller gets.
-- @treturn[1] table the result, decoded
-- @treturn[1] string its exact text
-- @treturn[2] nil
-- @treturn[2] table error
function answer.settle(wire, method, message, err)
  if message and message.result then return message.result, message.raw end
  if err and err.kind == "cancelled" and wire.closed then err = wire.closing() end
  err = err or failure.rpc(wire, message)
  err.operation = err.operation or method
  return nil, err
end

return answer
