--- Connected accounts over REST.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local instances = require "scalekit.vmcp.instances"
local match = require "scalekit.vmcp.match"
local paging = require "scalekit.vmcp.paging"
local problem = require "scalekit.vmcp.problem"
local selector = require "scalekit.vmcp.selector"

local handler = {}

local PAGE_SIZE = 10

-- What a list tells of an account: no credentials, whatever they are.
local function brief(connection, account)
  return {
    id = account.id,
    identifier = account.identifier,
    provider = connection.provider,
    connector = connection.name,
    connection_id = connection.id,
    status = account.status,
    authorization_type = connection.authorization_type,
    token_expires_at = account.token_expires_at,
    updated_at = account.updated_at,
    last_used_at = account.last_used_at,
  }
end

local function reply(connection, account, with_credentials)
  local full = brief(connection, account)
  full.api_config = account.api_config
  full.authorization_details = with_credentials and account.authorization_details or nil
  return { connected_account = full }
end

local function given(value)
  return value ~= nil and value ~= ""
end

-- Who an account belongs to stands only in its record.
local function is_owned(app, entry, query)
  if not given(query.organization_id) and not given(query.user_id) then return true end
  local account = accounts.find(app, entry.connection, entry.identifier)
  return account ~= nil
    and (not given(query.organization_id) or account.organization_id == query.organization_id)
    and (not given(query.user_id) or account.user_id == query.user_id)
end

-- one predicate per filter: (value, entry)
local FILTERS = {
  connector = function(value, entry)
    return entry.connection.name == value
  end,
  connection_names = function(value, entry)
    return #value == 0 or match.has(value, entry.connection.name)
  end,
  connection_id = function(value, entry)
    return entry.connection.id == value
  end,
  identifier = function(value, entry)
    return entry.identifier == value
  end,
  provider = function(value, entry)
    return entry.connection.provider:lower() == value:lower()
  end,
  query = function(value, entry)
    return match.mentions(entry.identifier, value)
      or match.mentions(entry.connection.provider, value)
      or match.mentions(entry.connection.name, value)
  end,
}

local function list(app, call)
  local found = {}
  for _, entry in ipairs(accounts.all(app)) do
    if match.all(FILTERS, call.query, entry) and is_owned(app, entry, call.query) then
      found[#found + 1] = entry
    end
  end
  local page, answer = paging.cut(app, call, found, PAGE_SIZE)
  if not page then return nil, answer end
  answer.connected_accounts = json.array {}
  for _, entry in ipairs(page) do
    local account = accounts.find(app, entry.connection, entry.identifier)
    if account then
      table.insert(answer.connected_accounts, brief(entry.connection, account))
    end
  end
  return answer
end

function handler.ListConnectedAccounts(app, call)
  return list(app, call)
end

function handler.SearchConnectedAccounts(app, call)
  return list(app, call)
end

-- The answer repeats the credentials that it was given.
function handler.CreateConnectedAccount(app, call)
  local body = call.body
  local connection, identifier = selector.target(app, body)
  if not connection then return nil, identifier end
  local owner = selector.owner(body)
  local account, refusal = accounts.create(app, connection, {
    identifier = identifier,
    organization_id = owner.organization_id,
    user_id = owner.user_id,
    authorization_details = body.connected_account.authorization_details,
    api_config = body.connected_account.api_config,
  })
  if account == false then
    return nil, problem.conflict "The user has an account of this connection already"
  elseif not account then
    return nil, refusal
  end
  return reply(connection, account, true)
end

function handler.UpdateConnectedAccount(app, call)
  local account, connection = selector.find(app, call.body)
  if not account then return nil, connection end
  local changed, refusal = accounts.change(app, connection, account.identifier,
    call.body.connected_account)
  if not changed then return nil, refusal end
  return reply(connection, changed)
end

function handler.DeleteConnectedAccount(app, call)
  local account, connection = selector.find(app, call.body)
  if not account then return nil, connection end
  if instances.use(app, connection, account.identifier) then
    return nil, problem.precondition("MCP_SERVER_EXISTS_FOR_CONNECTED_ACCOUNT",
      "An MCP server instance of the user needs this account; delete that first")
  end
  local ok, refusal = accounts.delete(app, connection, account)
  return ok and {}, refusal
end

function handler.GetConnectedAccountDetails(app, call)
  local account, connection = selector.find(app, call.query)
  if not account then return nil, connection end
  return reply(connection, account)
end

function handler.GetConnectedAccountAuth(app, call)
  local account, connection = selector.find(app, call.query)
  if not account then return nil, connection end
  local fresh, refusal = accounts.fresh(app, connection, account)
  if not fresh then return nil, refusal end
  return reply(connection, fresh, true)
end

return handler
