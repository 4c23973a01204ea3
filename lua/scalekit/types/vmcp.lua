---@meta scalekit.vmcp
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---The self-hosted Virtual MCP server: API, hosted page and MCP endpoint over a store.
---
---`vmcp.app{…}` answers an object with `app:handle(request) → response`, both plain values. It
---knows neither sockets nor the program that serves it: `host.nginx` and `transport.inproc` carry
---requests to it.
---
---request: `{ method, path (as received), query (string or nil), headers (lower-case), body }`
---response: `{ status, headers, body, note (a few words for the request log, or nil), delay (seconds
---to wait before it is sent, or nil), lost (whether it is not to be sent at all) }`
---@class scalekit.vmcp
local vmcp = {}

---@class scalekit.vmcp.app.options
---@field base_url? string the URL clients use, e.g. `http://127.0.0.1:8080` (default "http://localhost")
---@field store? table from `scalekit.vmcp.store.memory` or `.shdict`, default a fresh one in memory
---@field key? userdata an RS256 key of `scalekit.core`, the environment's signing key, default a fresh one
---@field client_id? string of the one API client; made up where it is not given, and then to be read as `app.client_id`
---@field client_secret? string|scalekit.secret likewise
---@field connections? table array, default the demo connections gmail and googlecalendar
---@field user_verification? string "custom": the app verifies its users
---@field allowed_origins? table array of further browser origins
---@field switches? boolean offers the paths of `vmcp.switches`; for tests and local work only (default false)
---@field webhook_url? string where to send what happens to connected accounts
---@field webhook_secret? string|scalekit.secret `whsec_<base64>`; made up where it is not given, and then to be read as `app.webhook_secret`
---@field webhook_retries? table array of seconds to wait before further attempts
---@field deliver? function is given each delivery and sends it: `{ id, url, headers, body, event, attempt }`; required with `webhook_url`
---@field clock? function → Unix seconds

---Builds an app.
---@param opts? scalekit.vmcp.app.options
---@return scalekit.vmcp.app
function vmcp.app(opts) end

return vmcp
