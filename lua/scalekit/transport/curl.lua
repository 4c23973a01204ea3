--- The transport of plain Lua programs: libcurl, on a loop that any number of
-- coroutines share.
-- @module scalekit.transport.curl

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local options = require "scalekit.options"

local curl = {}

local OPTIONS = {
  loop = "userdata", ca_file = "string", cert_file = "string", key_file = "string",
  proxy = "string", connect_timeout = "number", http1 = "boolean",
}

local MAX_BODY = 8 * 1024 * 1024

-- The loop that transports share unless told otherwise; it lives as long as
-- one of them does.
local shared = setmetatable({}, { __mode = "v" })

local function shared_loop()
  local loop = shared.loop
  if not loop then
    loop = core.loop {}
    shared.loop = loop
  end
  return loop
end

local events_mt = {}
events_mt.__index = events_mt

--- The next event of a stream: `{ data, event, id, retry }`; nil at its clean
-- end; `nil, err` where it broke.
function events_mt:read()
  while self.transfer do
    local event, kind, message, outcome = self.transfer:read()
    if event then return event end
    if event == nil then
      self:close()
      if not kind then return nil end
      return nil, errors.new { kind = kind, message = message, outcome = outcome }
    end
    driver.current().wait(self.loop, self.transfer)
  end
  return nil
end

--- Ends the stream; the peer sees the connection or the stream go.
function events_mt:close()
  if self.transfer then
    self.transfer:close()
    self.transfer = nil
  end
end

--- Makes a transport: a function `send(request) → response | nil, err`.
-- @tparam[opt] table opts `ca_file`, `cert_file`, `key_file`, `proxy` (strings),
-- `connect_timeout` (seconds), `http1` (do not offer HTTP/2), `loop`
-- @treturn function
function curl.new(opts)
  opts = options.check("transport.curl", opts, OPTIONS)
  local loop = opts.loop or shared_loop()

  return function(request)
    local timeout
    if request.deadline then
      timeout = request.deadline - core.now()
      if timeout <= 0 then
        return nil, errors.new { kind = "timeout", message = "the deadline has passed" }
      end
    end
    local transfer, problem = loop:submit {
      method = request.method, url = request.url, headers = request.headers,
      auth = request.auth, body = request.body, secret = request.secret,
      timeout = timeout, idle_timeout = request.idle_timeout, stream = request.stream,
      max_body = request.max_body or MAX_BODY,
      connect_timeout = opts.connect_timeout, http1 = opts.http1, proxy = opts.proxy,
      ca_file = opts.ca_file, cert_file = opts.cert_file, key_file = opts.key_file,
    }
    if not transfer then
      return nil, errors.new { kind = "bad_request", message = problem }
    end
    driver.current().wait(loop, transfer)
    local status, headers, body, outcome = transfer:take()
    if not status then
      transfer:close()
      return nil, errors.new { kind = headers, message = body, outcome = outcome }
    end
    local response = { status = status, headers = headers, body = body }
    if body == nil then
      response.events = setmetatable({ transfer = transfer, loop = loop }, events_mt)
    else
      transfer:close()
    end
    return response
  end
end

return curl
