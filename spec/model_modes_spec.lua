local json = require "scalekit.json"
local models = require "spec.support.models"

local everything, config = models.everything, models.config
local first, lines, one = models.first, models.lines, models.one

describe("a duration", function()
  local model = one("duration", { min = 60, max = 86400 })

  it("is sent as protobuf writes it, whatever it was", function()
    for given, sent in pairs {
      ["90s"] = "90s", ["90.5s"] = "90.5s", ["30m"] = "1800s", ["1h30m"] = "5400s",
      ["1.5h"] = "5400s", ["60000ms"] = "60s", ["60.000000001s"] = "60.000000001s",
      ["24h"] = "86400s",
      [90] = "90s", [1.5 * 3600] = "5400s", [60.5] = "60.5s", [86399.999999] = "86399.999999s",
    } do
      assert.same({ x = sent }, model:check({ x = given }, "send", json))
    end
  end)

  it("is never rounded up into its bounds", function()
    for _, given in ipairs {
      59.9995, 59.999999999, 59.9999999999, "59.999999999s", "59999.5ms", 59,
    } do
      assert.equal("x: duration.gte", lines(model, { x = given }, "send"))
    end
    assert.equal("59.9995s", one("duration"):check({ x = 59.9995 }, "send").x)
    assert.equal("59.999999999s", one("duration"):check({ x = 59.9999999999 }, "send").x)
  end)

  it("is received only as protobuf writes it", function()
    for _, text in ipairs { "60s", "86400s", "90.5s", "60.000000001s", "+60s" } do
      assert.is_table(model:check({ x = text }, "receive", json), text)
    end
    for _, text in ipairs { "59s", "59.999999999s", "0s", "-60s", "-0.000000001s" } do
      assert.equal("x: duration.gte", lines(model, { x = text }, "receive"))
    end
    for _, text in ipairs { "86401s", "86400.000000001s" } do
      assert.equal("x: duration.lte", lines(model, { x = text }, "receive"))
    end
    for _, value in ipairs {
      "1h", "60000ms", "3600", "", "s", "60.0000000001s", "1e2s", " 60s",
    } do
      assert.equal("x: duration.format", lines(model, { x = value }, "receive"))
    end
    assert.equal("x: type", lines(model, { x = 3600 }, "receive"))
    assert.same({}, model:check({ x = json.null }, "receive", json))
  end)

  it("names the bound it broke", function()
    local violation = first(model, { x = "1m59h" }, "send")
    assert.equal("duration.format", violation.constraint)
    violation = first(model, { x = "25h" }, "send")
    assert.same({ "must be at most 86400s (24h)", "25h" },
      { violation.description, violation.given })
  end)

  it("says a bound of whole hours or minutes in these too", function()
    for bound, text in pairs {
      [60] = "60s (1m)", [90 * 60] = "5400s (90m)", [3600] = "3600s (1h)", [3601] = "3601s",
      [90] = "90s", [60.5] = "60.5s", [0] = "0s", [315576000000] = "315576000000s (87660000h)",
      [315575999940] = "315575999940s (5259599999m)",
    } do
      for _, mode in ipairs { "send", "receive" } do
        assert.equal("must be at least " .. text,
          first(one("duration", { min = bound }), { x = "-1s" }, mode).description)
      end
    end
    assert.equal("must be at most -60s",
      first(one("duration", { max = -60 }), { x = "0s" }, "send").description)
  end)
end)

describe("a timestamp", function()
  local model = one "timestamp"

  it("is RFC 3339", function()
    for _, text in ipairs {
      "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.360Z", "2024-02-29T12:00:00.895815554Z",
      "2026-01-31t12:00:00.1+01:30",
    } do
      assert.same({ x = text }, model:check({ x = text }, "receive", json))
    end
    for _, value in ipairs {
      "2026-01-31", "2026-02-29T00:00:00Z", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "",
      "now",
    } do
      assert.equal("x: timestamp.format", lines(model, { x = value }, "receive"))
    end
    assert.equal("x: type", lines(model, { x = 1 }, "receive"))
  end)

  it("is written from seconds since 1970", function()
    for seconds, text in pairs {
      [0] = "1970-01-01T00:00:00Z", [4102444800] = "2100-01-01T00:00:00Z",
      [1790000000.123] = "2026-09-21T14:13:20.123Z", [951825600.5] = "2000-02-29T12:00:00.500Z",
      [1790000000.9999] = "2026-09-21T14:13:20.999Z", [-0.25] = "1969-12-31T23:59:59.750Z",
    } do
      assert.same({ x = text }, model:check({ x = seconds }, "reply", json))
    end
    assert.equal("x: timestamp.format", lines(model, { x = 1e15 }, "reply"))
  end)
end)

describe("sending", function()
  it("refuses members that nobody knows and suggests what was meant", function()
    for given, meant in pairs {
      nmae = "name", Name = "name", ["tool-maps"] = "tool_maps",
      toolMaps = "tool_maps", tol_map = "tool_maps",
    } do
      local value = { name = "a", tool_maps = { { link_name = "x" } }, [given] = 1 }
      assert.same({
        field = given, constraint = "unknown", given = given, suggestion = meant,
        description = "unknown member; did you mean '" .. meant .. "'?",
      }, first(config, value, "send"))
    end
    local violation = first(everything, { colour = 1 }, "send")
    assert.same({
      field = "colour", constraint = "unknown", given = "colour", description = "unknown member",
    }, violation)
    local value = { name = "a", tool_maps = { { link_name = "x", tool = {} } } }
    violation = first(config, value, "send")
    assert.same({ "tool_maps[1].tool", "tools" }, { violation.field, violation.suggestion })
    assert.equal(": unknown", lines(everything, { [2] = 1 }, "send"))
  end)

  it("drops read-only members and nulls", function()
    assert.same({ name = "a", tool_maps = { { link_name = "x" } } }, config:check({
      id = 42, name = "a", main = json.null,
      tool_maps = { { link_name = "x", account_id = {} } },
    }, "send", json))
  end)

  it("copies free-form values and marks their lists", function()
    local value = { any = { a = { 1, { b = json.null } }, c = {}, d = json.array {}, e = false } }
    local shaped = everything:check(value, "send", json)
    assert.same(value, shaped)
    assert.are_not.equal(value.any.a, shaped.any.a)
    assert.equal('{"any":{"a":[1,{"b":null}],"c":{},"d":[],"e":false}}', json.encode(shaped))
    local raw = json.raw "[1.0]"
    assert.equal(raw, everything:check({ any = { raw } }, "send", json).any[1])
    assert.equal('{"items":[]}', json.encode(everything:check({ items = {} }, "send", json)))
  end)

  it("refuses free-form values that JSON cannot say", function()
    local loop, deep = {}, {}
    loop.loop = loop
    for _ = 1, 63 do deep = { deep } end
    assert.is_table(everything:check({ any = deep }, "send", json))
    assert.equal("depth", first(everything, { any = { deep } }, "send").constraint)
    assert.equal("depth", first(everything, { any = loop }, "send").constraint)
    assert.equal("any.a[1]: type", lines(everything, { any = { a = { print } } }, "send"))
    assert.equal("any: type", lines(everything, { any = { 1, a = 2 } }, "send"))
    assert.equal("any: type", lines(everything, { any = { [true] = 2 } }, "send"))
    assert.equal("any: type", lines(everything, { any = { 1, nil, 3, a = 4 } }, "send"))
    assert.equal("any: type", lines(everything, { any = json.array { nil, 2, a = 3 } }, "send"))
    assert.equal("expected a list, got a table with holes",
      first(everything, { items = { 1, nil, 3 } }, "send").description)
    assert.equal("expected a list, got a table with named keys",
      first(everything, { items = { 1, a = 2 } }, "send").description)
    assert.equal("any[1]: double.finite", lines(everything, { any = { 0 / 0 } }, "send"))
    assert.equal("any.?: string.utf8", lines(everything, { any = { ["\255"] = 1 } }, "send"))
    local wide = {}
    for _ = 1, 25 do wide = { wide, wide } end -- 2^25 lists when written out
    assert.equal("is too large", first(everything, { any = wide }, "send").description)
  end)

  it("takes no digits for a number", function()
    assert.equal("count: type", lines(everything, { count = "1" }, "send"))
    assert.equal("whole: type", lines(everything, { whole = "1" }, "send"))
  end)
end)

describe("receiving", function()
  it("ignores unknown members, read-only ones and nulls", function()
    assert.same({ name = "a", tool_maps = { { link_name = "x" } } }, config:check({
      id = "mine", name = "a", zzz = { 1 }, main = json.null,
      tool_maps = json.array { { link_name = "x", account_id = "mine" } },
    }, "receive", json))
  end)

  it("knows lowerCamelCase names", function()
    assert.same({ name = "a", tool_maps = { { link_name = "x", tools = { "t" } } } },
      config:check(json.decode
        '{"name":"a","toolMaps":[{"linkName":"x","tools":["t"]}]}', "receive", json))
    assert.equal("tool_maps: duplicate", lines(config, {
      name = "a", toolMaps = { { link_name = "x" } },
      tool_maps = { { link_name = "x" } },
    }, "receive"))
    assert.same({ name = "a", tool_maps = { { link_name = "x" } } }, config:check({
      name = "a", toolMaps = json.null, tool_maps = { { link_name = "x" } },
    }, "receive", json))
  end)

  it("tells an empty list from an empty object", function()
    local model = one("string", { repeated = true })
    assert.equal("x: type", lines(model, json.decode '{"x":{}}', "receive"))
    assert.equal("items: type", lines(everything, json.decode '{"items":{}}', "receive"))
    assert.is_true(json.is_array(model:check(json.decode '{"x":[]}', "receive", json).x))
    assert.equal("object: type", lines(everything, json.decode '{"object":[]}', "receive"))
  end)

  it("takes integers as digits and enums as numbers", function()
    assert.same({ count = 65, whole = -9007199254740992 },
      everything:check({ count = "65", whole = "-9007199254740992" }, "receive", json))
    assert.same({ count = 65 }, everything:check({ count = 65.0 }, "receive", json))
    for _, text in ipairs {
      "", "-", "abc", "1.5", "1e2", " 1", "0x1", "-1", "4294967296", "99999999999999999999",
    } do
      assert.equal("count: type", lines(everything, { count = text }, "receive"))
    end
    assert.equal("STATE_OFF", everything:check({ state = 2 }, "receive", json).state)
    assert.equal("state: enum.defined_only", lines(everything, { state = 3 }, "receive"))
    assert.equal("state: enum.defined_only", lines(everything, { state = -1 }, "receive"))
  end)
end)

describe("replying", function()
  it("fills in what protobuf would", function()
    assert.equal('{"count":0,"flag":false,"labels":{},"real":0,"state":"STATE_UNSPECIFIED",'
      .. '"text":"","whole":0}', json.encode(everything:check({}, "reply", json)))
    assert.equal('{"id":"","name":"","tool_maps":[{"link_name":"","tools":[]}]}',
      json.encode(config:check({ tool_maps = { {} } }, "reply", json)))
    assert.same({}, one("string", { optional = true }):check({}, "reply", json))
    assert.same({}, one("enum", { values = { "A", "B" } }):check({ x = json.null }, "reply", json))
  end)

  it("keeps read-only members, drops unknown ones and breaks no rule", function()
    assert.same({ id = "cfg_1", name = "Not Allowed", tool_maps = {} },
      config:check({ id = "cfg_1", name = "Not Allowed", secret = "s" }, "reply", json))
  end)

  it("reports a wrong type, which is a bug", function()
    assert.equal("main: type", lines(config, { main = "x" }, "reply"))
  end)

  it("lets raw JSON through", function()
    local reply = everything:check({ object = json.raw '{"a" : 1}' }, "reply", json)
    assert.is_truthy(json.encode(reply):find('"object":{"a" : 1}', 1, true))
  end)
end)

describe("answers", function()
  it("are taken as they are, but for what can be put right", function()
    local answer = config:check(json.decode [[{
      "id": "cfg_1", "name": null, "new": {"a": null}, "gone": null,
      "tool_maps": null, "main": {"link_name": 7, "more": [], "tools": null}
    }]], "answer", json)
    assert.equal('{"id":"cfg_1","main":{"link_name":7,"more":[],"tools":[]},"new":{"a":null},'
      .. '"tool_maps":[]}', json.encode(answer))
  end)

  it("give integers from digits and names from numbers", function()
    local answer = everything:check({ count = "65", whole = 65.0, state = 1 }, "answer", json)
    assert.same({ count = 65, whole = 65, state = "STATE_ON" }, answer)
    assert.equal("65", tostring(answer.whole))
    local odd = { count = "many", whole = 1.5, state = "NEW", flag = "yes" }
    assert.same(odd, everything:check(odd, "answer", json))
  end)

  it("take the zero timestamp for none", function()
    assert.same({}, everything:check({ moment = "0001-01-01T00:00:00Z" }, "answer", json))
    assert.same({ moment = "soon" }, everything:check({ moment = "soon" }, "answer", json))
  end)

  it("stay objects where a list should be", function()
    local text = '{"main":{"tools":{"a":1}},"tool_maps":{"b":{"c":null}}}'
    assert.equal(text, json.encode(config:check(json.decode(text), "answer", json)))
  end)

  it("may be anything at all", function()
    assert.equal("text", config:check("text", "answer", json))
    assert.same({ 1 }, config:check({ 1 }, "answer", json))
    assert.equal("x", config:check({ tool_maps = { "x" } }, "answer", json)
      .tool_maps[1])
    assert.equal("x", config:check({ tool_maps = "x" }, "answer", json).tool_maps)
  end)
end)
