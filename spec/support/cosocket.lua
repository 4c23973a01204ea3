-- What the specs of the cosocket transport share: an nginx with the transport in it, the
-- server of the fault table and an echo to talk to, and chunks of Lua that run inside.
local busted = require "busted"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"
local nginx = require "spec.support.nginx"

local HTTP = [[
  lua_socket_keepalive_timeout 40ms;
  lua_ssl_verify_depth 2;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:%PORT2%;
    location = /echo {
      content_by_lua_block {
        ngx.req.read_body()
        ngx.header["x-method"] = ngx.req.get_method()
        ngx.print(ngx.req.raw_header(), ngx.req.get_body_data() or "")
      }
    }
    location = /close { keepalive_timeout 0; return 200 "{}"; }
    location = /none { return 204; }
    location = /large-head { return 200 "{}"; add_header x-long "%LONG%"; }
    location = /events {
      content_by_lua_block {
        ngx.header.content_type = "text/event-stream"
        for i = 1, 3 do
          ngx.say("id: ", i, "\nevent: tick\ndata: ", i, "\n")
          ngx.flush(true)
          ngx.sleep(0.002)
        end
      }
    }
    location = /late-events {
      content_by_lua_block {
        ngx.header.content_type = "text/event-stream"
        for i = 1, 2 do
          ngx.print ": not yet\n"
          ngx.flush(true)
          ngx.sleep(0.05)
          ngx.say("data: ", i, "\n")
        end
      }
    }
  }
]]

local SERVER = [[
    lua_ssl_trusted_certificate %CA%;
    location = /trusts-nobody {
      lua_ssl_trusted_certificate %DIR%/client.pem;
      content_by_lua_block { require "spec.nginx.eval" () }
    }
    location = /keeps-longer {
      lua_socket_keepalive_timeout 600ms;
      content_by_lua_block { require "spec.nginx.eval" () }
    }
    location = /asks-the-mute {
      resolver 127.0.0.1:%MUTE%;
      resolver_timeout 10s;
      content_by_lua_block { require "spec.nginx.eval" () }
    }
]]

-- What each chunk of Lua begins with: `send`, `server(name)` → URL, `now`.
local PRELUDE = [[
  local core = require "scalekit.core"
  local cosocket = require "scalekit.transport.cosocket"
  local now = core.now
  local ports, wanted = ...
  local function server(name, scheme)
    scheme = scheme or (name:find "^tls" and "https" or "http")
    return ("%s://localhost:%s"):format(scheme, ports[name])
  end
  local send = cosocket.new()
  local function stats()
    return require "scalekit.json".decode(send { url = server "control" .. "/stats" }.body)
  end
  local function result(response, err)
    if not response then return { kind = err.kind, message = err.message, outcome = err.outcome } end
    return { status = response.status, body = response.body, headers = response.headers }
  end
  local function checksum(text)
    local sum = 0
    for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 4294967296 end
    return sum
  end
]]

local support = {}

--- Starts both before the tests of the block that calls it, and ends them after.
-- @treturn table `server`, once it runs
-- @treturn function `run(code, wanted, location)`: what a chunk of Lua returns that runs in a
-- worker, three results at most
-- @treturn function `settled()`: waits until no connection is open
function support.start()
  local place = {}

  busted.setup(function()
    local server = fault_server.start()
    place.server = server
    place.host = nginx.start {
      http = HTTP:gsub("%%LONG%%", ("x"):rep(3000)),
      server = SERVER:gsub("%%CA%%", server.ca_file):gsub("%%DIR%%", server.dir)
        :gsub("%%MUTE%%", server.ports.mute),
      log = "crit",
    }
  end)

  busted.teardown(function()
    place.host:stop()
    place.server:stop()
  end)

  local function run(code, wanted, location)
    local ports = { echo = place.host.port2 }
    for name, port in pairs(place.server.ports) do ports[name] = port end
    local results = {
      place.host:eval_at(location or "/eval", PRELUDE .. code, ports, wanted or json.null),
    }
    return results[1], results[2], results[3]
  end

  local function settled()
    return place.server:until_stats(function(stats) return stats.open == 0 end)
  end

  busted.before_each(function() -- no connection of an earlier test is in the pool
    settled()
    place.server:reset()
  end)

  return place, run, settled
end

return support
