--- Session tokens: one user's short-lived key to one Virtual MCP server.
local moment = require "scalekit.moment"

local accounts = require "scalekit.vmcp.accounts"
local configs = require "scalekit.vmcp.configs"
local problem = require "scalekit.vmcp.problem"
local tokens = require "scalekit.vmcp.tokens"

local handler = {}

local DEFAULT_EXPIRY = "3600s"

-- → account ids in the order of the mappings, or nil and what is missing
local function active_accounts(app, config, identifier)
  local list, missing = {}, {}
  for _, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    local account = accounts.find(app, connection, identifier)
    if account and account.status == "ACTIVE" then
      list[#list + 1] = account.id
    else
      missing[#missing + 1] = ("%s (%s)"):format(
        connection.name, account and account.status or "no connected account")
    end
  end
  if #missing > 0 then
    return nil, problem.precondition("CONNECTED_ACCOUNT_NOT_ACTIVE",
      "These connections have no ACTIVE account for the identifier: "
        .. table.concat(missing, ", "))
  end
  return list
end

function handler.CreateMcpSessionToken(app, call)
  local config, missing = configs.require(app, call.params.mcp_config_id)
  if not config then return nil, missing end
  local identifier = call.body.identifier
  local account_ids, refusal = active_accounts(app, config, identifier)
  if not account_ids then return nil, refusal end
  -- `exp` is a whole second, rounded down; `expires_at` is the very moment that was asked for
  local seconds, nanos = moment.duration(call.body.expiry or DEFAULT_EXPIRY)
  local level = call.body.access_level == "READ_ONLY" and "READ_ONLY" or nil
  local token, issued = tokens.session(app, config, identifier, account_ids, seconds, level)
  return { token = token, expires_at = moment.format(issued + seconds, nanos) }
end

return handler
