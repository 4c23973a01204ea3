--- From an HTTP answer to a value or an error. Understands the four shapes an
-- error body can have: google.rpc.Status, a bare ErrorInfo, OAuth, or none.
-- @module scalekit.reply

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local retry = require "scalekit.retry"
local schema = require "scalekit.schema"

local reply = {}

local MAX_DEPTH = 64
local MAX_RAW = 4096    -- bytes of the raw body, and of each text in it, kept in an error
local MAX_FIELDS = 64   -- refused fields kept in one

local BY_GRPC = {
  [1] = "cancelled", [2] = "internal", [3] = "bad_request", [4] = "timeout",
  [5] = "not_found", [6] = "conflict", [7] = "forbidden", [8] = "rate_limited",
  [9] = "bad_request", [10] = "conflict", [11] = "bad_request", [12] = "unimplemented",
  [13] = "internal", [14] = "unavailable", [15] = "internal", [16] = "unauthorized",
}

local BY_STATUS = {
  [400] = "bad_request", [401] = "unauthorized", [403] = "forbidden", [404] = "not_found",
  [405] = "unimplemented", [408] = "timeout", [409] = "conflict", [413] = "bad_request",
  [422] = "bad_request", [429] = "rate_limited", [499] = "cancelled", [500] = "internal",
  [501] = "unimplemented", [502] = "unavailable", [503] = "unavailable", [504] = "timeout",
}

-- The gRPC code of an answer whose body names none.
local GRPC_OF = {
  [400] = 3, [401] = 16, [403] = 7, [404] = 5, [409] = 6, [429] = 8, [499] = 1, [500] = 13,
  [501] = 12, [503] = 14, [504] = 4,
}

-- Answers after which the request may have taken effect all the same.
local UNSURE = { [500] = true, [502] = true, [504] = true }

local CONFLICTS = { DUPLICATE_IDENTIFIER = true, RESOURCE_ALREADY_EXISTS = true }

-- A text of the server, as much of it as an error keeps.
local function text(value)
  if type(value) == "string" and value ~= "" then return value:sub(1, MAX_RAW) end
  return nil
end

-- The ErrorInfo that counts: a tool error, else the first with a code.
local function error_info(body)
  local first
  local list = type(body.details) == "table" and body.details or {}
  if text(body.error_code) then list = { body } end
  for _, detail in ipairs(list) do
    if type(detail) == "table" and text(detail.error_code) then
      if detail.error_code == "TOOL_ERROR" then return detail end
      first = first or detail
    end
  end
  return first
end

local function member(info, name)
  local value = info and info[name]
  return type(value) == "table" and value or {}
end

-- What the server says about fields, as far as it makes sense.
local function fields_of(info)
  local violations, fields = member(info, "validation_error_info").field_violations, {}
  for i, violation in ipairs(type(violations) == "table" and violations or {}) do
    if i > MAX_FIELDS then break end
    if type(violation) == "table" then
      fields[#fields + 1] = {
        field = text(violation.field) or "", description = text(violation.description) or "",
        constraint = text(violation.constraint),
      }
    end
  end
  return #fields > 0 and fields or nil
end

local function kind_of(status, grpc, code)
  if code == "CONNECTED_ACCOUNT_NOT_ACTIVE" then return "authorization_required" end
  if code == "TOOL_ERROR" then return "tool_error" end
  if CONFLICTS[code] then return "conflict" end
  if status >= 300 and status < 400 then return "protocol" end
  return BY_GRPC[grpc] or BY_STATUS[status] or (status >= 500 and "internal") or "protocol"
end

local function message_of(response, body)
  if response.status >= 300 and response.status < 400 then
    return "the server redirects; a bearer token is not taken elsewhere"
  end
  return text(body.message) or text(body.error_description) or text(body.error)
    or ("the server answered with status %d"):format(response.status)
end

local function parse(response)
  local body = json.decode(response.body, MAX_DEPTH)
  if type(body) ~= "table" then body = {} end
  return body, error_info(body)
end

--- The error in an answer that is no success.
-- @tparam table response
-- @tparam[opt] string operation
-- @tparam[opt] number now Unix seconds, for a Retry-After that is a date
function reply.failure(response, operation, now)
  local body, info = parse(response)
  local code = info and info.error_code or text(body.error)
  local grpc = BY_GRPC[body.code] and body.code
  local tool = member(info, "tool_error_info")
  return errors.new {
    kind = kind_of(response.status, grpc, code),
    message = message_of(response, body),
    status = response.status,
    code = code,
    grpc_code = grpc or GRPC_OF[response.status] or 2,
    operation = operation,
    outcome = UNSURE[response.status] and code ~= "TOOL_ERROR" and "unknown" or "none",
    request_id = text(response.headers["x-request-id"])
      or text(member(info, "request_info").request_id),
    retry_after = retry.after(response.headers["retry-after"], now or os.time()),
    fields = fields_of(info),
    tool_error_code = text(tool.tool_error_code),
    tool_error_message = text(tool.tool_error_message),
    execution_id = text(tool.execution_id),
    raw = response.body:sub(1, MAX_RAW),
  }
end

--- The service's own refusal, told from what a provider behind it says by the
-- service's ErrorInfo.
-- @treturn ?table error
function reply.refusal(response, operation)
  if response.status < 400 then return nil end
  local _, info = parse(response)
  if not info or not tostring(info["@type"]):find("scalekit.", 1, true) then return nil end
  return reply.failure(response, operation)
end

-- A success that cannot be read may hold what was asked for, a token perhaps.
-- Where it is no JSON at all, a page of some gateway, it tells what went wrong.
local function raw_of(response)
  local is_page = response.body:find "^%s*<"
  return is_page and response.body:sub(1, MAX_RAW) or nil
end

local TEXTS = { string = true, timestamp = true }

local misshapen

-- What is wrong with one value of a field, or nil.
local function value_fault(kind, value)
  if TEXTS[kind.type] then
    return type(value) ~= "string" and "is no text" or nil
  elseif schema.kinds[kind.type] then
    if not json.is_object(value) then return "is no object" end
    return misshapen(kind.type, value)
  end
end

local function list_fault(kind, list)
  if getmetatable(list) ~= json.array_mt then return "is no list" end
  for _, item in ipairs(list) do
    local fault = value_fault(kind, item)
    if fault then return "holds what " .. fault end
  end
end

-- What a program would stumble over: a text, an object or a list that is something else.
-- Members that are missing, unknown or of an unknown word are none of it.
function misshapen(model, value)
  for name, kind in pairs(schema.kinds[model]) do
    local given = value[name]
    if given ~= nil then
      local fault = kind.repeated and list_fault(kind, given)
        or not kind.repeated and value_fault(kind, given)
      if fault then return ("'%s' %s"):format(name, fault) end
    end
  end
end

--- What reads the value in an answer of an operation, where nothing is wrong with it.
-- @treturn userdata `reader:read(text)`
function reply.reader(op)
  local reader = op.reader
  if not reader then
    reader = core.answer_reader(op.reply, json.null, json.array_mt)
    op.reader = reader
  end
  return reader
end

--- The value in a success, shaped by the operation's reply model.
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] table error
function reply.value(response, op, operation)
  local read = reply.reader(op):read(response.body)
  if read then return read end
  if response.body == "" and op.reply == schema.Empty then return {} end
  local body, problem = json.decode(response.body, MAX_DEPTH)
  if type(body) == "table" and getmetatable(body) ~= json.array_mt then
    local value = op.reply:check(body, "answer", json)
    problem = misshapen(op.reply, value)
    if not problem then return value end
  end
  return nil, errors.new {
    kind = "protocol", status = response.status, operation = operation, outcome = "unknown",
    message = "the answer is not the JSON it should be: " .. (problem or "not an object"),
    raw = raw_of(response),
  }
end

return reply
