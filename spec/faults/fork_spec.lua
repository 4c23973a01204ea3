-- After a fork the child opens its own connections: never does one process see
-- the other's answers.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"

-- Runs a function in a child; what it returns is the exit status. LuaJIT can fork by
-- itself, 5.1 to 5.3 with luaposix; false elsewhere.
local fork = require "spec.support.fork"

describe("a fork #faults", function()
  if not fork then
    pending("needs LuaJIT or luaposix")
    return
  end

  local server, loop, send

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loop = core.loop {}
    send = curl.new { loop = loop, ca_file = server.ca_file }
  end)

  after_each(function() loop:close() end)

  -- How many of `times` answers were not about what was sent.
  local function strangers(port, length, times)
    local count = 0
    for i = 1, times do
      local response = send {
        method = "POST", url = server:url(port) .. "/fault/good/", body = ("x"):rep(length + i),
        deadline = core.now() + 10,
      }
      local body = response and json.decode(response.body)
      if not body or body.received ~= length + i then count = count + 1 end
    end
    return count
  end

  for _, port in ipairs { "plain", "tls" } do
    it("keeps the answers apart on a warm connection, " .. port, function()
      assert.equal(0, strangers(port, 10, 3))
      local wait = fork(function() return strangers(port, 100000, 40) end)
      local mine = strangers(port, 1000, 40)
      assert.equal(0, wait(), "answers in the child that were not its own")
      assert.equal(0, mine, "answers in the parent that were not its own")
      local stats = server:stats()
      assert.equal(83, stats.requests)
      assert.equal(2, stats.connections)
    end)

    it("leaves the parent's connection alone when the child ends, " .. port, function()
      assert.equal(0, strangers(port, 10, 3))
      local wait = fork(function()
        loop:close()
        collectgarbage()
        return 0
      end)
      assert.equal(0, wait())
      assert.equal(0, strangers(port, 10, 3))
      assert.equal(1, server:stats().connections)
    end)
  end

  it("ends the parent's transfers in the child, and there alone", function()
    local url = server:url "plain" .. "/fault/late/"
    local transfer = assert(loop:submit(loop:profile {}, "GET", url, nil, nil, nil, core.now() + 10))
    loop:wait(0.02)
    local wait = fork(function()
      loop:step()
      local status, kind, _, outcome = transfer:take()
      if status ~= nil then return 1 end
      return kind == "cancelled" and outcome == "unknown" and 0 or 2
    end)
    assert.equal(0, wait())
    while not loop:drive(transfer) do end
    assert.equal(200, (transfer:take()))
    transfer:close()
  end)

  it("lets the child go on with the client's own objects", function()
    assert.equal(0, strangers("plain", 10, 1))
    local wait = fork(function()
      if strangers("plain", 20, 5) > 0 then return 1 end
      if core.census().transfers ~= 0 then return 2 end
      return 0
    end)
    assert.equal(0, wait())
  end)
end)
