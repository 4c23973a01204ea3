---@meta _
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---@class scalekit.AuthorizationDetails
---@field oauth_token? scalekit.OauthToken
---@field static_auth? scalekit.StaticAuth
---@field google_dwd? scalekit.GoogleDwd
---@field trusted_idp? scalekit.TrustedIdp

---@class scalekit.ConnectedAccount
---@field id string
---@field identifier string
---@field provider string
---@field connector string
---@field connection_id string
---@field status string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"
---@field authorization_type string "OAUTH", "API_KEY", "BASIC_AUTH", "BEARER_TOKEN", "CUSTOM", "BASIC", "OAUTH_M2M", "TRELLO_OAUTH1", "GOOGLE_DWD", "TRUSTED_IDP", "SMART_FHIR", "NO_AUTH"
---@field token_expires_at? string RFC 3339; see `scalekit.time`
---@field updated_at? string RFC 3339; see `scalekit.time`
---@field last_used_at? string RFC 3339; see `scalekit.time`
---@field authorization_details scalekit.AuthorizationDetails
---@field api_config table

---@class scalekit.ConnectedAccountForList
---@field id string
---@field identifier string
---@field provider string
---@field connector string
---@field connection_id string
---@field status string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"
---@field authorization_type string "OAUTH", "API_KEY", "BASIC_AUTH", "BEARER_TOKEN", "CUSTOM", "BASIC", "OAUTH_M2M", "TRELLO_OAUTH1", "GOOGLE_DWD", "TRUSTED_IDP", "SMART_FHIR", "NO_AUTH"
---@field token_expires_at? string RFC 3339; see `scalekit.time`
---@field updated_at? string RFC 3339; see `scalekit.time`
---@field last_used_at? string RFC 3339; see `scalekit.time`

---@class scalekit.ConnectedAccountReply
---@field connected_account scalekit.ConnectedAccount

---@class scalekit.ConnectionAuthState
---@field connection_id string
---@field connection_name string
---@field provider string
---@field connected_account_id? string
---@field connected_account_status? string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"
---@field authentication_link string

---@class scalekit.CreateMcpSessionTokenReply
---@field token string
---@field expires_at? string RFC 3339; see `scalekit.time`

---@class scalekit.Empty

---@class scalekit.ExecuteToolReply
---@field data table
---@field execution_id string

---@class scalekit.GetMcpInstanceAuthStateReply
---@field connections scalekit.ConnectionAuthState[]

---@class scalekit.GoogleDwd
---@field subject? string
---@field access_token? string
---@field scopes string[]
---@field token_expires_at? string RFC 3339; see `scalekit.time`

---@class scalekit.ListAvailableToolsReply
---@field tools scalekit.Tool[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListConnectedAccountsReply
---@field connected_accounts scalekit.ConnectedAccountForList[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListMcpConfigsReply
---@field configs scalekit.McpConfig[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListMcpConnectedAccountsReply
---@field connected_accounts scalekit.ConnectionAuthState[]

---@class scalekit.ListMcpInstancesReply
---@field instances scalekit.McpInstance[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListProvidersReply
---@field providers scalekit.Provider[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListScopedToolsReply
---@field tools scalekit.ScopedTool[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.ListToolsReply
---@field tools scalekit.Tool[]
---@field tool_names string[]
---@field next_page_token string
---@field prev_page_token string
---@field total_size number

---@class scalekit.MagicLinkReply
---@field link string
---@field expiry? string RFC 3339; see `scalekit.time`

---@class scalekit.Mapping
---@field connection_id string
---@field connection_name string 1 to 400 characters
---@field provider string
---@field tools string[]
---@field connected_account_id? string
---@field connected_account_status? string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION", "DISCONNECTED"

---@class scalekit.McpConfig
---@field id string
---@field name string 1 to 100 characters; lower-case letters, digits, '-' and '_' only
---@field description string
---@field connection_tool_mappings scalekit.Mapping[] 1 to 25 of them
---@field mcp_server_url string

---@class scalekit.McpConfigReply
---@field config scalekit.McpConfig

---@class scalekit.McpInstance
---@field id string
---@field name string
---@field user_identifier string
---@field config scalekit.McpConfig
---@field last_used_at? string RFC 3339; see `scalekit.time`
---@field updated_at? string RFC 3339; see `scalekit.time`
---@field url string

---@class scalekit.McpInstanceReply
---@field instance scalekit.McpInstance

---@class scalekit.OauthToken
---@field access_token? string
---@field refresh_token? string
---@field scopes string[]
---@field domain? string

---@class scalekit.Provider
---@field id string
---@field identifier string
---@field display_name string 1 to 200 characters; letters, digits and spaces, and not only spaces
---@field description string
---@field categories string[]
---@field auth_patterns table
---@field icon_src string at most 2048 characters; begins with https://
---@field display_priority number
---@field coming_soon boolean
---@field proxy_url string 1 to 2048 characters; begins with https://
---@field proxy_enabled boolean
---@field is_custom boolean
---@field is_custom_mcp boolean
---@field metadata table at most 20 of them

---@class scalekit.ProviderReply
---@field provider scalekit.Provider

---@class scalekit.ScopedTool
---@field tool scalekit.Tool
---@field identifier string
---@field connected_account_id string

---@class scalekit.StaticAuth
---@field details table

---@class scalekit.Tool
---@field id string
---@field provider string
---@field definition table
---@field metadata table
---@field tags string[]
---@field is_default? boolean
---@field updated_at? string RFC 3339; see `scalekit.time`

---@class scalekit.TrustedIdp
---@field db_user? string
---@field access_key_id? string
---@field secret_access_key? string
---@field session_token? string
---@field expiry? string RFC 3339; see `scalekit.time`

---@class scalekit.VerifyUserReply
---@field post_user_verify_redirect_url string
