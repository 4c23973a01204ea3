--- The transport without a socket: calls a Virtual MCP server's handlers
-- directly, so that tests of an orchestration script are instant.
-- @module scalekit.transport.inproc

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"

local inproc = {}

local events_mt = {}
events_mt.__index = events_mt

function events_mt:read()
  if self.parser then return self.parser:next() end
  return nil
end

function events_mt:close()
  self.parser = nil
end

local function open_stream(body)
  local parser = core.sse(#body + 1)
  parser:feed(body)
  return setmetatable({ parser = parser }, events_mt)
end

-- The app sees what a server would: lower-case header names, plain strings.
local function to_app(request)
  local host, target = request.url:match "^%w+://([^/?]+)(.*)$"
  local path, query = target:match "^([^?]*)%??(.*)$"
  local headers = { host = host }
  for name, value in pairs(request.headers or {}) do
    headers[name:lower()] = core.reveal(value)
  end
  if request.auth then headers.authorization = "Bearer " .. core.reveal(request.auth) end
  return {
    method = request.method or "GET",
    path = path ~= "" and path or "/",
    query = query ~= "" and query or nil,
    headers = headers,
    body = request.body and core.reveal(request.body),
  }
end

local function broken(kind, message)
  return errors.new { kind = kind, message = message, outcome = "unknown" }
end

-- What a fault of the app did to its answer on the way: an error when it did not arrive.
local function travel(answer, request, time)
  if answer.delay then
    local host = time or driver.current()
    local left = request.deadline and math.max(request.deadline - host.now(), 0)
    local late = left ~= nil and left < answer.delay
    local ok, reason = host.sleep(late and left or answer.delay)
    if ok == false or ok == nil and reason then
      return broken(reason == "timeout" and "timeout" or "cancelled",
        "the waiting coroutine was " .. (reason == "timeout" and "timed out" or "cancelled"))
    elseif late then
      return broken("timeout", "no answer in time")
    end
  end
  return answer.lost and broken("network", "the connection ended before the answer came") or nil
end

--- Makes a transport of an app.
-- @tparam table app anything with `app:handle(request) → response`
-- @tparam[opt] table time `now()` and `sleep(seconds)` of who uses it, default the
-- driver's
-- @treturn function `send(request) → response | nil, err`
function inproc.new(app, time)
  if type(app) ~= "table" or type(app.handle) ~= "function" then
    error("transport.inproc: expected an app, such as scalekit.vmcp.app {} makes", 2)
  end
  return function(request)
    local answer = app:handle(to_app(request))
    local err = travel(answer, request, time)
    if err then return nil, err end
    local headers = {}
    for name, value in pairs(answer.headers or {}) do headers[name:lower()] = value end
    local body = answer.body or ""
    if #body > (request.max_body or math.huge) then
      return nil, errors.new {
        kind = "protocol", outcome = "unknown", message = "the answer is larger than allowed",
      }
    end
    local response = { status = answer.status, headers = headers }
    if request.stream and (headers["content-type"] or ""):find "^text/event%-stream" then
      response.events = open_stream(body)
    else
      response.body = request.secret and core.secret(body) or body
    end
    return response
  end
end

return inproc
