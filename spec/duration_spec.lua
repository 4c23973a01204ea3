local duration = require "scalekit.duration"

describe("a span of time", function()
  it("is a number of seconds, or a text with units", function()
    for value, seconds in pairs {
      [90] = 90, [0.25] = 0.25, ["90s"] = 90, ["30m"] = 1800, ["1h30m"] = 5400, ["1.5h"] = 5400,
      ["500ms"] = 0.5, ["1m30s"] = 90, ["90.5s"] = 90.5,
    } do
      assert.equal(seconds, duration.seconds(value), tostring(value))
    end
  end)

  it("is above 0 and ends", function()
    for _, value in ipairs {
      0, -1, 0 / 0, 1 / 0, "0s", "-1s", "", "90", "x", " 90s", "1e3s", "30m1h", true, {},
    } do
      assert.is_nil(duration.seconds(value), tostring(value))
    end
  end)

  it("as an option falls back on its default", function()
    assert.equal(7, duration.option("f", {}, "timeout", 7))
    assert.is_nil(duration.option("f", {}, "timeout"))
    assert.equal(60, duration.option("f", { timeout = "1m" }, "timeout", 7))
  end)

  it("as an option raises at the caller's line where it makes no sense", function()
    local function f(opts) return (duration.option("f", opts, "timeout", 7)) end
    local function caller() return (f { timeout = "soon" }) end
    local ok, message = pcall(caller)
    assert.is_false(ok)
    assert.matches("duration_spec.lua:%d+: f: option 'timeout' must be a time above 0", message)
  end)
end)
