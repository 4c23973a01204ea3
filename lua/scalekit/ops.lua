--- The REST operations, one row each: the client's methods, the server's
-- router, the documentation and the contract specs all iterate over this list.
--
-- `summary` says what an operation does. `resource` and `name` are where the
-- client offers it; under `also` are the names that the service's own SDKs give
-- it, and under `aliases` those that they give an option. `inside` names options
-- that may be given flat although the request nests them. `label` is the name in
-- messages, where "list" alone would say too little.
--
-- `safe` means a repetition does no harm, so a request whose outcome is unknown
-- may be sent again. `deletes`: once it is not found any more, an earlier
-- attempt did it. `selects`: the arguments must say which account is meant.
-- `runs_tool`: a provider does the work, which takes the time of a tool.
-- `items` is the member of a page that holds its items (`names` where
-- `filter_summary` asks for names alone), `each` the iterator over them all.
-- @module scalekit.ops

local schema = require "scalekit.schema"

local CONFIGS = "/api/v1/mcp/configs"
local INSTANCES = "/api/v1/mcp/instances"
local ACCOUNTS = "/api/v1/connected_accounts"
local TOOLS = "/api/v1/tools"
local PROVIDERS = "/api/v1/custom-providers"

local SELECTORS = { connection_name = "connector", connected_account_id = "id" }
local ACCOUNT = {
  authorization_details = "connected_account", api_config = "connected_account",
}

local ops = {
  -- Virtual MCP servers

  { id = "ListMcpConfigs", resource = "mcp", name = "list_configs", each = "each_config",
    summary = "Lists Virtual MCP servers (configs), a page at a time.",
    method = "GET", path = CONFIGS, safe = true, items = "configs",
    query = schema.ListMcpConfigsQuery, reply = schema.ListMcpConfigsReply },

  { id = "CreateMcpConfig", resource = "mcp", name = "create_config",
    summary = "Creates a Virtual MCP server: connections, and the tools allowed from each.",
    method = "POST", path = CONFIGS, safe = false, status = 201,
    body = schema.McpConfig, reply = schema.McpConfigReply },

  { id = "GetMcpConfig", resource = "mcp", name = "get_config",
    summary = "Gets one Virtual MCP server.",
    method = "GET", path = CONFIGS .. "/{config_id}", safe = true,
    reply = schema.McpConfigReply },

  { id = "UpdateMcpConfig", resource = "mcp", name = "update_config",
    summary = "Changes its description, or replaces all of its mappings.",
    method = "PUT", path = CONFIGS .. "/{config_id}", safe = true,
    body = schema.UpdateMcpConfigRequest, reply = schema.McpConfigReply },

  { id = "DeleteMcpConfig", resource = "mcp", name = "delete_config",
    summary = "Deletes a Virtual MCP server; its URL is dead at once.",
    method = "DELETE", path = CONFIGS .. "/{config_id}", safe = true, deletes = true,
    reply = schema.Empty },

  { id = "ListMcpConnectedAccounts", resource = "mcp", name = "list_mcp_connected_accounts",
    summary = "Tells the states of the accounts a user needs for a config, with links on request.",
    method = "POST", path = CONFIGS .. "/{config_id}/connected_accounts", safe = true,
    body = schema.ListMcpConnectedAccountsRequest,
    reply = schema.ListMcpConnectedAccountsReply },

  { id = "CreateMcpSessionToken", resource = "mcp", name = "create_session_token",
    summary = "Mints a short-lived token for one config and one user.",
    method = "POST", path = CONFIGS .. "/{mcp_config_id}/tokens", safe = false,
    body = schema.CreateMcpSessionTokenRequest, reply = schema.CreateMcpSessionTokenReply,
    aliases = { config_id = "mcp_config_id" } },

  -- The older model: one server per config and user

  { id = "EnsureMcpInstance", resource = "mcp", name = "ensure_instance",
    summary = "Gets or creates the older, per-user server of a config.",
    method = "POST", path = INSTANCES, safe = true,
    body = schema.EnsureMcpInstanceRequest, reply = schema.McpInstanceReply },

  { id = "ListMcpInstances", resource = "mcp", name = "list_instances", each = "each_instance",
    summary = "Lists per-user servers, a page at a time.",
    method = "GET", path = INSTANCES, safe = true, items = "instances",
    query = schema.ListMcpInstancesQuery, reply = schema.ListMcpInstancesReply },

  { id = "GetMcpInstance", resource = "mcp", name = "get_instance",
    summary = "Gets one per-user server.",
    method = "GET", path = INSTANCES .. "/{instance_id}", safe = true,
    reply = schema.McpInstanceReply },

  { id = "UpdateMcpInstance", resource = "mcp", name = "update_instance",
    summary = "Changes the name or the config of a per-user server.",
    method = "PATCH", path = INSTANCES .. "/{instance_id}", safe = true,
    body = schema.UpdateMcpInstanceRequest, reply = schema.McpInstanceReply },

  { id = "DeleteMcpInstance", resource = "mcp", name = "delete_instance",
    summary = "Deletes a per-user server.",
    method = "DELETE", path = INSTANCES .. "/{instance_id}", safe = true, deletes = true,
    reply = schema.Empty },

  { id = "GetMcpInstanceAuthState", resource = "mcp", name = "get_instance_auth_state",
    summary = "Tells the states of the accounts that a per-user server needs.",
    method = "POST", path = INSTANCES .. "/{instance_id}:get_auth_state", safe = true,
    query = schema.GetMcpInstanceAuthStateQuery, reply = schema.GetMcpInstanceAuthStateReply },

  -- Connected accounts

  { id = "ListConnectedAccounts", resource = "connected_accounts", name = "list",
    summary = "Lists connected accounts, without credentials, a page at a time.",
    also = { "list_connected_accounts" }, each = "each",
    method = "GET", path = ACCOUNTS, safe = true, items = "connected_accounts",
    query = schema.ListConnectedAccountsQuery, reply = schema.ListConnectedAccountsReply,
    aliases = { connection_name = "connector" } },

  { id = "SearchConnectedAccounts", resource = "connected_accounts", name = "search",
    summary = "Finds connected accounts by a part of identifier, provider or connection.",
    also = { "search_connected_accounts" }, each = "each_found",
    method = "GET", path = ACCOUNTS .. ":search", safe = true, items = "connected_accounts",
    query = schema.SearchConnectedAccountsQuery, reply = schema.ListConnectedAccountsReply },

  { id = "CreateConnectedAccount", resource = "connected_accounts", name = "create",
    summary = "Creates a connected account, ACTIVE where credentials are given.",
    also = { "create_connected_account" },
    method = "POST", path = ACCOUNTS, safe = false, status = 201, selects = true,
    body = schema.CreateConnectedAccountRequest, reply = schema.ConnectedAccountReply,
    aliases = { connection_name = "connector" }, inside = ACCOUNT },

  { id = "UpdateConnectedAccount", resource = "connected_accounts", name = "update",
    summary = "Changes credentials or configuration of an account, only what is given.",
    also = { "update_connected_account" },
    method = "PUT", path = ACCOUNTS, safe = true, selects = true,
    body = schema.UpdateConnectedAccountRequest, reply = schema.ConnectedAccountReply,
    aliases = SELECTORS, inside = ACCOUNT },

  { id = "DeleteConnectedAccount", resource = "connected_accounts", name = "delete",
    summary = "Deletes an account and revokes its credentials.",
    also = { "delete_connected_account" },
    method = "POST", path = ACCOUNTS .. ":delete", safe = true, deletes = true, selects = true,
    body = schema.DeleteConnectedAccountRequest, reply = schema.Empty, aliases = SELECTORS },

  { id = "GetConnectedAccountDetails", resource = "connected_accounts", name = "get",
    summary = "Gets an account without its credentials.",
    also = { "get_connected_account_details" },
    method = "GET", path = ACCOUNTS .. "/details", safe = true, selects = true,
    query = schema.ConnectedAccountQuery, reply = schema.ConnectedAccountReply,
    aliases = SELECTORS },

  { id = "GetConnectedAccountAuth", resource = "connected_accounts", name = "get_auth",
    summary = "Gets an account with its credentials, refreshed where they had expired.",
    also = { "get_connected_account", "get_connected_account_by_identifier" },
    method = "GET", path = ACCOUNTS .. "/auth", safe = true, selects = true,
    query = schema.ConnectedAccountQuery, reply = schema.ConnectedAccountReply,
    aliases = SELECTORS },

  { id = "GetMagicLinkForConnectedAccount", resource = "connected_accounts",
    summary = "Makes a short-lived link by which a user authorizes an account.",
    name = "get_authorization_link", also = { "get_magic_link_for_connected_account" },
    method = "POST", path = ACCOUNTS .. "/magic_link", safe = true, selects = true,
    body = schema.MagicLinkRequest, reply = schema.MagicLinkReply, aliases = SELECTORS },

  { id = "VerifyConnectedAccountUser", resource = "connected_accounts",
    summary = "Confirms who followed a link; the account becomes ACTIVE.",
    name = "verify_connected_account_user",
    method = "POST", path = ACCOUNTS .. "/user/verify", safe = false,
    body = schema.VerifyUserRequest, reply = schema.VerifyUserReply },

  -- Tools

  { id = "ListTools", resource = "tools", name = "list", also = { "list_tools" }, each = "each",
    summary = "Lists tools, or only their names, a page at a time.",
    method = "GET", path = TOOLS, safe = true, items = "tools", names = "tool_names",
    query = schema.ListToolsQuery, reply = schema.ListToolsReply },

  { id = "ListScopedTools", resource = "tools", name = "list_scoped",
    summary = "Lists the tools of a user, each with the account that it would use.",
    also = { "list_scoped_tools" }, each = "each_scoped",
    method = "GET", path = TOOLS .. "/scoped", safe = true, items = "tools",
    query = schema.ListScopedToolsQuery, reply = schema.ListScopedToolsReply },

  { id = "ListAvailableTools", resource = "tools", name = "list_available",
    summary = "Lists every tool that a user can call.",
    also = { "list_available_tools" }, each = "each_available",
    method = "GET", path = TOOLS .. "/available", safe = true, items = "tools",
    query = schema.ListAvailableToolsQuery, reply = schema.ListAvailableToolsReply },

  { id = "ExecuteTool", resource = "tools", name = "execute", also = { "execute_tool" },
    summary = "Calls a tool with a user's account.",
    method = "POST", path = "/api/v1/execute_tool", safe = false, runs_tool = true,
    body = schema.ExecuteToolRequest, reply = schema.ExecuteToolReply,
    aliases = { connection_name = "connector", tool_input = "params" } },

  -- Custom providers

  { id = "ListProviders", resource = "custom_providers", name = "list",
    summary = "Lists the providers of connections, a page at a time.",
    also = { "list_providers" }, each = "each",
    method = "GET", path = "/api/v1/providers", safe = true, items = "providers",
    query = schema.ListProvidersQuery, reply = schema.ListProvidersReply },

  { id = "CreateCustomProvider", resource = "custom_providers", name = "create",
    summary = "Creates a provider of your own.",
    also = { "create_custom_provider" },
    method = "POST", path = PROVIDERS, safe = false, status = 201,
    body = schema.Provider, reply = schema.ProviderReply },

  { id = "UpdateCustomProvider", resource = "custom_providers", name = "update",
    summary = "Changes a provider of your own; what is not given stays.",
    also = { "update_custom_provider" },
    method = "PUT", path = PROVIDERS .. "/{identifier}", safe = true,
    body = schema.Provider, reply = schema.ProviderReply },

  { id = "DeleteCustomProvider", resource = "custom_providers", name = "delete",
    summary = "Deletes a provider of your own that no connection uses.",
    also = { "delete_custom_provider" },
    method = "DELETE", path = PROVIDERS .. "/{identifier}", safe = true, deletes = true,
    reply = schema.Empty },
}

for _, op in ipairs(ops) do
  op.label = op.name:find("_", 1, true) and op.name or op.also[1]
end

return ops
