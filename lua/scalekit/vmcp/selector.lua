--- Which connected account a request means: by its id, or by connection and user. Whatever is given
-- must agree with the account.
local accounts = require "scalekit.vmcp.accounts"
local problem = require "scalekit.vmcp.problem"

local selector = {}

-- An absent member and an empty one are the same.
local function value_of(given, name)
  local value = given[name]
  return value ~= "" and value or nil
end

local function agrees(account, given)
  for member, name in pairs {
    connection_name = "connector", identifier = "identifier",
    organization_id = "organization_id", user_id = "user_id",
  } do
    local value = value_of(given, name)
    if value and value ~= account[member] then return false end
  end
  return true
end

--- The connection and the user of a request without an id.
-- @treturn table|nil connection
-- @treturn string|table identifier, or a problem
function selector.target(app, given)
  local name, identifier = value_of(given, "connector"), value_of(given, "identifier")
  if not name or not identifier then
    return nil, problem.violation(name and "identifier" or "connector",
      "give either id, or connector and identifier", "required")
  end
  local connection = app.catalogue:connection(name)
  if not connection then
    return nil, problem.not_found(("There is no connection named '%s'"):format(name))
  end
  return connection, identifier
end

--- The account that is meant.
-- @tparam table app
-- @tparam table given { id?, connector?, identifier?, organization_id?, user_id? }
-- @treturn table|nil record
-- @treturn table its connection, or a problem
function selector.find(app, given)
  local account, connection
  if value_of(given, "id") then
    account = accounts.by_id(app, given.id)
    connection = account and app.catalogue:connection(account.connection_name)
  else
    local identifier
    connection, identifier = selector.target(app, given)
    if not connection then return nil, identifier end
    account = accounts.find(app, connection, identifier)
  end
  if not account or not connection or not agrees(account, given) then
    return nil, accounts.missing()
  end
  return account, connection
end

--- Who an account that is to be created belongs to.
function selector.owner(given)
  return {
    organization_id = value_of(given, "organization_id"), user_id = value_of(given, "user_id"),
  }
end

--- Like `find`, but an account that is meant by connection and user is created when it is missing.
function selector.reach(app, given)
  if value_of(given, "id") then return selector.find(app, given) end
  local connection, identifier = selector.target(app, given)
  if not connection then return nil, identifier end
  local account, refusal = accounts.ensure(app, connection, identifier, selector.owner(given))
  if not account then return nil, refusal end
  if not agrees(account, given) then return nil, accounts.missing() end
  return account, connection
end

return selector
