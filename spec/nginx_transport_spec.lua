-- The cosocket transport, beyond the fault table: what it sends, the pool, TLS and names
-- as nginx's directives have them.
local cosocket = require "spec.support.cosocket"
local json = require "scalekit.json"

describe("the cosocket transport #nginx", function()
  local place, run, settled = cosocket.start()

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
      ]], place.server.dir, "/keeps-longer"))
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