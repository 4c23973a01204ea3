-- An nginx of a spec's own, with the configuration that the spec wants. It ends
-- with this process, or when it is stopped.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local find = require "scalekit.host.find"
local json = require "scalekit.json"
local secrets = require "spec.support.secrets"
local shell = require "scalekit.host.shell"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

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
    location = /eval { content_by_lua_block { require "spec.nginx.eval" () } }
%s
  }
}
]]

-- Its standard input is a pipe from here: the end of it is the end of nginx.
local KEEPER = [[
trap '' INT HUP TERM
cd "$1" || exit 1
[ ! -e env.sh ] || . ./env.sh
"$2" -p "$1/" -e error.log -c nginx.conf >start.log 2>&1 || { echo failed >state; exit 1; }
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

local function write_conf(self, opts)
  local found = assert(find.nginx(os.getenv "SCALEKIT_NGINX"))
  local head = {}
  for i, path in ipairs(found.modules) do head[i] = ('load_module "%s";'):format(path) end
  local _, user = shell.run "id -u"
  if user:match "^0" then head[#head + 1] = "user root;" end
  local _, root = shell.run "pwd"
  root = root:match "^[^\n]*"
  local text
  if opts.conf then
    text = table.concat(head, "\n") .. "\n" .. opts.conf(self, root)
  else
    text = CONF:format(table.concat(head, "\n"), opts.workers or 2, opts.log or "warn",
      opts.main or "", root, root, root, root, opts.http or "", self.port, opts.server or "")
  end
  assert(shell.write(self.dir .. "/nginx.conf", (text:gsub("%%PORT2%%", tostring(self.port2)))))
  return found.binary
end

local function write_environment(self, variables)
  local lines = {}
  for name, value in pairs(variables or {}) do
    lines[#lines + 1] = ("export %s=%s\n"):format(name, shell.quote(value))
  end
  if #lines > 0 then assert(shell.write(self.dir .. "/env.sh", table.concat(lines))) end
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
-- @tparam table opts `http` and `server`: directives, in which %PORT2% is a second
--   port; `main`; `workers` (2); `log` ("warn"); or `conf(self, root)`, which gives the
--   text of a whole configuration; and `env`, variables of its environment
function nginx.start(opts)
  local _, dir = shell.run "mktemp -d"
  local self = setmetatable({ dir = dir:match "^[^\n]*" }, server)
  shell.run("mkdir " .. shell.quote(self.dir .. "/tmp"))
  write_environment(self, opts.env)
  local ok, problem
  for _ = 1, 10 do
    self.port = random_port()
    self.port2, self.url = self.port + 1, ("http://127.0.0.1:%d"):format(self.port)
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
  self:forget_connections()
  return self
end

--- Requests after this one go over new connections.
function server:forget_connections()
  if self.loop then self.loop:close() end
  self.loop = core.loop {}
  self.send = curl.new { loop = self.loop, http1 = true }
end

--- Runs Lua in a worker, in the content phase, and gives back what it returns.
-- Tables come as JSON does; an error there is raised here.
-- @tparam string code
-- @param ... its arguments: strings, numbers, tables
function server:eval(code, ...)
  return self:eval_at("/eval", code, ...)
end

--- The same at a location of the spec's own.
function server:eval_at(location, code, ...)
  local response = assert(self:request {
    method = "POST", url = location,
    body = json.encode { code = code, arguments = json.array { ... } },
  })
  local results = assert(json.decode(response.body))
  if response.status ~= 200 then error(results[1], 0) end
  local count = #results
  for i = 1, count do
    if results[i] == json.null then results[i] = nil end
  end
  return unpack(results, 1, count)
end

--- Sends a request to it.
function server:request(request)
  request.deadline = request.deadline or core.now() + 20
  if not request.url:find "^http" then request.url = self.url .. request.url end
  return self.send(request)
end

--- What it has logged.
function server:errors()
  return shell.read(self.dir .. "/error.log") or ""
end

function server:stop()
  for _, name in ipairs { "error.log", "access.log" } do -- no secret may be in there
    for line in (shell.read(self.dir .. "/" .. name) or ""):gmatch "[^\n]+" do secrets.note(line) end
  end
  self.loop:close()
  self.lifeline:close()
end

return nginx
