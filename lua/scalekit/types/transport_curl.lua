---@meta scalekit.transport.curl
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---The transport of plain Lua programs: libcurl, on a loop that any number of
---coroutines share.
---@class scalekit.transport.curl
local curl = {}

---The loop that transports use which were given none.
---@return userdata
function curl.loop() end

---@class scalekit.transport.curl.new.options
---@field ca_file? string certificates to trust, PEM, in place of the system's
---@field cert_file? string a client certificate, PEM
---@field key_file? string its private key, PEM
---@field tls_min? string "1.2" or "1.3" (default "1.2")
---@field proxy? string the URL of an HTTP proxy
---@field connect_timeout? number seconds
---@field http1? boolean do not offer HTTP/2 (default false)
---@field trusted? boolean the servers are one's own. libcurl 7.83 to 8.0.1 must not use a handle twice with others: a header made for it reads freed memory. This saves a seventh of the work of a small request there, and nothing elsewhere (default false)
---@field loop? userdata to share with others

---Makes a transport: a function `send(request) → response | nil, err`.
---
---A request has `method`, `url`, `headers` (name → string or secret), perhaps
---`ready_headers` (the same, made once with `scalekit.core.headers`), `auth`
---(a secret: the bearer token), `body` (string, secret, or a function that
---returns the next piece and nil at the end), `deadline` (`scalekit.core.now`
---seconds, for all of it), `idle_timeout` (seconds without a byte),
---`max_body` (bytes, 8 MiB), `stream` (true: event streams, "chunks": any
---answer), `once` (never send it twice; the default for POST and PATCH),
---`head_deadline` (by when the answer has to have begun), `handle` (a table that
---gets `abort()`, for another coroutine to call while the answer has not begun).
---A response has `status`, `headers` (lower-case names) and `body`, or instead
---of the body `events` or `chunks`, with `read(deadline)` and `close()`.
---@param opts? scalekit.transport.curl.new.options
---@return function
function curl.new(opts) end

return curl
