--- One call, from a table of arguments to a table or an error: checks, the
-- token, the request, one replay after a 401, repetition where it is safe.
-- @module scalekit.client

local auth = require "scalekit.auth"
local core = require "scalekit.core"
local driver = require "scalekit.driver"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local options = require "scalekit.options"
local redact = require "scalekit.redact"
local reply = require "scalekit.reply"
local retry = require "scalekit.retry"
local route = require "scalekit.route"
local schema = require "scalekit.schema"
local tokens = require "scalekit.tokens"
local version = require "scalekit.version"

local client = {}
client.__index = client
client.__name = "scalekit.client"

function client:__tostring()
  return "scalekit.client(" .. self.env_url .. ")"
end

local USER_AGENT = ("scalekit-lua/%s (%s)"):format(version, _VERSION)
local MISUSE = { type = true, unknown = true }

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
    hooks = settings.hooks,
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

-- Which names are path parameters, by operation.
local in_path = {}
for _, op in ipairs(ops) do
  in_path[op] = {}
  for _, name in ipairs(op.path_params) do in_path[op][name] = true end
end

local function twice(one, other)
  return ("give either '%s' or '%s'"):format(one, other)
end

-- Options given flat, put where the request has them; `said` notes it.
local function put_inside(op, rest, said)
  for name, member in pairs(op.inside) do
    local value, there = rest[name], rest[member]
    if there == nil or type(there) == "table" then
      local copy, path = {}, member .. "." .. name
      for key, part in pairs(there or {}) do copy[key] = part end
      if value ~= nil and copy[name] ~= nil then return twice(name, path) end
      if value ~= nil then copy[name], said[path] = value, name end
      rest[name], rest[member] = nil, copy
    end
  end
end

-- The arguments under the names of the contract: what goes into the path, and
-- what into the query or the body. Then what the caller called what, and what is
-- misuse.
local function sort(op, args)
  local path, rest, said, aliases = {}, {}, {}, op.aliases
  for name, value in pairs(args) do
    local real = aliases and aliases[name] or name
    if real ~= name then
      if args[real] ~= nil then return nil, nil, said, twice(name, real) end
      said[real] = name
    end
    if in_path[op][real] then
      path[real] = value
    elseif real ~= "timeout" then
      rest[real] = value
    end
  end
  return path, rest, said, op.inside and put_inside(op, rest, said)
end

-- Violations speak of the options as the caller wrote them.
local function rename(violations, said)
  for _, violation in ipairs(violations) do
    for path, name in pairs(said) do
      local rest = violation.field:sub(#path + 1)
      if violation.field:sub(1, #path) == path and (rest == "" or rest:find "^[.%[]") then
        violation.field = name .. rest
        break
      end
    end
  end
  return violations
end

-- An account is meant by its id, or by its connection and its user.
local function is_selected(args)
  local function given(name)
    return args[name] ~= nil and args[name] ~= "" and args[name] ~= json.null
  end
  return given "id" or (given "connector" and (given "identifier" or given "organization_id"))
end

local function not_selected()
  return {
    field = "connector", constraint = "required",
    description = "give connected_account_id, or connection_name and identifier",
  }
end

local function suggest(op, violation)
  if violation.constraint ~= "unknown" or violation.field:find "[.%[]" then return end
  local names = { "timeout" }
  for name in pairs(schema.kinds[op.body or op.query or schema.Empty]) do names[#names + 1] = name end
  for _, name in ipairs(op.path_params) do names[#names + 1] = name end
  for alias in pairs(op.aliases or {}) do names[#names + 1] = alias end
  for flat in pairs(op.inside or {}) do names[#names + 1] = flat end
  local near = options.nearest(violation.field, names)
  violation.description = near and (" (did you mean '%s'?)"):format(near) or ""
end

-- What `prepare` answers where something is wrong.
local function refuse(op, bad, violations)
  for _, violation in ipairs(violations) do
    suggest(op, violation)
    if MISUSE[violation.constraint] then
      local nested = violation.constraint ~= "unknown" or violation.field:find "[.%[]"
      return nil, nil, (nested and "%s: %s: %s" or "%s: unknown option '%s'%s"):format(
        op.label, violation.field, violation.description)
    end
  end
  if bad then table.insert(violations, 1, bad) end
  return nil, errors.invalid(violations, op.label)
end

--- Checks the arguments of an operation.
-- @local
-- @tparam table op a row of `scalekit.ops`
-- @tparam table|nil args
-- @treturn[1] table `{ path, query, body, timeout }`
-- @treturn[2] nil
-- @treturn[2] table error: a value that the service would refuse
-- @treturn[3] nil
-- @treturn[3] nil
-- @treturn[3] string misuse, to be raised at the caller's line
function client.prepare(op, args)
  if args == nil then args = {} end
  if type(args) ~= "table" then
    return nil, nil, ("%s: expected a table of options, got %s"):format(op.label, type(args))
  end
  local timeout = args.timeout
  if timeout ~= nil then
    timeout = duration.seconds(timeout)
    if not timeout then
      return nil, nil, op.label
        .. ': timeout must be a time above 0: seconds, or a text such as "90s" or "1h30m"'
    end
  end
  local in_its_path, rest, said, misuse = sort(op, args)
  if misuse then return nil, nil, op.label .. ": " .. misuse end
  for name, value in pairs(in_its_path) do
    if type(value) ~= "string" then
      return nil, nil, ("%s: %s: expected string, got %s"):format(op.label, name, type(value))
    end
  end
  local path, bad = route.path(op, in_its_path)
  if op.selects and not is_selected(rest) then bad = not_selected() end
  local model = op.body or op.query or schema.Empty
  local checked, violations = model:check(rest, "send", json)
  if bad or violations then return refuse(op, bad, rename(violations or {}, said)) end
  return {
    path = path,
    query = op.query and route.query(op, checked) or "",
    body = op.body and json.encode(checked),
    timeout = timeout,
  }
end

-- The same headers for every request, also as libcurl wants them.
local ACCEPT = { accept = "application/json", ["user-agent"] = USER_AGENT }
local SEND = {
  accept = "application/json", ["user-agent"] = USER_AGENT, ["content-type"] = "application/json",
}

local READY_ACCEPT, READY_SEND = core.headers(ACCEPT), core.headers(SEND)

local function to_http(self, op, request, deadline)
  local url = self.env_url .. request.path
  if request.query ~= "" then url = url .. "?" .. request.query end
  return {
    method = op.method,
    url = url,
    headers = request.headers or request.body and SEND or ACCEPT,
    body = request.body,
    deadline = deadline,
    ready_headers = not request.headers and (request.body and READY_SEND or READY_ACCEPT) or nil,
    once = not op.safe,
  }
end

-- One request: the value, or nil and the error; then the answer, if one came.
local function exchange(self, op, http)
  local response, err = self.send(http)
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

-- One attempt; a 401 that is about our token is answered with a new one, once.
local function attempt(self, op, request, deadline)
  local http = to_http(self, op, request, deadline)
  for try = 1, 2 do
    local token, generation = self.auth:token(deadline)
    if not token then return nil, generation end
    http.auth = token
    local hooks, value, err = self.hooks
    if hooks then
      value, err = hooks:exchange(exchange, self, op, http, request)
    else
      value, err = exchange(self, op, http)
    end
    if value then return value end
    redact.error(err, { token }, http.body)
    if err.status ~= 401 or err.kind == "tool_error" or try == 2 then return nil, err end
    self.auth:refused(generation)
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

--- Performs an operation.
-- @local
-- @tparam table op a row of `scalekit.ops`
-- @tparam table request from `prepare`
-- @treturn[1] table the answer, as on the wire
-- @treturn[2] nil
-- @treturn[2] table error
function client:call(op, request)
  local host = self:host()
  local deadline = host.now()
    + (request.timeout or op.runs_tool and self.tool_timeout or self.timeout)
  local tries, perhaps_done = 1, false
  while true do
    local value, err = attempt(self, op, request, deadline)
    if value then return value end
    if perhaps_done and op.deletes and err.kind == "not_found" then
      return op.reply:check({}, "answer", json) -- an earlier attempt did it
    end
    if tries >= self.max_attempts or not retry.may(op, err, self.retry_rate_limited) then
      return final(op, err, tries, perhaps_done)
    end
    local pause = err.retry_after or retry.delay(tries, self.random())
    if host.now() + pause >= deadline then return final(op, err, tries, perhaps_done) end
    perhaps_done = perhaps_done or err.outcome == "unknown" or err.status == 503
    if self.hooks then self.hooks:retry(op, request, err, pause) end
    if not host.sleep(pause) then return final(op, err, tries, perhaps_done) end
    tries = tries + 1
  end
end

tokens.lend(client)

return client
