--- Starts a private nginx that serves a Virtual MCP server on this machine, and takes it away.
--
-- Everything lives in one directory that only this user can read. A small background shell, the
-- keeper, holds the reading end of a pipe whose writing end is here: when this process ends, for
-- whatever reason, the pipe ends, and the keeper stops nginx and removes the directory. (A program
-- started by `os.execute` inherits the writing end: while it runs, the environment does.)
-- @module scalekit.host.launch
local core = require "scalekit.core"
local options = require "scalekit.options"

local conf = require "scalekit.host.conf"
local find = require "scalekit.host.find"
local ids = require "scalekit.vmcp.ids"
local shell = require "scalekit.host.shell"
local url = require "scalekit.vmcp.url"
local webhook = require "scalekit.webhook"

local launch = {}

local OPTIONS = {
  port = "number", workers = "number", dir = "string", memory = "string", nginx = "string",
  nginx_cpath = "string", lua_path = "string", app = "string",
  user_verification = "string", switches = "boolean",
  webhook_url = "string", webhook_secret = "string", webhook_retries = "table",
  ca_file = "string",
}
local FIRST_PORT, LAST_PORT = 20000, 32767
local TRIES = 10

-- `starting` is there while nginx is on its way up: its pid file comes last. The pid file goes when
-- nginx does; the pid itself may stay for a while as a zombie where init is slow to reap.
--
-- Where the master was killed, the pid file stays and so do the workers, in the master's process
-- group. By then the number may be somebody else's, so only a group whose members have our log open
-- is killed.
local KEEPER = [[
trap '' INT TERM HUP
dir=$1
ours() {
  [ -r /proc/self/stat ] || return 0
  for process in /proc/[0-9]*; do
    read -r stat 2>/dev/null <"$process/stat" || continue
    set -- ${stat##*) }
    [ "$3" = "$pid" ] && ls -l "$process/fd" 2>/dev/null | grep -qF "$dir/error.log" && return 0
  done
  return 1
}
read -r _
n=0
while [ -e "$dir/starting" ] && [ $n -lt 200 ]; do sleep 0.05 || sleep 1; n=$((n+1)); done
pid=$(cat "$dir/nginx.pid" 2>/dev/null)
if [ -n "$pid" ] && ours; then
  n=0
  kill -TERM "$pid" 2>/dev/null || n=250
  while [ -e "$dir/nginx.pid" ] && [ $n -lt 250 ]; do sleep 0.02 || sleep 1; n=$((n+1)); done
  [ -e "$dir/nginx.pid" ] && ours && kill -KILL "-$pid"
fi
rm -rf "$dir"
]]

-- Ignoring the signals of a terminal lets a start be finished, and undone, in order.
local STARTER = [[
trap '' INT TERM HUP
cd / || exit 1
unset LUA_PATH LUA_CPATH LUA_INIT LUA_PATH_5_1 LUA_CPATH_5_1
: >"$1/starting"
"$2" -p "$1/" -e error.log -c nginx.conf
status=$?
n=0
while [ $status -eq 0 ] && [ ! -s "$1/nginx.pid" ] && [ $n -lt 500 ]; do
  sleep 0.01 || sleep 1; n=$((n+1))
done
rm -f "$1/starting"
[ $status -eq 0 ] && [ -s "$1/nginx.pid" ]
]]

local LAYOUT = [[
umask 077
mkdir "$1" && mkdir "$1/tmp" && : >"$1/key.pem" && : >"$1/init.lua" && : >"$1/env.sh" && id -u
]]

local function script(text, ...)
  local words = { "sh", "-c", shell.quote(text), "scalekit" }
  for _, word in ipairs { ... } do
    words[#words + 1] = shell.quote(word)
  end
  return table.concat(words, " ")
end

--- What numeric options are, and at most; the least is 1.
-- @local
launch.NUMBERS = {
  port = { what = "a port number", most = 65535 },
  workers = { what = "a number of workers", most = 64 },
}

local Env = {}
local mt = { __index = Env, __name = "scalekit.host.env" }

mt.__tostring = function(self)
  return "scalekit environment at " .. self.url
end

--- Stops nginx and removes the directory; returns when both are gone.
function Env:stop()
  local lifeline = self.lifeline
  if lifeline then
    self.lifeline = nil
    -- a word rather than only the end of the pipe, whose writing end others may have inherited;
    -- closing then waits for the keeper to be done
    lifeline:write "stop\n"
    lifeline:close()
  end
end

--- Whether nginx is there.
-- @treturn boolean
function Env:running()
  return self.lifeline ~= nil and shell.exists(self.dir .. "/nginx.pid")
end

--- What nginx has logged about its own troubles.
-- @treturn string
function Env:errors()
  return shell.read(self.dir .. "/error.log") or ""
end

local function check(opts)
  opts = options.check("launch.start", opts, OPTIONS, 3)
  for name, number in pairs(launch.NUMBERS) do
    local value = opts[name]
    if value and not (value % 1 == 0 and value >= 1 and value <= number.most) then
      error(("launch.start: option '%s' must be %s from 1 to %d"):format(
        name, number.what, number.most), 3)
    end
  end
  if opts.webhook_url and not url.is_plain(opts.webhook_url) then
    error("launch.start: option 'webhook_url' must be an http or https URL", 3)
  elseif opts.webhook_secret and not webhook.sign(opts.webhook_secret, "evt_1", 0, "") then
    error("launch.start: option 'webhook_secret' must be whsec_<base64>", 3)
  elseif opts.webhook_secret and not opts.webhook_url then
    error("launch.start: option 'webhook_url' is missing", 3)
  end
  return opts
end

-- → { nginx, path, cpath }, or nil and what is missing
local function prerequisites(opts)
  local nginx, missing = find.nginx(opts.nginx or os.getenv "SCALEKIT_NGINX")
  if not nginx then return nil, missing end
  local _, cwd = shell.run "pwd"
  cwd = cwd:match "^[^\n]*"
  local root
  root, missing = find.lua_root(cwd)
  if not root then return nil, missing end
  local cpath
  cpath, missing = find.core(root, cwd, opts.nginx_cpath)
  if not cpath then return nil, missing end
  local path = { root .. "/?.lua", root .. "/?/init.lua" }
  for entry in (opts.lua_path or ""):gmatch "[^;]+" do
    path[#path + 1] = entry:sub(1, 1) == "/" and entry or cwd .. "/" .. entry
  end
  return { nginx = nginx, path = table.concat(path, ";"), cpath = cpath }
end

local function webhook_secret()
  return "whsec_" .. core.base64(core.random(24))
end

local function random_port()
  local a, b = core.random(2):byte(1, 2)
  return FIRST_PORT + (a * 256 + b) % (LAST_PORT - FIRST_PORT + 1)
end

-- Writes the files for one port and starts nginx on it.
local function start_on(env, port, opts, needs)
  local dir = env.dir
  env.port, env.url = port, ("http://127.0.0.1:%d"):format(port)
  local files = {
    ["nginx.conf"] = conf.nginx {
      modules = needs.nginx.modules,
      root = env.root,
      workers = opts.workers or 2,
      memory = opts.memory or "64m",
      port = port,
      resolvers = opts.webhook_url and find.resolvers() or {},
      ca_file = opts.webhook_url and (opts.ca_file or find.ca_file()),
    },
    ["init.lua"] = conf.init(needs.path, needs.cpath, {
      base_url = env.url,
      client_id = env.client_id,
      client_secret = env.client_secret,
      key_file = dir .. "/key.pem",
      app = opts.app,
      user_verification = opts.user_verification,
      switches = opts.switches ~= false,
      webhook_url = opts.webhook_url,
      webhook_secret = env.webhook_secret,
      webhook_retries = opts.webhook_retries,
    }),
  }
  for name, text in pairs(files) do
    local ok, err = shell.write(dir .. "/" .. name, text)
    if not ok then return nil, err end
  end
  return shell.run(script(STARTER, dir, needs.nginx.binary))
end

local function start(env, opts, needs)
  local pem = core.key_generate("RS256"):pem()
  local ok, err = shell.write(env.dir .. "/key.pem", pem)
  if not ok then return nil, err end
  for try = 1, opts.port and 1 or TRIES do
    local port = opts.port or random_port()
    ok, err = start_on(env, port, opts, needs)
    if ok then return true end
    local taken = err and err:find("Address already in use", 1, true)
    if taken and (opts.port or try == TRIES) then
      return nil, ("port %d of 127.0.0.1 is in use"):format(port)
    elseif not taken then
      return nil, "nginx did not start:\n" .. (err or "")
    end
  end
end

--- Starts an environment.
-- @tparam[opt] table opts
-- @tparam[opt] number opts.port default: a free one
-- @tparam[opt=2] number opts.workers
-- @tparam[opt] string opts.dir where to make the environment's directory, default `$TMPDIR` or `/tmp`
-- @tparam[opt="64m"] string opts.memory that the workers share
-- @tparam[opt] string opts.nginx a binary
-- @tparam[opt] string opts.nginx_cpath further places for nginx to look for C modules in
-- @tparam[opt] string opts.lua_path the same for Lua modules
-- @tparam[opt] string opts.user_verification "custom": the app verifies its users
-- @tparam[opt=true] boolean opts.switches offers the paths of `vmcp.switches`
-- @tparam[opt] string opts.app a module that makes the app
-- @tparam[opt] string opts.webhook_url where to send events
-- @tparam[opt] string opts.webhook_secret `whsec_<base64>`, default a fresh one
-- @tparam[opt] table opts.webhook_retries array of seconds to wait before further attempts
-- @tparam[opt] string opts.ca_file which certificates to trust there, default the system's
-- @treturn scalekit.host.env|nil `{ url, client_id, client_secret, webhook_secret, port, dir, stop() }`; it
--   lives as long as this value, so keep it
-- @treturn string why there is none
function launch.start(opts)
  opts = check(opts)
  local needs, missing = prerequisites(opts)
  if not needs then return nil, missing end
  local parent = opts.dir or os.getenv "TMPDIR" or "/tmp"
  local found, absolute = shell.run("cd " .. shell.quote(parent) .. " && pwd -P")
  if not found then
    return nil, ("cannot make a directory in %s: %s"):format(parent, absolute)
  end
  local env = setmetatable({
    dir = absolute:match "^[^\n]*" .. "/scalekit-" .. ids.opaque():sub(1, 16),
    client_id = ids.new "skc_",
    client_secret = "test_" .. ids.opaque(),
    webhook_secret = opts.webhook_url and (opts.webhook_secret or webhook_secret()) or nil,
  }, mt)
  -- the keeper first: whatever comes into being afterwards has somebody to clean it up. It has a
  -- session of its own, where a signal to this process's group does not reach it.
  local err
  env.lifeline, err = io.popen(
    "exec >/dev/null 2>&1; command -v setsid && exec setsid " .. script(KEEPER, env.dir)
      .. "; exec " .. script(KEEPER, env.dir), "w")
  if not env.lifeline then return nil, err end
  local made, output = shell.run(script(LAYOUT, env.dir))
  if not made then
    env:stop()
    return nil, ("cannot make a directory in %s: %s"):format(parent, output)
  end
  env.root = output:match "^0\n" ~= nil
  local ok
  ok, err = start(env, opts, needs)
  if not ok then
    env:stop()
    return nil, err
  end
  return env
end

return launch
