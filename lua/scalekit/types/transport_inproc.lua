---@meta scalekit.transport.inproc
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---The transport without a socket: calls a Virtual MCP server's handlers
---directly, so that tests of an orchestration script are instant.
---@class scalekit.transport.inproc
local inproc = {}

---Makes a transport of an app.
---@param app table anything with `app:handle(request) → response`
---@param time? table `now()` and `sleep(seconds)` of who uses it, default the driver's
---@return function # `send(request) → response | nil, err`
function inproc.new(app, time) end

return inproc
