---@meta scalekit
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---scalekit: Virtual MCP servers from Lua.
---
---    local scalekit = require "scalekit"
---    local client = scalekit.check(scalekit.new())
---    local response = scalekit.check(client.mcp:list_configs())
---
---Every call looks blocking. Inside `scalekit.run` it parks only its own
---coroutine. Expected failures are `nil, err` (see `scalekit.error`); a wrong
---argument type or an unknown option raises at the caller's line.
---@class scalekit
---@field VERSION string
---@field _VERSION string
---@field ALL table for `tools` of a mapping: every tool of the connection
---@field null userdata JSON's null; equal to `cjson.null`
local scalekit = {}

---`check(call())` returns the results of the call, or throws its error object.
---@param value any
---@param err any
---@return any # value
function scalekit.check(value, err) end

---`assert` that can say what went wrong on Lua 5.1 and 5.2 too.
---@param value any
---@param err any
---@return any # value
function scalekit.assert(value, err) end

---Runs a function as the first task and returns what it returns, once every
---task is done. An error that no `join` has taken is raised at the end.
---@param fn function
---@param ... any its arguments
---@return any # what it returned
function scalekit.run(fn, ...) end

---Starts a function beside the running task; inside `run`.
---@param fn function
---@param ... any its arguments
---@return scalekit.task # `task:join()` waits for it
function scalekit.spawn(fn, ...) end

---Runs functions side by side and waits for all of them; inside `run`.
---@param functions table a list
---@return table # what each returned first, by index
---@return table # what each returned second, by index: the errors
function scalekit.all(functions) end

---Runs functions side by side; the first to return wins, and the others are
---cancelled. Inside `run`.
---@param functions table a list
---@return number # the index of the winner
---@return any # what it returned
function scalekit.race(functions) end

---Waits; parks only the running coroutine inside `scalekit.run`.
---@param time number|string seconds, or a text such as "500ms" or "1m30s"
function scalekit.sleep(time) end

---A point in time, as the service writes it (`expires_at`, `updated_at` …), in
---Unix seconds: RFC 3339 with up to nine decimals.
---@param text? string
---@return number? # whole seconds since 1970-01-01T00:00:00Z, as `os.time()` counts them
---@return number? # nanoseconds after them
function scalekit.time(text) end

---@class scalekit.new.options
---@field env_url? string such as "https://name.scalekit.dev"
---@field client_id? string
---@field client_secret? string|scalekit.secret
---@field timeout? number|string for one call with all its attempts: seconds, or a text such as "1m30s" (default 20)
---@field tool_timeout? number|string the same for `tools:execute` and `actions:request` (default 60)
---@field connect_timeout? number|string seconds or a text, within `timeout` (default 10)
---@field max_attempts? number of one call, where it may be repeated; 1 to 100 (default 4)
---@field retry_rate_limited? boolean a call refused with 429 waits as long as the service asks (default false)
---@field ca_file? string certificates to trust, PEM, in place of the system's
---@field cert_file? string a client certificate, PEM
---@field key_file? string its private key, PEM
---@field tls_min? string "1.2" or "1.3" (default "1.2")
---@field proxy? string the URL of an HTTP proxy
---@field http1? boolean do not offer HTTP/2 (default false)
---@field allow_insecure_http? boolean allows secrets over plain http to another machine (default false)
---@field transport? function `send(request)`, see `scalekit.transport.curl`; by default libcurl, inside nginx cosockets
---@field shared_dict? string|boolean inside nginx, the `lua_shared_dict` in which the workers share the access token (sealed) and the keys of the environment; "scalekit" is used where there is one, false: each worker fetches its own. `lua_shared_dict scalekit 1m;` holds hundreds (default "scalekit")
---@field on_request? function see `scalekit.hooks`
---@field on_response? function
---@field on_retry? function
---@field traceparent? string|function W3C Trace Context, sent with each request

---Makes a client. Opens no connection yet.
---
---`env_url`, `client_id` and `client_secret` default to the environment
---variables SCALEKIT_ENV_URL, SCALEKIT_CLIENT_ID and SCALEKIT_CLIENT_SECRET.
---@param opts? scalekit.new.options
---@return scalekit.client?
---@return scalekit.error? # kind "configuration"
function scalekit.new(opts) end

return scalekit
