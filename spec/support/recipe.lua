-- Runs a configuration of examples/openresty as it stands there; only where it listens, what it
-- passes on to and where its files lie is the spec's.
local nginx = require "spec.support.nginx"
local shell = require "scalekit.host.shell"

local recipe = {}

local DIRECTORY = "examples/openresty/"

-- Replaces something that has to be there.
local function put(text, what, with)
  local from, to = text:find(what, 1, true)
  assert(from, "the recipe has no " .. what)
  repeat
    text = text:sub(1, from - 1) .. with .. text:sub(to + 1)
    from, to = text:find(what, from + #with, true)
  until not from
  return text
end

local HEAD = [[
pid nginx.pid;
error_log error.log %s;
]]

local PLACES = [[
http {
  access_log access.log;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  lua_socket_log_errors off;
]]

local function adapt(text, self, root, opts)
  text = text:gsub('lua_package_path "[^"]*"', function()
    return ('lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;;"'):format(root, root, root)
  end)
  text = text:gsub('lua_package_cpath "[^"]*"', function()
    return ('lua_package_cpath "%s/build/jit/?.so;;"'):format(root)
  end)
  text = put(text, "include /etc/nginx/modules-enabled/*.conf;", "")
  text = put(text, "http {\n", PLACES .. (opts.http or ""))
  text = put(text, "worker_processes auto", "worker_processes " .. (opts.workers or 2))
  text = put(text, "listen 8080", "listen 127.0.0.1:%PORT%")
  for what, with in pairs(opts.replace or {}) do text = put(text, what, with) end
  return HEAD:format(opts.log or "warn") .. (text:gsub("%%PORT2?%%", {
    ["%PORT%"] = tostring(self.port), ["%PORT2%"] = tostring(self.port2),
  }))
end

--- Starts one.
-- @tparam string name of the file
-- @tparam table opts `replace` (text → text) and `http` (directives before all others), in which
--   %PORT% is where it listens and %PORT2% a second port; `env`, `workers`, `log`
function recipe.start(name, opts)
  local text = assert(shell.read(DIRECTORY .. name))
  return nginx.start {
    env = opts.env,
    conf = function(self, root) return adapt(text, self, root, opts) end,
  }
end

return recipe
