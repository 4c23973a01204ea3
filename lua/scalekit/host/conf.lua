--- The files that a private nginx needs. All paths in `nginx.conf` are relative to its prefix, the
-- environment's own directory, so nothing of the system's nginx is read or written.
local conf = {}

local CONF = [[
# Written by scalekit for one local environment; gone when it stops.
%s
worker_processes %d;
daemon on;
pid nginx.pid;
error_log error.log warn;

events {
  worker_connections 1024;
}

http {
  default_type text/plain;
  server_tokens off;
  keepalive_timeout 30s;

  log_format scalekit '$time_iso8601 $status $request_time '
                      '$request_method $request_uri $scalekit_note';
  map "" $scalekit_note { default ""; } # set by the app
  access_log access.log scalekit;

  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;

  client_body_buffer_size 32k;
  client_max_body_size 2m;
  underscores_in_headers on; # a proxied call says `connection_name`

  # for what the app sends by itself
  lua_max_pending_timers 4096;
  lua_max_running_timers 512;
  lua_socket_log_errors off; # the app tells what became of it
%s

  lua_shared_dict scalekit %s;
  lua_shared_dict scalekit_locks 1m;
  init_by_lua_file init.lua;

  server {
    listen 127.0.0.1:%d;
    error_page 400 405 408 411 413 414 417 494 500 501 502 503 504 505 /refused;

    location / {
      content_by_lua_block { require("scalekit.host.nginx").serve() }
    }
    # what nginx itself refuses; a URI rather than a name, because that needs no valid request line
    location = /refused {
      internal;
      content_by_lua_block { require("scalekit.host.nginx").refused() }
    }
  }
}
]]

--- @tparam table spec { modules, root (boolean), workers, memory, port, resolvers (array of
--   addresses), ca_file }
function conf.nginx(spec)
  local head = {}
  for _, path in ipairs(spec.modules) do
    head[#head + 1] = ('load_module "%s";'):format(path)
  end
  -- the directory is closed to everybody else, a worker of another user included
  if spec.root then head[#head + 1] = "user root;" end
  local net = {}
  if spec.resolvers[1] then
    net[1] = ("  resolver %s;"):format(table.concat(spec.resolvers, " "))
  end
  if spec.ca_file then
    net[#net + 1] = ('  lua_ssl_trusted_certificate "%s";\n  lua_ssl_verify_depth 5;'):format(
      spec.ca_file)
  end
  return CONF:format(table.concat(head, "\n"), spec.workers, table.concat(net, "\n"), spec.memory,
    spec.port)
end

local function literal(value)
  if type(value) == "string" then
    return ("%q"):format(value)
  elseif type(value) == "table" then
    local items = {}
    for i, item in ipairs(value) do items[i] = literal(item) end
    return "{ " .. table.concat(items, ", ") .. " }"
  end
  return tostring(value)
end

local function fields(settings)
  local names, lines = {}, {}
  for name in pairs(settings) do
    names[#names + 1] = name
  end
  table.sort(names)
  for i, name in ipairs(names) do
    lines[i] = ("  %s = %s,"):format(name, literal(settings[name]))
  end
  return table.concat(lines, "\n")
end

--- The Lua that nginx runs before it forks its workers.
-- @tparam string path entries for `package.path`
-- @tparam string cpath entries for `package.cpath`
-- @tparam table settings for `host.nginx.init`
function conf.init(path, cpath, settings)
  return table.concat {
    ("package.path = %q .. package.path\n"):format(path .. ";"),
    ("package.cpath = %q .. package.cpath\n"):format(cpath .. ";"),
    'require("scalekit.host.nginx").init {\n', fields(settings), "\n}\n",
  }
end

return conf
