-- The cosocket transport, beyond the fault table: answers as a whole, and streams.
local cosocket = require "spec.support.cosocket"

describe("the cosocket transport #nginx", function()
  local _, run, settled = cosocket.start()

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
end)
