--- Connected accounts: a user's authorization of one connection.
-- @module scalekit.schema.connected_accounts

local message = require "scalekit.schema.message"

local accounts = {}

local AUTHORIZATION_TYPES = {
  "CONNECTION_TYPE_UNSPECIFIED", "OAUTH", "API_KEY", "BASIC_AUTH", "BEARER_TOKEN", "CUSTOM",
  "BASIC", "OAUTH_M2M", "TRELLO_OAUTH1", "GOOGLE_DWD", "TRUSTED_IDP", "SMART_FHIR", "NO_AUTH",
}

-- Every member is optional: an update changes only those that are there.
local oauth_token = message.model("OauthToken", {
  { "access_token", "string", optional = true },
  { "refresh_token", "string", optional = true },
  { "scopes", "string", repeated = true },
  { "domain", "string", optional = true },
})
local static_auth = message.model("StaticAuth", { { "details", "struct" } })
local google_dwd = message.model("GoogleDwd", {
  { "subject", "string", optional = true },
  { "access_token", "string", read_only = true, optional = true },
  { "scopes", "string", repeated = true, read_only = true },
  { "token_expires_at", "timestamp", read_only = true },
})
local trusted_idp = message.model("TrustedIdp", {
  { "db_user", "string", optional = true },
  { "access_key_id", "string", read_only = true, optional = true },
  { "secret_access_key", "string", read_only = true, optional = true },
  { "session_token", "string", read_only = true, optional = true },
  { "expiry", "timestamp", read_only = true },
})

accounts.AuthorizationDetails = message.model("AuthorizationDetails", {
  { "oauth_token", oauth_token, oneof = "details" },
  { "static_auth", static_auth, oneof = "details" },
  { "google_dwd", google_dwd, oneof = "details" },
  { "trusted_idp", trusted_idp, oneof = "details" },
})

-- The service promises no credentials in its lists, whatever its prose says of
-- "tokens and keys": the list's items are accounts without the last two fields.
local public = {
  { "id", "string", read_only = true },
  { "identifier", "string", read_only = true },
  { "provider", "string", read_only = true },
  { "connector", "string", read_only = true },
  { "connection_id", "string", read_only = true },
  { "status", "enum", values = message.STATUSES, read_only = true },
  { "authorization_type", "enum", values = AUTHORIZATION_TYPES, read_only = true },
  { "token_expires_at", "timestamp", read_only = true },
  { "updated_at", "timestamp", read_only = true },
  { "last_used_at", "timestamp", read_only = true },
}

accounts.ConnectedAccountForList = message.model("ConnectedAccountForList", public)
accounts.ConnectedAccount = message.model("ConnectedAccount", message.join(public, {
  { "authorization_details", accounts.AuthorizationDetails },
  { "api_config", "struct" },
}))
accounts.ConnectedAccountReply = message.model("ConnectedAccountReply", {
  { "connected_account", accounts.ConnectedAccount },
})

local function selectors(fields)
  return message.join({
    { "organization_id", "string", optional = true, max = 32 },
    { "user_id", "string", optional = true, max = 32 },
    { "connector", "string", optional = true, max = 400, charset = message.CONNECTOR },
    { "identifier", "string", optional = true, max = 100 },
  }, fields)
end

local ID = { "id", "string", optional = true, max = 32, prefix = "ca_" }

local NOT_BOTH = "connector_or_connection_names_not_both"

-- The service's text allows a page of 100, its rules only less than that.
accounts.ListConnectedAccountsQuery = message.model("ListConnectedAccountsQuery", {
  { "organization_id", "string", optional = true, max = 32 },
  { "user_id", "string", optional = true, max = 32 },
  { "connector", "string", optional = true, max = 400, charset = message.CONNECTOR,
    oneof = NOT_BOTH },
  { "identifier", "string", optional = true, max = 100 },
  { "provider", "string", optional = true, max = 50 },
  { "page_size", "uint32", max = 99 },
  { "page_token", "string", max = 100 },
  { "query", "string", max = 100 },
  { "connection_names", "string", repeated = true, min = 1, max = 400,
    charset = message.CONNECTOR, max_items = 20, oneof = NOT_BOTH },
})
accounts.ListConnectedAccountsReply = message.model("ListConnectedAccountsReply",
  message.page_reply {
    { "connected_accounts", accounts.ConnectedAccountForList, repeated = true },
  })

accounts.SearchConnectedAccountsQuery = message.model("SearchConnectedAccountsQuery",
  message.page_query({
    { "query", "string", required = true, min = 3, max = 200 },
    { "connection_id", "string", max = 32 },
  }, 30))

accounts.ConnectedAccountQuery = message.model("ConnectedAccountQuery", selectors { ID })

accounts.CreateConnectedAccountRequest = message.model("CreateConnectedAccountRequest",
  selectors {
    { "connected_account", accounts.ConnectedAccount, required = true },
  })
accounts.UpdateConnectedAccountRequest = message.model("UpdateConnectedAccountRequest",
  selectors {
    ID,
    { "connected_account", accounts.ConnectedAccount, required = true },
  })
accounts.DeleteConnectedAccountRequest = message.model("DeleteConnectedAccountRequest",
  selectors { ID })

accounts.MagicLinkRequest = message.model("MagicLinkRequest", selectors {
  ID,
  { "state", "string", max = 512 },
  { "user_verify_url", "string", max = 2048, prefix = { "http://", "https://" },
    empty = true, pattern_text = "an http or https URL" },
})
accounts.MagicLinkReply = message.model("MagicLinkReply", {
  { "link", "string" },
  { "expiry", "timestamp" },
})

accounts.VerifyUserRequest = message.model("VerifyUserRequest", {
  { "auth_request_id", "string", required = true, min = 1, max = 1000 },
  { "identifier", "string", required = true, min = 1, max = 200 },
})
accounts.VerifyUserReply = message.model("VerifyUserReply", {
  { "post_user_verify_redirect_url", "string" },
})

return accounts
