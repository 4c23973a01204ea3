--- One endpoint, as HTTP sees it: where it is, what every request to it
-- carries, and how much of an answer is acceptable.
-- @module scalekit.mcp.wire

local core = require "scalekit.core"
local failure = require "scalekit.mcp.failure"

local wire = {}

local wire_methods = {}
local wire_mt = { __index = wire_methods, __name = "scalekit.mcp.wire" }

--- Makes one.
-- @tparam table spec `url`, `send` (a transport), `auth` (secret or nil),
--   `headers` (sent with every request), `secrets` (never shown in errors),
--   `max_body`, `max_depth`
function wire.new(spec)
  return setmetatable({
    url = spec.url,
    send = spec.send,
    auth = spec.auth,
    headers = spec.headers,
    secrets = spec.secrets,
    max_body = spec.max_body,
    max_depth = spec.max_depth,
    last_id = 0,
  }, wire_mt)
end

--- A request id that this endpoint has not seen.
function wire_methods:next_id()
  self.last_id = self.last_id + 1
  return self.last_id
end

local function merge(base, own)
  local all = {}
  for name, value in pairs(base) do all[name] = value end
  for name, value in pairs(own) do all[name] = value end
  return all
end

--- Sends one request.
-- @tparam string method
-- @tparam table headers beside those of the endpoint
-- @tparam ?string body
-- @tparam number deadline
-- @treturn[1] table response, its `events` open if it is an event stream
-- @treturn[2] nil
-- @treturn[2] table error
function wire_methods:request(method, headers, body, deadline)
  if core.now() >= deadline then
    local err = failure.timeout()
    err.outcome = "none"
    return nil, err
  end
  return self.send {
    method = method,
    url = self.url,
    headers = merge(self.headers, headers),
    body = body,
    auth = self.auth,
    deadline = deadline,
    max_body = self.max_body,
    stream = true,
  }
end

--- Sends a message.
function wire_methods:post(headers, text, deadline)
  headers = merge(headers, {
    ["content-type"] = "application/json",
    ["accept"] = "application/json, text/event-stream",
  })
  return self:request("POST", headers, text, deadline)
end

--- Sends what has no answer: a notification, or the answer to a request of
-- the peer.
-- @treturn[1] boolean true if the peer took it
-- @treturn[2] nil
-- @treturn[2] table error
function wire_methods:tell(headers, text, deadline)
  local response, err = self:post(headers, text, deadline)
  if not response then return nil, err end
  if response.events then response.events:close() end
  if response.status >= 300 then return nil, failure.http(self, response) end
  return true
end

return wire
