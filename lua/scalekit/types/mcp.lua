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
---@field token? string|scalekit.secret sent as a bearer token with every request
---@field headers? table further headers; `Authorization = "Bearer …"` is the same as a token
---@field timeout? number|string for connecting and for each call: seconds, or a text such as "1m30s" (default 30)
---@field era? string "modern" or "legacy" where it is known (default "auto")
---@field client_info? table `{ name, version }` of the program, for the server's logs
---@field transport? function how requests travel; libcurl if absent
---@field allow_insecure_http? boolean allows secrets over plain http to another machine (default false)
---@field max_body? number bytes that one message may have (default 8388608)

---Connects to a server and finds out which era it belongs to.
---
---@param opts scalekit.mcp.connect.options
---@return scalekit.mcp.connection?
---@return scalekit.error? # `unauthorized` and `forbidden` have the server's `challenge` (`scheme`, `error`, `error_description`, `scope`, `resource_metadata` …)
function mcp.connect(opts) end

return mcp
