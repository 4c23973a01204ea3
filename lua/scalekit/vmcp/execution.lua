--- Runs a tool of a connection on the data of one user, for `execute_tool`, for the MCP endpoint and
-- for calls of the provider's own API.
--
-- What the provider refuses is a failure: `{ status, code, message }`, where `status` is the
-- provider's class as an HTTP status and `code` its own word.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local arguments_check = require "scalekit.vmcp.arguments"
local faults = require "scalekit.vmcp.faults"
local problem = require "scalekit.vmcp.problem"

local execution = {}

local DATA = "data/"

local function fail(status, code, message)
  return { status = status, code = code, message = message }
end

--- Calls `act(data, user)` on a user's data; the data is kept when `act` answers something and may
-- write. What writes does so under the data's lock.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam boolean reads whether `act` leaves the data alone
-- @tparam function act
-- @return what `act` answers; or nil and a problem of the store
function execution.on_data(app, connection, identifier, reads, act)
  local key = DATA .. connection.id .. "/" .. identifier
  local user = { identifier = identifier, now = app:now() }
  local text = app.store:get(key)
  if text and reads then return act(json.decode(text), user) end
  local ok, result, message = app.store:update(key, function(stored)
    local data = stored and json.decode(stored) or connection.seed(identifier, user.now)
    local result, message = act(data, user)
    -- a failed call keeps nothing but the seed
    if not result and stored then
      return nil, nil, message
    elseif not result then
      data = connection.seed(identifier, user.now)
    end
    return json.encode(data), result, message
  end)
  if not ok then return nil, problem.store(result) end
  return result, message
end

--- Whether an account can be used, and with which access token.
-- @treturn table|nil record, its token fresh
-- @treturn table problem
-- @treturn string the account's state, where that is what stands in the way
function execution.ready(app, connection, account)
  local fresh, refusal = accounts.fresh(app, connection, account)
  if not fresh then return nil, refusal end
  if fresh.status ~= "ACTIVE" then
    return nil, problem.precondition("CONNECTED_ACCOUNT_NOT_ACTIVE",
      ("The user's account of connection '%s' is not ACTIVE but %s"):format(
        connection.name, fresh.status)), fresh.status
  end
  return fresh
end

--- Runs a tool.
-- @tparam table app
-- @tparam table connection
-- @tparam table tool
-- @tparam table account one that is ready
-- @tparam table arguments
-- @treturn table|nil the tool's result
-- @treturn table failure
function execution.run(app, connection, tool, account, arguments)
  local failure = faults.of_tool(app, tool)
  if failure then return nil, failure end
  local wrong = arguments_check.check(tool.input_schema, arguments)
  if wrong then
    return nil, fail(400, "INVALID_ARGUMENTS", ("Invalid arguments for %s:\n%s"):format(
      tool.name, wrong))
  end
  local data, message = execution.on_data(app, connection, account.identifier,
    tool.annotations.readOnlyHint, function(data, user)
      return tool.call(data, arguments, user)
    end)
  if data then
    accounts.note_use(app, connection, account)
    return data
  elseif type(message) == "table" then
    return nil, fail(message.status, message.error_code, message.message .. ".")
  end
  return nil, fail(400, "PROVIDER_REFUSED", message)
end

return execution
