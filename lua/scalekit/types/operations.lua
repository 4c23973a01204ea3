---@meta _
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---@class scalekit.client.mcp.list_configs.options
---@field filter_id? string
---@field filter_name? string at most 100 characters; letters, digits, '-' and '_' only
---@field filter_provider? string
---@field filter_mcp_server_url? string
---@field search? string at least 3 characters
---@field page_size? number at most 30
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.create_config.options
---@field name string 1 to 100 characters; lower-case letters, digits, '-' and '_' only
---@field description? string
---@field connection_tool_mappings scalekit.Mapping[] 1 to 25 of them
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.get_config.options
---@field config_id string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.update_config.options
---@field config_id string
---@field description? string
---@field connection_tool_mappings? scalekit.Mapping[] 1 to 25 of them
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.delete_config.options
---@field config_id string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.list_mcp_connected_accounts.options
---@field config_id string
---@field identifier string 1 to 255 characters
---@field include_auth_link? boolean
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.create_session_token.options
---@field mcp_config_id? string
---@field config_id? string another name for `mcp_config_id`; one is required
---@field identifier string 1 to 255 characters
---@field expiry? number|string 1 minute to 24 hours: seconds, or a text such as "90s" or "1h30m"
---@field access_level? string "FULL", "READ_ONLY"
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.ensure_instance.options
---@field name? string
---@field config_name string at least 1 characters
---@field user_identifier string at least 1 characters
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.list_instances.options
---@field filter_id? string
---@field filter_name? string
---@field filter_config_name? string
---@field filter_user_identifier? string
---@field search? string
---@field page_size? number at most 30
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.get_instance.options
---@field instance_id string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.update_instance.options
---@field instance_id string
---@field name? string
---@field config_name? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.delete_instance.options
---@field instance_id string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp.get_instance_auth_state.options
---@field instance_id string
---@field include_auth_links? boolean
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.list.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field provider? string at most 50 characters
---@field page_size? number at most 99
---@field page_token? string at most 100 characters
---@field query? string at most 100 characters
---@field connection_names? string[] 1 to 400 characters; at most 20 of them
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.search.options
---@field query string 3 to 200 characters
---@field connection_id? string at most 32 characters
---@field page_size? number at most 30
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.create.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field connected_account? scalekit.ConnectedAccount
---@field api_config? table the same as inside `connected_account`
---@field authorization_details? scalekit.AuthorizationDetails the same as inside `connected_account`
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.update.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field id? string at most 32 characters; begins with ca_
---@field connected_account_id? string another name for `id`
---@field connected_account? scalekit.ConnectedAccount
---@field api_config? table the same as inside `connected_account`
---@field authorization_details? scalekit.AuthorizationDetails the same as inside `connected_account`
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.delete.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field id? string at most 32 characters; begins with ca_
---@field connected_account_id? string another name for `id`
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.get.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field id? string at most 32 characters; begins with ca_
---@field connected_account_id? string another name for `id`
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.get_auth.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field id? string at most 32 characters; begins with ca_
---@field connected_account_id? string another name for `id`
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.get_authorization_link.options
---@field organization_id? string at most 32 characters
---@field user_id? string at most 32 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field identifier? string at most 100 characters
---@field id? string at most 32 characters; begins with ca_
---@field connected_account_id? string another name for `id`
---@field state? string at most 512 characters
---@field user_verify_url? string at most 2048 characters; an http or https URL
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.connected_accounts.verify_connected_account_user.options
---@field auth_request_id string 1 to 1000 characters
---@field identifier string 1 to 200 characters
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.tools.list.options
---@field filter_summary? boolean
---@field filter_provider? string at most 50 characters
---@field filter_identifier? string at most 100 characters
---@field filter_tool_name? string[]
---@field filter_query? string 3 to 100 characters
---@field filter_connector? string at most 400 characters
---@field filter_organization_id? string at most 32 characters
---@field filter_user_id? string at most 32 characters
---@field filter_connected_account_id? string at most 100 characters; begins with ca_
---@field page_size? number
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.tools.list_scoped.options
---@field identifier string at most 100 characters
---@field filter_providers? string[]
---@field filter_tool_names? string[]
---@field filter_connection_names? string[]
---@field page_size? number
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.tools.list_available.options
---@field identifier string at most 100 characters
---@field page_size? number
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.tools.execute.options
---@field tool_name string at least 1 characters
---@field params? table
---@field tool_input? table another name for `params`
---@field identifier? string
---@field connected_account_id? string at most 100 characters
---@field connector? string at most 400 characters
---@field connection_name? string another name for `connector`
---@field organization_id? string at most 100 characters
---@field user_id? string at most 100 characters
---@field agent_run_id? string at most 255 characters
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.custom_providers.list.options
---@field identifier? string at most 255 characters
---@field filter_provider_type? string "DEFAULT", "CUSTOM", "ALL"
---@field page_size? number
---@field page_token? string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.custom_providers.create.options
---@field display_name string 1 to 200 characters; letters, digits and spaces, and not only spaces
---@field description? string
---@field auth_patterns table
---@field icon_src? string at most 2048 characters; begins with https://
---@field proxy_url string 1 to 2048 characters; begins with https://
---@field proxy_enabled? boolean
---@field metadata? table at most 20 of them
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.custom_providers.update.options
---@field identifier string
---@field display_name string 1 to 200 characters; letters, digits and spaces, and not only spaces
---@field description? string
---@field auth_patterns table
---@field icon_src? string at most 2048 characters; begins with https://
---@field proxy_url string 1 to 2048 characters; begins with https://
---@field proxy_enabled? boolean
---@field metadata? table at most 20 of them
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.custom_providers.delete.options
---@field identifier string
---@field timeout? number|string for the whole call: seconds, or a text such as "1m30s"

---@class scalekit.client.mcp
local mcp = {}

---Lists the Virtual MCP servers (configs) of the environment, one page of them.
---
---Filters are combined; `filter_name` is exact, but for capitals.
---@param args? scalekit.client.mcp.list_configs.options
---@return scalekit.ListMcpConfigsReply?
---@return scalekit.error?
function mcp:list_configs(args) end

---The items of `list_configs` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args? scalekit.client.mcp.list_configs.options
---@return scalekit.pages|fun(): (scalekit.McpConfig|false)?, scalekit.error?
function mcp:each_config(args) end

---Creates a Virtual MCP server: connections, and the tools allowed from each.
---
---The name cannot be changed later. An empty list of tools would mean all of them and is refused; say `scalekit.ALL`. After a lost answer the config is looked up by its name.
---@param args scalekit.client.mcp.create_config.options
---@return scalekit.McpConfigReply?
---@return scalekit.error?
function mcp:create_config(args) end

---Gets a config.
---@param args scalekit.client.mcp.get_config.options
---@return scalekit.McpConfigReply?
---@return scalekit.error?
function mcp:get_config(args) end

---Changes a config; its name and URL stay.
---
---Mappings are replaced as a whole. What is left out stays as it is, and nothing can be cleared. Sessions that run meanwhile may lose tools.
---@param args scalekit.client.mcp.update_config.options
---@return scalekit.McpConfigReply?
---@return scalekit.error?
function mcp:update_config(args) end

---Deletes a config; its URL is dead at once.
---@param args scalekit.client.mcp.delete_config.options
---@return scalekit.Empty?
---@return scalekit.error?
function mcp:delete_config(args) end

---Which accounts a user has for the connections of a config, one entry for each connection.
---
---With links, accounts that are missing are created. A link works once, for one minute.
---@param args scalekit.client.mcp.list_mcp_connected_accounts.options
---@return scalekit.ListMcpConnectedAccountsReply?
---@return scalekit.error?
function mcp:list_mcp_connected_accounts(args) end

---Mints a session token: good for one config and one user, for a short time.
---
---Every connection of the config needs an ACTIVE account of the user, else the error's kind is `authorization_required` or `bad_request`.
---@param args scalekit.client.mcp.create_session_token.options
---@return scalekit.CreateMcpSessionTokenReply?
---@return scalekit.error?
function mcp:create_session_token(args) end

---The older model: gets the server of one user for a config, or creates it.
---
---Its URL needs no token, so it must not be shared.
---@param args scalekit.client.mcp.ensure_instance.options
---@return scalekit.McpInstanceReply?
---@return scalekit.error?
function mcp:ensure_instance(args) end

---The older model: lists servers of users, one page of them.
---@param args? scalekit.client.mcp.list_instances.options
---@return scalekit.ListMcpInstancesReply?
---@return scalekit.error?
function mcp:list_instances(args) end

---The items of `list_instances` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args? scalekit.client.mcp.list_instances.options
---@return scalekit.pages|fun(): (scalekit.McpInstance|false)?, scalekit.error?
function mcp:each_instance(args) end

---The older model: gets the server of a user.
---@param args scalekit.client.mcp.get_instance.options
---@return scalekit.McpInstanceReply?
---@return scalekit.error?
function mcp:get_instance(args) end

---The older model: renames the server of a user, or gives it another config.
---@param args scalekit.client.mcp.update_instance.options
---@return scalekit.McpInstanceReply?
---@return scalekit.error?
function mcp:update_instance(args) end

---The older model: deletes the server of a user.
---@param args scalekit.client.mcp.delete_instance.options
---@return scalekit.Empty?
---@return scalekit.error?
function mcp:delete_instance(args) end

---The older model: which accounts the user of a server has connected.
---@param args scalekit.client.mcp.get_instance_auth_state.options
---@return scalekit.GetMcpInstanceAuthStateReply?
---@return scalekit.error?
function mcp:get_instance_auth_state(args) end

---@class scalekit.client.mcp.ensure_config.options
---@field name string as for `create_config`
---@field connection_tool_mappings table as for `create_config`
---@field description? string left alone if absent
---@field check_tools? boolean compare the names of tools with the catalogue before anything is written (default true)
---@field timeout? number|string seconds or a text, for all of it (default 60)

---Makes a config exist under its name with just these tools, and changes the one
---that is there where it differs. Safe to repeat, safe beside others that do the
---same, safe where an answer was lost.
---@param args scalekit.client.mcp.ensure_config.options
---@return table? # `config`, as on the wire; `created`, a boolean; `changed`, a list, empty where all was as it should be. Each change says what it is with `tostring`, and has `connection_name`, `added` and `removed` (names of tools), `before` and `after` (names, `scalekit.ALL`, or nil where the connection was or is not mapped); or `field` ("description"), `before`, `after`.
---@return scalekit.error? # of unknown tools each is in `fields`, with the nearest name as `suggestion`
function mcp:ensure_config(args) end

---@class scalekit.client.mcp.open_session.options
---@field config string|table its id or name, or the config itself
---@field identifier string of the user
---@field expiry? number|string 1 minute to 24 hours: seconds or a text (default 3600)
---@field user_verify_url? string for environments that have the app verify its users: where the browser is sent
---@field state? string comes back there unchanged
---@field timeout? number|string seconds or a text, for all of it but the waiting (default 60)
---@field on_link? function waits for the user; as for `session:wait_authorized`
---@field wait? number|string seconds or a text: how long to wait (default 600)

---Checks a user's accounts and mints a token: `client.mcp:open_session{…}`.
---
---Accounts that are not ACTIVE end in `authorization_required`; with `on_link` the
---call waits for the user instead.
---@param args scalekit.client.mcp.open_session.options
---@return scalekit.session?
---@return scalekit.error? # With kind "authorization_required": `accounts`, a list with `connection_name`, `connected_account_status`, `authentication_link` (used once, and within a minute) and `link_expires` (Unix seconds); and `session`, which can be waited with. With kind "configuration": the environment has no URL for the config.
function mcp:open_session(args) end

---@class scalekit.client.mcp.mint.options
---@field config string|table its id or name, or the config itself
---@field identifiers table|function a list, or a function that gives the next one and nil at the end
---@field expiry? number|string of the tokens: seconds or a text (default 3600)
---@field concurrency? number users at once, 1 to 1000 (default 64)
---@field ordered? boolean results in the order of the identifiers, else as they finish (default false)
---@field on_progress? function `(done, total)`, called for each user that is done; `total` is nil where `identifiers` is a function
---@field links? boolean make authorization links where something is to authorize, and the accounts that are missing (default false)
---@field user_verify_url? string for these links
---@field state? string for these links
---@field timeout? number|string for each user: seconds or a text (default 60)

---Opens a session for each of many users.
---
---Works in a plain program, where it gets on while the iterator is asked, and inside
---`scalekit.run`, cqueues or luv, beside other coroutines. (On Lua 5.1 a `for` blocks
---cqueues and luv; `next()` does not.) Identifiers are taken when there is room for
---them, and what is under way may run out of time while the loop is busy elsewhere in
---a plain program. Leaving the loop ends it: on Lua 5.4 what is under way is
---broken off at once, elsewhere by `close()`, by the garbage collector, or it ends by
---itself.
---@param args scalekit.client.mcp.mint.options
---@return scalekit.batch? # an iterator for `for`; each result has `identifier`, `index` (its place among the identifiers) and `session` or `err`
---@return scalekit.error? # the config could not be found
function mcp:mint(args) end

---@class scalekit.client.connected_accounts
local connected_accounts = {}

---Lists connected accounts, one page of them, without credentials.
---
---Give either `connection_name` or `connection_names`.
---@param args? scalekit.client.connected_accounts.list.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function connected_accounts:list(args) end

---Lists connected accounts, one page of them, without credentials.
---
---Give either `connection_name` or `connection_names`.
---@param args? scalekit.client.connected_accounts.list.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function connected_accounts:list_connected_accounts(args) end

---The items of `list` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args? scalekit.client.connected_accounts.list.options
---@return scalekit.pages|fun(): (scalekit.ConnectedAccountForList|false)?, scalekit.error?
function connected_accounts:each(args) end

---Finds connected accounts by their identifier, provider or connection, one page of them.
---@param args scalekit.client.connected_accounts.search.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function connected_accounts:search(args) end

---Finds connected accounts by their identifier, provider or connection, one page of them.
---@param args scalekit.client.connected_accounts.search.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function connected_accounts:search_connected_accounts(args) end

---The items of `search` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args scalekit.client.connected_accounts.search.options
---@return scalekit.pages|fun(): (scalekit.ConnectedAccountForList|false)?, scalekit.error?
function connected_accounts:each_found(args) end

---Creates a user's account for a connection, perhaps with credentials.
---
---Without credentials it waits for the user to authorize. One that is there already is a `conflict`; see `get_or_create`.
---@param args scalekit.client.connected_accounts.create.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:create(args) end

---Creates a user's account for a connection, perhaps with credentials.
---
---Without credentials it waits for the user to authorize. One that is there already is a `conflict`; see `get_or_create`.
---@param args scalekit.client.connected_accounts.create.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:create_connected_account(args) end

---Changes an account: `api_config` is merged, and of the credentials only what is given changes.
---@param args scalekit.client.connected_accounts.update.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:update(args) end

---Changes an account: `api_config` is merged, and of the credentials only what is given changes.
---@param args scalekit.client.connected_accounts.update.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:update_connected_account(args) end

---Deletes an account and revokes its credentials, for good.
---@param args scalekit.client.connected_accounts.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function connected_accounts:delete(args) end

---Deletes an account and revokes its credentials, for good.
---@param args scalekit.client.connected_accounts.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function connected_accounts:delete_connected_account(args) end

---Gets an account, without credentials.
---@param args scalekit.client.connected_accounts.get.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:get(args) end

---Gets an account, without credentials.
---@param args scalekit.client.connected_accounts.get.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:get_connected_account_details(args) end

---Gets an account with its credentials; an access token that has run out is renewed first.
---@param args scalekit.client.connected_accounts.get_auth.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:get_auth(args) end

---Gets an account with its credentials; an access token that has run out is renewed first.
---@param args scalekit.client.connected_accounts.get_auth.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:get_connected_account(args) end

---Gets an account with its credentials; an access token that has run out is renewed first.
---@param args scalekit.client.connected_accounts.get_auth.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function connected_accounts:get_connected_account_by_identifier(args) end

---Makes a link under which a user authorizes a connection; creates the account if it is missing.
---
---The link works once, for a short time.
---@param args scalekit.client.connected_accounts.get_authorization_link.options
---@return scalekit.MagicLinkReply?
---@return scalekit.error?
function connected_accounts:get_authorization_link(args) end

---Makes a link under which a user authorizes a connection; creates the account if it is missing.
---
---The link works once, for a short time.
---@param args scalekit.client.connected_accounts.get_authorization_link.options
---@return scalekit.MagicLinkReply?
---@return scalekit.error?
function connected_accounts:get_magic_link_for_connected_account(args) end

---Confirms that the user who authorized is the one who was meant, in environments that ask for it.
---
---Take the identifier from your own session with the user, never from the link. Works once; `forbidden` means somebody else, `not_found` that it has been used.
---@param args scalekit.client.connected_accounts.verify_connected_account_user.options
---@return scalekit.VerifyUserReply?
---@return scalekit.error?
function connected_accounts:verify_connected_account_user(args) end

---Gets an account with its credentials, or creates it where there is none.
---Safe when several processes do so at once, and when an answer is lost.
---@param args scalekit.client.connected_accounts.create.options as for `client.connected_accounts:create`: `connection_name` and `identifier` (or `organization_id` and `user_id`); for a new account also `authorization_details` and `api_config`, which change nothing of one that is there; `timeout`, seconds or a text, for all of it
---@return table? # `{ connected_account = … }`
---@return scalekit.error?
function connected_accounts:get_or_create(args) end

---Gets an account with its credentials, or creates it where there is none.
---Safe when several processes do so at once, and when an answer is lost.
---@param args scalekit.client.connected_accounts.create.options as for `client.connected_accounts:create`: `connection_name` and `identifier` (or `organization_id` and `user_id`); for a new account also `authorization_details` and `api_config`, which change nothing of one that is there; `timeout`, seconds or a text, for all of it
---@return table? # `{ connected_account = … }`
---@return scalekit.error?
function connected_accounts:get_or_create_connected_account(args) end

---@class scalekit.client.tools
local tools = {}

---Lists the catalogue of tools, one page of it; a tool's name is `definition.name`.
---
---With `filter_summary` the answer has `tool_names` in place of `tools`.
---@param args? scalekit.client.tools.list.options
---@return scalekit.ListToolsReply?
---@return scalekit.error?
function tools:list(args) end

---Lists the catalogue of tools, one page of it; a tool's name is `definition.name`.
---
---With `filter_summary` the answer has `tool_names` in place of `tools`.
---@param args? scalekit.client.tools.list.options
---@return scalekit.ListToolsReply?
---@return scalekit.error?
function tools:list_tools(args) end

---The items of `list` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args? scalekit.client.tools.list.options
---@return scalekit.pages|fun(): (scalekit.Tool|false)?, scalekit.error?
function tools:each(args) end

---Lists the tools that a user's accounts can run, one page of them.
---@param args scalekit.client.tools.list_scoped.options
---@return scalekit.ListScopedToolsReply?
---@return scalekit.error?
function tools:list_scoped(args) end

---Lists the tools that a user's accounts can run, one page of them.
---@param args scalekit.client.tools.list_scoped.options
---@return scalekit.ListScopedToolsReply?
---@return scalekit.error?
function tools:list_scoped_tools(args) end

---The items of `list_scoped` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args scalekit.client.tools.list_scoped.options
---@return scalekit.pages|fun(): (scalekit.ScopedTool|false)?, scalekit.error?
function tools:each_scoped(args) end

---Lists the tools that are there for a user, one page of them.
---@param args scalekit.client.tools.list_available.options
---@return scalekit.ListAvailableToolsReply?
---@return scalekit.error?
function tools:list_available(args) end

---Lists the tools that are there for a user, one page of them.
---@param args scalekit.client.tools.list_available.options
---@return scalekit.ListAvailableToolsReply?
---@return scalekit.error?
function tools:list_available_tools(args) end

---The items of `list_available` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args scalekit.client.tools.list_available.options
---@return scalekit.pages|fun(): (scalekit.Tool|false)?, scalekit.error?
function tools:each_available(args) end

---Runs a tool with a user's account, without MCP.
---
---What the provider refuses is a `tool_error`; it is never repeated.
---@param args scalekit.client.tools.execute.options
---@return scalekit.ExecuteToolReply?
---@return scalekit.error?
function tools:execute(args) end

---Runs a tool with a user's account, without MCP.
---
---What the provider refuses is a `tool_error`; it is never repeated.
---@param args scalekit.client.tools.execute.options
---@return scalekit.ExecuteToolReply?
---@return scalekit.error?
function tools:execute_tool(args) end

---@class scalekit.client.custom_providers
local custom_providers = {}

---Lists providers, one page of them.
---@param args? scalekit.client.custom_providers.list.options
---@return scalekit.ListProvidersReply?
---@return scalekit.error?
function custom_providers:list(args) end

---Lists providers, one page of them.
---@param args? scalekit.client.custom_providers.list.options
---@return scalekit.ListProvidersReply?
---@return scalekit.error?
function custom_providers:list_providers(args) end

---The items of `list` on all pages: an iterator for `for`, which ends with `false` and an error where a page cannot be had.
---@param args? scalekit.client.custom_providers.list.options
---@return scalekit.pages|fun(): (scalekit.Provider|false)?, scalekit.error?
function custom_providers:each(args) end

---Creates a provider of your own.
---@param args scalekit.client.custom_providers.create.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function custom_providers:create(args) end

---Creates a provider of your own.
---@param args scalekit.client.custom_providers.create.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function custom_providers:create_custom_provider(args) end

---Changes a provider of your own; what is left out stays as it is.
---
---The service replaces the whole, so what is left out is read first.
---@param args scalekit.client.custom_providers.update.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function custom_providers:update(args) end

---Changes a provider of your own; what is left out stays as it is.
---
---The service replaces the whole, so what is left out is read first.
---@param args scalekit.client.custom_providers.update.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function custom_providers:update_custom_provider(args) end

---Deletes a provider of your own, unless a connection uses it.
---@param args scalekit.client.custom_providers.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function custom_providers:delete(args) end

---Deletes a provider of your own, unless a connection uses it.
---@param args scalekit.client.custom_providers.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function custom_providers:delete_custom_provider(args) end

---@class scalekit.client.actions
---@field mcp scalekit.client.mcp
---@field connected_accounts scalekit.client.connected_accounts
---@field tools scalekit.client.tools
---@field providers scalekit.client.custom_providers
---@field client scalekit.client
local actions = {}

---Lists connected accounts, one page of them, without credentials.
---
---Give either `connection_name` or `connection_names`.
---@param args? scalekit.client.connected_accounts.list.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function actions:list_connected_accounts(args) end

---Finds connected accounts by their identifier, provider or connection, one page of them.
---@param args scalekit.client.connected_accounts.search.options
---@return scalekit.ListConnectedAccountsReply?
---@return scalekit.error?
function actions:search_connected_accounts(args) end

---Creates a user's account for a connection, perhaps with credentials.
---
---Without credentials it waits for the user to authorize. One that is there already is a `conflict`; see `get_or_create`.
---@param args scalekit.client.connected_accounts.create.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function actions:create_connected_account(args) end

---Changes an account: `api_config` is merged, and of the credentials only what is given changes.
---@param args scalekit.client.connected_accounts.update.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function actions:update_connected_account(args) end

---Deletes an account and revokes its credentials, for good.
---@param args scalekit.client.connected_accounts.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function actions:delete_connected_account(args) end

---Gets an account, without credentials.
---@param args scalekit.client.connected_accounts.get.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function actions:get_connected_account_details(args) end

---Gets an account with its credentials; an access token that has run out is renewed first.
---@param args scalekit.client.connected_accounts.get_auth.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function actions:get_connected_account(args) end

---Gets an account with its credentials; an access token that has run out is renewed first.
---@param args scalekit.client.connected_accounts.get_auth.options
---@return scalekit.ConnectedAccountReply?
---@return scalekit.error?
function actions:get_connected_account_by_identifier(args) end

---Makes a link under which a user authorizes a connection; creates the account if it is missing.
---
---The link works once, for a short time.
---@param args scalekit.client.connected_accounts.get_authorization_link.options
---@return scalekit.MagicLinkReply?
---@return scalekit.error?
function actions:get_magic_link_for_connected_account(args) end

---Makes a link under which a user authorizes a connection; creates the account if it is missing.
---
---The link works once, for a short time.
---@param args scalekit.client.connected_accounts.get_authorization_link.options
---@return scalekit.MagicLinkReply?
---@return scalekit.error?
function actions:get_authorization_link(args) end

---Confirms that the user who authorized is the one who was meant, in environments that ask for it.
---
---Take the identifier from your own session with the user, never from the link. Works once; `forbidden` means somebody else, `not_found` that it has been used.
---@param args scalekit.client.connected_accounts.verify_connected_account_user.options
---@return scalekit.VerifyUserReply?
---@return scalekit.error?
function actions:verify_connected_account_user(args) end

---Lists the catalogue of tools, one page of it; a tool's name is `definition.name`.
---
---With `filter_summary` the answer has `tool_names` in place of `tools`.
---@param args? scalekit.client.tools.list.options
---@return scalekit.ListToolsReply?
---@return scalekit.error?
function actions:list_tools(args) end

---Lists the tools that a user's accounts can run, one page of them.
---@param args scalekit.client.tools.list_scoped.options
---@return scalekit.ListScopedToolsReply?
---@return scalekit.error?
function actions:list_scoped_tools(args) end

---Lists the tools that are there for a user, one page of them.
---@param args scalekit.client.tools.list_available.options
---@return scalekit.ListAvailableToolsReply?
---@return scalekit.error?
function actions:list_available_tools(args) end

---Runs a tool with a user's account, without MCP.
---
---What the provider refuses is a `tool_error`; it is never repeated.
---@param args scalekit.client.tools.execute.options
---@return scalekit.ExecuteToolReply?
---@return scalekit.error?
function actions:execute_tool(args) end

---Lists providers, one page of them.
---@param args? scalekit.client.custom_providers.list.options
---@return scalekit.ListProvidersReply?
---@return scalekit.error?
function actions:list_providers(args) end

---Creates a provider of your own.
---@param args scalekit.client.custom_providers.create.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function actions:create_custom_provider(args) end

---Changes a provider of your own; what is left out stays as it is.
---
---The service replaces the whole, so what is left out is read first.
---@param args scalekit.client.custom_providers.update.options
---@return scalekit.ProviderReply?
---@return scalekit.error?
function actions:update_custom_provider(args) end

---Deletes a provider of your own, unless a connection uses it.
---@param args scalekit.client.custom_providers.delete.options
---@return scalekit.Empty?
---@return scalekit.error?
function actions:delete_custom_provider(args) end

---Gets an account with its credentials, or creates it where there is none.
---Safe when several processes do so at once, and when an answer is lost.
---@param args scalekit.client.connected_accounts.create.options as for `client.connected_accounts:create`: `connection_name` and `identifier` (or `organization_id` and `user_id`); for a new account also `authorization_details` and `api_config`, which change nothing of one that is there; `timeout`, seconds or a text, for all of it
---@return table? # `{ connected_account = … }`
---@return scalekit.error?
function actions:get_or_create_connected_account(args) end

---@class scalekit.client.actions.request.options
---@field connection_name string
---@field identifier string of the user
---@field path string the provider's path, perhaps with a query, encoded
---@field method? string (default "GET")
---@field query_params? table name → text, number, boolean, or a list
---@field body? string|table a table is sent as JSON
---@field form_data? table as `query_params`; sent as a form
---@field headers? table name → text or secret
---@field timeout? number|string seconds, or a text such as "90s" (default 60)

---Calls the API behind a connection with the user's credentials.
---
---Whatever the provider answers is returned, also a refusal: look at `status`.
---`nil, err` means that the service refused, or that no answer came. A refusal
---of our access token (401) is tried once more with a new one; a request that
---may have arrived is repeated only for GET, HEAD and OPTIONS.
---@param args scalekit.client.actions.request.options
---@return table? # `status`, `headers` (lower-case names), `body` (a string)
---@return scalekit.error?
function actions:request(args) end
