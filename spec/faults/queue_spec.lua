-- A loop runs so many requests to one origin at once; the others wait their
-- turn, and their time runs while they do.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local drivers = require "spec.support.fault_drivers"
local fault_server = require "spec.support.fault_server"
local step = require "scalekit.driver.step"

describe("the queue of a host #faults", function()
  local server, loop, send

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loop = core.loop { host_connections = 2 }
    send = curl.new { loop = loop, ca_file = server.ca_file }
  end)

  after_each(function() loop:close() end)

  local function get(fault, seconds, port)
    return send {
      url = server:url(port or "plain") .. "/fault/" .. fault .. "/",
      deadline = core.now() + (seconds or 10),
    }
  end

  it("lets so many through at once, in the order of asking", function()
    local order = {}
    step.run(function()
      for i = 1, 10 do
        step.spawn(function()
          assert.equal(200, get("late").status)
          order[#order + 1] = i
        end)
      end
    end)
    assert.equal(10, #order)
    for i, number in ipairs(order) do -- two run side by side
      assert.is_true(math.abs(i - number) <= 1, table.concat(order, " "))
    end
    local stats = server:stats()
    assert.equal(2, stats.connections)
    assert.equal(10, stats.requests)
  end)

  it("does not make another host wait", function()
    local response = step.run(function()
      local a, b = step.spawn(get, "silence"), step.spawn(get, "silence")
      step.sleep(0.05)
      local response = get("good", 10, "tls")
      a:cancel()
      b:cancel()
      return response
    end)
    assert.equal(200, response.status)
  end)

  it("ends a request whose deadline passes in it, unsent", function()
    local value, err, after = step.run(function()
      local a, b = step.spawn(get, "silence"), step.spawn(get, "silence")
      step.sleep(0.05)
      local late = step.spawn(get, "good", 0.1)
      local patient = step.spawn(get, "good")
      local value, err = late:join()
      a:cancel()
      b:cancel()
      return value, err, patient:join()
    end)
    assert.is_nil(value)
    assert.equal("timeout", err.kind)
    assert.equal("none", err.outcome)
    assert.matches("waiting for a free connection", err.message)
    assert.equal(200, after.status)
    assert.equal(3, server:stats().requests)
  end)

  it("gives a place on, however its owner ends", function()
    for _, fault in ipairs { "reset", "close", "half-status", "length-negative", "endless-headers" } do
      local good = 0
      step.run(function()
        for _ = 1, 4 do step.spawn(get, fault) end
        for _ = 1, 4 do
          step.spawn(function() if get("good") then good = good + 1 end end)
        end
      end)
      assert.equal(4, good, fault)
    end
    local ended = 0
    step.run(function()
      for _ = 1, 4 do
        step.spawn(function()
          local _, err = get("silence", 0.1)
          if err.kind == "timeout" then ended = ended + 1 end
        end)
      end
    end)
    assert.equal(4, ended)
    assert.equal(200, get("good").status)
  end)

  for _, driver in ipairs { "cqueues", "luv" } do
    local run = drivers.run[driver]
    if run then
      it("holds under " .. driver, function()
        local done, failed = 0, 0
        local function many(spawn)
          for i = 1, 12 do
            spawn(function()
              if get(i % 3 == 0 and "close" or "late") then done = done + 1 else failed = failed + 1 end
            end)
          end
        end
        if driver == "cqueues" then
          local controller = require "cqueues".new()
          many(function(fn) controller:wrap(fn) end)
          assert(controller:loop())
          controller:close()
        else
          many(require "scalekit.driver.luv".spawn)
          require "luv".run()
        end
        assert.equal(8, done)
        assert.equal(4, failed)
      end)
    end
  end
end)
