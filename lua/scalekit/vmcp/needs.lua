--- What a user needs for a config: the state of one account per mapped connection.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local links = require "scalekit.vmcp.links"

local needs = {}

-- With links asked for, a missing account is created, and every connection that has something to
-- authorize gets a fresh link, active or not. Without, nothing changes.
local function state_of(app, config, connection, identifier, with_links)
  local account, link, refusal
  if with_links then
    account, refusal = accounts.ensure(app, connection, identifier)
    if account and not connection.keyless then
      link, refusal = links.issue(app, {
        connection = connection,
        account = account,
        config_id = config.id,
        seconds = links.CONFIG_LINK_SECONDS,
      })
      account = link and accounts.find(app, connection, identifier)
    end
    if not account then return nil, refusal or accounts.missing() end
  else
    account = accounts.find(app, connection, identifier)
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

--- The state of every mapped connection, in the order of the mappings.
-- @tparam table app
-- @tparam table config its record
-- @tparam string identifier
-- @tparam boolean with_links whether to make links, and the accounts that are missing
-- @treturn table|nil array of what the API calls ConnectionAuthState
-- @treturn table problem
function needs.list(app, config, identifier, with_links)
  local list = json.array {}
  for _, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    local state, refusal = state_of(app, config, connection, identifier, with_links)
    if not state then return nil, refusal end
    list[#list + 1] = state
  end
  return list
end

return needs
