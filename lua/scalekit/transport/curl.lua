--- The transport of plain Lua programs: libcurl, on a loop that any number of
-- coroutines share.
-- @module scalekit.transport.curl

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local nginx = require "scalekit.driver.nginx"
local options = require "scalekit.options"

local current = driver.current

local NOTHING = {}

local curl = {}

local OPTIONS = {
  loop = "userdata", ca_file = "string", cert_file = "string", key_file = "string",
  proxy = "string", connect_timeout = "number", http1 = "boolean", tls_min = "string",
  trusted = "boolean",
}

local TLS = { ["1.2"] = false, ["1.3"] = true }

-- The loop that transports share unless told otherwise; it lives as long as
-- one of them does.
local shared = setmetatable({}, { __mode = "v" })

--- The loop that transports use which were given none.
-- @treturn userdata
function curl.loop()
  local loop = shared.loop
  if not loop then
    loop = core.loop {}
    shared.loop = loop
  end
  return loop
end

local function cancelled(reason, transfer)
  return errors.new {
    kind = reason == "timeout" and "timeout" or "cancelled",
    outcome = transfer and not transfer:sent() and "none" or "unknown",
    message = "the waiting coroutine was " .. (reason == "timeout" and "timed out" or "cancelled"),
  }
end

local function hand_on(transfer, body)
  transfer:write(body())
end

-- Hands the next piece of a produced body on, where one is wanted. A producer that
-- fails ends what `owner` has.
local function feed(transfer, body, owner)
  if type(body) ~= "function" or not transfer:hungry() then return end
  local ok, problem = driver.pcall(hand_on, transfer, body)
  if ok then return end
  owner:close()
  error(problem, 0)
end

-- Closes a transfer; who was waiting for it hears of it, and so does who was watching
-- the loop for him.
local function break_off(loop, transfer)
  local wake = loop:forget(transfer)
  transfer:close()
  if wake then wake() end
  loop:nudge()
end

-- An answer that is handed on as it comes.
local stream_mt = { __name = "scalekit.stream" }
stream_mt.__index = stream_mt

--- The next event (`{ data, event, id, retry }`) or chunk (a string) of a
-- stream; nil at its clean end; `nil, err` where it broke. By a deadline that is
-- given, `nil, err` of kind "timeout": the stream stays open.
-- @tparam[opt] number deadline `scalekit.core.now` seconds
-- @treturn[1] table|string
-- @treturn[2] nil
-- @treturn[2] ?scalekit.error
function stream_mt:read(deadline)
  if self.reading then error("another coroutine is reading this stream", 2) end
  while self.transfer do
    local piece, kind, message, outcome = self.transfer:read()
    if piece then return piece end
    if piece == nil then
      self:close()
      if not kind then return nil end
      return nil, errors.new { kind = kind, message = message, outcome = outcome }
    end
    self.reading = true
    local ok, reason = driver.current().wait(self.loop, self.transfer, deadline)
    self.reading = false
    if not ok or not self.transfer then
      local err = cancelled(reason, self.transfer)
      if reason ~= "timeout" then self:close() end
      return nil, err
    end
    feed(self.transfer, self.body, self)
  end
  return nil
end

--- Ends the stream; the peer sees the connection or the HTTP/2 stream go.
function stream_mt:close()
  local transfer = self.transfer
  if not transfer then return end
  self.transfer = nil
  if self.reading then break_off(self.loop, transfer) else transfer:close() end
end

-- Most answers are read for their body alone, so the headers wait as the text
-- that came until somebody asks.
local response_mt = {}

function response_mt:__index(name)
  if name ~= "headers" then return nil end
  self.headers = core.parse_headers(self.head)
  return self.headers
end

-- Waits for the head of a stream, or for the end of anything else.
local function await(loop, transfer, body, request)
  local handle = request.handle
  while true do
    local ok, reason = current().wait(loop, transfer, request.head_deadline)
    if handle and handle.aborted then return nil, cancelled "cancelled" end
    if not ok then return nil, cancelled(reason, transfer) end
    feed(transfer, body, transfer)
    local status, head, received, outcome = transfer:take()
    if status then
      return setmetatable({ status = status, head = head, body = received }, response_mt)
    elseif head then
      return nil, errors.new { kind = head, message = received, outcome = outcome }
    end
  end
end

-- Lets another coroutine break a request off whose answer has not begun.
local function hand_out(handle, loop, transfer)
  function handle.abort()
    if handle.aborted then return end
    handle.aborted = true
    break_off(loop, transfer)
  end
end

local REPEATABLE = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true }

-- Whether libcurl must not send a request again when a kept connection turns
-- out to be dead under it.
local function is_once(request)
  if request.once ~= nil then return request.once end
  return not REPEATABLE[request.method or "GET"]
end

-- What few requests ask for.
local function more_of(request, producing)
  if not (producing or request.stream or request.secret or request.max_body
    or request.idle_timeout) then
    return nil
  end
  return {
    producing = producing, stream = request.stream, secret = request.secret,
    max_body = request.max_body, idle_timeout = request.idle_timeout,
  }
end

local function refused(transfer, problem)
  if transfer == nil then return nil, errors.new { kind = "bad_request", message = problem } end
  return nil, errors.new { kind = "timeout", message = "the deadline has passed" }
end

--- Makes a transport: a function `send(request) → response | nil, err`.
--
-- A request has `method`, `url`, `headers` (name → string or secret), perhaps
-- `ready_headers` (the same, made once with `scalekit.core.headers`), `auth`
-- (a secret: the bearer token), `body` (string, secret, or a function that
-- returns the next piece and nil at the end), `deadline` (`scalekit.core.now`
-- seconds, for all of it), `idle_timeout` (seconds without a byte),
-- `max_body` (bytes, 8 MiB), `stream` (true: event streams, "chunks": any
-- answer), `once` (never send it twice; the default for POST and PATCH),
-- `head_deadline` (by when the answer has to have begun), `handle` (a table that
-- gets `abort()`, for another coroutine to call while the answer has not begun).
-- A response has `status`, `headers` (lower-case names) and `body`, or instead
-- of the body `events` or `chunks`, with `read(deadline)` and `close()`.
-- @tparam[opt] table opts
-- @tparam[opt] string opts.ca_file certificates to trust, PEM, in place of the system's
-- @tparam[opt] string opts.cert_file a client certificate, PEM
-- @tparam[opt] string opts.key_file its private key, PEM
-- @tparam[opt="1.2"] string opts.tls_min "1.2" or "1.3"
-- @tparam[opt] string opts.proxy the URL of an HTTP proxy
-- @tparam[opt] number opts.connect_timeout seconds
-- @tparam[opt=false] boolean opts.http1 do not offer HTTP/2
-- @tparam[opt=false] boolean opts.trusted the servers are one's own. libcurl 7.83 to 8.0.1
-- must not use a handle twice with others: a header made for it reads freed memory. This
-- saves a seventh of the work of a small request there, and nothing elsewhere
-- @tparam[opt] userdata opts.loop to share with others
-- @treturn function
function curl.new(opts)
  opts = options.check("transport.curl", opts, OPTIONS)
  if nginx.present then
    error("transport.curl: libcurl would block an nginx worker; use transport.cosocket", 2)
  end
  local tls13 = TLS[opts.tls_min or "1.2"]
  if tls13 == nil then error("transport.curl: tls_min is \"1.2\" or \"1.3\"", 2) end
  local loop = opts.loop or curl.loop()
  local submit = loop.submit
  local profile = loop:profile {
    ca_file = opts.ca_file, cert_file = opts.cert_file, key_file = opts.key_file,
    proxy = opts.proxy, connect_timeout = opts.connect_timeout, http1 = opts.http1, tls13 = tls13,
    trusted = opts.trusted,
  }

  -- Prepares an operation of a client: a function that sends its request and returns the
  -- value in the answer, or nil and the response or nil and the error, then the URL and the
  -- body that were sent; nothing at all where it cannot be sent this way.
  local function operation(writer, reader, spec)
    local prepared = loop:operation(profile, writer, spec)
    local start = prepared.submit
    return function(args, auth, deadline)
      local transfer = start(prepared, auth, args, deadline)
      if not transfer then return nil end
      local response, err
      local ok, reason = current().wait(loop, transfer)
      if ok then
        local value = transfer:value(reader)
        if value then return value end
        response, err = await(loop, transfer, nil, NOTHING)
      else
        err = cancelled(reason, transfer)
      end
      local url, body = transfer:asked()
      transfer:close()
      return nil, response, err, url, body
    end
  end

  local function send(request)
    local body = request.body
    local producing = type(body) == "function"
    local transfer, problem = submit(loop, profile, request.method or "GET", request.url,
      request.ready_headers or request.headers, request.auth, not producing and body or nil,
      request.deadline, is_once(request), more_of(request, producing))
    if not transfer then return refused(transfer, problem) end
    if request.handle then hand_out(request.handle, loop, transfer) end
    local response, err = await(loop, transfer, body, request)
    if request.handle then request.handle.abort = nil end
    if response and response.body == nil then
      local stream = setmetatable({ transfer = transfer, loop = loop, body = body }, stream_mt)
      response[request.stream == "chunks" and "chunks" or "events"] = stream
    else
      transfer:close()
    end
    return response, err
  end

  return send, nil, operation
end

return curl
