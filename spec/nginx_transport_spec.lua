-- The cosocket transport, beyond the fault table: bodies and streams both ways,
-- the pool, TLS and names as nginx's directives have them.
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

describe("the cosocket transport #nginx", function()
  local server, host

  setup(function()
    server = fault_server.start()
    host = nginx.start {
      http = HTTP:gsub("%%LONG%%", ("x"):rep(3000)),
      server = SERVER:gsub("%%CA%%", server.ca_file):gsub("%%DIR%%", server.dir)
        :gsub("%%MUTE%%", server.ports.mute),
      log = "crit",
    }
  end)

  teardown(function()
    host:stop()
    server:stop()
  end)

  local function run(code, wanted, location)
    local ports = { echo = host.port2 }
    for name, port in pairs(server.ports) do ports[name] = port end
    local results = { host:eval_at(location or "/eval", PRELUDE .. code, ports, wanted or json.null) }
    return results[1], results[2], results[3]
  end

  local function settled()
    return server:until_stats(function(stats) return stats.open == 0 end)
  end

  before_each(function() -- no connection of an earlier test is in the pool
    settled()
    server:reset()
  end)

  describe("sends", function()
    it("a head with what belongs there, and the body", function()
      local response = run [[
        return result(send {
          method = "POST", url = server "echo" .. "/echo", body = "{}",
          headers = { accept = "application/json", ["x-empty"] = "", ["x-tab"] = "a\tb" },
          auth = core.secret "t0ken",
        })
      ]]
      local head, body = response.body:match "^(.-\r\n)\r\n(.*)$"
      assert.equal("{}", body)
      assert.matches("^POST /echo HTTP/1%.1\r\nhost: localhost:%d+\r\n", head)
      for _, line in ipairs {
        "accept: application/json", "x-empty: ", "x-tab: a\tb", "authorization: Bearer t0ken",
        "content-length: 2",
      } do
        assert.matches("\r\n" .. line .. "\r\n", head, 1, true)
      end
    end)

    it("no length with a GET, and one of nothing with a POST", function()
      assert.is_nil(run([[return send { url = server "echo" .. "/echo" }.body]]):find "content%-length")
      assert.matches("content-length: 0\r\n",
        run [[return send { method = "POST", url = server "echo" .. "/echo" }.body]], 1, true)
    end)

    it("paths without dots, queries, and no fragment", function()
      assert.matches("^GET /echo%?a=/../b HTTP",
        run [[return send { url = server "echo" .. "/x/./../echo?a=/../b#c" }.body]])
    end)

    it("nothing that could be another header, another request or another host", function()
      local kinds = run [[
        local list = {}
        for _, request in ipairs {
          { headers = { ["x-a"] = "b\r\nx-evil: 1" } }, { headers = { ["x a"] = "b" } },
          { headers = { ["content-length"] = "5" } }, { headers = { ["Transfer-Encoding"] = "chunked" } },
          { auth = core.secret "a\r\nb" }, { method = "GET / HTTP/1.1\r\nx: y\r\n\r\nGET" },
          { path = "/a b" }, { path = "/a\r\nb" }, { url = "http://user@localhost/" },
          { url = "ftp://localhost/" }, { url = "http://localhost:0/" }, { url = "http:///x" },
          { url = "http://local\\host/" }, { url = "/relative" },
        } do
          request.url = request.url or server "echo" .. (request.path or "/echo")
          local response, err = send(request)
          list[#list + 1] = response and "sent" or err.kind .. " " .. err.outcome
        end
        return list
      ]]
      assert.equal(14, #kinds)
      for i, kind in ipairs(kinds) do assert.equal("bad_request none", kind, "number " .. i) end
    end)

    it("a body from a function, whole and in order", function()
      local seen = run [[
        local at = 0
        local response = assert(send {
          method = "PUT", url = server "plain" .. "/fault/good/",
          body = function()
            at = at + 1
            if at % 10 == 0 then ngx.sleep(0.001) end
            return at <= 300 and (at % 3 == 0 and "" or ("%04d "):format(at):rep(at)) or nil
          end,
        })
        local text = {}
        for i = 1, 300 do text[i] = i % 3 == 0 and "" or ("%04d "):format(i):rep(i) end
        text = table.concat(text)
        return { response.body, #text, checksum(text) }
      ]]
      local got = json.decode(seen[1])
      assert.same({ seen[2], seen[3] }, { got.received, got.sum })
    end)

    it("a body of many megabytes, whole and in order", function()
      local seen = run [[
        local text = ("0123456789abcdef-"):rep(400000)
        local response = assert(send { method = "POST", url = server "plain" .. "/fault/good/", body = text })
        return { response.body, #text, checksum(text) }
      ]]
      local got = json.decode(seen[1])
      assert.same({ seen[2], seen[3] }, { got.received, got.sum })
    end)

    it("no more of a body than the peer takes", function()
      local kind, asked = run [[
        local asked = 0
        local _, err = send {
          method = "POST", url = server "plain" .. "/fault/never-read/", deadline = now() + 0.4,
          body = function()
            asked = asked + 1
            return asked <= 4096 and ("x"):rep(65536) or nil
          end,
        }
        return err.kind, asked
      ]]
      assert.equal("timeout", kind)
      assert.is_true(asked < 1024)
    end)

    it("no more of a body once the answer is here", function()
      local status, asked = run [[
        local asked = 0
        local response = assert(send {
          method = "POST", url = server "plain" .. "/fault/early-413/",
          body = function()
            asked = asked + 1
            ngx.sleep(0.001)
            return asked <= 4096 and ("x"):rep(65536) or nil
          end,
        })
        return response.status, asked
      ]]
      assert.equal(413, status)
      assert.is_true(asked < 4096)
      assert.equal(0, settled().open)
    end)

    it("raises the error of a body's function, and ends the connection", function()
      local ok, problem = pcall(run, [[
        send {
          method = "POST", url = server "plain" .. "/fault/good/",
          body = function() error("no more ink", 0) end,
        }
      ]])
      assert.is_false(ok)
      assert.equal("no more ink", problem)
      assert.equal(0, settled().open)
    end)

    it("a body whose function waits longer than the idle time", function()
      assert.equal(200, run [[
        local at = 0
        return send {
          method = "POST", url = server "plain" .. "/fault/good/", idle_timeout = 0.05,
          body = function()
            at = at + 1
            ngx.sleep(0.12)
            return at <= 2 and "slow" or nil
          end,
        }.status
      ]])
    end)
  end)

  describe("reads", function()
    it("the head of an answer to HEAD, whatever length it names", function()
      local response = run [[return result(send { method = "HEAD", url = server "echo" .. "/large-head" })]]
      assert.same({ 200, "", 3000 }, { response.status, response.body, #response.headers["x-long"] })
    end)

    it("an answer without a body, and goes on with the connection", function()
      assert.same({ 204, "", 200 }, run [[
        local first = send { url = server "echo" .. "/none" }
        return { first.status, first.body, send { url = server "echo" .. "/echo" }.status }
      ]])
    end)

    it("a secret as a secret", function()
      assert.equal("scalekit.secret", run [[
        return tostring(send { url = server "echo" .. "/close", secret = true }.body)
      ]])
    end)

    it("events as they come", function()
      assert.same({ { "1", "tick", "1" }, { "2", "tick", "2" }, { "3", "tick", "3" } }, run [[
        local response = assert(send { url = server "echo" .. "/events", stream = true })
        local list = {}
        local event = response.events:read()
        while event do
          list[#list + 1] = { event.data, event.event, event.id }
          event = response.events:read()
        end
        return list
      ]])
    end)

    it("no more of a stream than is asked for", function()
      assert.is_true(run [[
        local stream = assert(send {
          url = server "plain" .. "/fault/flood/", stream = "chunks", max_body = 1e12,
        }).chunks
        assert(stream:read())
        local before, stands = stats().bytes_out, false
        for _ = 1, 50 do -- sockets fill up first
          ngx.sleep(0.02)
          local sent = stats().bytes_out
          stands = sent - before < 8192
          if stands then break end
          before = sent
        end
        for _ = 1, 50 do assert(stream:read()) end
        stream:close()
        return stands
      ]])
      assert.equal(0, settled().open)
    end)

    it("a stream of many megabytes whole, and keeps its connection", function()
      assert.same({ 16777216, true, 1 }, run [[
        local stream = assert(send {
          url = server "plain" .. "/fault/large/", stream = "chunks", max_body = 1e12,
        }).chunks
        local total, pure = 0, true
        local piece, err = stream:read()
        while piece do
          total, pure = total + #piece, pure and not piece:find "[^l]"
          piece, err = stream:read()
        end
        assert(err == nil, tostring(err))
        assert(send { url = server "plain" .. "/fault/good/" })
        return { total, pure, stats().connections }
      ]])
    end)

    it("a stream that is not idle while its reader is", function()
      assert.is_true(run [[
        local stream = assert(send {
          url = server "plain" .. "/fault/flood/", stream = "chunks", max_body = 1e12, idle_timeout = 0.05,
        }).chunks
        assert(stream:read())
        ngx.sleep(0.15)
        for _ = 1, 20 do assert(stream:read()) end
        stream:close()
        return true
      ]])
    end)

    it("nothing of a stream that is closed, however often", function()
      assert.same({}, run [[
        local stream = assert(send { url = server "plain" .. "/fault/events-held/", stream = true }).events
        assert(stream:read())
        stream:close()
        stream:close()
        return { stream:read() }
      ]])
      assert.equal(0, settled().open)
    end)

    describe("streams whose reader has a deadline:", function()
      it("it ends the wait alone, and the stream goes on", function()
        assert.same({ true, "timeout", "unknown" }, run [[
          local stream = assert(send { url = server "plain" .. "/fault/events-drip/", stream = true }).events
          local event, err
          repeat event, err = stream:read(now() + 0.01) until event or err.kind ~= "timeout"
          local came = event ~= nil
          while event do event, err = stream:read(now() + 0.005) end
          stream:close()
          return { came, err.kind, err.outcome }
        ]])
        assert.equal(0, settled().open)
      end)

      it("it is not over before that time, and a later wait has its own", function()
        assert.same({ true, true, true }, run [[
          local stream = assert(send { url = server "echo" .. "/late-events", stream = true }).events
          local exact, first = true, nil
          repeat
            local by = now() + 0.003
            first = stream:read(by)
            exact = exact and (first ~= nil or now() >= by)
          until first
          local second = stream:read() -- comes later than 3 ms
          stream:close()
          return { exact, first.data == "1", second ~= nil and second.data == "2" }
        ]])
      end)

      it("chunks have one as well", function()
        assert.equal("timeout", run [[
          local stream = assert(send {
            url = server "plain" .. "/fault/events-held/", stream = "chunks",
          }).chunks
          assert(stream:read(now() + 5))
          local _, err = stream:read(now() + 0.02)
          stream:close()
          return err.kind
        ]])
      end)

      it("many short waits do not hide that the stream is idle", function()
        assert.matches("nothing came for", run [[
          local stream = assert(send {
            url = server "plain" .. "/fault/events-held/", stream = true, idle_timeout = 0.1,
          }).events
          assert(stream:read())
          local err
          local till = now() + 5
          repeat err = select(2, stream:read(now() + 0.02)) until now() > till or not stream.link
          return err.message
        ]], 1, true)
        assert.equal(0, settled().open)
      end)

      it("the deadline of the request ends it for good", function()
        assert.equal("timeout", run [[
          local stream = assert(send {
            url = server "plain" .. "/fault/events-drip/", stream = true, deadline = now() + 0.3,
          }).events
          local event, err
          repeat event, err = stream:read() until not event
          return err.kind
        ]])
        assert.equal(0, settled().open)
      end)
    end)

    it("gives up an answer that has not begun by its head_deadline", function()
      assert.same({ "timeout", "unknown" }, run [[
        local _, err = send {
          url = server "plain" .. "/fault/silence/", stream = true, head_deadline = now() + 0.05,
        }
        return { err.kind, err.outcome }
      ]])
      assert.equal(0, settled().open)
    end)

    it("a stream beyond the head_deadline that it began by", function()
      assert.same({ true, true }, run [[
        local by = now() + 0.1
        local stream = assert(send {
          url = server "plain" .. "/fault/events-endless/", stream = true, head_deadline = by,
        }).events
        while now() < by do assert(stream:read()) end
        local one = stream:read()
        stream:close()
        return { one ~= nil, now() >= by }
      ]])
    end)

    it("lets another light thread break off an answer that has not begun", function()
      assert.same({ "cancelled", "unknown", false }, run [[
        local handle = {}
        local breaker = ngx.thread.spawn(function()
          ngx.sleep(0.03)
          handle.abort()
        end)
        local _, err = send { url = server "plain" .. "/fault/silence/", handle = handle }
        ngx.thread.wait(breaker)
        return { err.kind, err.outcome, handle.abort ~= nil }
      ]])
      assert.equal(0, settled().open)
    end)

    it("lets another light thread break off a body that is being sent", function()
      assert.equal("cancelled", run [[
        local handle, asked = {}, 0
        local breaker = ngx.thread.spawn(function()
          ngx.sleep(0.03)
          handle.abort()
        end)
        local _, err = send {
          method = "POST", url = server "plain" .. "/fault/never-read/", handle = handle,
          body = function()
            asked = asked + 1
            return asked <= 4096 and ("x"):rep(65536) or nil
          end,
        }
        ngx.thread.wait(breaker)
        return err.kind
      ]])
      assert.equal(0, settled().open)
    end)

    it("wakes who reads a stream that another light thread closes", function()
      assert.equal("cancelled", run [[
        local stream = assert(send {
          url = server "plain" .. "/fault/events-held/", stream = true, handle = {},
        }).events
        local closer = ngx.thread.spawn(function()
          ngx.sleep(0.03)
          stream:close()
        end)
        local event, err
        repeat event, err = stream:read() until not event
        ngx.thread.wait(closer)
        return err.kind
      ]])
      assert.equal(0, settled().open)
    end)

    it("refuses an answer that is encoded, which it has not asked for", function()
      local response = run [[return result(send { url = server "plain" .. "/fault/gzip-not/" })]]
      assert.same({ "protocol", "unknown" }, { response.kind, response.outcome })
      assert.matches("encoded (gzip)", response.message, 1, true)
    end)
  end)

  describe("keeps connections", function()
    it("for the next request to the same place", function()
      assert.equal(1, run([[
        for _ = 1, 10 do assert(send { url = server "plain" .. "/fault/good/" }) end
        return stats().connections
      ]], nil, "/keeps-longer"))
    end)

    it("for all transports of a worker", function()
      assert.equal(1, run([[
        assert(send { url = server "plain" .. "/fault/good/" })
        assert(cosocket.new { connect_timeout = 1 } { url = server "plain" .. "/fault/good/" })
        return stats().connections
      ]], nil, "/keeps-longer"))
    end)

    it("not where the answer says that it is the last", function()
      assert.same({ 200, 200 }, run [[
        local list = {}
        for i = 1, 2 do list[i] = send { url = server "echo" .. "/close" }.status end
        return list
      ]])
    end)

    it("apart by the name that was verified, the certificate shown, and the version of TLS", function()
      assert.equal(4, run([[
        local url = server "tls" .. "/fault/good/"
        for _ = 1, 2 do
          assert(send { url = url })
          assert(cosocket.new { server_name = "localhost", tls_min = "1.3" } { url = url })
          assert(cosocket.new {
            cert_file = wanted .. "/client.pem", key_file = wanted .. "/client.key",
          } { url = url })
        end
        local other = url:gsub("localhost", "127.0.0.1")
        assert(cosocket.new { server_name = "localhost" } { url = other })
        return stats().connections
      ]], server.dir, "/keeps-longer"))
    end)
  end)

  describe("says what to do", function()
    it("where no authority is trusted", function()
      local response = run([[
        return result(send { url = server "tls" .. "/fault/good/" })
      ]], nil, "/trusts-nobody")
      assert.same({ "tls", "none" }, { response.kind, response.outcome })
      assert.matches("lua_ssl_trusted_certificate", response.message, 1, true)
    end)

    it("where the URL has an address, which nginx cannot compare", function()
      local response = run [[
        return result(send { url = (server "tls" .. "/fault/good/"):gsub("localhost", "127.0.0.1"):sub(1) })
      ]]
      assert.equal("tls", response.kind)
      assert.matches("server_name", response.message, 1, true)
    end)

    it("where there is nobody to ask for an address", function()
      local response = run [[return result(send { url = "http://name.scalekit.dev/" })]]
      assert.same({ "configuration", "none" }, { response.kind, response.outcome })
      assert.matches("set nginx's directive resolver", response.message, 1, true)
    end)

    it("about options that nginx has directives for", function()
      local kinds = run [[
        local scalekit = require "scalekit"
        local list = {}
        for _, option in ipairs { "ca_file", "proxy" } do
          local client, err = scalekit.new {
            env_url = "http://localhost", client_id = "a", client_secret = "b", [option] = "/x",
          }
          list[#list + 1] = err.kind .. " " .. tostring(err.message:find(option) == 1)
        end
        return list
      ]]
      assert.same({ "configuration true", "configuration true" }, kinds)
    end)
  end)

  it("gives a look-up no more time than the call has", function()
    local response = run([[
      return result(send { url = "http://name.scalekit.dev/", deadline = now() + 0.15 })
    ]], nil, "/asks-the-mute")
    assert.same({ "timeout", "none" }, { response.kind, response.outcome })
  end)

  it("is what a client and an MCP connection get that ask for none", function()
    assert.same({ true, true }, run [[
      local transport = require "scalekit.transport"
      local one = transport.default {}
      return { one == transport.default(), one { url = server "echo" .. "/none" }.status == 204 }
    ]])
  end)
end)
