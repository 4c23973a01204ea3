-- What the fuzz targets and the walk have found, as programs see it. The bytes
-- themselves are in spec/fuzz/corpus.
local core = require "scalekit.core"
local auth = require "scalekit.auth"
local flight = require "scalekit.flight"
local scalekit = require "scalekit"

describe("regressions", function()
  it("a key of another kind does not make up for a hole in a list", function()
    local model = core.model("M", {
      { "any", "any" }, { "list", "list" }, { "names", "string", repeated = true },
    })
    local odd = { 1, 2, nil, 4, 5 }
    odd[true] = 3
    odd.a = 3
    for length = 1, 8 do -- whatever border Lua sees
      local holey = { 1, 2, 3, 4 }
      holey[4], holey[3] = 4, nil
      for k = 1, length do holey["k" .. k] = k end
      for _, value in ipairs { odd, holey } do
        for _, field in ipairs { "any", "list", "names" } do
          local shaped, violations = model:check({ [field] = value }, "send")
          assert.is_nil(shaped)
          assert.equal("type", violations[1].constraint)
        end
      end
    end
  end)

  it("a token is printable ASCII on every machine", function()
    local credentials = core.credentials("id", "secret")
    assert.is_nil(credentials:accept '{"access_token":"a\195\169"}')
  end)

  it("a token fetch that an error broke off does not hold up the next", function()
    local calls = 0
    local tokens = auth.new {
      url = "http://127.0.0.1:9/oauth/token", client_id = "id", client_secret = "secret",
      send = function()
        calls = calls + 1
        if calls == 1 then error "not enough memory" end
        return { status = 200, headers = {}, body = core.secret '{"access_token":"t"}' }
      end,
    }
    local function token() return tokens:token(core.now() + 5) end
    assert.has_error(function() scalekit.run(token) end)
    assert.equal("t", core.reveal((scalekit.run(token))))
    assert.equal(2, calls)
  end)

  it("a token fetch that an error broke off leaves nobody waiting for it", function()
    local calls, token = 0, nil
    local tokens = auth.new {
      url = "http://127.0.0.1:9/oauth/token", client_id = "id", client_secret = "secret",
      send = function()
        calls = calls + 1
        scalekit.sleep(0.01)
        if calls == 1 then error("not enough memory", 0) end
        return { status = 200, headers = {}, body = core.secret '{"access_token":"t"}' }
      end,
    }
    assert.error_matches(function()
      scalekit.run(function()
        scalekit.spawn(function() tokens:token(core.now() + 5) end)
        scalekit.sleep(0)
        token = tokens:token(core.now() + 5)
      end)
    end, "^not enough memory$")
    assert.equal("t", core.reveal(token))
  end)

  it("a key fetch that an error broke off leaves nobody waiting for it", function()
    local one, over, err = flight.new(), nil, nil
    assert.error_matches(function()
      scalekit.run(function()
        scalekit.spawn(function()
          one:fly(core.now() + 5, function() scalekit.sleep(0.01) error("no keys", 0) end)
        end)
        scalekit.sleep(0)
        local deadline = core.now() + 5
        repeat over, err = one:join(deadline) until not over
      end)
    end, "^no keys$")
    assert.same({ false }, { over, err })
  end)

  it("a request that never went out does not mind that its loop is gone", function()
    for _ = 1, 10 do
      local loop = core.loop {}
      assert.is_nil((loop:submit(loop:profile {}, "GET", "file:///x")))
      loop:close()
      local others = {} -- they get the memory of the loop
      for size = 3000, 6000, 8 do others[#others + 1] = ("x"):rep(size) end
      collectgarbage()
      for _, other in ipairs(others) do assert.is_nil(other:find "[^x]") end
    end
  end)

  it("a request that waits for its turn keeps what it was given", function()
    local loop = core.loop { host_connections = 1 }
    local transfers = {}
    for i = 1, 3 do
      local profile = loop:profile { proxy = ("http://127.0.0.1:%d"):format(i) }
      transfers[i] = assert(loop:submit(profile, "METHOD" .. i, "http://127.0.0.1:9/", {
        name = ("x"):rep(50) .. i,
      }, nil, nil, core.now() + 5))
    end
    collectgarbage()
    local rubbish = {}
    for i = 1, 2000 do rubbish[i] = ("x"):rep(50) .. i end
    assert.equal(2000, #rubbish)
    for _, transfer in ipairs(transfers) do
      while not loop:drive(transfer) do end
      local status, kind = transfer:take()
      assert.same({ nil, "network" }, { status, kind }) -- nobody listens there
      transfer:close()
    end
    loop:close()
  end)
end)
