--- Finds what the local environment needs on this machine: nginx, its Lua module, and a build of
-- the C module for LuaJIT, which is the Lua inside nginx.
local shell = require "scalekit.host.shell"

local find = {}

local BINARIES = {
  "openresty", "nginx", "/usr/sbin/nginx",
  "/usr/local/openresty/nginx/sbin/nginx", "/usr/local/openresty/bin/openresty",
}
local MODULE_DIRECTORIES = {
  "/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/libexec/nginx",
}
-- the Lua module needs the first one loaded before it
local MODULES = { "ndk_http_module.so", "ngx_http_lua_module.so" }

local INSTALL = "; on Debian and Ubuntu: apt install nginx libnginx-mod-http-lua"

local TREES = {
  "/usr/local/lib/lua/5.1", "/usr/lib/lua/5.1",
  "/usr/lib/x86_64-linux-gnu/lua/5.1", "/usr/lib/aarch64-linux-gnu/lua/5.1",
}

local function modules_in(directory)
  local list = {}
  for _, name in ipairs(MODULES) do
    local path = directory .. "/" .. name
    if shell.exists(path) then
      list[#list + 1] = path
    end
  end
  -- without the second one the first is of no use
  return #list > 0 and list[#list]:find(MODULES[2], 1, true) and list or nil
end

-- The modules a binary has to load, an empty list when it has Lua built in, nil when it has none.
local function lua_modules(about)
  if not about:find("nginx version", 1, true) then
    return nil
  elseif about:find "%-%-add%-module=%S*lua" then
    return {}
  end
  local own = about:match "%-%-modules%-path=(%S+)"
  local found = own and modules_in(own)
  for _, directory in ipairs(MODULE_DIRECTORIES) do
    found = found or modules_in(directory)
  end
  return found
end

--- An nginx that can run Lua.
-- @tparam[opt] string wanted a particular binary
-- @treturn table|nil { binary, modules }
-- @treturn string what is missing and how to get it
function find.nginx(wanted)
  local seen
  for _, name in ipairs(wanted and { wanted } or BINARIES) do
    local here, path = shell.run("command -v " .. shell.quote(name))
    path = path:match "^[^\n]+"
    if here and path then
      local _, about = shell.run(shell.quote(path) .. " -V")
      local modules = lua_modules(about)
      if modules then return { binary = path, modules = modules } end
      seen = seen or path
    end
  end
  if seen then
    return nil, seen .. " is no nginx with a Lua module" .. INSTALL
  elseif wanted then
    return nil, ("there is no program '%s'"):format(wanted)
  end
  return nil, "nginx is not installed" .. INSTALL
end

--- The directory that holds `scalekit/…` as Lua source, absolute.
-- @tparam string cwd the current directory
-- @treturn string|nil
-- @treturn string why nginx cannot load modules from there
function find.lua_root(cwd)
  local root = debug.getinfo(1, "S").source:match "^@(.*)/scalekit/host/find%.lua$"
  assert(root, "scalekit is not loaded from files")
  if root:sub(1, 1) ~= "/" then root = cwd .. "/" .. root end
  local char = root:match "[;?]" -- these mean something in `package.path`
  if not char then return root end
  return nil, ("Lua loads no modules from below a directory with '%s' in its name: %s"):format(
    char, root)
end

local function split(path, list)
  for entry in (path or ""):gmatch "[^;]+" do
    list[#list + 1] = entry
  end
end

-- Patterns to look for the C module in, best first.
local function patterns(root, wanted)
  local list = {}
  split(wanted, list)
  split(os.getenv "SCALEKIT_NGINX_CPATH", list)
  list[#list + 1] = root .. "/../build/jit/?.so"
  local tree = root:match "^(.*)/share/lua/[%d.]+$"
  if tree then
    list[#list + 1] = tree .. "/lib/lua/5.1/?.so"
  end
  if _VERSION == "Lua 5.1" then
    split(package.cpath, list)
  end
  local home = os.getenv "HOME"
  if home then
    list[#list + 1] = home .. "/.luarocks/lib/lua/5.1/?.so"
  end
  for _, directory in ipairs(TREES) do
    list[#list + 1] = directory .. "/?.so"
  end
  return list
end

--- A `package.cpath` entry under which nginx finds `scalekit.core`.
-- @tparam string root as `lua_root` gives it
-- @tparam string cwd
-- @tparam[opt] string wanted entries to try first
-- @treturn string|nil
-- @treturn string what is missing and how to get it
function find.core(root, cwd, wanted)
  local tried = {}
  for _, pattern in ipairs(patterns(root, wanted)) do
    if pattern:sub(1, 1) ~= "/" then pattern = cwd .. "/" .. pattern end
    local path = pattern:gsub("%?", "scalekit/core")
    if shell.exists(path) then return pattern end
    tried[#tried + 1] = "  " .. path
  end
  return nil, "nginx runs LuaJIT, and there is no LuaJIT build of scalekit.core. Run"
    .. " 'make build-jit' in the source tree, or install the rock for Lua 5.1 as well ('luarocks"
    .. " --lua-version 5.1 make'), or point SCALEKIT_NGINX_CPATH at one. Looked for:\n"
    .. table.concat(tried, "\n")
end

-- where systems keep the certificates that they trust
local CA_FILES = {
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
}

--- The file of the certificates that this system trusts, or nil.
function find.ca_file()
  local wanted = os.getenv "SSL_CERT_FILE"
  if wanted and shell.exists(wanted) then return wanted end
  for _, path in ipairs(CA_FILES) do
    if shell.exists(path) then return path end
  end
end

--- The nameservers that this system asks, as nginx writes their addresses.
function find.resolvers()
  local list = {}
  for line in (shell.read "/etc/resolv.conf" or ""):gmatch "[^\n]+" do
    local address = line:match "^%s*nameserver%s+(%S+)"
    if address and address:find "^[%d.]+$" then
      list[#list + 1] = address
    elseif address and address:find "^[%x:.]+$" then
      list[#list + 1] = "[" .. address .. "]"
    end
  end
  return list
end

return find
