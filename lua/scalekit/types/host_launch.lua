---@meta scalekit.host.launch
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Starts a private nginx that serves a Virtual MCP server on this machine, and takes it away.
---
---Everything lives in one directory that only this user can read. A small background shell, the
---keeper, holds the reading end of a pipe whose writing end is here: when this process ends, for
---whatever reason, the pipe ends, and the keeper stops nginx and removes the directory. (A program
---started by `os.execute` inherits the writing end: while it runs, the environment does.)
---@class scalekit.host.launch
---@field NUMBERS table what numeric options are
local launch = {}

---@class scalekit.host.launch.start.options
---@field port? number default: a free one
---@field workers? number (default 2)
---@field dir? string where to make the environment's directory, default `$TMPDIR` or `/tmp`
---@field memory? string that the workers share (default "64m")
---@field nginx? string a binary
---@field nginx_cpath? string further places for nginx to look for C modules in
---@field lua_path? string the same for Lua modules
---@field user_verification? string "custom": the app verifies its users
---@field switches? boolean offers the paths of `vmcp.switches` (default true)
---@field app? string a module that makes the app
---@field webhook_url? string where to send events
---@field webhook_secret? string `whsec_<base64>`, default a fresh one
---@field webhook_retries? table array of seconds to wait before further attempts
---@field ca_file? string which certificates to trust there, default the system's

---Starts an environment.
---@param opts? scalekit.host.launch.start.options
---@return scalekit.host.env|nil # `{ url, client_id, client_secret, webhook_secret, port, dir, stop() }`; it lives as long as this value, so keep it
---@return string # why there is none
function launch.start(opts) end

return launch
