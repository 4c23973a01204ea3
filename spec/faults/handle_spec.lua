-- A loop has few handles of libcurl for the requests of all its transports: nothing of
-- the last request may show in the next.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"

describe("a handle that serves one request after the other #faults", function()
  local server, loop

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    loop = core.loop {}
  end)
  after_each(function() loop:close() end)

  local function ask(send, fault, method, body, more)
    local request = {
      method = method, url = server:url "plain" .. "/fault/" .. fault .. "/", body = body,
      deadline = core.now() + 10,
    }
    for name, value in pairs(more or {}) do request[name] = value end
    return send(request)
  end

  local function pieces(count)
    return function()
      count = count - 1
      return count >= 0 and "piece" or nil
    end
  end

  it("asks each time what it is told, in whatever order", function()
    local sends = { curl.new { loop = loop }, curl.new { loop = loop, trusted = true, http1 = true } }
    local kinds = {
      { "GET" }, { "POST", "four" }, { "POST", "" }, { "POST" }, { "HEAD" }, { "PUT", "longer" }, { "PUT" },
      { "DELETE" }, { "DELETE", "x" }, { "PATCH", "four" }, { "POST", pieces, 3 },
      { "PUT", pieces, 2 }, { "POST", ("b"):rep(5000) },
    }
    for i = 1, 400 do
      local kind = kinds[(i * i + i % 7 * 3) % #kinds + 1]
      local body, length = kind[2], type(kind[2]) == "string" and #kind[2] or 0
      if body == pieces then body, length = pieces(kind[3]), 5 * kind[3] end
      local most = i % 5 == 0 and 2 or nil -- bytes of an answer
      local response, err = ask(sends[i % 3 == 0 and 1 or 2], "good", kind[1], body,
        { max_body = most, auth = i % 2 == 0 and core.secret "bearer" or nil })
      if kind[1] == "HEAD" then
        if response then assert.same({ 200, "" }, { response.status, response.body }) end
      elseif most then
        assert.equal("protocol", err and err.kind)
      else
        assert.is_nil(err)
        assert.equal(length, json.decode(response.body).received, kind[1])
      end
    end
    assert.equal(400, server:stats().requests)
  end)

  -- libcurl 7.83 to 8.0.1: see may_share in csrc/easy.c
  it("of one's own servers is not for others", function()
    local function fold()
      local send = curl.new { loop = loop }
      return ask(send, "header-folded", "GET") and "answer" or "none"
    end
    local function good()
      return ask(curl.new { loop = loop, trusted = true }, "good", "GET")
    end
    local expected = fold()
    for _ = 1, 20 do
      assert(good())
      collectgarbage()
      assert.equal(expected, fold())
    end
  end)
end)
