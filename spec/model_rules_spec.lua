-- Rules between fields, and within maps.
local core = require "scalekit.core"
local models = require "spec.support.models"

local lines, one = models.lines, models.one

local either = core.model("Either", {
  { "token", "struct", oneof = "how" },
  { "names", "string", repeated = true, oneof = "how" },
  { "other", "string", oneof = "else" },
  { "plain", "string" },
})

describe("a model's oneof", function()
  it("takes one of its fields, with fields of other groups and of none", function()
    for _, value in ipairs { { token = { a = 1 } }, { names = { "x" } }, {} } do
      value.other, value.plain = "o", "p"
      assert.same(value, lines(either, value, "send"))
      assert.same(value, lines(either, value, "receive"))
    end
  end)

  it("refuses two, naming the one that came second and the rule", function()
    local value = { token = { a = 1 }, names = { "x" } }
    for _, mode in ipairs { "send", "receive" } do
      assert.equal("names: how", lines(either, value, mode))
    end
    assert.equal("cannot be given together with 'token'",
      models.first(either, value, "send").description)
  end)

  it("does not count a null", function()
    local null = require("scalekit.json").null
    assert.same({ names = { "x" } }, lines(either, { token = null, names = { "x" } }, "receive"))
  end)

  it("lets an answer say what it will", function()
    local value = { token = { a = 1 }, names = { "x" } }
    assert.same(value, lines(either, value, "answer"))
  end)
end)

describe("a model's enum in an answer", function()
  local enum = one("enum", { values = { "STATE_UNSPECIFIED", "STATE_ON" } })

  it("is a word of its own, however the server spells it", function()
    for _, word in ipairs { "STATE_ON", "state_on", "State_On", 1 } do
      assert.same({ x = "STATE_ON" }, lines(enum, { x = word }, "answer"))
    end
  end)

  it("is what it is where it is no word of its own", function()
    for _, word in ipairs { "STATE_NEW", "state_new", "", "\0", ("x"):rep(100), 7, true } do
      assert.same({ x = word }, lines(enum, { x = word }, "answer"))
    end
  end)

  it("is spelt right in a request", function()
    assert.equal("x: enum.defined_only", lines(enum, { x = "state_on" }, "send"))
  end)
end)

describe("a model's map", function()
  local labels = one("map", { max_items = 2, key_min = 2, key_max = 3, min = 1, max = 2 })

  it("takes texts by name within its bounds, counted in code points", function()
    for _, map in ipairs { {}, { ab = "x" }, { ["é日本"] = "é日", abc = "y" } } do
      assert.same({ x = map }, lines(labels, { x = map }, "send"))
      assert.same({ x = map }, lines(labels, { x = map }, "receive"))
    end
  end)

  it("refuses names and texts beyond them", function()
    assert.equal("x.a: string.min_len", lines(labels, { x = { a = "x" } }, "send"))
    assert.equal("x.abcd: string.max_len", lines(labels, { x = { abcd = "x" } }, "send"))
    assert.equal("x.ab: string.min_len", lines(labels, { x = { ab = "" } }, "send"))
    assert.equal("x.ab: string.max_len", lines(labels, { x = { ab = "xyz" } }, "send"))
  end)

  it("refuses too many pairs", function()
    local value = { x = { ab = "1", bc = "2", cd = "3" } }
    assert.equal("x: map.max_pairs", lines(labels, value, "receive"))
    assert.equal("may have at most 2 pairs", models.first(labels, value, "send").description)
  end)

  it("refuses what is no text", function()
    assert.equal("x.ab: type", lines(labels, { x = { ab = 1 } }, "receive"))
  end)

  it("replies with what there is", function()
    assert.same({ x = { a = "" } }, lines(labels, { x = { a = "" } }, "reply"))
  end)
end)
