--- The API objects, described once for both sides.
--
-- The client checks with these what it sends and shapes what it gets; the
-- Virtual MCP server checks what it receives and shapes what it answers. The
-- rules and limits are those of the service's REST contract; where its sources
-- disagree, the choice is noted here.
-- @module scalekit.schema

local core = require "scalekit.core"

local schema = {
  wire_names = {}, -- model → field → its name in a query string
  kinds = {},      -- model → field → { type, repeated }
}

-- A message whose fields may carry `wire`, their name in a query string
-- (`filter.name`), where the client's option has a plainer one (`filter_name`).
local function message(name, fields)
  local model, wire, kinds = core.model(name, fields), {}, {}
  for _, field in ipairs(fields) do
    wire[field[1]] = field.wire or field[1]
    kinds[field[1]] = { type = field[2], repeated = field.repeated }
  end
  schema[name], schema.wire_names[model], schema.kinds[model] = model, wire, kinds
end

local function with_page(fields, most)
  fields[#fields + 1] = { "page_size", "uint32", max = most }
  fields[#fields + 1] = { "page_token", "string" }
  return fields
end

local function paged(list)
  return {
    list,
    { "next_page_token", "string" },
    { "prev_page_token", "string" },
    { "total_size", "uint32" },
  }
end

-- Users are told to keep identifiers within 100 characters: accounts take no
-- more, tokens 255, listing for a config states no limit.
local CONNECTOR = "a-zA-Z0-9_: -"

message("Mapping", {
  { "connection_id", "string", read_only = true },
  { "connection_name", "string", required = true, min = 1, max = 400, charset = CONNECTOR },
  { "provider", "string", read_only = true },
  { "tools", "string", repeated = true },
  { "connected_account_id", "string", read_only = true, optional = true },
  { "connected_account_status", "string", read_only = true, optional = true },
})

message("McpConfig", {
  { "id", "string", read_only = true },
  { "name", "string", required = true, min = 1, max = 100, charset = "a-z0-9_-",
    pattern_text = "lower-case letters, digits, '-' and '_' only" },
  { "description", "string" },
  { "connection_tool_mappings", schema.Mapping, repeated = true, required = true,
    min_items = 1, max_items = 25 },
  { "mcp_server_url", "string", read_only = true },
})

-- An empty list of mappings leaves them as they are. Who sends one surely means
-- to take them all away, which cannot be said: it must not pass for success.
message("UpdateMcpConfigRequest", {
  { "description", "string" },
  { "connection_tool_mappings", schema.Mapping, repeated = true, optional = true,
    min_items = 1, max_items = 25 },
})

message("McpConfigReply", { { "config", schema.McpConfig } })
message("Empty", {})

message("ListMcpConfigsQuery", with_page({
  { "filter_id", "string", wire = "filter.id" },
  { "filter_name", "string", wire = "filter.name", max = 100, charset = "a-zA-Z0-9_-",
    pattern_text = "letters, digits, '-' and '_' only" },
  { "filter_provider", "string", wire = "filter.provider" },
  { "filter_mcp_server_url", "string", wire = "filter.mcp_server_url" },
  { "search", "string", min = 3 },
}, 30))
message("ListMcpConfigsReply", paged { "configs", schema.McpConfig, repeated = true })

message("ListMcpConnectedAccountsRequest", {
  { "identifier", "string", required = true, min = 1, max = 255 },
  { "include_auth_link", "bool" },
})
message("ConnectionAuthState", {
  { "connection_id", "string" },
  { "connection_name", "string" },
  { "provider", "string" },
  { "connected_account_id", "string", optional = true },
  { "connected_account_status", "string", optional = true },
  { "authentication_link", "string" },
})
message("ListMcpConnectedAccountsReply", {
  { "connected_accounts", schema.ConnectionAuthState, repeated = true },
})

message("CreateMcpSessionTokenRequest", {
  { "identifier", "string", required = true, min = 1, max = 255 },
  { "expiry", "duration", min = 60, max = 86400 },
})
message("CreateMcpSessionTokenReply", {
  { "token", "string" },
  { "expires_at", "timestamp" },
})

local function selectors(fields)
  local all = {
    { "organization_id", "string", optional = true, max = 32 },
    { "user_id", "string", optional = true, max = 32 },
    { "connector", "string", optional = true, max = 400, charset = CONNECTOR },
    { "identifier", "string", optional = true, max = 100 },
    { "id", "string", optional = true, max = 32, prefix = "ca_" },
  }
  for _, field in ipairs(fields) do all[#all + 1] = field end
  return all
end

message("MagicLinkRequest", selectors {
  { "state", "string", max = 512 },
  { "user_verify_url", "string", max = 2048, prefix = { "http://", "https://" },
    empty = true, pattern_text = "an http or https URL" },
})
message("MagicLinkReply", {
  { "link", "string" },
  { "expiry", "timestamp" },
})

message("VerifyUserRequest", {
  { "auth_request_id", "string", required = true, min = 1, max = 1000 },
  { "identifier", "string", required = true, min = 1, max = 200 },
})
message("VerifyUserReply", { { "post_user_verify_redirect_url", "string" } })

message("ListToolsQuery", with_page({
  { "filter_summary", "bool", wire = "filter.summary" },
  { "filter_provider", "string", wire = "filter.provider", max = 50 },
  { "filter_identifier", "string", wire = "filter.identifier", max = 100 },
  { "filter_tool_name", "string", wire = "filter.tool_name", repeated = true },
  { "filter_query", "string", wire = "filter.query", min = 3, max = 100 },
  { "filter_connector", "string", wire = "filter.connector", max = 400, charset = CONNECTOR },
  { "filter_organization_id", "string", wire = "filter.organization_id", max = 32 },
  { "filter_user_id", "string", wire = "filter.user_id", max = 32 },
  { "filter_connected_account_id", "string", wire = "filter.connected_account_id",
    max = 100, prefix = "ca_" },
}))
message("Tool", {
  { "id", "string" },
  { "provider", "string" },
  { "definition", "struct" },
  { "metadata", "struct" },
  { "tags", "string", repeated = true },
  { "is_default", "bool", optional = true },
  { "updated_at", "timestamp" },
})
message("ListToolsReply", {
  { "tools", schema.Tool, repeated = true },
  { "tool_names", "string", repeated = true },
  { "next_page_token", "string" },
  { "prev_page_token", "string" },
  { "total_size", "uint32" },
})

return schema
