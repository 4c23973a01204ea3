---@meta scalekit.mcp
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---An MCP client over Streamable HTTP, for any server of either era: the
---stateless one (2026-07-28) and the one of sessions (2025-11-25, 2025-06-18,
---2025-03-26).
---@class scalekit.mcp
local mcp = {}

---@class scalekit.mcp.connect.options
---@field url string the server's MCP endpoint
---@field token? string|scalekit.secret|function sent as a bearer token with every request. A function is called for the first one as `token(nil, seconds)`, and again as `token(err, seconds)` when the server has refused it: it returns another one, or nil and an error, within that many seconds; the request that was refused is then repeated once
---@field headers? table further headers; `Authorization = "Bearer …"` is the same as a token
---@field timeout? number|string seconds, for connecting and for each call (default 30)
---@field idle_timeout? number|string seconds without a byte from the server, after which it counts as gone although there is time left
---@field on_progress? function
---@field on_message? function
---@field on_elicitation? function
---@field on_url? function
---@field on_sampling? function
---@field on_warning? function called with `{ message, tool }`, about a tool that is left out and the like
---@field era? string "modern" or "legacy" where it is known (default "auto")
---@field client_info? table `{ name, version }` of the program, for the server's logs
---@field transport? function how requests travel; if absent cosockets inside nginx, else libcurl
---@field allow_insecure_http? boolean allows secrets over plain http to another machine (default false)
---@field max_body? number bytes that one message may have (default 8388608)

---Connects to a server and finds out which era it belongs to; once found out,
---that is remembered for other connections to the same address.
---
---The callbacks are those of `call_tool`, for every call that brings none of its
---own. What a server is told that it may ask follows from them; in the older era
---it is told here, once.
---@param opts scalekit.mcp.connect.options
---@return scalekit.mcp.connection?
---@return scalekit.error? # `unauthorized` and `forbidden` have the server's `challenge` (`scheme`, `error`, `error_description`, `scope`, `resource_metadata` …)
function mcp.connect(opts) end

return mcp
