--- Connected accounts in the store: one per connection and user.
-- `account/<connection id>/<identifier>` is the record, `account.id/<id>` leads to it.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"

local accounts = {}

local RECORD, BY_ID = "account/", "account.id/"

--- The states of an account, as the API spells them.
accounts.STATES = {
  ACTIVE = true, EXPIRED = true, PENDING_AUTH = true,
  PENDING_VERIFICATION = true, DISCONNECTED = true,
}

local function key_of(connection, identifier)
  return RECORD .. connection.id .. "/" .. identifier
end

--- @treturn table|nil record { id, connection_name, identifier, status, updated_at }
function accounts.find(app, connection, identifier)
  local text = app.store:get(key_of(connection, identifier))
  return text and json.decode(text)
end

--- @treturn table|nil record
function accounts.by_id(app, id)
  local key = app.store:get(BY_ID .. id)
  local text = key and app.store:get(key)
  return text and json.decode(text)
end

-- Reads, changes and writes one record; `change` gets it or nil, and returns it or nil.
local function update(app, connection, identifier, change)
  local ok, account, refusal = app.store:update(key_of(connection, identifier), function(text)
    local before = text and json.decode(text)
    local account = change(before)
    if not account then return nil end
    account.updated_at = moment.format(app:now())
    if not before then
      local written, err = app.store:set(BY_ID .. account.id, key_of(connection, identifier))
      if not written then return nil, nil, problem.store(err) end
    end
    return json.encode(account), account
  end)
  if not ok then return nil, problem.store(account) end
  return account, refusal
end

local function new(connection, identifier, status)
  return {
    id = ids.new("ca_"),
    connection_name = connection.name,
    identifier = identifier,
    status = status,
  }
end

--- The user's account, created as PENDING_AUTH when there is none.
function accounts.ensure(app, connection, identifier)
  local found = accounts.find(app, connection, identifier)
  if found then return found end
  return update(app, connection, identifier, function(account)
    return account or new(connection, identifier, "PENDING_AUTH")
  end)
end

--- Moves an account to a state, creating it if need be.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam string status
-- @tparam[opt] string from only when the account is in this state
-- @treturn table|nil record; nil also when the account is not in state `from`
function accounts.set_status(app, connection, identifier, status, from)
  return update(app, connection, identifier, function(account)
    if from and (not account or account.status ~= from) then return nil end
    account = account or new(connection, identifier, status)
    account.status = status
    return account
  end)
end

return accounts
