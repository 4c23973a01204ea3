--- What the API says when it says no: `google.rpc.Status` bodies with one `ErrorInfo`.
-- Handlers return `nil, problem`; `rest` turns it into a response.
local json = require "scalekit.json"

local problem = {}

local ERROR_INFO = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo"

local function new(status, code, error_code, message)
  return { status = status, code = code, error_code = error_code, message = message, headers = {} }
end

--- The request breaks a rule of its schema.
-- @tparam table violations array of { field, description, constraint }
-- @treturn table problem
function problem.invalid(violations)
  local first = violations[1]
  local where = first.field ~= "" and first.field .. ": " or ""
  local message = "Validation error: " .. where .. first.description
  local invalid = new(400, 3, "VALIDATION_ERROR", message)
  invalid.violations = violations
  return invalid
end

--- One broken rule.
function problem.violation(field, description, constraint)
  return problem.invalid { { field = field, description = description, constraint = constraint } }
end

--- The request cannot be read at all.
function problem.malformed(message)
  return new(400, 3, "INVALID_ARGUMENT", message)
end

--- The request is well formed, but the state of things forbids it.
function problem.precondition(error_code, message)
  return new(400, 9, error_code, message)
end

--- A config with this name is there already. The service answers 400 here, not 409.
function problem.duplicate(message)
  return new(400, 3, "DUPLICATE_IDENTIFIER", message)
end

--- What is to be created is there already.
function problem.conflict(message)
  return new(409, 6, "RESOURCE_ALREADY_EXISTS", message)
end

function problem.unauthenticated(message)
  local refused = new(401, 16, "UNAUTHENTICATED", message)
  refused.headers["www-authenticate"] = "Bearer"
  return refused
end

function problem.forbidden(message)
  return new(403, 7, "PERMISSION_DENIED", message)
end

function problem.not_found(message)
  return new(404, 5, "NOT_FOUND", message)
end

--- @tparam[opt] table methods those that the path serves
function problem.method_not_allowed(methods)
  local refused = new(405, 12, "METHOD_NOT_ALLOWED", "This path does not serve that method")
  if methods then
    table.sort(methods)
    refused.headers.allow = table.concat(methods, ", ")
  end
  return refused
end

--- The contract has it, this server does not.
function problem.unimplemented(message)
  return new(501, 12, "UNIMPLEMENTED", message)
end

-- the gRPC code and the word for each status that a fault or a provider may have
local CLASSES = {
  [400] = { 3, "INVALID_ARGUMENT" }, [401] = { 16, "UNAUTHENTICATED" },
  [403] = { 7, "PERMISSION_DENIED" }, [404] = { 5, "NOT_FOUND" }, [409] = { 10, "ABORTED" },
  [429] = { 8, "RATE_LIMITED" }, [499] = { 1, "CANCELLED" }, [500] = { 13, "INTERNAL" },
  [501] = { 12, "UNIMPLEMENTED" }, [502] = { 14, "UNAVAILABLE" }, [503] = { 14, "UNAVAILABLE" },
  [504] = { 4, "DEADLINE_EXCEEDED" },
}

--- A refusal by its HTTP status alone.
-- @tparam number status
-- @tparam string message
-- @tparam[opt] string error_code
function problem.of_class(status, message, error_code)
  local class = CLASSES[status] or (status < 500 and { 2, "UNKNOWN" } or { 13, "INTERNAL" })
  return new(status, class[1], error_code or class[2], message)
end

--- A provider failed behind a tool. The status is the provider's class, and `TOOL_ERROR` says that
-- it is not this API that answers so.
-- @tparam table failure { status, code, message }
-- @tparam string execution_id
function problem.tool(failure, execution_id)
  local refused = problem.of_class(failure.status, failure.message, "TOOL_ERROR")
  refused.tool = {
    execution_id = execution_id,
    tool_error_message = failure.message,
    tool_error_code = failure.code,
  }
  return refused
end

function problem.too_large(message)
  return new(413, 3, "REQUEST_TOO_LARGE", message)
end

--- A store did not write.
-- @tparam string err what it said
function problem.store(err)
  if err ~= "busy" then
    return new(503, 14, "UNAVAILABLE", "The environment has no memory left for this")
  end
  local busy = new(503, 14, "UNAVAILABLE", "Too many requests change this at once; try again")
  busy.headers["retry-after"] = "1"
  return busy
end

--- A mistake of this server. What it was is in its log.
function problem.internal()
  return new(500, 13, "INTERNAL", "The server failed")
end

--- What the program in front of the app refused by itself, as far as its status tells.
function problem.of_status(status)
  if status == 405 then return problem.method_not_allowed() end
  if status == 413 then return problem.too_large "The body is too large" end
  local refused = status >= 500 and problem.internal()
    or problem.malformed "The request is not valid HTTP, or too large"
  -- nginx has statuses of its own, which never leave it
  refused.status = (status < 450 or status >= 500) and status or 400
  return refused
end

local function field_violations(violations)
  local list = json.array {}
  for i, violation in ipairs(violations) do
    list[i] = {
      field = violation.field,
      description = violation.description,
      constraint = violation.constraint,
    }
  end
  return list
end

--- The response value for a problem.
function problem.response(said)
  local info = { ["@type"] = ERROR_INFO, error_code = said.error_code }
  if said.violations then
    info.validation_error_info = { field_violations = field_violations(said.violations) }
  end
  info.tool_error_info = said.tool
  local headers = { ["content-type"] = "application/json" }
  for name, value in pairs(said.headers) do headers[name] = value end
  return {
    status = said.status,
    headers = headers,
    body = json.encode { code = said.code, message = said.message, details = json.array { info } },
  }
end

return problem
