--- The transport inside nginx: HTTP/1.1 on cosockets. A worker never blocks, and
-- the operator's directives apply: `resolver`, `lua_ssl_trusted_certificate`,
-- `lua_ssl_verify_depth`, `lua_ssl_protocols`, `lua_socket_pool_size`,
-- `lua_socket_keepalive_timeout`; `lua_socket_…_timeout` where a request has
-- neither a deadline nor an idle time, and no `handle`.
--
-- It asks for no compression and follows no redirect. A certificate is verified
-- always. Connections are shared by all requests of a worker to one origin with
-- the same name and certificate.
-- @module scalekit.transport.cosocket

local answer = require "scalekit.http1.answer"
local core = require "scalekit.core"
local errors = require "scalekit.error"
local link = require "scalekit.transport.cosocket.link"
local nginx = require "scalekit.driver.nginx"
local options = require "scalekit.options"
local requests = require "scalekit.http1.request"
local shell = require "scalekit.host.shell"
local stream = require "scalekit.transport.cosocket.stream"
local tls = require "scalekit.transport.cosocket.tls"
local upload = require "scalekit.transport.cosocket.upload"
local urls = require "scalekit.http1.url"

local lower, sub = string.lower, string.sub

local cosocket = {}

local OPTIONS = {
  ca_file = "string", cert_file = "string", key_file = "string", proxy = "string",
  connect_timeout = "number", http1 = "boolean", tls_min = "string", server_name = "string",
  trusted = "boolean",
}

-- What is nginx's to say, and how it is said there.
local ELSEWHERE = {
  ca_file = "inside nginx the authorities to trust are named by lua_ssl_trusted_certificate",
  proxy = "proxies are not supported inside nginx",
}

local MAX_BODY = 8 * 1024 * 1024
local AT_ONCE = 65536 -- bytes of a body that a socket's buffer takes
local NOTHING_LEFT = 16384 -- bytes of which a dead connection takes all or nothing
local TRIES = 4
local MOST_ORIGINS = 64
local MOST_URLS = 512

local REPEATABLE = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true }
local WITH_BODY = { POST = true, PUT = true, PATCH = true }

local function refuse(problem)
  return nil, errors.new { kind = "bad_request", message = problem }
end

local function fail(kind, message, outcome)
  return nil, errors.new { kind = kind, message = message, outcome = outcome }
end

-- --- where to connect -----------------------------------------------------------

local function is_address(host)
  return host:find "^%d+%.%d+%.%d+%.%d+$" ~= nil or host:sub(1, 1) == "["
end

local function new_origin(self, origin)
  local https = origin.scheme == "https"
  origin.tcp = ngx.socket.tcp
  origin.idle = 0
  origin.host_line = " HTTP/1.1\r\nhost: " .. origin.authority .. "\r\n"
  -- RFC 6761 6.3; no resolver knows it
  origin.address = origin.host == "localhost" and "127.0.0.1" or origin.host
  origin.is_address = is_address(origin.address)
  origin.server_name = https and (self.server_name or (origin.host:gsub("[%[%]]", ""))) or nil
  origin.cert, origin.key, origin.least = self.cert, self.key, self.least
  origin.pool = { pool = table.concat({ "scalekit", origin.scheme, origin.host, origin.port,
    origin.server_name or "", https and self.identity or "" }, "|") }
  return origin
end

-- The origin and the target of a URL; nil and what is wrong with it.
local function read_url(self, url)
  local slash = url:find("/", 9, true)
  local origin = slash and self.origins[sub(url, 1, slash - 1)]
  if not origin then
    local problem
    origin, problem = urls.origin(url)
    if not origin then return nil, problem end
    if self.count >= MOST_ORIGINS then self.origins, self.count = {}, 0 end
    local prefix = origin.prefix
    origin = self.origins[prefix] or new_origin(self, origin)
    self.origins[prefix], self.count = origin, self.count + 1
  end
  local target, problem = urls.target(sub(url, #origin.prefix + 1))
  if not target then return nil, problem end
  return origin, target
end

-- The same; a program asks for few URLs many times.
local function locate(self, url)
  local origin = self.origin_of[url]
  if origin then return origin, self.target_of[url] end
  local target
  origin, target = read_url(self, url)
  if origin then
    if self.urls >= MOST_URLS then self.origin_of, self.target_of, self.urls = {}, {}, 0 end
    self.origin_of[url], self.target_of[url], self.urls = origin, target, self.urls + 1
  end
  return origin, target
end

-- --- what to send ----------------------------------------------------------------

local lines_of = setmetatable({}, { __mode = "k" })  -- ready headers → text
local bearer_of = setmetatable({}, { __mode = "k" }) -- secret → text

local function header_lines(request)
  local ready = request.ready_headers
  local lines = ready and lines_of[ready]
  if lines then return lines, false end
  local has_host
  lines, has_host = requests.lines(request.headers)
  if lines and ready and not has_host then lines_of[ready] = lines end
  return lines, has_host
end

local function bearer_line(auth)
  if not auth then return "" end
  local line = bearer_of[auth]
  if line then return line end
  local problem
  line, problem = requests.bearer(auth)
  if line and type(auth) ~= "string" then bearer_of[auth] = line end
  return line, problem
end

-- The head of a request as one string; nil and what is wrong.
local function head_of(request, method, origin, target, length)
  local lines, has_host = header_lines(request)
  if not lines then return nil, has_host end
  local bearer, problem = bearer_line(request.auth)
  if not bearer then return nil, problem end
  local frame = "\r\n"
  if length then
    frame = "content-length: " .. length .. "\r\n\r\n"
  elseif type(request.body) == "function" then
    frame = "transfer-encoding: chunked\r\n\r\n"
  elseif WITH_BODY[method] then
    frame = "content-length: 0\r\n\r\n"
  end
  local host = has_host and " HTTP/1.1\r\n" or origin.host_line
  return method .. " " .. target .. host .. lines .. bearer .. frame
end

-- --- one exchange ------------------------------------------------------------------

local function is_event_stream(response)
  local kind = response.headers["content-type"]
  return kind ~= nil and lower(sub(kind, 1, 17)) == "text/event-stream"
end

-- The answer whose head is here: its body, or a stream.
local function take(conn, request, response, frame, rest, is_out)
  local most = request.max_body or MAX_BODY
  local mode = request.stream
  if mode and response.status < 300 then
    local is_chunks = mode == "chunks"
    if is_chunks or is_event_stream(response) then
      conn:stay(request)
      response[is_chunks and "chunks" or "events"] =
        stream.new(conn, frame, rest, not is_chunks, most, is_out)
      return response
    end
  end
  local body, keep, message = answer.read_body(conn, frame, rest, most)
  if not body then
    conn:close()
    return fail(keep, message, "unknown")
  end
  if keep and is_out then conn:keep() else conn:close() end
  response.body = request.secret and core.secret(body) or body
  return response
end

-- Whether a request may go out again that found its kept connection dead.
local function may_repeat(conn, request, method, kind, size)
  if not conn.reused or conn.heard or kind ~= "network" then return false end
  if type(request.body) == "function" then return false end
  if size and size <= NOTHING_LEFT then return true end -- and could not be sent
  local once = request.once
  if once == nil then once = not REPEATABLE[method] end
  return not once
end

local function broken(conn, kind, message, again)
  conn:close()
  return nil, errors.new { kind = kind, message = message, outcome = "unknown" }, again
end

-- A body that the socket's buffer may not take at once.
local function send_large(conn, request, method, head, body)
  local is_out, response, frame, rest = upload.run(conn, head, body, function()
    return answer.open(conn, method)
  end)
  if response then return take(conn, request, response, frame, rest, is_out) end
  return broken(conn, frame, rest, may_repeat(conn, request, method, frame))
end

-- One attempt: the answer; or nil, the error, and whether to try again.
local function attempt(self, origin, request, method, head, body)
  local conn, err = link.open(origin, request, self.connect_timeout)
  if not conn then return nil, err end
  if body and (type(body) == "function" or #body > AT_ONCE) then
    return send_large(conn, request, method, head, body)
  end
  local bytes = body and head .. body or head
  local ok, kind, message = conn:send(bytes)
  if not ok then
    return broken(conn, kind, message, may_repeat(conn, request, method, kind, #bytes))
  end
  local response, frame, rest = answer.open(conn, method)
  if response then return take(conn, request, response, frame, rest, true) end
  return broken(conn, frame, rest, may_repeat(conn, request, method, frame))
end

local function try_again(...)
  local response, err, again
  for _ = 2, TRIES do
    response, err, again = attempt(...)
    if not again then break end
  end
  return response, err
end

local function is_past(deadline)
  return deadline and core.now() >= deadline
end

local function send(self, request)
  nginx.current()
  if is_past(request.deadline) or is_past(request.head_deadline) then
    return fail("timeout", "the deadline has passed")
  end
  local method = request.method or "GET"
  if not (REPEATABLE[method] or WITH_BODY[method] or requests.is_token(method)) then
    return refuse "not a request HTTP knows"
  end
  local origin, target = locate(self, request.url)
  if not origin then return refuse(target) end
  local body = request.body
  if type(body) == "userdata" then body = core.reveal(body) end
  local length = type(body) == "string" and #body or nil
  local head, problem = head_of(request, method, origin, target, length)
  if not head then return refuse(problem) end
  -- the first attempt outside a loop: LuaJIT compiles what has none as one piece
  local response, err, again = attempt(self, origin, request, method, head, body)
  if again then return try_again(self, origin, request, method, head, body) end
  return response, err
end

-- Lets another light thread break a request off whose answer has not begun.
local function send_watched(self, request)
  local handle = request.handle
  function handle.abort() handle.aborted = true end
  local response, err = send(self, request)
  handle.abort = nil
  if response and handle.aborted then
    local stream_of = response.events or response.chunks
    if stream_of then stream_of:close() end
    return fail("cancelled", "the request was broken off", "unknown")
  end
  return response, err
end

-- --- making one --------------------------------------------------------------------

local function misfit(message)
  return nil, errors.new { kind = "configuration", message = message }
end

-- Reads the client certificate into `self`; nil, or what is wrong.
local function read_identity(self, opts)
  local ssl = require "ngx.ssl"
  local cert, key, problem
  cert, problem = shell.read(opts.cert_file)
  if not cert then return problem end
  key, problem = shell.read(opts.key_file or opts.cert_file)
  if not key then return problem end
  self.identity = self.identity .. "|" .. core.base64url(core.sha256(cert))
  self.cert, problem = ssl.parse_pem_cert(cert)
  if not self.cert then return opts.cert_file .. ": " .. problem end
  self.key, problem = ssl.parse_pem_priv_key(key)
  if not self.key then return (opts.key_file or opts.cert_file) .. ": " .. problem end
  return nil
end

--- Makes a transport: a function `send(request) → response | nil, err`, with the
-- requests and responses of `scalekit.transport.curl`. Make it once, where the
-- program starts: files are read here, and connections belong to it.
-- @tparam[opt] table opts `connect_timeout` (seconds, name look-up and TLS
-- included), `cert_file` and `key_file` (a client certificate, PEM), `server_name`
-- (what the peer's certificate has to be for, where it is not the URL's host);
-- `http1`, `trusted` and `tls_min = "1.2"` say what is so anyway
-- @treturn[1] function
-- @treturn[2] nil
-- @treturn[2] table error, kind "configuration": what nginx cannot do, or what
-- its own directives say
function cosocket.new(opts)
  opts = options.check("transport.cosocket", opts, OPTIONS)
  if not nginx.present then error("transport.cosocket: this is not nginx", 2) end
  for name, message in pairs(ELSEWHERE) do
    if opts[name] then return misfit(name .. ": " .. message) end
  end
  local least = tls.VERSIONS[opts.tls_min or "1.2"]
  if not least then error("transport.cosocket: tls_min is \"1.2\" or \"1.3\"", 2) end
  if opts.tls_min == "1.3" and not tls.known then
    return misfit "tls_min: this nginx does not tell the version of TLS; use lua_ssl_protocols"
  end
  local self = {
    origins = {}, count = 0, origin_of = {}, target_of = {}, urls = 0,
    connect_timeout = opts.connect_timeout, server_name = opts.server_name, least = least,
    identity = "TLS " .. (opts.tls_min or "1.2"),
  }
  if opts.cert_file then
    local problem = read_identity(self, opts)
    if problem then return misfit("cert_file: " .. problem) end
  end
  return function(request)
    local response, err = (request.handle and send_watched or send)(self, request)
    return response, err
  end
end

return cosocket
