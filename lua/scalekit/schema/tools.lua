--- The catalogue of tools, and calling one.
-- @module scalekit.schema.tools

local message = require "scalekit.schema.message"

local tools = {}

-- A tool has no name of its own: what calls it is `definition.name`.
tools.Tool = message.model("Tool", {
  { "id", "string" },
  { "provider", "string" },
  { "definition", "struct" },
  { "metadata", "struct" },
  { "tags", "string", repeated = true },
  { "is_default", "bool", optional = true },
  { "updated_at", "timestamp" },
})

tools.ListToolsQuery = message.model("ListToolsQuery", message.page_query {
  { "filter_summary", "bool", wire = "filter.summary" },
  { "filter_provider", "string", wire = "filter.provider", max = 50 },
  { "filter_identifier", "string", wire = "filter.identifier", max = 100 },
  { "filter_tool_name", "string", wire = "filter.tool_name", repeated = true },
  { "filter_query", "string", wire = "filter.query", min = 3, max = 100 },
  { "filter_connector", "string", wire = "filter.connector", max = 400,
    charset = message.CONNECTOR },
  { "filter_organization_id", "string", wire = "filter.organization_id", max = 32 },
  { "filter_user_id", "string", wire = "filter.user_id", max = 32 },
  { "filter_connected_account_id", "string", wire = "filter.connected_account_id",
    max = 100, prefix = "ca_" },
})
tools.ListToolsReply = message.model("ListToolsReply", message.page_reply {
  { "tools", tools.Tool, repeated = true },
  { "tool_names", "string", repeated = true },
})

tools.ScopedTool = message.model("ScopedTool", {
  { "tool", tools.Tool },
  { "identifier", "string" },
  { "connected_account_id", "string" },
})

-- The service's rules want a filter, its documentation does not: none is
-- demanded here, and a server may answer 400 where none is given.
tools.ListScopedToolsQuery = message.model("ListScopedToolsQuery", message.page_query {
  { "identifier", "string", required = true, max = 100 },
  { "filter_providers", "string", wire = "filter.providers", repeated = true },
  { "filter_tool_names", "string", wire = "filter.tool_names", repeated = true },
  { "filter_connection_names", "string", wire = "filter.connection_names", repeated = true },
})
tools.ListScopedToolsReply = message.model("ListScopedToolsReply", message.page_reply {
  { "tools", tools.ScopedTool, repeated = true },
})

tools.ListAvailableToolsQuery = message.model("ListAvailableToolsQuery", message.page_query {
  { "identifier", "string", required = true, max = 100 },
})
tools.ListAvailableToolsReply = message.model("ListAvailableToolsReply", message.page_reply {
  { "tools", tools.Tool, repeated = true },
})

-- The service's introduction says `tool_input`; the field is `params`.
tools.ExecuteToolRequest = message.model("ExecuteToolRequest", {
  { "tool_name", "string", required = true, min = 1 },
  { "params", "struct" },
  { "identifier", "string", optional = true },
  { "connected_account_id", "string", optional = true, max = 100 },
  { "connector", "string", optional = true, max = 400, charset = message.CONNECTOR },
  { "organization_id", "string", optional = true, max = 100 },
  { "user_id", "string", optional = true, max = 100 },
  { "agent_run_id", "string", optional = true, max = 255 },
})
tools.ExecuteToolReply = message.model("ExecuteToolReply", {
  { "data", "struct" },
  { "execution_id", "string" },
})

return tools
