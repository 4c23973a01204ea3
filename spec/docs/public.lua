-- What is public: modules to `require`, and the objects that they hand out. `file` is where the
-- comments are, `receiver` the local name there; `fields` are the members that are no functions.
local public = {}

local function field(name, kind, text)
  return { name = name, type = kind, text = text or "" }
end

--- Modules, by the name that is required.
public.modules = {
  { name = "scalekit", file = "init.lua", receiver = "scalekit", fields = {
    field("VERSION", "string"), field("_VERSION", "string"),
    field("ALL", "table", "for `tools` of a mapping: every tool of the connection"),
    field("null", "userdata", "JSON's null; equal to `cjson.null`"),
  } },
  { name = "scalekit.mcp", file = "mcp/init.lua", receiver = "mcp" },
  { name = "scalekit.mcp.llm", file = "mcp/llm/init.lua", receiver = "llm" },
  { name = "scalekit.webhook", file = "webhook.lua", receiver = "webhook" },
  { name = "scalekit.tokens", file = "tokens.lua", receiver = "tokens" },
  { name = "scalekit.jwt", file = "jwt.lua", receiver = "jwt" },
  { name = "scalekit.error", file = "error.lua", receiver = "errors", fields = {
    field("KINDS", "table<string, boolean>", "the closed list of kinds"),
  } },
  { name = "scalekit.json", file = "json.lua", receiver = "json", fields = {
    field("null", "userdata", "what JSON's null decodes to; equal to `cjson.null`"),
    field("array_mt", "table", "the metatable of lists"),
    field("raw_mt", "table", "the metatable of what `raw` makes"),
  } },
  { name = "scalekit.testing", file = "testing.lua", receiver = "testing" },
  { name = "scalekit.vmcp", file = "vmcp/init.lua", receiver = "vmcp" },
  { name = "scalekit.host.launch", file = "host/launch.lua", receiver = "launch", fields = {
    field("NUMBERS", "table", "what numeric options are"),
  } },
  { name = "scalekit.transport.curl", file = "transport/curl.lua", receiver = "curl" },
  { name = "scalekit.transport.inproc", file = "transport/inproc.lua", receiver = "inproc" },
  { name = "scalekit.driver", file = "driver/init.lua", receiver = "driver" },
}

--- Objects, by the name of their class.
public.classes = {
  { name = "scalekit.client", file = "client.lua", receiver = "client", fields = {
    field("mcp", "scalekit.client.mcp"),
    field("connected_accounts", "scalekit.client.connected_accounts"),
    field("tools", "scalekit.client.tools"),
    field("custom_providers", "scalekit.client.custom_providers"),
    field("actions", "scalekit.client.actions", "the names that the service's own SDKs use"),
    field("env_url", "string"),
  }, lent = { { file = "tokens.lua", receiver = "validator" } } },
  { name = "scalekit.session", file = "session.lua", receiver = "methods", fields = {
    field("url", "string"), field("token", "scalekit.secret"),
    field("headers", "table<string, scalekit.secret>", "`Authorization`"),
    field("expires_at", "string", "RFC 3339"), field("expires", "number", "Unix seconds"),
    field("config_id", "string"), field("config_name", "string?"), field("identifier", "string"),
  } },
  { name = "scalekit.mcp.connection", file = "mcp/connection.lua", receiver = "methods", fields = {
    field("era", '"modern"|"legacy"'), field("protocol_version", "string"),
    field("server_info", "table?"), field("capabilities", "table?"),
    field("instructions", "string?", "what the server says about itself"),
    field("warnings", "table[]", "what the last `list_tools` left out"),
  }, lent = {
    { file = "mcp/feature/tools.lua", receiver = "methods" },
    { file = "mcp/feature/resources.lua", receiver = "methods" },
    { file = "mcp/feature/prompts.lua", receiver = "methods" },
    { file = "mcp/feature/changes.lua", receiver = "methods" },
    { file = "mcp/feature/llm.lua", receiver = "methods" },
    { file = "mcp/feature/server.lua", receiver = "methods" },
  } },
  { name = "scalekit.mcp.subscription", file = "mcp/subscription.lua", receiver = "methods", fields = {
    field("acknowledged", "table", "what the server will send of what was asked for"),
  } },
  { name = "scalekit.pages", file = "pages.lua", receiver = "pages", fields = {
    field("total", "number?", "items on all pages, as the server said last"),
    field("done", "boolean", "whether the last page has been read"),
  } },
  { name = "scalekit.batch", file = "batch.lua", receiver = "methods" },
  { name = "scalekit.tokens.validator", file = "tokens.lua", receiver = "validator", fields = {
    field("env_url", "string"),
  } },
  { name = "scalekit.task", file = "driver/tasks.lua", receiver = "task_mt" },
  { name = "scalekit.testing.env", file = "testing.lua", receiver = "Env", fields = {
    field("client", "scalekit.client"), field("transport", "function"), field("url", "string"),
    field("app", "scalekit.vmcp.app"), field("requests", "table[]"),
    field("deliveries", "table[]"), field("webhook_secret", "string"),
  } },
  { name = "scalekit.vmcp.app", file = "vmcp/app.lua", receiver = "App", fields = {
    field("base_url", "string"), field("client_id", "string"),
    field("client_secret", "string?", "where it was made up"),
    field("webhook_secret", "string?", "where it was made up"),
  }, lent = { { file = "vmcp/controls.lua", receiver = "App" } } },
  { name = "scalekit.host.env", file = "host/launch.lua", receiver = "Env", fields = {
    field("url", "string"), field("client_id", "string"), field("client_secret", "string"),
    field("webhook_secret", "string?"), field("port", "number"), field("dir", "string"),
  } },
  { name = "scalekit.stream", file = "transport/curl.lua", receiver = "stream_mt" },
  { name = "scalekit.error", fields = {
    field("kind", "scalekit.error.kind"), field("message", "string"),
    field("operation", "string?", "the name of the method"),
    field("outcome", '"none"|"unknown"', "whether it may have taken effect"),
    field("retryable", "boolean"), field("attempts", "number?", "requests that were sent"),
    field("status", "number?", "of HTTP"), field("grpc_code", "number?"),
    field("code", "string?", "the service's own word"), field("request_id", "string?"),
    field("retry_after", "number?", "seconds"),
    field("fields", "scalekit.error.field[]?", "the values that were refused"),
    field("tool_error_code", "string?"), field("tool_error_message", "string?"),
    field("execution_id", "string?"), field("raw", "string?", "the answer, at most 4096 bytes"),
    field("accounts", "table[]?", "of `authorization_required`: what to authorize, with links"),
    field("session", "scalekit.session?", "of `authorization_required`: what to wait with"),
    field("challenge", "table?", "of an MCP server's `unauthorized` and `forbidden`"),
    field("data", "any", "what an MCP server sent beside its words"),
    field("cause", "string?", "the kind before it became `outcome_unknown`"),
  } },
  { name = "scalekit.error.field", fields = {
    field("field", "string", "a path such as `connection_tool_mappings[2].tools[1]`"),
    field("description", "string"), field("constraint", "string?"),
    field("suggestion", "string?", "the nearest name"),
  } },
  { name = "scalekit.hooks.event", fields = {
    field("operation", "string"), field("method", "string"), field("url", "string", "without its query"),
    field("attempt", "number"), field("traceparent", "string?"),
    field("status", "number?"), field("time", "number?", "seconds taken"),
    field("request_id", "string?"), field("kind", "scalekit.error.kind?"),
    field("delay", "number?", "seconds until the next attempt"),
  } },
  { name = "scalekit.secret", text = "Bytes that Lua can carry, not read.", fields = {} },
}

--- Methods of ours beside those of the operation table: where their comments are.
public.refined = {
  { file = "ensure.lua", name = "ensure_config" },
  { file = "session.lua", name = "open_session" },
  { file = "mint.lua", name = "mint" },
  { file = "resource/connected_accounts.lua", name = "get_or_create",
    also = { "get_or_create_connected_account" }, in_actions = { "get_or_create_connected_account" } },
  { file = "resource/proxy.lua", name = "request" },
}

return public
