-- Every fault of spec/faults/table.lua, inside nginx: the caller hears what the
-- table says. Left out are the rows of HTTP/2, which is not spoken there; those of
-- an encoding, since none is asked for; and the one of a file of authorities, which
-- nginx itself reads when it starts.
local check = require "spec.support.fault_check"
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"
local nginx = require "spec.support.nginx"

local rows = require "spec.faults.table"

local SERVER = [[
    lua_ssl_trusted_certificate %s;
    lua_ssl_verify_depth 2;
    lua_ssl_protocols TLSv1.2 TLSv1.3;
    resolver 127.0.0.1:1; # nobody
    resolver_timeout 200ms;
    location = /row {
      lua_socket_keepalive_timeout 50ms;
      content_by_lua_block { require "spec.nginx.faults" () }
    }
    location = /row-that-waits {
      lua_socket_keepalive_timeout 600ms;
      content_by_lua_block { require "spec.nginx.faults" () }
    }
]]

local function is_left_out(request)
  return (request.at or ""):find "^h2" or request.needs or request.ca_file
end

describe("faults inside nginx #faults #nginx", function()
  local server, host, loop, send

  setup(function()
    server = fault_server.start()
    host = nginx.start { server = SERVER:format(server.ca_file), log = "error" }
    loop = core.loop {}
    send = curl.new { loop = loop, http1 = true }
  end)

  teardown(function()
    loop:close()
    host:stop()
    server:stop()
  end)

  local function run(row, request)
    server:reset()
    local response = assert(send {
      method = "POST", url = host.url .. (request.wait and "/row-that-waits" or "/row"),
      body = json.encode { row = row, ports = server.ports, dir = server.dir },
      deadline = core.now() + 20,
    })
    assert.equal(200, response.status, host:errors())
    local result = assert(json.decode(response.body))
    result.stats = server:until_stats(function(stats) return stats.open == 0 end)
    result.left = 0
    return result
  end

  for number, row in ipairs(rows) do
    if not is_left_out(row[2]) then
      it(row[1], function() check(run(number, row[2]), row[3]) end)
    end
  end
end)
