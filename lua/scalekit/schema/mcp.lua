--- Virtual MCP servers (configs), what a user needs for one, session tokens.
-- @module scalekit.schema.mcp

local message = require "scalekit.schema.message"

local mcp = {}

mcp.Mapping = message.model("Mapping", {
  { "connection_id", "string", read_only = true },
  { "connection_name", "string", required = true, min = 1, max = 400,
    charset = message.CONNECTOR },
  { "provider", "string", read_only = true },
  { "tools", "string", repeated = true },
  { "connected_account_id", "string", read_only = true, optional = true },
  { "connected_account_status", "enum", values = message.STATUSES, read_only = true,
    optional = true },
})

mcp.McpConfig = message.model("McpConfig", {
  { "id", "string", read_only = true },
  { "name", "string", required = true, min = 1, max = 100, charset = "a-z0-9_-",
    pattern_text = "lower-case letters, digits, '-' and '_' only" },
  { "description", "string" },
  { "connection_tool_mappings", mcp.Mapping, repeated = true, required = true,
    min_items = 1, max_items = 25 },
  { "mcp_server_url", "string", read_only = true },
})

-- An empty list of mappings leaves them as they are. Who sends one surely means
-- to take them all away, which cannot be said: it must not pass for success.
mcp.UpdateMcpConfigRequest = message.model("UpdateMcpConfigRequest", {
  { "description", "string" },
  { "connection_tool_mappings", mcp.Mapping, repeated = true, optional = true,
    min_items = 1, max_items = 25 },
})

mcp.McpConfigReply = message.model("McpConfigReply", { { "config", mcp.McpConfig } })

mcp.ListMcpConfigsQuery = message.model("ListMcpConfigsQuery", message.page_query({
  { "filter_id", "string", wire = "filter.id" },
  { "filter_name", "string", wire = "filter.name", max = 100, charset = "a-zA-Z0-9_-",
    pattern_text = "letters, digits, '-' and '_' only" },
  { "filter_provider", "string", wire = "filter.provider" },
  { "filter_mcp_server_url", "string", wire = "filter.mcp_server_url" },
  { "search", "string", min = 3 },
}, 30))
mcp.ListMcpConfigsReply = message.model("ListMcpConfigsReply", message.page_reply {
  { "configs", mcp.McpConfig, repeated = true },
})

-- Users are told to keep identifiers within 100 characters: accounts take no
-- more, tokens 255, listing for a config states no limit.
mcp.ListMcpConnectedAccountsRequest = message.model("ListMcpConnectedAccountsRequest", {
  { "identifier", "string", required = true, min = 1, max = 255 },
  { "include_auth_link", "bool" },
})

-- The status is plain text for the service, which spells it in capitals in one
-- place and in small letters in another.
mcp.ConnectionAuthState = message.model("ConnectionAuthState", {
  { "connection_id", "string" },
  { "connection_name", "string" },
  { "provider", "string" },
  { "connected_account_id", "string", optional = true },
  { "connected_account_status", "enum", values = message.STATUSES, optional = true },
  { "authentication_link", "string" },
})
mcp.ListMcpConnectedAccountsReply = message.model("ListMcpConnectedAccountsReply", {
  { "connected_accounts", mcp.ConnectionAuthState, repeated = true },
})

-- `access_level` is known to newer servers only; older ones ignore it.
mcp.CreateMcpSessionTokenRequest = message.model("CreateMcpSessionTokenRequest", {
  { "identifier", "string", required = true, min = 1, max = 255 },
  { "expiry", "duration", min = 60, max = 86400 },
  { "access_level", "enum", values = { "FULL", "READ_ONLY" } },
})
mcp.CreateMcpSessionTokenReply = message.model("CreateMcpSessionTokenReply", {
  { "token", "string" },
  { "expires_at", "timestamp" },
})

return mcp
