--- One endpoint, as HTTP sees it: where it is, what every request to it
-- carries, and how much of an answer is acceptable.
-- @module scalekit.mcp.wire

local core = require "scalekit.core"
local bearer = require "scalekit.mcp.bearer"
local errors = require "scalekit.error"
local failure = require "scalekit.mcp.failure"

local wire = {}

local TOKEN_MOST = 30 -- seconds for a token where the request has no deadline

local wire_methods = {}
local wire_mt = { __index = wire_methods, __name = "scalekit.mcp.wire" }

--- Makes one.
-- @tparam table spec `url`, `send` (a transport), `auth`, `source` and `accept`
--   (see `scalekit.mcp.bearer`), `headers` (sent with every request), `secrets`
--   (never shown in errors), `max_body`, `max_depth`
function wire.new(spec)
  return setmetatable({
    url = spec.url,
    send = spec.send,
    bearer = bearer.new(spec),
    headers = spec.headers,
    secrets = spec.secrets,
    max_body = spec.max_body,
    max_depth = spec.max_depth,
    last_id = 0,
    live = setmetatable({}, { __mode = "k" }), -- what is under way, and the method that ends it
  }, wire_mt)
end

--- A request id that this endpoint has not seen.
function wire_methods:next_id()
  self.last_id = self.last_id + 1
  return self.last_id
end

--- The headers of a message that is posted, in a table for the caller to add to.
function wire_methods:to_post()
  local headers = {}
  for name, value in next, self.headers do headers[name] = value end
  headers["content-type"] = "application/json"
  headers["accept"] = "application/json, text/event-stream"
  return headers
end

--- The headers of a request for a stream, in the same way.
function wire_methods:to_listen()
  local headers = {}
  for name, value in next, self.headers do headers[name] = value end
  headers["accept"] = "text/event-stream"
  return headers
end

local function stop(thing, method)
  if thing[method] then thing[method](thing) end
end

-- Sends, so that others can break it off as long as the answer is not there.
local function send(self, request, breaker)
  local handle = request.handle
  self.live[handle], breaker.thing, breaker.method = "abort", handle, "abort"
  local response, err = self.send(request)
  self.live[handle] = nil
  local events = response and response.events
  if events then self.live[events] = "close" end
  breaker.thing, breaker.method = events, "close"
  return response, err
end

--- Closes a stream that has brought what was wanted.
function wire_methods:finish(events)
  self.live[events] = nil
  events:close()
end

--- Breaks off one call: what it waits for ends with an error of kind "cancelled".
-- @tparam table breaker that `request` was given
function wire.break_off(breaker)
  if breaker.thing then stop(breaker.thing, breaker.method) end
end

--- Breaks off everything; from now on only a farewell is sent.
function wire_methods:close()
  self.closed = true
  local things = {}
  for thing, method in pairs(self.live) do things[#things + 1] = { thing, method } end
  for _, one in ipairs(things) do stop(one[1], one[2]) end
end

--- The error of those who still wanted something.
function wire_methods.closing()
  return errors.new {
    kind = "cancelled", message = "the connection was closed", outcome = "unknown",
  }
end

local function too_late()
  local err = failure.timeout()
  err.outcome = "none"
  return nil, err
end

--- Sends one request. A token that the server refuses is replaced once, where
-- it can be: a request that was refused has not been executed.
-- @tparam string method
-- @tparam table headers all of them
-- @tparam ?string body
-- @tparam table call `deadline`, `idle_timeout`, `head_deadline`, `handle`, as a
--   transport knows them; `breaker`, a table for `break_off`; `farewell`, whether
--   it is sent although the wire is closed
-- @treturn[1] table response, its `events` open if it is an event stream
-- @treturn[2] nil
-- @treturn[2] table error
function wire_methods:request(method, headers, body, call)
  local by = call.deadline or call.head_deadline
  if self.closed and not call.farewell then return nil, wire_methods.closing() end
  if by and core.now() >= by then return too_late() end
  local request = {
    method = method,
    url = self.url,
    headers = headers,
    body = body,
    deadline = call.deadline,
    head_deadline = call.head_deadline,
    idle_timeout = call.idle_timeout,
    handle = call.handle or {},
    max_body = self.max_body,
    stream = true,
  }
  local token, generation, err = self.bearer:get(by or core.now() + TOKEN_MOST)
  if err then return nil, err end
  request.auth = token
  local breaker, response = call.breaker or {}
  response, err = send(self, request, breaker)
  if not response or response.status ~= 401 or not self.bearer:can_renew() then
    return response, err
  end

  if response.events then response.events:close() end
  local ok
  ok, err = self.bearer:renew(generation, failure.http(self, response),
    by or core.now() + TOKEN_MOST)
  if not ok then return nil, err end
  if by and core.now() >= by then return too_late() end
  request.auth = self.bearer.current
  return send(self, request, breaker)
end

--- Sends a message.
function wire_methods:post(headers, text, call)
  return self:request("POST", headers, text, call)
end

--- Sends what has no answer: a notification, or the answer to a request of
-- the peer.
-- @treturn[1] boolean true if the peer took it
-- @treturn[2] nil
-- @treturn[2] table error
function wire_methods:tell(headers, text, call)
  local response, err = self:post(headers, text, call)
  if not response then return nil, err end
  if response.events then response.events:close() end
  if response.status >= 300 then return nil, failure.http(self, response) end
  return true
end

return wire
