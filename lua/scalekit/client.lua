--- One call, from its request to a table or an error: the token, the request, one
-- replay after a 401, repetition where it is safe.
-- @module scalekit.client

local arguments = require "scalekit.arguments"
local auth = require "scalekit.auth"
local core = require "scalekit.core"
local driver = require "scalekit.driver"
local json = require "scalekit.json"
local later = require "scalekit.later"
local redact = require "scalekit.redact"
local reply = require "scalekit.reply"
local retry = require "scalekit.retry"
local version = require "scalekit.version"

local clock = driver.now

local client = {}
client.__index = client
client.__name = "scalekit.client"

function client:__tostring()
  return "scalekit.client(" .. self.env_url .. ")"
end

local USER_AGENT = ("scalekit-lua/%s (%s)"):format(version, _VERSION)

-- `settings` are checked by `scalekit.new`.
function client.new(settings)
  local self = setmetatable({
    env_url = settings.env_url,
    send = settings.send,
    timeout = settings.timeout,
    tool_timeout = settings.tool_timeout or settings.timeout,
    max_attempts = settings.max_attempts,
    retry_rate_limited = settings.retry_rate_limited,
    random = settings.random or math.random,
    operation = not settings.hooks and settings.operation or false, -- hooks see answers
    ways = {}, -- by operation, the short way
    hooks = settings.hooks or false, -- false: a look for nil would ask the class, too
    own_time = false,
    shared_dict = settings.shared_dict,
    -- what else of this client the workers of an nginx share rests sealed, too
    vault = settings.shared and {
      store = settings.shared, sealer = core.sealer(settings.client_secret, "session token"),
    },
  }, client)
  self.auth = auth.new {
    url = settings.env_url .. "/oauth/token",
    client_id = settings.client_id,
    client_secret = settings.client_secret,
    send = self.hooks and self.hooks:transport(settings.send, "oauth/token") or settings.send,
    random = self.random,
    shared = settings.shared,
  }
  return self
end

--- Who tells this client the time and makes it wait: the driver of the running
-- coroutine, unless the client has a time of its own, as in tests.
-- @local
-- @treturn table with `now()` and `sleep(seconds)`
function client:host()
  return self.own_time or driver.current()
end

--- Checks the arguments of an operation; see `scalekit.arguments`.
-- @local
-- @function prepare
client.prepare = arguments.prepare

-- The same headers for every request, also as libcurl wants them.
local ACCEPT = { accept = "application/json", ["user-agent"] = USER_AGENT }
local SEND = {
  accept = "application/json", ["user-agent"] = USER_AGENT, ["content-type"] = "application/json",
}

local READY_ACCEPT, READY_SEND = core.headers(ACCEPT), core.headers(SEND)

-- The HTTP request of a call, without its token.
local function to_http(op, url, request, deadline)
  return {
    method = op.method,
    url = url,
    headers = request.headers or request.body and SEND or ACCEPT,
    body = request.body,
    ready_headers = not request.headers and (request.body and READY_SEND or READY_ACCEPT) or nil,
    once = not op.safe,
    deadline = deadline,
  }
end

local function url_of(self, request)
  local url = self.env_url .. request.path
  return request.query == "" and url or url .. "?" .. request.query
end

-- One request: the value, or nil and the error; then the answer, if one came.
local function exchange(self, op, http, first)
  local response, err
  if first then response, err = first.response, first.err else response, err = self.send(http) end
  if not response then
    err.operation = op.label
    return nil, err
  end
  if op.read then
    local value, refusal = op.read(response)
    return value, refusal, response
  elseif response.status < 200 or response.status >= 300 then
    return nil, reply.failure(response, op.label), response
  end
  local value, problem = reply.value(response, op, op.label)
  return value, problem, response
end

-- The secrets that a request carries beside its body.
local function secrets_of(http, token)
  local list = { token }
  for _, value in pairs(http.headers or {}) do
    if type(value) == "userdata" then list[#list + 1] = value end
  end
  return list
end

-- One attempt; a 401 that is about our token is answered with a new one, once. `first`:
-- what the short way has come to.
local function attempt(self, op, http, request, first)
  local hooks = self.hooks
  for try = 1, 2 do
    local token, generation
    if first then
      token, generation = first.token, first.generation
    else
      token, generation = self.auth:token(http.deadline)
      if not token then return nil, generation end
    end
    http.auth = token
    local value, err
    if hooks then
      value, err = hooks:exchange(exchange, self, op, http, request)
    else
      value, err = exchange(self, op, http, first)
    end
    if value then return value end
    redact.error(err, secrets_of(http, token), http.body)
    if err.status ~= 401 or err.kind == "tool_error" or try == 2 then return nil, err end
    self.auth:refused(generation)
    first = nil
  end
end

local function final(op, err, tries, perhaps_done)
  if perhaps_done then err.outcome = "unknown" end -- whatever the last attempt says
  if err.outcome == "unknown" and not op.safe then
    err.retryable = false -- to do it again might be to do it twice
    if err.kind == "network" then err.kind, err.cause = "outcome_unknown", "network" end
  end
  err.attempts = tries
  return nil, err
end

-- The attempts after the first, which has failed.
local function retry_until(self, op, http, request, err)
  local host, tries, perhaps_done = self:host(), 1, false
  while true do
    if perhaps_done and op.deletes and err.kind == "not_found" then
      return op.reply:check({}, "answer", json) -- an earlier attempt did it
    end
    if tries >= self.max_attempts or not retry.may(op, err, self.retry_rate_limited) then
      return final(op, err, tries, perhaps_done)
    end
    local pause = err.retry_after or retry.delay(tries, self.random())
    if host.now() + pause >= http.deadline then return final(op, err, tries, perhaps_done) end
    perhaps_done = perhaps_done or err.outcome == "unknown"
      or (err.status == 503 and not err.before_request)
    if self.hooks then self.hooks:retry(op, request, err, pause) end
    if not host.sleep(pause) then return final(op, err, tries, perhaps_done) end
    tries = tries + 1
    local value
    value, err = attempt(self, op, http, request)
    if value then return value end
  end
end

--- Performs an operation.
-- @local
-- @tparam table op a row of `scalekit.ops`
-- @tparam table request from `prepare`, or what `try` has come to
-- @tparam[opt=false] boolean is_tried whether it is that: the arguments may be others by now
-- @treturn[1] table the answer, as on the wire
-- @treturn[2] nil
-- @treturn[2] table error
function client:call(op, request, is_tried)
  local http
  if is_tried then
    http = to_http(op, request.url, request, request.deadline)
  else
    http = to_http(op, url_of(self, request), request, (self.own_time or driver).now()
      + (request.timeout or op.runs_tool and self.tool_timeout or self.timeout))
  end
  local value, err = attempt(self, op, http, request, is_tried and request)
  if value then return value end
  return retry_until(self, op, http, request, err)
end

local function new_way(self, op)
  local writer = self.operation and arguments.writer(op)
  local way = writer and {
    run = self.operation(writer, reply.reader(op), {
      base = self.env_url, method = op.method, once = not op.safe,
      headers = op.body and READY_SEND or READY_ACCEPT,
    }),
    timeout = op.runs_tool and self.tool_timeout or self.timeout,
  }
  self.ways[op] = way or false
  return way
end

--- Performs an operation the short way: with the token at hand, once, where there is
-- nothing to be said about the arguments. The rest is for `prepare` and `call`.
-- @local
-- @tparam table op
-- @tparam table|nil args
-- @treturn[1] table the answer
-- @treturn[2] nil
-- @treturn[2] ?table what the attempt has come to, where one was made; for `call`
function client:try(op, args)
  local way = self.ways[op]
  if way == nil then way = new_way(self, op) end
  if not way then return nil end
  local now = clock()
  local token, generation = self.auth:at_hand(now)
  if not token then return nil end
  local deadline = now + way.timeout
  local value, response, err, url, body = way.run(args, token, deadline)
  if value then return value end
  if not (response or err) then return nil end
  return nil, {
    response = response, err = err, url = url, body = body, token = token,
    generation = generation, deadline = deadline,
  }
end

later.add(client, { "validate_access_token", "validate_session_token" }, function(name)
  require("scalekit.tokens").lend(client)
  return rawget(client, name)
end)

return client
