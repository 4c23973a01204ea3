--- The REST operations, one row each: the client's methods, the server's
-- router, the documentation and the contract specs all iterate over this list.
--
-- `safe` means a repetition does no harm, so a request whose outcome is
-- unknown may be sent again. `resource` and `name` are where the client offers
-- the operation; `aliases` are the names that the service's own SDKs give an option.
-- @module scalekit.ops

local schema = require "scalekit.schema"

local CONFIGS = "/api/v1/mcp/configs"

return {
  { id = "ListMcpConfigs", resource = "mcp", name = "list_configs",
    method = "GET", path = CONFIGS, safe = true,
    query = schema.ListMcpConfigsQuery, reply = schema.ListMcpConfigsReply },

  { id = "CreateMcpConfig", resource = "mcp", name = "create_config",
    method = "POST", path = CONFIGS, safe = false, status = 201,
    body = schema.McpConfig, reply = schema.McpConfigReply },

  { id = "GetMcpConfig", resource = "mcp", name = "get_config",
    method = "GET", path = CONFIGS .. "/{config_id}", safe = true,
    reply = schema.McpConfigReply },

  { id = "UpdateMcpConfig", resource = "mcp", name = "update_config",
    method = "PUT", path = CONFIGS .. "/{config_id}", safe = true,
    body = schema.UpdateMcpConfigRequest, reply = schema.McpConfigReply },

  { id = "DeleteMcpConfig", resource = "mcp", name = "delete_config",
    method = "DELETE", path = CONFIGS .. "/{config_id}", safe = true,
    reply = schema.Empty },

  { id = "ListMcpConnectedAccounts", resource = "mcp", name = "list_mcp_connected_accounts",
    method = "POST", path = CONFIGS .. "/{config_id}/connected_accounts", safe = true,
    body = schema.ListMcpConnectedAccountsRequest,
    reply = schema.ListMcpConnectedAccountsReply },

  { id = "CreateMcpSessionToken", resource = "mcp", name = "create_session_token",
    method = "POST", path = CONFIGS .. "/{mcp_config_id}/tokens", safe = false,
    body = schema.CreateMcpSessionTokenRequest, reply = schema.CreateMcpSessionTokenReply,
    aliases = { config_id = "mcp_config_id" } },

  { id = "GetMagicLinkForConnectedAccount", resource = "connected_accounts",
    name = "get_authorization_link",
    method = "POST", path = "/api/v1/connected_accounts/magic_link", safe = true,
    body = schema.MagicLinkRequest, reply = schema.MagicLinkReply,
    aliases = { connection_name = "connector", connected_account_id = "id" } },

  { id = "VerifyConnectedAccountUser", resource = "connected_accounts",
    name = "verify_connected_account_user",
    method = "POST", path = "/api/v1/connected_accounts/user/verify", safe = false,
    body = schema.VerifyUserRequest, reply = schema.VerifyUserReply },

  { id = "ListTools", resource = "tools", name = "list",
    method = "GET", path = "/api/v1/tools", safe = true,
    query = schema.ListToolsQuery, reply = schema.ListToolsReply },
}
