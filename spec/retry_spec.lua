local errors = require "scalekit.error"
local retry = require "scalekit.retry"

local SAFE, UNSAFE = { safe = true }, { safe = false }

local function failure(spec)
  spec.message = ""
  return errors.new(spec)
end

describe("scalekit.retry", function()
  describe("delay", function()
    it("doubles, jittered between half and the whole", function()
      assert.equal(0.5, retry.delay(1, 0))
      assert.equal(1, retry.delay(1, 1))
      assert.equal(1, retry.delay(2, 0))
      assert.equal(2, retry.delay(2, 1))
    end)

    it("never exceeds half a minute", function()
      assert.equal(30, retry.delay(50, 1))
    end)
  end)

  describe("after", function()
    it("reads seconds", function()
      assert.equal(120, retry.after("120", 0))
    end)

    it("reads a date, leap years included", function()
      assert.equal(60, retry.after("Thu, 29 Feb 2024 12:01:00 GMT", 1709208000))
    end)

    it("reads a date that has passed as now", function()
      assert.equal(0, retry.after("Thu, 01 Jan 1970 00:00:10 GMT", 1000))
    end)

    it("ignores anything else", function()
      assert.is_nil(retry.after("soon", 0))
      assert.is_nil(retry.after("-1", 0))
      assert.is_nil(retry.after("Thu, 29 Xyz 2024 12:01:00 GMT", 0))
      assert.is_nil(retry.after(nil, 0))
    end)
  end)

  describe("may", function()
    it("repeats anything that did not reach the server", function()
      local err = failure { kind = "network", outcome = "none" }
      assert.is_true(retry.may(UNSAFE, err))
    end)

    it("X07 repeats what was refused for being too much only for who is patient", function()
      local err = failure { kind = "rate_limited", status = 429 }
      for _, op in ipairs { SAFE, UNSAFE } do
        assert.is_falsy(retry.may(op, err))
        assert.is_true(retry.may(op, err, true))
      end
      assert.is_falsy(retry.may(SAFE, failure { kind = "tool_error", status = 429 }, true))
    end)

    it("repeats a safe request that the server could not serve now", function()
      for _, status in ipairs { 502, 503, 504 } do
        assert.is_true(retry.may(SAFE, failure { kind = "unavailable", status = status }))
      end
    end)

    it("never repeats an unsafe request that reached the server", function()
      assert.is_falsy(retry.may(UNSAFE, failure { kind = "unavailable", status = 503 }))
      assert.is_falsy(retry.may(UNSAFE, failure { kind = "network", outcome = "unknown" }))
    end)

    it("repeats an unsafe request of which only the token fetch failed", function()
      local err = failure { kind = "unavailable", status = 503, before_request = true }
      assert.is_true(retry.may(UNSAFE, err))
    end)

    it("X07 does not repeat after a rate limit, nor after a refusal", function()
      assert.is_falsy(retry.may(SAFE, failure { kind = "rate_limited", status = 429 }))
      assert.is_falsy(retry.may(SAFE, failure { kind = "bad_request", status = 400 }))
    end)

    it("X05 never repeats a tool error", function()
      assert.is_false(retry.may(SAFE, failure { kind = "tool_error", status = 503 }))
    end)
  end)
end)
