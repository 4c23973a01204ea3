-- A call in somebody's generator blocks, and drives the loop that others wait
-- on: nobody may be lost, and nobody may get another one's answer.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local driver_of = require "scalekit.driver"
local drivers = require "spec.support.fault_drivers"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"

local SPAWN = {
  step = require "scalekit.driver.step".spawn,
  cqueues = function(fn) require "cqueues".running():wrap(fn) end,
  luv = function(fn) require "scalekit.driver.luv".spawn(fn) end,
}

describe("a blocking call among others #faults", function()
  local server, loops, sends

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loops, sends = {}, {}
    for i = 1, 2 do
      loops[i] = core.loop {}
      sends[i] = curl.new { loop = loops[i] }
    end
  end)

  after_each(function()
    for _, loop in ipairs(loops) do loop:close() end
  end)

  -- Posts `length` bytes; true when the answer is about these.
  local function post(send, fault, length)
    local response, err = send {
      method = "POST", url = server:url "plain" .. "/fault/" .. fault .. "/",
      body = ("x"):rep(length), deadline = core.now() + 10,
    }
    if not response then return false, err end
    return assert(json.decode(response.body)).received == length
  end

  -- Every task posts; every third one does it inside a generator.
  local function many(spawn, count, tally)
    for i = 1, count do
      local send, fault = sends[i % 2 + 1], i % 4 == 0 and "good" or "late"
      spawn(function()
        if i % 3 ~= 0 then
          if post(send, fault, i) then tally.right = tally.right + 1 end
          return
        end
        local generator = coroutine.wrap(function()
          coroutine.yield(driver_of.current().name)
          for k = 1, 3 do coroutine.yield(post(send, fault, 1000 * i + k)) end
        end)
        if generator() == "block" then tally.blocking = tally.blocking + 1 end
        local right = 0
        for _ = 1, 3 do
          if generator() then right = right + 1 end
        end
        if right == 3 then tally.right = tally.right + 1 end
      end)
    end
  end

  for _, driver in ipairs { "step", "cqueues", "luv" } do
    local run = drivers.run[driver]
    if run then
      it("loses nobody under " .. driver, function()
        local tally = { right = 0, blocking = 0 }
        run(function() many(SPAWN[driver], 30, tally) end)
        assert.same({ right = 30, blocking = 10 }, tally)
        assert.equal(20 + 30, server:stats().requests)
      end)

      it("wakes who waited when it finished their transfer under " .. driver, function()
        local order = {}
        run(function()
          SPAWN[driver](function()
            assert(post(sends[1], "late", 1))
            order[#order + 1] = "parked"
          end)
          SPAWN[driver](function()
            coroutine.wrap(function()
              for _ = 1, 4 do assert(post(sends[1], "late", 2)) end -- longer than the other
              order[#order + 1] = "blocking"
            end)()
          end)
        end)
        table.sort(order)
        assert.same({ "blocking", "parked" }, order)
      end)
    end
  end

  it("may share a loop with tasks of two schedulers, one inside the other", function()
    local step = require "scalekit.driver.step"
    local cqueues = drivers.run.cqueues
    if not cqueues then return end
    local right = 0
    step.run(function()
      local task = step.spawn(post, sends[1], "late", 1)
      cqueues(function()
        if post(sends[1], "late", 2) then right = right + 1 end
      end)
      if task:join() then right = right + 1 end
    end)
    assert.equal(2, right)
  end)
end)
