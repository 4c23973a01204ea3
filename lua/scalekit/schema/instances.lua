--- The older model: one MCP server per config and user, whose URL needs no
-- token. Kept so that programs written for it can move.
-- @module scalekit.schema.instances

local mcp = require "scalekit.schema.mcp"
local message = require "scalekit.schema.message"

local instances = {}

-- Inside an instance the config's mappings carry the user's accounts.
instances.McpInstance = message.model("McpInstance", {
  { "id", "string" },
  { "name", "string" },
  { "user_identifier", "string" },
  { "config", mcp.McpConfig },
  { "last_used_at", "timestamp" },
  { "updated_at", "timestamp" },
  { "url", "string" },
})
instances.McpInstanceReply = message.model("McpInstanceReply", {
  { "instance", instances.McpInstance },
})

instances.EnsureMcpInstanceRequest = message.model("EnsureMcpInstanceRequest", {
  { "name", "string", optional = true },
  { "config_name", "string", required = true, min = 1 },
  { "user_identifier", "string", required = true, min = 1 },
})
instances.UpdateMcpInstanceRequest = message.model("UpdateMcpInstanceRequest", {
  { "name", "string", optional = true },
  { "config_name", "string", optional = true },
})

instances.ListMcpInstancesQuery = message.model("ListMcpInstancesQuery", message.page_query({
  { "filter_id", "string", wire = "filter.id" },
  { "filter_name", "string", wire = "filter.name" },
  { "filter_config_name", "string", wire = "filter.config_name" },
  { "filter_user_identifier", "string", wire = "filter.user_identifier" },
  { "search", "string" },
}, 30))
instances.ListMcpInstancesReply = message.model("ListMcpInstancesReply", message.page_reply {
  { "instances", instances.McpInstance, repeated = true },
})

-- The service's rule for this call has no body: the flag goes into the query.
instances.GetMcpInstanceAuthStateQuery = message.model("GetMcpInstanceAuthStateQuery", {
  { "include_auth_links", "bool" },
})
instances.GetMcpInstanceAuthStateReply = message.model("GetMcpInstanceAuthStateReply", {
  { "connections", mcp.ConnectionAuthState, repeated = true },
})

return instances
