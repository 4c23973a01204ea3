local core = require "scalekit.core"
local duration = require "scalekit.duration"
local scalekit = require "scalekit"

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

describe("scalekit.sleep", function()
  it("takes seconds and texts, and nothing that is no time", function()
    local before = core.now()
    scalekit.sleep "2ms"
    scalekit.sleep(0.002)
    scalekit.sleep(0)
    assert.is_true(core.now() - before >= 0.004)
    for _, value in ipairs { "soon", true, {} } do
      local ok, message = pcall(function() return (scalekit.sleep(value)) end)
      assert.is_false(ok)
      assert.matches("duration_spec.lua:%d+: scalekit.sleep: expected seconds", message)
    end
  end)
end)

describe("scalekit.time", function()
  it("gives Unix seconds and nanoseconds", function()
    for text, time in pairs {
      ["1970-01-01T00:00:00Z"] = { 0, 0 },
      ["2024-02-29T12:00:00Z"] = { 1709208000, 0 },
      ["2026-11-24T17:40:35.690Z"] = { 1795542035, 690000000 },
      ["2026-11-24T17:40:35.34895814Z"] = { 1795542035, 348958140 },
      ["2026-11-24T19:40:35.123456789+02:00"] = { 1795542035, 123456789 },
    } do
      assert.same(time, { scalekit.time(text) })
    end
  end)

  it("gives nothing for no time", function()
    for _, value in ipairs { "", "0001-01-01T00:00:00Z", "2023-02-29T00:00:00Z", "now",
      scalekit.null, 7 } do
      assert.is_nil((scalekit.time(value)))
    end
    assert.is_nil((scalekit.time(nil)))
  end)
end)
