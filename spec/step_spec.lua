local core = require "scalekit.core"
local driver = require "scalekit.driver"
local step = require "scalekit.driver.step"
local timers = require "scalekit.driver.timers"

describe("the built-in scheduler", function()
  it("returns what the first task returns", function()
    assert.same({ 1, nil, 3 }, { step.run(function(a) return a, nil, 3 end, 1) })
  end)

  it("runs tasks side by side", function()
    local order = {}
    step.run(function()
      step.spawn(function()
        step.sleep(0.02)
        order[#order + 1] = "late"
      end)
      step.spawn(function()
        step.sleep(0.001)
        order[#order + 1] = "early"
      end)
      order[#order + 1] = "first"
    end)
    assert.same({ "first", "early", "late" }, order)
  end)

  it("goes on after a wait inside pcall, which 5.1 has to refuse", function()
    local woken = 0
    local value = step.run(function()
      step.spawn(function()
        step.sleep(0.003)
        woken = woken + 1
      end)
      pcall(function() step.sleep(0.001) end)
      return "done"
    end)
    assert.same({ "done", 1 }, { value, woken })
  end)

  it("joins a task and gets its results", function()
    local a, b = step.run(function()
      return step.spawn(function() return 1, 2 end):join()
    end)
    assert.same({ 1, 2 }, { a, b })
  end)

  it("joins a task that is done already", function()
    assert.equal(1, step.run(function()
      local task = step.spawn(function() return 1 end)
      step.sleep(0.001)
      return task:join()
    end))
  end)

  it("raises an error of a task where it is joined", function()
    local ok, problem = step.run(function()
      local task = step.spawn(function() error({ code = 7 }) end)
      step.sleep(0)
      -- the task is done, so this join does not wait and pcall is fine on 5.1
      return pcall(task.join, task)
    end)
    assert.is_false(ok)
    assert.same({ code = 7 }, problem)
  end)

  it("raises an error that nobody joined, after the others are done", function()
    local done = false
    local ok, problem = pcall(step.run, function()
      step.spawn(function() error("lost", 0) end)
      step.spawn(function()
        step.sleep(0.005)
        done = true
      end)
    end)
    assert.is_false(ok)
    assert.equal("lost", problem)
    assert.is_true(done)
  end)

  it("all collects values and errors by index", function()
    local values, errs = step.run(function()
      return step.all {
        function() return "a" end,
        function() return nil, "broken" end,
        function() step.sleep(0.001) return "c" end,
      }
    end)
    assert.same({ "a", nil, "c" }, values)
    assert.same({ [2] = "broken" }, errs)
  end)

  it("can run again after an error", function()
    pcall(step.run, error)
    assert.equal(1, step.run(function() return 1 end))
  end)

  it("says so when tasks wait for each other for ever", function()
    assert.has_error(function()
      step.run(function() step.signal():wait() end)
    end, "scalekit.run: every task waits for another one")
  end)

  it("refuses to run inside itself, and to spawn or join outside", function()
    local ok, message = step.run(function() return pcall(step.run, function() end) end)
    assert.is_false(ok)
    assert.matches("already running", message)
    assert.has_error(function() step.spawn(function() end) end)
  end)

  it("is not the driver of a coroutine that somebody else made", function()
    local inside, generator = step.run(function()
      local other
      coroutine.wrap(function() other = driver.current().name end)()
      return driver.current().name, other
    end)
    assert.same({ "step", "block" }, { inside, generator })
    assert.equal("block", driver.current().name)
  end)

  it("lets an unknown coroutine sleep without a stray yield", function()
    local yielded = step.run(function()
      local generator = coroutine.wrap(function()
        driver.current().sleep(0.001)
        coroutine.yield "mine"
      end)
      return generator()
    end)
    assert.equal("mine", yielded)
  end)

  it("race takes the first and cancels the others", function()
    local log = {}
    local winner, value = step.run(function()
      return step.race {
        function()
          log[#log + 1] = select(2, step.sleep(5))
          error "a loser's error is nobody's business"
        end,
        function() step.sleep(0.001) return "fast" end,
      }
    end)
    assert.same({ 2, "fast", { "cancelled" } }, { winner, value, log })
  end)

  it("a cancelled task hears of it at every later wait", function()
    local heard = {}
    step.run(function()
      local task = step.spawn(function()
        heard[1] = select(2, step.sleep(5))
        heard[2] = select(2, step.sleep(5))
        heard[3] = select(2, step.signal():wait())
      end)
      step.sleep(0)
      task:cancel()
    end)
    assert.same({ "cancelled", "cancelled", "cancelled" }, heard)
  end)

  it("a late signal does not wake a task that waits for something else by then", function()
    local ok, reason = step.run(function()
      local late, other = step.signal(), step.signal()
      local task = step.spawn(function()
        late:wait(core.now() + 0.001)
        return other:wait(core.now() + 0.02)
      end)
      step.sleep(0.005)
      late:set()
      return task:join()
    end)
    assert.is_nil(ok)
    assert.equal("timeout", reason)
  end)

  it("a task that yields by itself is an error, not a hang", function()
    local ok, message = pcall(step.run, function() coroutine.yield() end)
    assert.is_false(ok)
    assert.matches("has yielded", message)
  end)

  it("says what it expects", function()
    for _, fn in ipairs { step.run, step.spawn } do
      local ok, message = step.run(function() return pcall(fn, nil) end)
      assert.is_false(ok)
      assert.matches("scalekit%.%a+: ", message)
    end
  end)

  describe("a signal", function()
    it("wakes everybody who waits", function()
      local woken = 0
      step.run(function()
        local signal = step.signal()
        for _ = 1, 5 do
          step.spawn(function()
            signal:wait()
            woken = woken + 1
          end)
        end
        step.sleep(0)
        signal:set()
      end)
      assert.equal(5, woken)
    end)

    it("gives up at the deadline", function()
      local ok, reason = step.run(function()
        return step.signal():wait(core.now() + 0.002)
      end)
      assert.is_nil(ok)
      assert.equal("timeout", reason)
    end)

    it("is busy for who cannot park", function()
      local _, reason = step.signal():wait()
      assert.equal("busy", reason)
    end)
  end)
end)

describe("timers", function()
  it("fire in the order of time whatever the order of adding", function()
    local heap, fired = timers.new(), {}
    for _, at in ipairs { 5, 1, 4, 2, 3, 1.5, 9, 0 } do
      heap:add(at, function() fired[#fired + 1] = at end)
    end
    heap:fire(5)
    assert.same({ 0, 1, 1.5, 2, 3, 4, 5 }, fired)
    assert.equal(9, heap:next())
  end)

  it("forget what was called off", function()
    local heap, fired = timers.new(), 0
    local entry = heap:add(1, function() fired = fired + 1 end)
    heap:cancel(entry)
    assert.is_nil(heap:next())
    heap:fire(2)
    assert.equal(0, fired)
  end)

  it("do not pile up when each is called off before its time", function()
    local heap, fired = timers.new(), 0
    heap:add(1, function() fired = fired + 1 end)
    for i = 1, 5000 do
      local entry = heap:add(5000 - i + 2, function() fired = fired + 1 end)
      if i % 1000 ~= 0 then heap:cancel(entry) end
    end
    assert.is_true(#heap < 200, #heap)
    heap:fire(5002)
    assert.equal(6, fired)
    assert.is_nil(heap:next())
  end)

  it("may be called off once they have fired", function()
    local heap, fired = timers.new(), 0
    local entry = heap:add(1, function() fired = fired + 1 end)
    heap:fire(1)
    for _ = 1, 200 do heap:cancel(entry) end
    heap:add(2, function() fired = fired + 1 end)
    heap:fire(2)
    assert.equal(2, fired)
  end)
end)
