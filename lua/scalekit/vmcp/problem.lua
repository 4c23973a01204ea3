--- What the API says when it says no: `google.rpc.Status` bodies with one `ErrorInfo`.
-- Handlers return `nil, problem`; `rest` turns it into a response.
local json = require "scalekit.json"

local M = {}

local ERROR_INFO = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo"

local function new(status, code, error_code, message)
  return { status = status, code = code, error_code = error_code, message = message }
end

--- The request breaks a rule of its schema.
-- @tparam table violations array of { field, description, constraint }
-- @treturn table problem
function M.invalid(violations)
  local first = violations[1]
  local where = first.field ~= "" and first.field .. ": " or ""
  local message = "Validation error: " .. where .. first.description
  local problem = new(400, 3, "VALIDATION_ERROR", message)
  problem.violations = violations
  return problem
end

--- One broken rule.
function M.violation(field, description, constraint)
  return M.invalid { { field = field, description = description, constraint = constraint } }
end

--- The request cannot be read at all.
function M.malformed(message)
  return new(400, 3, "INVALID_ARGUMENT", message)
end

--- The request is well formed, but the state of things forbids it.
function M.precondition(error_code, message)
  return new(400, 9, error_code, message)
end

--- Something with this name is there already. The service answers 400 here, not 409.
function M.duplicate(message)
  return new(400, 3, "DUPLICATE_IDENTIFIER", message)
end

function M.unauthenticated(message)
  local problem = new(401, 16, "UNAUTHENTICATED", message)
  problem.headers = { ["www-authenticate"] = "Bearer" }
  return problem
end

function M.forbidden(message)
  return new(403, 7, "PERMISSION_DENIED", message)
end

function M.not_found(message)
  return new(404, 5, "NOT_FOUND", message)
end

function M.method_not_allowed(allow)
  local problem = new(405, 12, "METHOD_NOT_ALLOWED", "This path does not serve that method")
  problem.headers = allow and { allow = allow } or nil
  return problem
end

--- The contract has it, this server does not.
function M.unimplemented(message)
  return new(501, 12, "UNIMPLEMENTED", message)
end

function M.too_large(message)
  return new(413, 3, "REQUEST_TOO_LARGE", message)
end

function M.unavailable(message)
  return new(503, 14, "UNAVAILABLE", message)
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
function M.response(problem)
  local info = { ["@type"] = ERROR_INFO, error_code = problem.error_code }
  if problem.violations then
    info.validation_error_info = { field_violations = field_violations(problem.violations) }
  end
  local headers = { ["content-type"] = "application/json" }
  for name, value in pairs(problem.headers or {}) do
    headers[name] = value
  end
  return {
    status = problem.status,
    headers = headers,
    body = json.encode {
      code = problem.code,
      message = problem.message,
      details = json.array { info },
    },
  }
end

return M
