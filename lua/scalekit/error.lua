--- The one shape of every expected failure.
--
-- `local value, err = call()`: `err` is a table with
--
-- - `kind`, one of KINDS, and `message`
-- - `operation`, the name of the method
-- - `outcome`: "none", it has no effect, or "unknown", it may have taken effect
-- - `retryable`: whether the same call may succeed later and does no harm
-- - `attempts`, how many requests were sent
-- - `status`, of HTTP; `grpc_code`, as the body says or as follows from the
--   status; `code`, the service's own word (`DUPLICATE_IDENTIFIER` …)
-- - `request_id`; `retry_after`, seconds
-- - `fields`, where values were refused: a list of `{ field, description,
--   constraint }`, `field` being a path such as `connection_tool_mappings[2].tools[1]`
-- - `tool_error_code`, `tool_error_message`, `execution_id` of a tool that failed
-- - `raw`, at most 4096 bytes of the answer as it came
--
-- What does not apply is nil. `tostring(err)` is one readable line. An error
-- never holds a secret of ours.
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

local MAX_TEXT = 500 -- bytes of a foreign text in a line of ours

-- Foreign text as a part of one line: no control characters, not too long.
local function clean(text)
  text = text:gsub("%s+", " "):gsub("%c", "?")
  if #text <= MAX_TEXT then return text end
  return text:sub(1, MAX_TEXT):gsub("[\192-\255]?[\128-\191]*$", "") .. "..."
end

local error_mt = {}
error_mt.__index = error_mt
error_mt.__name = "scalekit.error"

-- The message, with what the tool itself said where that is something else.
local function message_of(self)
  local message, tool = clean(tostring(self.message)), self.tool_error_message
  if not tool or message:find(clean(tool), 1, true) then return message end
  return message .. ": " .. clean(tool)
end

function error_mt:__tostring()
  local notes = {}
  if self.status then notes[#notes + 1] = ("HTTP %d"):format(self.status) end
  if self.code then notes[#notes + 1] = clean(tostring(self.code)) end
  if self.tool_error_code then notes[#notes + 1] = clean(self.tool_error_code) end
  if self.execution_id then notes[#notes + 1] = "execution " .. clean(self.execution_id) end
  if self.request_id then notes[#notes + 1] = "request " .. clean(self.request_id) end
  if (self.attempts or 1) > 1 then notes[#notes + 1] = self.attempts .. " attempts" end
  if self.outcome == "unknown" then notes[#notes + 1] = "it may have taken effect" end
  return ("scalekit: %s%s: %s%s"):format(
    self.operation and self.operation .. ": " or "",
    self.kind:gsub("_", " "),
    message_of(self),
    #notes > 0 and " (" .. table.concat(notes, ", ") .. ")" or "")
end

--- Makes an error, for a transport or a hook of your own. `kind` and `message` are
-- required.
-- @tparam table spec the members of the error
-- @treturn scalekit.error
function errors.new(spec)
  assert(errors.KINDS[spec.kind], "unknown error kind")
  local err = {}
  for name, value in pairs(spec) do err[name] = value end
  if err.retryable == nil then err.retryable = RETRYABLE[err.kind] or false end
  err.outcome = err.outcome or "none"
  return setmetatable(err, error_mt)
end

--- Whether a value is one of ours.
-- @tparam any value
-- @treturn boolean
function errors.is(value)
  return getmetatable(value) == error_mt
end

--- Like `assert`, but throws the error object itself on every Lua version
-- (`assert` of 5.1 and 5.2 accepts only strings). Returns its arguments.
-- @tparam any value
-- @tparam any err
-- @treturn any value
function errors.check(value, err, ...)
  if not value then error(err, 0) end
  return value, err, ...
end

-- Whether `assert` takes only strings for a message (5.1 and 5.2).
local ok, thrown = pcall(assert, false, errors)
local STRINGS_ONLY = not ok and thrown ~= errors

--- `assert`, for scripts: `local assert = scalekit.assert`. On Lua 5.1 and 5.2
-- the built-in one takes no error objects, and the interpreter prints none;
-- there this one throws the error's text. Elsewhere it is the built-in one.
-- @function assert
-- @tparam any value
-- @tparam any err
-- @treturn any value
errors.assert = not STRINGS_ONLY and assert or function(value, err, ...)
  if not value and errors.is(err) then error(tostring(err), 0) end
  return assert(value, err, ...)
end

--- The error that says which values of a request are wrong, made before
-- anything is sent.
-- @local
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
