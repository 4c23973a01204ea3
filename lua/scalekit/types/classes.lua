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
---@param opts? scalekit.session.to.options as for `to`
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

---@class scalekit.mcp.connection.list_tools.options
---@field timeout? number|string seconds for all pages together
---@field idle_timeout? number|string seconds without a byte from the server
---@field refresh? boolean asks in any case (default false)

---Lists the tools of the server, all pages of them.
---
---Each tool is as the server sent it (`name`, `description`, `inputSchema` …),
---and `raw` is its exact JSON text. Tools that cannot be used safely are left
---out; `warnings` and the callback `on_warning` of `connect` say which and why.
---
---As long as the server says that its list holds (`ttlMs`), it is not asked
---again; the tools are then the same tables as before, so do not change them.
---@param opts? scalekit.mcp.connection.list_tools.options
---@return table? # array of tools
---@return scalekit.error?
function connection:list_tools(opts) end

---@class scalekit.mcp.connection.call_tool.options
---@field timeout? number|string seconds, for all of it
---@field idle_timeout? number|string seconds without a byte from the server, after which it counts as gone
---@field on_progress? function called with `{ progress, total, message }`
---@field on_message? function called with `{ level, logger, data }`
---@field on_elicitation? function called with `{ message, requestedSchema }`, returns `{ action = "accept", content = {…} }`, `{ action = "decline" }`, or nil to dismiss it; values of the schema's `default` need not be repeated
---@field on_url? function called with `{ message, url }`, returns `{ action = … }` or nil: show the whole address, and open it only if the user agrees
---@field on_sampling? function called with `{ messages, maxTokens … }`, returns `{ role, content, model, stopReason }`, or nil to reject it

---Calls a tool.
---
---A tool that fails is a result too: look at `isError`. `nil, err` means that
---the server refused the call, or could not be asked.
---
---The callbacks run in the coroutine that calls and may wait; what `connect`
---was given is used where none is given here. A server that asks for something
---nobody answers is refused, and the call goes on or fails as the server likes.
---@param name string
---@param arguments? table an object; lists inside are made with `scalekit.json.array`, or simply have elements
---@param opts? scalekit.mcp.connection.call_tool.options
---@return table? # result: `content` (array of blocks), `structuredContent`, `isError`, whatever else the server sent, and `raw`, its exact JSON text
---@return scalekit.error?
function connection:call_tool(name, arguments, opts) end

---Lists the resources of the server, all pages of them, as `list_tools` does.
---@param opts? scalekit.mcp.connection.list_tools.options as for `list_tools`
---@return table? # array of resources (`uri`, `name`, `mimeType` …, and `raw`)
---@return scalekit.error?
function connection:list_resources(opts) end

---Lists the patterns (RFC 6570) of addresses that resources may have.
---@param opts? scalekit.mcp.connection.list_tools.options as for `list_tools`
---@return table? # array of templates (`uriTemplate`, `name` …, and `raw`)
---@return scalekit.error?
function connection:list_resource_templates(opts) end

---Reads a resource.
---@param uri string
---@param opts? scalekit.mcp.connection.call_tool.options as for `call_tool`
---@return table? # result: `contents` (array of `{ uri, mimeType, text or blob }`), and `raw`
---@return scalekit.error? # `not_found` where there is no such resource
function connection:read_resource(uri, opts) end

---Asks for notifications when a resource changes: older era only, where they
---come to whoever listens. `listen` does the same in both eras.
---@param uri string
---@param opts? scalekit.mcp.connection.ping.options as for `ping`
---@return boolean? # true
---@return scalekit.error?
function connection:subscribe(uri, opts) end

---Ends what `subscribe` has begun.
---@param uri string
---@param opts? scalekit.mcp.connection.ping.options as for `ping`
---@return boolean? # true
---@return scalekit.error?
function connection:unsubscribe(uri, opts) end

---Lists the prompts of the server, all pages of them, as `list_tools` does.
---@param opts? scalekit.mcp.connection.list_tools.options as for `list_tools`
---@return table? # array of prompts (`name`, `description`, `arguments` …, and `raw`)
---@return scalekit.error?
function connection:list_prompts(opts) end

---Gets a prompt.
---@param name string
---@param arguments? table name → string
---@param opts? scalekit.mcp.connection.call_tool.options as for `call_tool`
---@return table? # result: `messages` (array of `{ role, content }`), `description`, and `raw`
---@return scalekit.error?
function connection:get_prompt(name, arguments, opts) end

---@class scalekit.mcp.connection.complete.options
---@field prompt? string the name of the prompt
---@field resource? string the template, if it is not about a prompt
---@field argument string the name of the argument
---@field value? string what there is of it (default "")
---@field arguments? table those that are known already, name → string
---@field timeout? number|string seconds
---@field idle_timeout? number|string seconds

---Asks how an argument of a prompt, or of a template of resources, may go on.
---@param opts scalekit.mcp.connection.complete.options
---@return table? # `values` (at most 100 strings), `total`, `hasMore`
---@return scalekit.error?
function connection:complete(opts) end

---@class scalekit.mcp.connection.listen.wants
---@field toolsListChanged? boolean
---@field promptsListChanged? boolean
---@field resourcesListChanged? boolean
---@field resourceSubscriptions? table array of addresses of resources

---@class scalekit.mcp.connection.listen.options
---@field timeout? number|string seconds for the stream to begin
---@field idle_timeout? number|string seconds without a byte, after which the stream counts as broken; only for servers that send signs of life

---Opens a stream of notifications: `subscriptions/listen`, or in the older era
---the session's own stream and `resources/subscribe`.
---@param wants scalekit.mcp.connection.listen.wants at least one of these
---@param opts? scalekit.mcp.connection.listen.options
---@return scalekit.mcp.subscription?
---@return scalekit.error? # `unimplemented` or `not_found` where the server has none
function connection:listen(wants, opts) end

---@class scalekit.mcp.connection.tools_for.options
---@field tools? table array of tools from `list_tools`, if not all of them
---@field timeout? number|string seconds
---@field idle_timeout? number|string seconds
---@field refresh? boolean asks the server in any case (default false)

---The tools of the server, for a request to a language model.
---@param api string "anthropic", "openai", "openai_chat" or "gemini": see `scalekit.mcp.llm`
---@param opts? scalekit.mcp.connection.tools_for.options
---@return table? # array for the member `tools` of the request
---@return scalekit.error?
function connection:tools_for(api, opts) end

---Calls the tools that a language model asks for.
---
---A call that fails is told to the model, which may try something else. Only
---what it cannot help is an error here: no access, or a user who has to sign in.
---Several calls go side by side inside `scalekit.run`, else one after the other.
---@param api string as for `tools_for`, which has to have been called before
---@param response table the decoded answer of the API
---@param opts? scalekit.mcp.connection.call_tool.options as for `call_tool`, for each call
---@return table? # array of messages to append after the model's own, empty where it asks for nothing
---@return scalekit.error?
function connection:results_for(api, response, opts) end

---@class scalekit.mcp.connection.ping.options
---@field timeout? number|string seconds
---@field idle_timeout? number|string seconds

---Asks whether the server is there.
---@param opts? scalekit.mcp.connection.ping.options
---@return boolean? # true
---@return scalekit.error?
function connection:ping(opts) end

---@class scalekit.mcp.connection.discover.options
---@field timeout? number|string seconds
---@field idle_timeout? number|string seconds

---What the server says about itself: the answer to `server/discover` in the
---modern era, asked for anew; the answer to the handshake in the legacy era.
---@param opts? scalekit.mcp.connection.discover.options
---@return table? # as the server sent it
---@return scalekit.error|string # its exact JSON text
function connection:discover(opts) end

---@class scalekit.mcp.connection.set_log_level.options
---@field timeout? number|string seconds
---@field idle_timeout? number|string seconds

---Sets the least important messages that `on_message` wants to hear of. In the
---modern era it goes with each call; in the older one the session is told.
---@param name string "debug", "info", "notice", "warning", "error", "critical", "alert" or "emergency" (RFC 5424)
---@param opts? scalekit.mcp.connection.set_log_level.options
---@return boolean? # true
---@return scalekit.error?
function connection:set_log_level(name, opts) end

---@class scalekit.mcp.subscription
---@field acknowledged table what the server will send of what was asked for
local subscription = {}

---Waits for the next notification.
---
---A stream that broke is taken up again where nothing can have been missed;
---otherwise this says so, and `listen` may be called again.
---@param timeout? number|string seconds, or a text such as "1m30s"; without it, as long as it takes
---@return table? # `{ method, params }`
---@return scalekit.error? # after one of kind "timeout" reading may go on
function subscription:read(timeout) end

---Ends it. May be called twice.
---@return boolean # true
function subscription:close() end

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
---@param opts scalekit.client.mcp.open_session.options as for `client.mcp:open_session`
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

---@class scalekit.vmcp.app.fail_next.options
---@field status number 401, 429, 503 …
---@field operation? string "CreateMcpSessionToken" or "mcp.create_session_token", default any
---@field path? string its beginning (default "/api/v1/")
---@field error_code? string in place of the one that goes with the status
---@field message? string
---@field retry_after? number seconds
---@field seconds? number to wait before the answer, at most 60
---@field times? number (default 1)

---The next request that fits fails.
---@param opts scalekit.vmcp.app.fail_next.options
---@return boolean|nil # true
---@return string # why not
function app:fail_next(opts) end

---@class scalekit.vmcp.app.delay_next.options
---@field seconds number at most 60
---@field operation? string as for `fail_next`
---@field path? string its beginning (default "/api/v1/")
---@field times? number (default 1)

---The next request that fits is answered late.
---@param opts scalekit.vmcp.app.delay_next.options
---@return boolean|nil # true
---@return string # why not
function app:delay_next(opts) end

---@class scalekit.vmcp.app.lose_next.options
---@field operation? string as for `fail_next`
---@field path? string its beginning (default "/api/v1/")
---@field times? number (default 1)

---The next request that fits is served, but its answer is lost: whoever sent it cannot know.
---@param opts? scalekit.vmcp.app.lose_next.options
---@return boolean|nil # true
---@return string # why not
function app:lose_next(opts) end

---@class scalekit.vmcp.app.fail_tool.options
---@field tool_name string
---@field status? number the provider's class (default 500)
---@field error_code? string the provider's own
---@field message? string
---@field times? number (default 1)

---The provider refuses the next call of a tool.
---@param opts scalekit.vmcp.app.fail_tool.options
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
