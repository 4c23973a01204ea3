local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local fault_server = require "spec.support.fault_server"
local step = require "scalekit.driver.step"

describe("the book of who waits for which transfer", function()
  local server, loop, profile

  setup(function()
    server = fault_server.start()
  end)
  teardown(function()
    server:stop()
  end)
  before_each(function()
    loop = core.loop {}
    profile = loop:profile {}
  end)
  after_each(function()
    loop:close()
  end)

  local function submit(fault)
    return assert(loop:submit(profile, "GET", server:url "plain" .. "/fault/" .. fault .. "/", nil,
      nil, nil, core.now() + 5))
  end

  local function wait_for_news()
    local deadline = core.now() + 5
    repeat
      loop:wait(0.1)
      local wake = loop:news()
      if wake then return wake end
    until core.now() > deadline
  end

  local function nobody() end

  it("gives the function of the transfer that has news, once", function()
    local transfer = submit "good"
    local function wake() end
    assert.is_nil(loop:await(transfer, wake))
    assert.equal(1, loop:waiting())
    assert.equal(wake, wait_for_news())
    assert.equal(0, loop:waiting())
    assert.is_nil(loop:news())
    transfer:close()
  end)

  it("notes nobody where the transfer is ready", function()
    local transfer = submit "good"
    while not transfer:ready() do loop:wait(0.1) end
    assert.is_true(loop:await(transfer, nobody))
    assert.equal(0, loop:waiting())
    transfer:close()
    assert.is_true(loop:await(transfer, nobody))
  end)

  it("forgets whom it is told to, and nobody else", function()
    local first, second = submit "late", submit "late"
    local function wake_first() end
    local function wake_second() end
    loop:await(first, wake_first)
    loop:await(second, wake_second)
    assert.equal(wake_first, loop:forget(first))
    assert.is_nil(loop:forget(first))
    assert.equal(1, loop:waiting())
    assert.equal(wake_second, loop:forget(second))
    first:close()
    second:close()
    assert.is_nil(loop:forget(second))
  end)

  it("has the last of two functions for the same transfer", function()
    local transfer = submit "late"
    local function wake() end
    loop:await(transfer, nobody)
    loop:await(transfer, wake)
    assert.equal(1, loop:waiting())
    assert.equal(wake, loop:forget(transfer))
    transfer:close()
  end)

  it("uses a place again only when who had it is out of the book", function()
    local kept = submit "late"
    local function wake_kept() end
    loop:await(kept, wake_kept)
    for _ = 1, 100 do
      local transfer = submit "late"
      loop:await(transfer, nobody)
      loop:forget(transfer)
      transfer:close()
    end
    assert.equal(wake_kept, loop:forget(kept))
    kept:close()
  end)

  it("crosses out whose transfers were dropped, when asked to", function()
    local kept = submit "late"
    local function wake_kept() end
    loop:await(kept, wake_kept)
    for _ = 1, 10 do loop:await(submit "late", nobody) end
    collectgarbage()
    collectgarbage()
    loop:prune()
    assert.is_true(loop:waiting() < 11)
    assert.equal(wake_kept, loop:forget(kept))
    kept:close()
  end)

  it("crosses out nobody else where a finalizer waits meanwhile", function()
    if _VERSION ~= "Lua 5.4" then return end
    local kept, late = submit "late", {}
    local function wake_kept() end
    loop:await(kept, wake_kept)
    collectgarbage "generational" -- whose every step runs what finalizers there are
    collectgarbage "stop"
    setmetatable({}, { __gc = function()
      for i = 1, 40 do
        late[i] = submit "late"
        loop:await(late[i], nobody)
      end
    end })
    collectgarbage "restart"
    loop:prune()
    collectgarbage "incremental"
    assert.equal(40, #late)
    assert.equal(41, loop:waiting())
    assert.equal(wake_kept, loop:forget(kept))
    kept:close()
    for i = 1, #late do
      assert.equal(nobody, loop:forget(late[i]))
      late[i]:close()
    end
  end)

  it("is closed with its loop, also by a finalizer in the middle of a request", function()
    if _VERSION ~= "Lua 5.4" then return end
    local other = core.loop {}
    local shared = other:profile {}
    local more, url, deadline = {}, server:url "plain" .. "/fault/good/", core.now() + 5
    local function request()
      return other:submit(shared, "GET", url, nil, nil, nil, deadline, false, more)
    end
    local handle = { __gc = function() other:close() end }
    collectgarbage "generational"
    collectgarbage "stop"
    setmetatable({}, handle)
    collectgarbage "restart"
    local ok, problem = pcall(request)
    collectgarbage "incremental"
    assert.is_false(ok)
    assert.matches("the loop is closed", tostring(problem), 1, true)
  end)

  it("is empty when the loop is closed, and no run stumbles over it", function()
    local other = core.loop {}
    local result = step.run(function()
      local send = curl.new { loop = other }
      assert(send { url = server:url "plain" .. "/fault/late/", deadline = core.now() + 5 })
      other:close()
      step.sleep(0.01)
      return other:waiting()
    end)
    assert.equal(0, result)
  end)

  it("takes a function alone, and says so", function()
    local transfer = submit "late"
    assert.has_error(function() loop:await(transfer, 1) end)
    assert.equal(0, loop:waiting())
    transfer:close()
  end)
end)
