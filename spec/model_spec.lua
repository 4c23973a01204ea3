local core = require "scalekit.core"
local json = require "scalekit.json"
local models = require "spec.support.models"

local everything, config = models.everything, models.config
local first, lines, one = models.first, models.lines, models.one

describe("a model in every mode", function()
  it("says where and what, with both types", function()
    local violation = first(config, {
      name = "a",
      tool_maps = { { link_name = "x" }, { link_name = "y", tools = { 1 } } },
    }, "send")
    assert.same({
      field = "tool_maps[2].tools[1]",
      description = "expected string, got number",
      constraint = "type",
    }, violation)
  end)

  it("never changes the value it is given and never runs its metamethods", function()
    local function trap() error "called" end
    local value = setmetatable({ text = "a", labels = { a = "b" } }, {
      __index = trap, __newindex = trap, __pairs = trap, __len = trap,
    })
    local shaped = everything:check(value, "send", json)
    assert.same({ text = "a", labels = { a = "b" } }, shaped)
    assert.are_not.equal(value.labels, shaped.labels)
    assert.is_nil(getmetatable(shaped))
  end)

  it("refuses a value that is no object", function()
    for _, mode in ipairs { "send", "receive", "reply" } do
      for got, value in pairs { list = { 1 }, string = "a", number = 1, null = json.null } do
        local violation = first(everything, value, mode)
        assert.same({ "", "type" }, { violation.field, violation.constraint })
        assert.equal("expected object, got " .. got, violation.description)
      end
      assert.equal("expected object, got list", first(everything, json.array {}, mode).description)
    end
  end)

  it("refuses each type where another is expected", function()
    local wrong = {
      text = { 1, true, {} }, flag = { "true", 1 }, whole = { true, {}, "x" }, count = { true, {} },
      real = { "1", true }, span = { true, {} }, moment = { true, {} },
      object = { "a", 1, { 1 }, json.array {} }, items = { "a", { a = 1 } },
      labels = { "a", { "b" }, json.array {} }, state = { true, {} }, any = { print },
    }
    for _, mode in ipairs { "send", "receive", "reply" } do
      for field, values in pairs(wrong) do
        if not (field == "any" and mode ~= "send") then
          for _, value in ipairs(values) do
            assert.equal(field .. ": type", lines(everything, { [field] = value }, mode))
          end
        end
      end
      assert.equal("labels.a: type", lines(everything, { labels = { a = 1 } }, mode))
    end
  end)

  it("stops after sixteen violations", function()
    local value = {}
    for i = 1, 100 do value["unknown_" .. i] = i end
    local shaped, violations = everything:check(value, "send", json)
    assert.is_nil(shaped)
    assert.equal(16, #violations)
    shaped, violations = one("string", { repeated = true }):check({ x = value }, "send", json)
    assert.is_nil(shaped)
    assert.equal(1, #violations)
    local list = {}
    for i = 1, 100 do list[i] = i end
    violations = select(2, one("string", { repeated = true }):check({ x = list }, "receive", json))
    assert.equal(16, #violations)
  end)

  it("can do without helpers", function()
    assert.same({ x = { "a" } }, one("string", { repeated = true }):check({ x = { "a" } }, "send"))
    assert.is_nil((one("string", { required = true }):check({ x = json.null }, "send")))
    assert.has_error(function() everything:check({}, "other") end)
    assert.has_error(function() everything:check({}, "send", 1) end)
    assert.has_error(function() everything.check({}, {}, "send") end)
  end)
end)

describe("a rule", function()
  local function holds(type_name, options, good, bad, constraint)
    local model = one(type_name, options)
    for _, mode in ipairs { "send", "receive" } do
      for _, value in ipairs(good) do
        assert.is_table(model:check({ x = value }, mode, json), tostring(value))
      end
      for _, value in ipairs(bad) do
        assert.equal("x: " .. constraint, lines(model, { x = value }, mode))
      end
    end
    for _, value in ipairs(bad) do -- a server is taken by its word
      assert.equal(value, model:check({ x = value }, "answer", json).x)
    end
  end

  local function says(description, type_name, options, value)
    local model = one(type_name, options)
    assert.equal(description, first(model, { x = value }, "send").description)
  end

  it("'required' wants a value, and one that is not empty", function()
    holds("string", { required = true }, { "a", " " }, { "" }, "required")
    holds("string", { required = true, optional = true }, { "a" }, {}, "required")
    holds("bool", { required = true }, { true, false }, {}, "required")
    holds("int", { required = true }, { 0, 1 }, {}, "required")
    holds("struct", { required = true }, { {} }, {}, "required")
    for _, type_name in ipairs { "string", "bool", "int", "duration", "struct", "any", config } do
      for _, mode in ipairs { "send", "receive" } do
        local model = one(type_name, { required = true })
        assert.equal("x: required", lines(model, {}, mode))
        assert.equal("x: required", lines(model, { x = json.null }, mode))
        assert.same({}, lines(one(type_name), { x = json.null }, mode))
      end
    end
    assert.equal("x: required",
      lines(one("string", { required = true, repeated = true }), { x = json.array {} }, "receive"))
  end)

  it("'min' and 'max' count the characters of a text", function()
    holds("string", { min = 2, max = 3 }, { "ab", "abc", "äö🙂" }, {}, "")
    holds("string", { min = 2 }, {}, { "a", "🙂", "" }, "string.min_len")
    holds("string", { max = 3 }, { "" }, { "abcd", "äöü🙂" }, "string.max_len")
    says("may have at most 1 character", "string", { max = 1 }, "ab")
    says("needs at least 3 characters", "string", { min = 3 }, "ab")
  end)

  it("'empty' spares an empty text the other rules", function()
    local options = { min = 3, prefix = "a", empty = true }
    holds("string", options, { "", "abc" }, { "ab" }, "string.min_len")
  end)

  it("'charset' names every character there may be", function()
    local good = { "a", "a-b_9", ("a"):rep(100), "" }
    local bad = { "Email", "my agent", "ä", "a.b", "a\n", "a\0", "^" }
    holds("string", { charset = "a-z0-9_-" }, good, bad, "string.pattern")
    good, bad = { "A b:c-d_9" }, { "a.b", "ü" }
    holds("string", { charset = "a-zA-Z0-9_: -" }, good, bad, "string.pattern")
  end)

  it("'must_have' names characters of which one is needed", function()
    holds("string", { must_have = "a-z" }, { "1a", "a" }, { "1", "", "A" }, "string.pattern")
  end)

  it("'prefix' is one beginning or several", function()
    holds("string", { prefix = "ca_" }, { "ca_", "ca_1" }, { "ca", "", "xca_" }, "string.prefix")
    local prefixes = { "http://", "https://" }
    holds("string", { prefix = prefixes }, { "http://a", "https://a" }, { "ftp" }, "string.prefix")
    says("must begin with 'ca_'", "string", { prefix = "ca_" }, "a")
  end)

  it("'pattern_text' words the rule, and the text that broke it is given", function()
    local violation = first(config, { name = "My\nAgent" }, "receive")
    assert.equal("must be lower-case letters", violation.description)
    assert.equal("My?Agent", violation.given)
    violation = first(one("string", { charset = "a" }), { x = ("é"):rep(100) }, "send")
    assert.equal(("é"):rep(32) .. "...", violation.given)
  end)

  it("of UTF-8 holds for every text", function()
    for _, mode in ipairs { "send", "receive", "reply" } do
      assert.equal("x: string.utf8", lines(one "string", { x = "a\255" }, mode))
      assert.equal("x.a: string.utf8", lines(one "map", { x = { a = "\255" } }, mode))
    end
    assert.equal("x[1].a[1]: string.utf8", lines(one "any", { x = { { a = { "\255" } } } }, "send"))
  end)

  it("'min' and 'max' bound a number", function()
    holds("uint32", { max = 30 }, { 0, 30 }, { 31 }, "uint32.lte")
    holds("int", { min = -5, max = 5 }, { -5, 5 }, { -6 }, "int.gte")
    holds("double", { min = 0.5 }, { 0.5, 1e300 }, { 0.25 }, "double.gte")
    says("must be at most 30", "uint32", { max = 30 }, 31)
    says("must be at least 0.5", "double", { min = 0.5 }, 0)
  end)

  it("of integers admits no fraction and nothing that doubles skip", function()
    for _, mode in ipairs { "send", "receive" } do
      for _, value in ipairs { 1.5, 2 ^ 53 + 2, -2 ^ 60, 1 / 0, -1 / 0, 0 / 0 } do
        assert.equal("x: type", lines(one "int", { x = value }, mode))
      end
      for _, value in ipairs { -1, 2 ^ 32 } do
        assert.equal("x: type", lines(one "uint32", { x = value }, mode))
      end
    end
    assert.equal("x: double.finite", lines(one "double", { x = 0 / 0 }, "receive"))
  end)

  it("of a list counts its items", function()
    local model = one("string", { repeated = true, min_items = 1, max_items = 2, max = 3 })
    for _, mode in ipairs { "send", "receive" } do
      assert.is_table(model:check({ x = { "a", "b" } }, mode, json))
      assert.equal("x: repeated.min_items", lines(model, {}, mode))
      assert.equal("x: repeated.min_items", lines(model, { x = json.array {} }, mode))
      assert.equal("x: repeated.min_items", lines(model, { x = json.null }, mode))
      assert.equal("x: repeated.max_items", lines(model, { x = { "a", "b", "c" } }, mode))
      assert.equal("x[2]: string.max_len", lines(model, { x = { "a", "abcd" } }, mode))
      assert.equal("x[1]: type", lines(model, { x = { json.null } }, mode))
      for _, value in ipairs { "a", { a = "b" }, { "a", x = "b" }, { "a", [3] = "c" }, true } do
        assert.equal("x: type", lines(model, { x = value }, mode))
      end
    end
  end)

  it("of a list takes the positions 1 to n for keys and nothing else", function()
    local faults = {
      ["named keys"] = {
        { a = true }, { "a", x = true }, { nil, "b", x = "c" }, { "a", nil, "b", x = "c" },
        { "a", nil, "b", x = "c", [true] = "d" }, json.array { a = "b" },
      },
      holes = {
        { "a", nil, "b" }, { nil, "b" }, { [3] = "c" }, { "a", [3] = "c" }, { [2 ^ 53] = "a" },
        json.array { nil, "b" },
      },
      ["keys that no list has"] = {
        { [0] = "a" }, { "a", [0] = "b" }, { [-1] = "a" }, { "a", [1.5] = "b" },
        { "a", [1.5] = "b", [3] = "c" }, { "a", [true] = "b" }, { [print] = "a" },
        { [1 / 0] = "a" },
      },
    }
    local model = one("string", { repeated = true, required = true, max_items = 1 })
    for what, values in pairs(faults) do
      for i, value in ipairs(values) do
        for mode, description in pairs {
          send = "expected a list, got a table with " .. what,
          reply = "expected a list, got a table with " .. what,
          receive = "expected list, got object", -- where it came from knows no tables
        } do
          local violation = first(model, { x = value }, mode)
          local place = what .. " " .. i .. " " .. mode
          assert.same({ "x", "type", description },
            { violation.field, violation.constraint, violation.description }, place)
        end
      end
    end
  end)

  it("of a list holds for messages, none of which may get lost", function()
    local a, b = { link_name = "a" }, { link_name = "b" }
    for _, mode in ipairs { "send", "receive", "reply" } do
      for _, value in ipairs {
        a, { a = a }, { nil, a }, { a, nil, b }, { a, x = b }, { nil, a, x = b },
      } do
        assert.equal("tool_maps: type", lines(config, { name = "a", tool_maps = value }, mode))
      end
    end
  end)

  it("of a list that is optional bears its absence, but nothing empty is sent", function()
    local model = one("string", { repeated = true, optional = true, min_items = 1, max_items = 2 })
    for _, mode in ipairs { "send", "receive", "reply" } do
      assert.same({}, lines(model, {}, mode))
      assert.same({}, lines(model, { x = json.null }, mode))
      assert.same({ x = { "a", "b" } }, lines(model, { x = { "a", "b" } }, mode))
    end
    assert.equal("x: repeated.min_items", lines(model, { x = {} }, "send"))
    assert.equal("x: repeated.min_items", lines(model, { x = json.array {} }, "send"))
    assert.equal("x: repeated.max_items", lines(model, { x = { "a", "b", "c" } }, "send"))
    assert.equal("x: repeated.max_items", lines(model, { x = { "a", "b", "c" } }, "receive"))
    -- protobuf cannot tell it from one left out
    assert.same({ x = {} }, lines(model, { x = json.array {} }, "receive"))
  end)

  it("of an enum knows its names", function()
    for _, mode in ipairs { "send", "receive", "reply" } do
      assert.equal("STATE_ON", lines(everything, { state = "STATE_ON" }, mode).state)
      assert.equal("state: enum.defined_only", lines(everything, { state = "ON" }, mode))
    end
    assert.equal("must be one of STATE_UNSPECIFIED, STATE_ON, STATE_OFF",
      first(everything, { state = "x" }, "send").description)
  end)
end)

describe("a description", function()
  it("that is wrong throws", function()
    for _, fields in ipairs {
      { 1 }, { {} }, { { "a" } }, { { "a", "text" } }, { { "a", 1 } }, { { 1, "string" } },
      { { "a", "string" }, { "a", "string" } }, { { "a", "enum" } },
      { { "a", "enum", values = {} } },
      { { "a", "enum", values = { 1 } } }, { { "a", "string", requird = true } },
      { { "a", "string", min = "1" } }, { { "a", "string", charset = "z-a" } },
      { { "a", "string", charset = "é" } }, { { "a", "string", prefix = { 1 } } },
      { { "a", "string", pattern_text = 1 } }, { { "a", "duration", max = 1e300 } },
    } do
      assert.has_error(function() core.model("Wrong", fields) end)
    end
    assert.has_error(function() core.model("Wrong") end)
    assert.has_error(function() core.model("Wrong", { { "a", "string", requird = true } }) end,
      "model Wrong, field a: unknown option")
  end)

  it("may be dropped once it is read", function()
    local function build()
      local prefixes, values = { "ab" .. "c_" }, { "ON" .. "E", "TW" .. "O" }
      local model = core.model("Kept", {
        { "na" .. "me", "string", prefix = prefixes, pattern_text = "so " .. "and so" },
        { "kind", "enum", values = values },
        { "inner", core.model("Inner", { { "deep" .. "er", "string" } }) },
      })
      prefixes[1], values[1] = nil, "X"
      return model
    end
    local model = build()
    collectgarbage()
    collectgarbage()
    assert.equal("must be so and so", first(model, { name = "x" }, "send").description)
    assert.same({ kind = "ONE", inner = { deeper = "a" } },
      model:check({ kind = "ONE", inner = { deeper = "a" } }, "send", json))
  end)
end)
