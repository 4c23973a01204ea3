-- Waiting inside an iterator, which Lua 5.1 cannot yield through.
local driver = require "scalekit.driver"
local step = require "scalekit.driver.step"

-- An iterator that waits before each number up to `last`.
local function slowly(last, seconds)
  local function fetch(n)
    driver.current().sleep(seconds or 0.001)
    return n < last and n + 1 or nil
  end
  return function(_, n) return driver.hold(fetch, n) end, nil, 0
end

-- An iterator with the one value that `fn` returns.
local function once(fn)
  return function(_, last)
    if last == nil then return driver.hold(fn) end
    return nil
  end
end

describe("an iterator that waits", function()
  it("works in a plain program", function()
    local count = 0
    for n in slowly(3) do count = count + n end
    assert.equal(6, count)
  end)

  it("lets other tasks get on", function()
    local order = {}
    step.run(function()
      step.spawn(function()
        for n in slowly(3, 0.01) do order[#order + 1] = "a" .. n end
      end)
      step.spawn(function()
        step.sleep(0.001)
        order[#order + 1] = "b"
      end)
    end)
    assert.same({ "b", "a1", "a2", "a3" }, order)
  end)

  it("works in many tasks at once", function()
    local count = 0
    step.run(function()
      for _ = 1, 300 do
        step.spawn(function()
          for _ in slowly(3) do count = count + 1 end
        end)
      end
    end)
    assert.equal(900, count)
  end)

  it("waits for what another task does", function()
    local got = step.run(function()
      local signal = step.signal()
      step.spawn(function()
        step.sleep(0.001)
        signal:set()
      end)
      local woken
      for ok in once(function() return (signal:wait()) end) do woken = ok end
      return woken
    end)
    assert.is_true(got)
  end)

  it("hears of a cancellation", function()
    local reason
    step.run(function()
      local task = step.spawn(function()
        for why in once(function() return select(2, step.sleep(60)) end) do reason = why end
      end)
      step.sleep(0.001)
      task:cancel()
    end)
    assert.equal("cancelled", reason)
  end)

  it("goes on after an error in the iterator", function()
    local ok, problem, slept
    step.run(function()
      ok, problem = pcall(driver.hold, function() error("no", 0) end)
      slept = step.sleep(0.001)
    end)
    assert.same({ false, "no", true }, { ok, problem, slept })
  end)

  it("blocks in a coroutine that belongs to nobody", function()
    local generator = coroutine.wrap(function()
      for n in slowly(2) do coroutine.yield(n) end
    end)
    assert.same({ 1, 2 }, { generator(), generator() })
  end)

  it("leaves the driver as it was", function()
    local names = {}
    step.run(function()
      names[1] = driver.current().name
      for n in slowly(1) do names[n + 1] = driver.current().name end
      names[3] = driver.current().name
    end)
    assert.same({ "step", "step", "step" }, names)
  end)
end)
