--- The one shape of every expected failure.
--
-- `local value, err = call()`: `err` is a table with `kind` (one of KINDS),
-- `message`, and where known `status`, `code`, `grpc_code`, `retryable`,
-- `request_id`, `operation`, `outcome` and `fields`. `tostring(err)` is one
-- readable line. An error never holds a secret.
-- @module scalekit.error

local errors = {}

--- The closed list of kinds.
errors.KINDS = {
  bad_request = true,            -- refused, by us before sending or by the server
  unauthorized = true,           -- credentials or token missing, wrong or expired
  forbidden = true,
  not_found = true,
  conflict = true,
  rate_limited = true,
  unavailable = true,            -- the server says: not now
  timeout = true,                -- the deadline of the call passed
  network = true,                -- refused, reset, no such host …
  tls = true,                    -- the peer's identity could not be verified
  protocol = true,               -- the peer's answer makes no sense
  internal = true,               -- the server failed
  unimplemented = true,
  cancelled = true,
  tool_error = true,             -- the provider behind a tool refused
  authorization_required = true, -- a user has to authorize a connection first
  outcome_unknown = true,        -- it may or may not have happened
  configuration = true,          -- this program is not set up
}

local RETRYABLE = { rate_limited = true, unavailable = true, timeout = true, network = true }

local error_mt = {}
error_mt.__index = error_mt
error_mt.__name = "scalekit.error"

function error_mt:__tostring()
  local notes = {}
  if self.status then notes[#notes + 1] = ("HTTP %d"):format(self.status) end
  if self.code then notes[#notes + 1] = tostring(self.code) end
  if self.request_id then notes[#notes + 1] = "request " .. self.request_id end
  if (self.attempts or 1) > 1 then notes[#notes + 1] = self.attempts .. " attempts" end
  if self.outcome == "unknown" then notes[#notes + 1] = "it may have taken effect" end
  return ("scalekit: %s%s: %s%s"):format(
    self.operation and self.operation .. ": " or "",
    self.kind:gsub("_", " "),
    self.message,
    #notes > 0 and " (" .. table.concat(notes, ", ") .. ")" or "")
end

--- Makes an error. `kind` and `message` are required.
-- @tparam table spec the members of the error
-- @treturn table
function errors.new(spec)
  assert(errors.KINDS[spec.kind], "unknown error kind")
  local err = {}
  for name, value in pairs(spec) do err[name] = value end
  if err.retryable == nil then err.retryable = RETRYABLE[err.kind] or false end
  err.outcome = err.outcome or "none"
  return setmetatable(err, error_mt)
end

--- Whether a value is one of ours.
function errors.is(value)
  return getmetatable(value) == error_mt
end

--- Like `assert`, but throws the error object itself on every Lua version
-- (`assert` of 5.1 and 5.2 accepts only strings). Returns its arguments.
function errors.check(value, err, ...)
  if not value then error(err, 0) end
  return value, err, ...
end

--- The error that says which values of a request are wrong, made before
-- anything is sent.
-- @tparam table violations as a model returns them
-- @tparam[opt] string operation
function errors.invalid(violations, operation)
  local parts = {}
  for i, violation in ipairs(violations) do
    parts[i] = violation.field .. ": " .. violation.description
  end
  return errors.new {
    kind = "bad_request",
    message = table.concat(parts, "; "),
    operation = operation,
    fields = violations,
  }
end

return errors
