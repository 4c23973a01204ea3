--- The connected accounts that a user needs for a config.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local configs = require "scalekit.vmcp.configs"
local links = require "scalekit.vmcp.links"

local handler = {}

-- With links asked for, a missing account is created, and every connection that has something to
-- authorize gets a fresh link, active or not. Without, nothing changes.
local function state_of(app, config, connection, body)
  local account, link, refusal
  if body.include_auth_link then
    account, refusal = accounts.ensure(app, connection, body.identifier)
    if account and not connection.keyless then
      link, refusal = links.issue(app, {
        connection = connection,
        identifier = body.identifier,
        config_id = config.id,
        seconds = links.CONFIG_LINK_SECONDS,
      })
      account = link and account
    end
    if not account then return nil, refusal end
  else
    account = accounts.find(app, connection, body.identifier)
  end
  return {
    connection_id = connection.id,
    connection_name = connection.name,
    provider = connection.provider,
    connected_account_id = account and account.id,
    connected_account_status = account and account.status,
    authentication_link = link,
  }
end

function handler.ListMcpConnectedAccounts(app, call)
  local config, missing = configs.require(app, call.params.config_id)
  if not config then return nil, missing end
  local list = json.array {}
  for _, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    local state, refusal = state_of(app, config, connection, call.body)
    if not state then return nil, refusal end
    list[#list + 1] = state
  end
  return { connected_accounts = list }
end

return handler
