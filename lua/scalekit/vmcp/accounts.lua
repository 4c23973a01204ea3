--- Connected accounts in the store: one per connection and user.
--
-- `account/<connection id>/<identifier>` is the record, `account.id/<id>` leads to it, and the
-- roster `accounts` holds the records' keys. What happens to an account is told to the webhook.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local events = require "scalekit.vmcp.events"
local grants = require "scalekit.vmcp.grants"
local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"
local roster = require "scalekit.vmcp.roster"

local accounts = {}

local ROSTER, RECORD, BY_ID = "accounts", "account/", "account.id/"

-- so often is it noted that an account is in use
local NOTE_USE_SECONDS = 60

--- The states of an account, as the API spells them.
accounts.STATES = {
  ACTIVE = true, EXPIRED = true, PENDING_AUTH = true,
  PENDING_VERIFICATION = true, DISCONNECTED = true,
}

local function key_of(connection, identifier)
  return RECORD .. connection.id .. "/" .. identifier
end

--- @treturn table problem
function accounts.missing()
  return problem.not_found "There is no such connected account"
end

--- @treturn table|nil record { id, connection_name, identifier, status, updated_at, api_config,
--   authorization_details?, token_expires_at?, last_used_at?, organization_id?, user_id? }
function accounts.find(app, connection, identifier)
  local text = app.store:get(key_of(connection, identifier))
  return text and json.decode(text)
end

--- @treturn table|nil record
function accounts.by_id(app, id)
  local key = app.store:get(BY_ID .. id)
  local text = key and app.store:get(key)
  local account = text and json.decode(text)
  -- the user may have another account by now
  return account and account.id == id and account or nil
end

--- Where all accounts are, oldest first; one may be gone when it is looked for.
-- @treturn table array of { connection, identifier }
function accounts.all(app)
  local by_id, seen, list = {}, {}, {}
  for _, connection in ipairs(app.catalogue.connections) do by_id[connection.id] = connection end
  for _, key in ipairs(roster.keys(app, ROSTER)) do
    local connection_id, identifier = key:match "^account/([^/]*)/(.*)$"
    -- who lost a race for an account is listed until it has withdrawn
    if by_id[connection_id] and not seen[key] then
      seen[key] = true
      list[#list + 1] = { connection = by_id[connection_id], identifier = identifier }
    end
  end
  return list
end

-- Writes the record of an account that is not there yet.
-- → whether it was written, or nil and a problem
local function enter(app, key, account)
  local ok, entered, refusal = app.store:update(key, function(text)
    if text then return nil, false end
    local written, err = app.store:set(BY_ID .. account.id, key)
    if not written then return nil, nil, problem.store(err) end
    return json.encode(account), true
  end)
  if ok and entered then return true end
  app.store:delete(BY_ID .. account.id)
  if not ok then return nil, problem.store(entered) end
  return entered, refusal
end

local function new(app, connection, spec)
  local account = {
    id = ids.new "ca_",
    connection_name = connection.name,
    identifier = spec.identifier,
    organization_id = spec.organization_id,
    user_id = spec.user_id,
    status = connection.keyless and "ACTIVE" or "PENDING_AUTH",
    api_config = spec.api_config or {},
    updated_at = moment.format(app:now()),
  }
  if spec.authorization_details and next(spec.authorization_details) then
    grants.change(account, spec.authorization_details)
    account.status = "ACTIVE"
  end
  return account
end

--- Creates an account: ACTIVE when it has credentials or needs none, else PENDING_AUTH.
-- @tparam table app
-- @tparam table connection
-- @tparam table spec { identifier, organization_id?, user_id?, authorization_details?, api_config? }
-- @treturn table|boolean|nil record; false when there is one already; nil and a problem
-- @treturn table problem
function accounts.create(app, connection, spec)
  local key, account = key_of(connection, spec.identifier), new(app, connection, spec)
  local refusal
  account.place, refusal = roster.add(app, ROSTER, key)
  if not account.place then return nil, refusal end
  local entered
  entered, refusal = enter(app, key, account)
  if not entered then
    roster.remove(app, ROSTER, account.place, key)
    return entered, refusal
  end
  events.tell(app, "created", connection, account)
  return account
end

--- The user's account, created when there is none.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam[opt] table owner { organization_id?, user_id? } of a new one
function accounts.ensure(app, connection, identifier, owner)
  local found = accounts.find(app, connection, identifier)
  if found then return found end
  owner = owner or {}
  local account, refusal = accounts.create(app, connection, {
    identifier = identifier, organization_id = owner.organization_id, user_id = owner.user_id,
  })
  if account == false then
    account = accounts.find(app, connection, identifier)
    refusal = accounts.missing()
  end
  if not account then return nil, refusal end
  return account
end

-- Reads, changes and writes a record; `change` returns whether there is anything to write, and may
-- return a problem.
local function rewrite(app, connection, identifier, change)
  local before
  local ok, account, refusal = app.store:update(key_of(connection, identifier), function(text)
    if not text then return nil, nil, accounts.missing() end
    local account = json.decode(text)
    before = account.status
    local changed, why = change(account)
    if not changed then return nil, nil, why end
    return json.encode(account), account
  end)
  if not ok then return nil, problem.store(account) end
  if account and account.status ~= before then
    events.tell(app, "status_updated", connection, account, before)
  end
  return account, refusal
end

--- Moves an account to a state, creating it if need be.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam string status
-- @tparam[opt] string from only when the account is in this state
-- @treturn table|nil record; nil also when the account is not in state `from`
-- @treturn table|nil problem
function accounts.set_status(app, connection, identifier, status, from)
  if not from then
    local account, refusal = accounts.ensure(app, connection, identifier)
    if not account then return nil, refusal end
  end
  return rewrite(app, connection, identifier, function(account)
    if from and account.status ~= from then return false end
    account.status, account.updated_at = status, moment.format(app:now())
    if status == "ACTIVE" and not account.authorization_details then
      grants.issue(app, connection, account)
    end
    return true
  end)
end

--- The user has authorized the account: it gets new credentials and becomes ACTIVE.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam[opt] string from only when the account is in this state
function accounts.authorize(app, connection, identifier, from)
  if not from then
    local account, refusal = accounts.ensure(app, connection, identifier)
    if not account then return nil, refusal end
  end
  local account, refusal = rewrite(app, connection, identifier, function(account)
    if from and account.status ~= from then return false end
    account.status, account.updated_at = "ACTIVE", moment.format(app:now())
    grants.issue(app, connection, account)
    return true
  end)
  if account and grants.is_oauth(connection) then
    events.tell(app, "oauth_succeeded", connection, account)
  end
  return account, refusal
end

--- Changes what the application may change of an account. New credentials make it ACTIVE.
-- @tparam table app
-- @tparam table connection
-- @tparam string identifier
-- @tparam table given { authorization_details?, api_config? }
function accounts.change(app, connection, identifier, given)
  local account, refusal = rewrite(app, connection, identifier, function(account)
    for name, value in pairs(given.api_config or {}) do account.api_config[name] = value end
    if given.authorization_details and next(given.authorization_details) then
      grants.change(account, given.authorization_details)
      account.status = "ACTIVE"
    end
    account.updated_at = moment.format(app:now())
    return true
  end)
  if account then events.tell(app, "updated", connection, account) end
  return account, refusal
end

--- The account with an access token that is still good: a stale one is renewed, and an account
-- whose token cannot be renewed is EXPIRED.
-- @treturn table|nil record
-- @treturn table problem
function accounts.fresh(app, connection, account)
  if not grants.is_stale(app, account) then return account end
  local renewed
  local changed, refusal = rewrite(app, connection, account.identifier, function(record)
    if not grants.is_stale(app, record) then return false end
    renewed = grants.renew(app, record)
    if not renewed then record.status = "EXPIRED" end
    record.updated_at = moment.format(app:now())
    return true
  end)
  if changed then
    events.tell(app, renewed and "token_refresh_succeeded" or "token_refresh_failed", connection,
      changed)
    return changed
  elseif refusal then
    return nil, refusal
  end
  -- somebody else was faster
  local found = accounts.find(app, connection, account.identifier)
  if not found then return nil, accounts.missing() end
  return found
end

--- Notes that an account was used, now and then.
function accounts.note_use(app, connection, account)
  local last, now = account.last_used_at and moment.parse(account.last_used_at), app:now()
  if last and last <= now and now - last < NOTE_USE_SECONDS then return end
  rewrite(app, connection, account.identifier, function(record)
    record.last_used_at = moment.format(now)
    return true
  end)
end

--- Deletes an account; of several callers, one does it.
-- @treturn boolean|nil true
-- @treturn table problem
function accounts.delete(app, connection, account)
  local key, gone = key_of(connection, account.identifier), nil
  local ok, err = app.store:update(key, function(text)
    local record = text and json.decode(text)
    if not record or record.id ~= account.id then return nil end
    gone = record
    return false
  end)
  if not ok then return nil, problem.store(err) end
  if not gone then return nil, accounts.missing() end
  app.store:delete(BY_ID .. gone.id)
  roster.remove(app, ROSTER, gone.place, key)
  events.tell(app, "deleted", connection, gone)
  return true
end

return accounts
