--- Custom providers: connectors that an environment brings itself.
-- @module scalekit.schema.providers

local message = require "scalekit.schema.message"

local providers = {}

-- Creating and updating take the same object, and an update replaces the whole
-- of it; what a server fills in is ignored when it comes back.
providers.Provider = message.model("Provider", {
  { "id", "string", read_only = true },
  { "identifier", "string", read_only = true },
  { "display_name", "string", required = true, min = 1, max = 200, charset = "a-zA-Z0-9 ",
    must_have = "a-zA-Z0-9", pattern_text = "letters, digits and spaces, and not only spaces" },
  { "description", "string" },
  { "categories", "string", repeated = true, read_only = true },
  { "auth_patterns", "list", required = true },
  { "icon_src", "string", max = 2048, prefix = "https://", empty = true },
  { "display_priority", "int", read_only = true },
  { "coming_soon", "bool", read_only = true },
  { "proxy_url", "string", required = true, min = 1, max = 2048, prefix = "https://" },
  { "proxy_enabled", "bool" },
  { "is_custom", "bool", read_only = true },
  { "is_custom_mcp", "bool", read_only = true },
  { "metadata", "map", max_items = 20, key_min = 3, key_max = 25, min = 1, max = 256 },
})
providers.ProviderReply = message.model("ProviderReply", { { "provider", providers.Provider } })

-- A preview operation of the service: the only way to read a provider back.
providers.ListProvidersQuery = message.model("ListProvidersQuery", message.page_query {
  { "identifier", "string", max = 255, charset = "a-zA-Z0-9_:-" },
  { "filter_provider_type", "enum", wire = "filter.provider_type",
    values = { "DEFAULT", "CUSTOM", "ALL" } },
})
providers.ListProvidersReply = message.model("ListProvidersReply", message.page_reply {
  { "providers", providers.Provider, repeated = true },
})

return providers
