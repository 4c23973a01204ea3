--- What a client's owner may watch: each request, each answer, each retry.
--
--     scalekit.new {
--       on_request = function(event) event.span = tracer:start(event.operation) end,
--       on_response = function(event) event.span:finish(event.status, event.time) end,
--       on_retry = function(event) log("again in", event.delay, "seconds:", event.kind) end,
--       traceparent = function() return tracer:traceparent() end,
--     }
--
-- An event has `operation` ("list_configs" …; "oauth/token" and "keys" are the
-- client's own requests), `method`, `url` without its query, `attempt` (counts
-- the requests of one call, from 1) and `traceparent` where one is sent. When
-- the answer is there, also `status`, `time` (seconds taken), `request_id`, and
-- `kind`, the error's, where it failed; for `on_retry`, also `delay`, the seconds
-- until the next attempt. The three hooks get the same table for the same
-- request, so what one leaves in it the next one finds. There is never a
-- secret in it: no headers, no bodies.
--
-- Hooks run in the task that makes the call and must not wait. One that throws
-- breaks no call: the first error of each is written to standard error, the
-- others are dropped.
-- @module scalekit.hooks

local core = require "scalekit.core"

local hooks = {}
hooks.__index = hooks
hooks.__name = "scalekit.hooks"

-- The options of `scalekit.new` that end up here.
hooks.OPTIONS = {
  on_request = "function", on_response = "function", on_retry = "function",
  traceparent = "string|function",
}

-- W3C Trace Context, version 00: version, trace id, parent id, flags.
local function is_traceparent(value)
  if type(value) ~= "string" or #value ~= 55 then return false end
  local version, trace, parent = value:match "^(%x%x)%-(%x+)%-(%x+)%-%x%x$"
  return version ~= nil and version ~= "ff" and value == value:lower()
    and #trace == 32 and trace:find "[^0]" ~= nil and parent:find "[^0]" ~= nil
end

--- Takes the hooks out of a table of options.
-- @local
-- @tparam table opts checked with `OPTIONS`
-- @treturn ?table nil where none is set
function hooks.new(opts)
  local traceparent = opts.traceparent
  if type(traceparent) == "string" and not is_traceparent(traceparent) then
    error("scalekit.new: option 'traceparent' must be a W3C trace context such as "
      .. "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", 3)
  end
  local self = { failed = {} }
  for name in pairs(hooks.OPTIONS) do self[name] = opts[name] end
  if next(self, next(self)) == nil then return nil end
  return setmetatable(self, hooks)
end

local function report(self, name, problem)
  if self.failed[name] then return end
  self.failed[name] = true
  local ok, text = pcall(tostring, problem)
  io.stderr:write(("scalekit: %s has failed: %s\n"):format(name, ok and text or "?"))
end

-- Calls a hook if it is set; what it returns, unless it throws.
local function call(self, name, event)
  local hook = self[name]
  if not hook then return nil end
  local ok, result = pcall(hook, event)
  if ok then return result end
  report(self, name, result)
  return nil
end

-- Headers are shared by many requests: a traceparent goes into a copy.
local function trace(self, event, http)
  local value = self.traceparent
  if type(value) == "function" then
    value = call(self, "traceparent", event)
    if value ~= nil and not is_traceparent(value) then
      report(self, "traceparent", "what it returns is no W3C trace context")
      value = nil
    end
  end
  if value == nil and not http.headers.traceparent then return end
  local headers = {}
  for name, content in pairs(http.headers) do headers[name] = content end
  headers.traceparent = value
  http.headers, http.ready_headers = headers, nil
  event.traceparent = value
end

local function sending(self, operation, http, attempt)
  local event = {
    operation = operation, method = http.method, url = http.url:match "^[^?]*", attempt = attempt,
  }
  trace(self, event, http)
  call(self, "on_request", event)
  return event
end

local function answered(self, event, started, response, err)
  event.time = core.now() - started
  event.status = response and response.status
  event.request_id = err and err.request_id or response and response.headers["x-request-id"]
  event.kind = err and err.kind
  call(self, "on_response", event)
end

--- Performs one request of a call, watched.
-- @local
-- @tparam function exchange as in `scalekit.client`
-- @tparam table client
-- @tparam table op
-- @tparam table http the request
-- @tparam table request the call that it belongs to
-- @return what `exchange` returns
function hooks:exchange(exchange, client, op, http, request)
  request.sent = (request.sent or 0) + 1
  local event = sending(self, op.label, http, request.sent)
  request.event = event
  local started = core.now()
  local value, err, response = exchange(client, op, http)
  answered(self, event, started, response, err)
  return value, err, response
end

--- A call is about to be repeated.
-- @local
-- @tparam table op
-- @tparam table request the call
-- @tparam table err why
-- @tparam number delay seconds until then
function hooks:retry(op, request, err, delay)
  local event = request.event or { operation = op.label, method = op.method, attempt = 0 }
  event.kind, event.delay = err.kind, delay
  call(self, "on_retry", event)
end

--- A transport whose requests are watched.
-- @local
-- @tparam function send
-- @tparam string operation the name they go by
-- @treturn function
function hooks:transport(send, operation)
  return function(request)
    local event = sending(self, operation, request, 1)
    local started = core.now()
    local response, err = send(request)
    answered(self, event, started, response, err)
    return response, err
  end
end

return hooks
