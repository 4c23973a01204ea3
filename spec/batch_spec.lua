-- Many things at once, handed out one by one.
local batch = require "scalekit.batch"
local driver = require "scalekit.driver"
local step = require "scalekit.driver.step"

local function count_to(last)
  local n = 0
  return function()
    n = n + 1
    return n <= last and n or nil
  end
end

-- Work that sleeps; later items sleep less.
local function doubling(seen)
  return function(item)
    if seen then
      seen.now = seen.now + 1
      seen.most = math.max(seen.most, seen.now)
    end
    driver.current().sleep((20 - item) * 0.0005)
    if seen then seen.now = seen.now - 1 end
    return 2 * item
  end
end

local function collect(spec)
  local results = {}
  for result in batch.new(spec) do results[#results + 1] = result end
  return results
end

local DOUBLES = { 2, 4, 6, 8, 10, 12, 14, 16, 18, 20 }

local runners = {
  ["in a plain program"] = function(fn) return fn() end,
  ["inside scalekit.run"] = function(fn) return step.run(fn) end,
  ["in a stranger's coroutine"] = function(fn) return coroutine.wrap(fn)() end,
  ["in a stranger's coroutine inside scalekit.run"] = function(fn)
    return step.run(function() return coroutine.wrap(fn)() end)
  end,
}

if pcall(require, "cqueues") then
  require "scalekit.driver.cqueues"
  runners["under cqueues"] = function(fn)
    local result
    local controller = require("cqueues").new()
    controller:wrap(function() result = fn() end)
    assert(controller:loop())
    return result
  end
end

if pcall(require, "luv") then
  local luv = require "scalekit.driver.luv"
  runners["under luv"] = function(fn)
    local result
    luv.spawn(function() result = fn() end)
    require("luv").run()
    return result
  end
end

for where, run in pairs(runners) do
  describe("a batch " .. where, function()
    it("does every item once", function()
      local results = run(function()
        return collect { take = count_to(10), work = doubling(), width = 4 }
      end)
      table.sort(results)
      assert.same(DOUBLES, results)
    end)

    it("keeps the order where that is asked", function()
      assert.same(DOUBLES, run(function()
        return collect { take = count_to(10), work = doubling(), width = 4, ordered = true }
      end))
    end)

    it("does several at once, and never more than it may", function()
      local seen = { now = 0, most = 0 }
      run(function()
        return collect { take = count_to(10), work = doubling(seen), width = 3 }
      end)
      assert.equal(0, seen.now)
      assert.equal(3, seen.most)
    end)

    it("does not read ahead of what it works on", function()
      local taken, handed, most = 0, 0, 0
      local take = count_to(10)
      run(function()
        for _ in batch.new {
          width = 3, work = doubling(),
          take = function()
            taken = taken + 1
            return take()
          end,
        } do
          handed = handed + 1
          most = math.max(most, taken - handed)
        end
      end)
      assert.is_true(most <= 3)
    end)

    it("tells how far it is", function()
      local told = {}
      run(function()
        return collect {
          take = count_to(3), work = doubling(), width = 2, total = 3,
          on_progress = function(done, total) told[#told + 1] = done .. "/" .. total end,
        }
      end)
      assert.same({ "1/3", "2/3", "3/3" }, told)
    end)

    it("stops when the loop is left", function()
      local started = 0
      run(function()
        for _ in batch.new {
          take = count_to(10), width = 2,
          work = function(item)
            started = started + 1
            return doubling()(item)
          end,
        } do
          if started > 0 then break end
        end
      end)
      assert.is_true(started <= 4)
    end)

    it("has nothing more to give when closed", function()
      local after, again = run(function()
        local one = batch.new { take = count_to(10), work = doubling(), width = 2 }
        local first = one:next()
        one:close()
        return { first ~= nil, one:next() == nil }, one()
      end)
      assert.same({ true, true }, after)
      assert.is_nil(again)
    end)

    it("ends at once when there is nothing to do", function()
      assert.same({}, run(function()
        return collect { take = count_to(0), work = doubling(), width = 4 }
      end))
    end)

    if where ~= "under luv" then -- libuv ends the program where a callback raises
      it("raises what goes wrong in the loop", function()
        -- 5.1 cannot wait inside pcall: the error passes through `run` instead
        local ok, problem = pcall(run, function()
          for _ in batch.new { take = count_to(3), work = doubling(), width = 2 } do
            error("mine", 0)
          end
        end)
        assert.is_false(ok)
        assert.matches("mine", problem)
      end)
    end
  end)
end

describe("a batch", function()
  it("raises a mistake in the work where its results are awaited", function()
    local function broken() error("typo", 0) end
    local ok, problem = pcall(collect, { take = count_to(3), work = broken, width = 2 })
    assert.same({ false, "typo" }, { ok, problem })
    ok, problem = pcall(step.run, function()
      return collect { take = count_to(3), work = broken, width = 2 }
    end)
    assert.same({ false, "typo" }, { ok, problem })
  end)

  it("breaks its work off when the waiting task is cancelled", function()
    local ended, err = 0, nil
    step.run(function()
      local task = step.spawn(function()
        local one = batch.new {
          take = count_to(10), width = 4,
          work = function()
            step.sleep(60)
            ended = ended + 1
            return true
          end,
        }
        local _
        _, err = one:next()
      end)
      step.sleep(0.001)
      task:cancel()
    end)
    assert.equal("cancelled", err.kind)
    assert.equal(4, ended)
  end)

  it("may be started in one place and asked in another", function()
    local one = batch.new { take = count_to(6), work = doubling(), width = 3, ordered = true }
    local results = { one:next() }
    step.run(function()
      for _ = 1, 2 do results[#results + 1] = one:next() end
    end)
    for result in one do results[#results + 1] = result end
    assert.same({ 2, 4, 6, 8, 10, 12 }, results)
  end)

  it("says how far it is", function()
    local one = batch.new { take = count_to(2), work = doubling(), width = 1, total = 2 }
    one:next()
    assert.equal("scalekit.batch(1 of 2 done)", tostring(one))
    one:close()
  end)
end)
