local moment = require "scalekit.moment"

describe("moments", function()
  it("are written with as many digits as protobuf writes", function()
    assert.equal("1970-01-01T00:00:00Z", moment.format(0))
    assert.equal("2099-12-31T00:00:00.500Z", moment.format(4102358400, 500000000))
    assert.equal("2099-12-31T00:00:00.000001Z", moment.format(4102358400, 1000))
    assert.equal("2099-12-31T00:00:00.000000001Z", moment.format(4102358400, 1))
    assert.equal("2099-12-31T00:00:00Z", moment.format(4102358400.75))
  end)

  it("are read with Z and with offsets", function()
    for text, seconds in pairs {
      ["1970-01-01T00:00:00Z"] = 0,
      ["2099-12-31T00:00:00Z"] = 4102358400,
      ["2099-12-31T00:00:00.123456789Z"] = 4102358400,
      ["2099-12-31t01:30:00+01:30"] = 4102358400,
      ["2099-12-30T23:00:00-01:00"] = 4102358400,
      ["2000-02-29T12:00:00z"] = 951825600,
      ["2100-03-01T00:00:00Z"] = 4107542400,
      ["1969-12-31T23:59:59Z"] = -1,
      ["2096-02-29T00:00:00Z"] = 3981312000,
      ["9999-12-31T23:59:59Z"] = 253402300799,
    } do
      assert.equal(seconds, moment.parse(text), text)
    end
  end)

  it("are read to the nanosecond", function()
    for text, nanos in pairs {
      ["2099-12-31T00:00:00Z"] = 0,
      ["2099-12-31T00:00:00.5Z"] = 500000000,
      ["2099-12-31T00:00:00.123456789Z"] = 123456789,
      ["2099-12-31T00:00:00.000000001+00:00"] = 1,
      ["2099-12-31T00:00:00.1234567891Z"] = 123456789,
    } do
      assert.same({ 4102358400, nanos }, { moment.parse(text) })
    end
  end)

  it("are refused when they are none", function()
    for _, text in ipairs {
      "", "tomorrow", "2099-12-31", "2099-12-31T00:00:00", "2099-13-01T00:00:00Z",
      "2099-00-01T00:00:00Z", "2099-01-32T00:00:00Z", "2099-01-01T24:00:00Z", "2099-01-01T00:60:00Z",
      "2099-01-01T00:00:00.Z", "2099-01-01T00:00:001Z", "2099-01-01T00:00:00+1:00",
      "2099-01-01T00:00:00+24:00", "2099-01-01T00:00:00ZZ",
      "2099-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2096-02-30T00:00:00Z",
      "0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "1900-01-01T00:00:00+00:01",
      "9999-12-31T23:59:60Z", "9999-12-31T23:00:00-23:59",
    } do
      assert.is_nil(moment.parse(text), text)
    end
  end)

  it("survive a round trip on every day of many years", function()
    for seconds = -86400 * 800, 86400 * 30000, 86400 * 37 + 3607 do
      assert.equal(seconds, moment.parse(moment.format(seconds)))
    end
  end)

  it("split durations without losing a nanosecond", function()
    assert.same({ 90, 0 }, { moment.duration "90s" })
    assert.same({ 90, 500000000 }, { moment.duration "90.5s" })
    assert.same({ 60, 1 }, { moment.duration "60.000000001s" })
  end)
end)
