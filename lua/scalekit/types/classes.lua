---@meta _
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---@alias scalekit.error.kind
---| "authorization_required"
---| "bad_request"
---| "cancelled"
---| "configuration"
---| "conflict"
---| "forbidden"
---| "internal"
---| "network"
---| "not_found"
---| "outcome_unknown"
---| "protocol"
---| "rate_limited"
---| "timeout"
---| "tls"
---| "tool_error"
---| "unauthorized"
---| "unavailable"
---| "unimplemented"

---@class scalekit.client
---@field mcp scalekit.client.mcp
---@field connected_accounts scalekit.client.connected_accounts
---@field tools scalekit.client.tools
---@field custom_providers scalekit.client.custom_providers
---@field actions scalekit.client.actions the names that the service's own SDKs use
---@field env_url string
local client = {}

---@class scalekit.client.validate_access_token.options
---@field audience? string|boolean must be (among) the token's `aud` (default false)
---@field issuer? string|boolean as for `new`
---@field scopes? table a list of strings that the token must all have
---@field leeway? number|string seconds by which clocks may differ
---@field now? number Unix time in seconds; the clock's by default
---@field timeout? number|string seconds that fetching the keys may take

---Validates an access token of the environment (client credentials): its
---signature, times and issuer, that it is no session token, and its scopes.
---@param token string|scalekit.secret
---@param opts? scalekit.client.validate_access_token.options
---@return table? # the claims: `client_id`, `sub`, `scopes`, `exp` …
---@return scalekit.error? # kind "forbidden", code "insufficient_scope" where only a scope is missing
function client:validate_access_token(token, opts) end

---@class scalekit.client.validate_session_token.options
---@field audience string|boolean the config's `mcp_server_url`. A token is good for that server alone, so false (any) is for looking only.
---@field issuer? string|boolean as for `new`
---@field scopes? table a list of strings that the token must all have
---@field leeway? number|string seconds by which clocks may differ
---@field now? number Unix time in seconds; the clock's by default
---@field timeout? number|string seconds that fetching the keys may take

---Validates a session token of a Virtual MCP server.
---@param token string|scalekit.secret
---@param opts scalekit.client.validate_session_token.options
---@return table? # the claims: `sub` (the identifier), `aud`, `mcp_cfg`, `ca_ids`, `exp` …
---@return scalekit.error?
function client:validate_session_token(token, opts) end

---@class scalekit.session
---@field url string
---@field token scalekit.secret
---@field headers table<string, scalekit.secret> `Authorization`
---@field expires_at string RFC 3339
---@field expires number Unix seconds
---@field config_id string
---@field config_name string?
---@field identifier string
local session = {}

---@class scalekit.session.wait_authorized.options
---@field timeout? number|string seconds or a text (default 600)
---@field on_link? function is called with each account that needs a link, once for each link, as they stand in `err.accounts`

---Waits until the user has authorized everything, then mints a token. For the
---session in an `authorization_required`, or one whose accounts have expired.
---
---Asks after 2 seconds, then ever more rarely, up to every 15. A new link is made
---when the one before has run out, at first at once, then after growing pauses.
---@param opts? scalekit.session.wait_authorized.options
---@return scalekit.session? # the same, open
---@return scalekit.error? # kind "timeout", with `accounts` and `session`, when the time is over; "cancelled" when the task was
function session:wait_authorized(opts) end

---@class scalekit.session.renew.options
---@field timeout? number|string seconds or a text (default 60)

---Mints a new token in the place of the old one, which stays valid until it runs out.
---@param opts? scalekit.session.renew.options
---@return scalekit.session? # the same
---@return scalekit.error? # as of `open_session`; the old token is kept
function session:renew(opts) end

---Whether the token has run out, or will within a margin.
---@param margin? number|string seconds or a text (default 0)
---@return boolean # true also for a session that is not open
function session:expired(margin) end

---@class scalekit.session.connect.options
---@field timeout? number|string seconds or a text, for connecting and for each call (default 30)
---@field idle_timeout? number|string seconds or a text without a byte, after which the server counts as gone
---@field headers? table further headers
---@field on_progress? function as for `call_tool`, for every call
---@field on_message? function
---@field on_elicitation? function
---@field on_url? function
---@field on_sampling? function
---@field on_warning? function about a tool that is left out and the like
---@field era? string "modern" or "legacy" where it is known (default "auto")
---@field client_info? table `{ name, version }` of the program
---@field transport? function how requests travel; the client's own by default
---@field allow_insecure_http? boolean allows the token over plain http to another machine (default false)
---@field max_body? number bytes that one message may have (default 8388608)

---Connects to the server; a token that has run out is renewed first. When the server
---refuses the token later on, another one is minted, once, and what was refused is
---sent again.
---@param opts? scalekit.session.connect.options as for `scalekit.mcp.connect`
---@return scalekit.mcp.connection?
---@return scalekit.error?
function session:connect(opts) end

---@class scalekit.session.to.options
---@field name? string of the server on the platform, default the config's
---@field require_approval? string|table "openai" only
---@field description? string "openai" only
---@field display_name? string of the credential; "claude_managed_agents" only
---@field permission_policy? string "claude_managed_agents" only (default "always_allow")

---What an agent platform wants to be told about the server, with the token in clear.
---
---"generic": `{ url, headers }`. "anthropic": `{ mcp_servers, tools }` of a Messages
---request. "claude_managed_agents": `{ agent, credential, credential_update }`.
---"openai": a tool of the Responses API. "langchain", "crewai": what their MCP clients
---take. "mcp_json": a file of servers, as Claude Code reads it.
---@param name string of the platform
---@param opts? scalekit.session.to.options
---@return table
function session:to(name, opts) end

---The same as JSON, for a program in another language.
---@param name string of the platform
---@param opts? table as for `to`
---@return string
function session:json(name, opts) end

---`{ url, headers }` for any MCP client, with the token in clear.
---@return table
function session:mcp_server() end

---@class scalekit.mcp.connection
---@field era "modern"|"legacy"
---@field protocol_version string
---@field server_info table?
---@field capabilities table?
---@field instructions string? what the server says about itself
---@field warnings table[] what the last `list_tools` left out
local connection = {}

---Ends the connection, and the session if there is one. May be called twice.
---@return boolean # true
function connection:close() end

---@class scalekit.pages
---@field total number? items on all pages, as the server said last
---@field done boolean whether the last page has been read
local pages = {}

---The next page, whole; items of the one before that are not read yet are
---passed over.
---@return table? # the answer, as on the wire
---@return scalekit.error? # the next call asks for the same page again
function pages:page() end

---The next item.
---@return any # the item
---@return scalekit.error? # the next call asks for the same page again
function pages:next() end

---Where another iterator can go on: `page_token` for the same method with the
---same options. It gives the page that holds the next item, so some items may
---come twice, and none is lost.
---@return string? # "" for the first page; nil where nothing is left
function pages:resume_token() end

---@class scalekit.batch
local batch = {}

---The next result; nil at the end, or after `close`.
---@return any # the result
function batch:next() end

---Ends it: what is under way is broken off, and its results are dropped.
function batch:close() end

---@class scalekit.tokens.validator
---@field env_url string
local validator = {}

---@class scalekit.tokens.validator.validate_access_token.options
---@field audience? string|boolean must be (among) the token's `aud` (default false)
---@field issuer? string|boolean as for `new`
---@field scopes? table a list of strings that the token must all have
---@field leeway? number|string seconds by which clocks may differ
---@field now? number Unix time in seconds; the clock's by default
---@field timeout? number|string seconds that fetching the keys may take

---Validates an access token of the environment (client credentials): its
---signature, times and issuer, that it is no session token, and its scopes.
---@param token string|scalekit.secret
---@param opts? scalekit.tokens.validator.validate_access_token.options
---@return table? # the claims: `client_id`, `sub`, `scopes`, `exp` …
---@return scalekit.error? # kind "forbidden", code "insufficient_scope" where only a scope is missing
function validator:validate_access_token(token, opts) end

---@class scalekit.tokens.validator.validate_session_token.options
---@field audience string|boolean the config's `mcp_server_url`. A token is good for that server alone, so false (any) is for looking only.
---@field issuer? string|boolean as for `new`
---@field scopes? table a list of strings that the token must all have
---@field leeway? number|string seconds by which clocks may differ
---@field now? number Unix time in seconds; the clock's by default
---@field timeout? number|string seconds that fetching the keys may take

---Validates a session token of a Virtual MCP server.
---@param token string|scalekit.secret
---@param opts scalekit.tokens.validator.validate_session_token.options
---@return table? # the claims: `sub` (the identifier), `aud`, `mcp_cfg`, `ca_ids`, `exp` …
---@return scalekit.error?
function validator:validate_session_token(token, opts) end

---@class scalekit.task
local task = {}

---Waits for a task and returns what its function returned; an error raised
---there is raised here.
---@return any # what it returned
---@return scalekit.error? # kind "cancelled": the task that waits was
function task:join() end

---Cancels a task: what it waits for answers `nil, "cancelled"`, a request in
---flight is broken off, and every later wait of it answers the same at once.
function task:cancel() end

---@class scalekit.testing.env
---@field client scalekit.client
---@field transport function
---@field url string
---@field app scalekit.vmcp.app
---@field requests table[]
---@field deliveries table[]
---@field webhook_secret string
local env = {}

---Unix seconds by the environment's clock.
---@return number
function env:now() end

---Lets time pass: links, session tokens and access tokens run out.
---@param time number|string seconds, or a text such as "1h30m"
function env:advance(time) end

---Makes every request take its time, which passes at once.
---@param latency number|string seconds, or a text such as "200ms"; 0: none
function env:set_latency(latency) end

---@class scalekit.testing.env.authorize.options
---@field identifier string
---@field connection_name? string default every connection

---Has a user authorize: the accounts become ACTIVE.
---@param opts scalekit.testing.env.authorize.options
function env:authorize(opts) end

---@class scalekit.testing.env.account.options
---@field identifier string
---@field status string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION" or "DISCONNECTED"
---@field connection_name? string default every connection

---Moves a user's accounts to a state.
---@param opts scalekit.testing.env.account.options
function env:account(opts) end

---@class scalekit.testing.env.fail.options
---@field status? number of the answer
---@field lost? boolean it is done, and its answer never arrives (default false)
---@field delay? number|string seconds or a text
---@field operation? string "create_config", "tools.execute" …, default any
---@field path? string its beginning
---@field error_code? string
---@field message? string
---@field retry_after? number|string seconds or a text
---@field times? number (default 1)

---Orders trouble: the next request that fits gets it.
---
---    env:fail { status = 401 }                              -- once, then all is well
---    env:fail { status = 429, retry_after = "2s", times = 3 }
---    env:fail { operation = "create_session_token", lost = true }
---@param opts scalekit.testing.env.fail.options one or more of `status`, `lost` and `delay`
function env:fail(opts) end

---Takes all ordered trouble back.
function env:calm() end

---Does what a user does with an authorization link: opens it, and agrees.
---@param link string
---@return boolean? # true
---@return string? # where the browser is sent, with `user_verification` "custom"
function env:allow(link) end

---Opens a session and connects to its server, as an agent would.
---@param opts table as for `client.mcp:open_session`
---@return scalekit.mcp.connection?
---@return scalekit.error?
function env:connect(opts) end

---@class scalekit.vmcp.app
---@field base_url string
---@field client_id string
---@field client_secret string? where it was made up
---@field webhook_secret string? where it was made up
local app = {}

---Unix seconds, moved by the clock switch where there are switches.
---@return number
function app:now() end

---Answers one request.
---@param request table
---@return table # response
function app:handle(request) end

---@class scalekit.vmcp.app.authorize.options
---@field connection_name string
---@field identifier string

---Makes a user's account ACTIVE, as if the user had opened a link and allowed it.
---@param opts scalekit.vmcp.app.authorize.options
---@return table|nil # account
---@return string # why not
function app:authorize(opts) end

---@class scalekit.vmcp.app.set_account_status.options
---@field connection_name string
---@field identifier string
---@field status string "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION" or "DISCONNECTED"

---Moves a user's account to a state, creating it if need be.
---@param opts scalekit.vmcp.app.set_account_status.options
---@return table|nil # account
---@return string # why not
function app:set_account_status(opts) end

---@class scalekit.vmcp.app.expire_account.options
---@field connection_name string
---@field identifier string

---Lets a user's account expire: the user has to authorize it again.
---@param opts scalekit.vmcp.app.expire_account.options
---@return table|nil # account
---@return string # why not
function app:expire_account(opts) end

---Moves the environment's clock, on which tokens, links and access tokens run out.
---@param seconds number negative moves it back
---@return boolean|nil # true
---@return string # why not
function app:advance(seconds) end

---The next request that fits fails.
---@param opts table `status` (401, 429, 503 …), optionally `operation` ("CreateMcpSessionToken" or "mcp.create_session_token") or `path` (its beginning, "/api/v1/" by default), `error_code`, `message`, `retry_after` and `seconds` (to wait before the answer), and `times` (1)
---@return boolean|nil # true
---@return string # why not
function app:fail_next(opts) end

---The next request that fits is answered late.
---@param opts table `seconds`, optionally `operation` or `path`, and `times` (1)
---@return boolean|nil # true
---@return string # why not
function app:delay_next(opts) end

---The next request that fits is served, but its answer is lost: whoever sent it cannot know.
---@param opts? table `operation` or `path`, and `times` (1)
---@return boolean|nil # true
---@return string # why not
function app:lose_next(opts) end

---The provider refuses the next call of a tool.
---@param opts table `tool_name`, `status` (the provider's class, 500 by default), optionally `error_code` (the provider's own), `message`, and `times` (1)
---@return boolean|nil # true
---@return string # why not
function app:fail_tool(opts) end

---Takes back the faults that were ordered and have not happened yet.
function app:clear_faults() end

---@class scalekit.host.env
---@field url string
---@field client_id string
---@field client_secret string
---@field webhook_secret string?
---@field port number
---@field dir string
local env = {}

---Stops nginx and removes the directory; returns when both are gone.
function env:stop() end

---Whether nginx is there.
---@return boolean
function env:running() end

---What nginx has logged about its own troubles.
---@return string
function env:errors() end

---@class scalekit.stream
local stream = {}

---The next event (`{ data, event, id, retry }`) or chunk (a string) of a
---stream; nil at its clean end; `nil, err` where it broke. By a deadline that is
---given, `nil, err` of kind "timeout": the stream stays open.
---@param deadline? number `scalekit.core.now` seconds
---@return (table|string)?
---@return scalekit.error?
function stream:read(deadline) end

---Ends the stream; the peer sees the connection or the HTTP/2 stream go.
function stream:close() end

---@class scalekit.error
---@field kind scalekit.error.kind
---@field message string
---@field operation string? the name of the method
---@field outcome "none"|"unknown" whether it may have taken effect
---@field retryable boolean
---@field attempts number? requests that were sent
---@field status number? of HTTP
---@field grpc_code number?
---@field code string? the service's own word
---@field request_id string?
---@field retry_after number? seconds
---@field fields scalekit.error.field[]? the values that were refused
---@field tool_error_code string?
---@field tool_error_message string?
---@field execution_id string?
---@field raw string? the answer, at most 4096 bytes
---@field accounts table[]? of `authorization_required`: what to authorize, with links
---@field session scalekit.session? of `authorization_required`: what to wait with
---@field challenge table? of an MCP server's `unauthorized` and `forbidden`
---@field data any what an MCP server sent beside its words
---@field cause string? the kind before it became `outcome_unknown`
local error = {}

---@class scalekit.error.field
---@field field string a path such as `connection_tool_mappings[2].tools[1]`
---@field description string
---@field constraint string?
---@field suggestion string? the nearest name
local field = {}

---@class scalekit.hooks.event
---@field operation string
---@field method string
---@field url string without its query
---@field attempt number
---@field traceparent string?
---@field status number?
---@field time number? seconds taken
---@field request_id string?
---@field kind scalekit.error.kind?
---@field delay number? seconds until the next attempt
local event = {}

---Bytes that Lua can carry, not read.
---@class scalekit.secret
local secret = {}
