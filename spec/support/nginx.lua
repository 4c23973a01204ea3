-- An nginx of a spec's own, with the configuration that the spec wants. It ends
-- with this process, or when it is stopped.
local core = require "scalekit.core"
local find = require "scalekit.host.find"
local shell = require "scalekit.host.shell"

local nginx = {}

local CONF = [[
%s
worker_processes %d;
pid nginx.pid;
error_log error.log %s;
events { worker_connections 4096; }
%s
http {
  access_log off;
  default_type application/json;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;;";
  lua_package_cpath "%s/build/jit/?.so;;";
  lua_socket_log_errors off;
%s
  server {
    listen 127.0.0.1:%d;
%s
  }
}
]]

-- Its standard input is a pipe from here: the end of it is the end of nginx.
local KEEPER = [[
trap '' INT HUP TERM
cd "$1" && "$2" -p "$1/" -e error.log -c nginx.conf >start.log 2>&1 || { echo failed >state; exit 1; }
read -r _
pid=$(cat nginx.pid) && kill -TERM "$pid"
n=0
while [ -e nginx.pid ] && [ $n -lt 300 ]; do sleep 0.02; n=$((n+1)); done
cd / && rm -rf "$1"
]]

local function random_port()
  local a, b = core.random(2):byte(1, 2)
  return 20000 + (a * 256 + b) % 12000
end

local server = {}
server.__index = server

local function indent(text)
  return text and text:gsub("^%s*\n", "") or ""
end

local function write_conf(self, opts)
  local found = assert(find.nginx(os.getenv "SCALEKIT_NGINX"))
  local head = {}
  for i, path in ipairs(found.modules) do head[i] = ('load_module "%s";'):format(path) end
  local _, user = shell.run "id -u"
  if user:match "^0" then head[#head + 1] = "user root;" end
  local _, root = shell.run "pwd"
  root = root:match "^[^\n]*"
  assert(shell.write(self.dir .. "/nginx.conf", CONF:format(table.concat(head, "\n"),
    opts.workers or 2, opts.log or "warn", indent(opts.main), root, root, root, root,
    indent(opts.http), self.port, indent(opts.server))))
  return found.binary
end

-- true once it listens, nil and why not where it does not
local function await(self)
  for _ = 1, 500 do
    if (shell.read(self.dir .. "/nginx.pid") or "") ~= "" then return true end
    if shell.exists(self.dir .. "/state") then return nil, shell.read(self.dir .. "/start.log") end
    core.sleep(0.02)
  end
  return nil, "it does not start"
end

--- Starts one.
-- @tparam table opts `http` and `server`: directives; `main`; `workers` (2); `log` ("warn")
function nginx.start(opts)
  local _, dir = shell.run "mktemp -d"
  local self = setmetatable({ dir = dir:match "^[^\n]*" }, server)
  shell.run("mkdir " .. shell.quote(self.dir .. "/tmp"))
  local ok, problem
  for _ = 1, 10 do
    self.port = random_port()
    self.url = ("http://127.0.0.1:%d"):format(self.port)
    local binary = write_conf(self, opts)
    os.remove(self.dir .. "/state")
    self.lifeline = assert(io.popen(("exec sh -c %s keeper %s %s"):format(
      shell.quote(KEEPER), shell.quote(self.dir), shell.quote(binary)), "w"))
    ok, problem = await(self)
    if ok or not problem:find("in use", 1, true) then break end
    self.lifeline:close()
  end
  if not ok then
    shell.run("rm -rf " .. shell.quote(self.dir))
    error("nginx did not start: " .. problem)
  end
  return self
end

--- What it has logged.
function server:errors()
  return shell.read(self.dir .. "/error.log") or ""
end

function server:stop()
  self.lifeline:close()
end

return nginx
