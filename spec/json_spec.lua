local json = require "scalekit.json"

local number_type = rawget(math, "type") or type
local INTEGER = number_type == type and "number" or "integer"

local function round(text)
  local value, message = json.decode(text)
  assert(value ~= nil, message)
  return json.encode(value)
end

describe("json", function()
  it("keeps [], {}, null and false apart through a round trip", function()
    for _, text in ipairs {
      "[]", "{}", "null", "false", "true", '""', "0", "[[]]", "[{}]", "[null]", "[false]",
      '{"a":[],"b":{},"c":null,"d":false,"e":[[],[{}],[[]]]}',
    } do
      assert.equal(text, round(text))
    end
  end)

  it("is not fooled by what looks like an empty array", function()
    for _, text in ipairs { '"[]"', '["[]"]', '{"[]":"[ ]"}', [=["\"[]"]=] } do
      assert.equal(text, round(text))
    end
  end)

  it("takes no more memory for {} than for []", function()
    local function bytes_of(text)
      local list = "[" .. (text .. ","):rep(9999) .. text .. "]"
      collectgarbage()
      collectgarbage()
      local before, value = collectgarbage "count", json.decode(list)
      collectgarbage()
      return #value > 0 and collectgarbage "count" - before
    end
    assert.is_true(bytes_of "{}" < 1.1 * bytes_of "[]")
  end)

  it("uses the null of cjson", function()
    assert.equal(require("cjson").null, json.decode "null")
    assert.equal(json.null, json.decode('{"a":null}').a)
  end)

  it("marks every list, so that one that is emptied stays a list", function()
    local value = json.decode '{"a":[1],"b":{"c":[[]]}}'
    table.remove(value.a)
    table.remove(value.b.c[1])
    assert.equal('{"a":[],"b":{"c":[[]]}}', json.encode(value))
    assert.is_true(json.is_array(value.a))
    assert.is_false(json.is_array(value.b))
    assert.is_false(json.is_array "[]")
    assert.is_true(json.is_array { 1 })
    assert.is_true(json.is_array(json.array()))
    assert.equal("[]", json.encode(json.array {}))
  end)

  it("reads whole numbers as integers where Lua has them", function()
    for _, text in ipairs {
      "0", "1", "-1", "1700000000000000", "9007199254740992", "-9007199254740992",
    } do
      local value = json.decode(text)
      assert.equal(text, ("%d"):format(value))
      assert.equal(text, json.encode(value))
      assert.equal(INTEGER, number_type(value))
    end
    local list = json.decode "[1,2.0,1e2]"
    assert.equal("[1,2,100]", json.encode(list))
    assert.equal(INTEGER, number_type(list[2]))
  end)

  it("writes the shortest number that reads back the same", function()
    for text, expected in pairs {
      ["0.1"] = "0.1", ["123456789012345.5"] = "123456789012345.5", ["1e20"] = "1e+20",
      ["0.30000000000000004"] = "0.30000000000000004", ["-1.5e-7"] = "-1.5e-07", ["-0"] = "0",
      ["3.0"] = "3", ["5e-324"] = "4.94065645841247e-324",
    } do
      assert.equal(expected, round(text))
    end
    for _, value in ipairs { 1 / 3, 2 / 3, 1e300, 2 ^ -1000, 2 ^ 53 + 2, 123456789.123 } do
      assert.equal(value, json.decode(json.encode(value)))
    end
  end)

  it("reads integers too long for any type as the nearest double", function()
    for _, text in ipairs {
      "18446744073709551615", "-9223372036854775809", "123456789012345678901234567890",
    } do
      assert.equal(tonumber(text .. "e0"), json.decode(text))
      assert.equal(tonumber(text .. "e0"), json.decode("[" .. text .. "]")[1])
    end
  end)

  it("refuses a number beyond every double", function()
    for _, text in ipairs { "1e400", "[-1e400]", '{"a":[1,1e999]}' } do
      local value, message = json.decode(text)
      assert.is_nil(value)
      assert.matches("^number out of range at byte %d$", message)
    end
  end)

  it("refuses what is not JSON, and says where", function()
    for text, message in pairs {
      [""] = "unexpected end at byte 1",
      ["{} x"] = "text after the value at byte 4",
      ["{}\0"] = "text after the value at byte 3",
      ["nan"] = "expected a value at byte 1",
      ["0x10"] = "text after the value at byte 2",
      ["[1,]"] = "expected a value at byte 4",
      ['"\255"'] = "invalid UTF-8 at byte 2",
      ['"\\ud800"'] = "bad escape in a string at byte 2",
      ['"a\nb"'] = "control character in a string at byte 3",
      ['{"a":1,"a":2}'] = "repeated member name at byte 8",
      ['{"a":1,"\\u0061":2}'] = "repeated member name at byte 8",
      ['{"é":1,"\\u00E9":2}'] = "repeated member name at byte 9",
    } do
      local value, said = json.decode(text)
      assert.is_nil(value)
      assert.equal(message, said)
    end
  end)

  it("refuses nesting beyond 64, or beyond what the caller says", function()
    assert.is_table(json.decode(("["):rep(64) .. ("]"):rep(64)))
    assert.is_nil((json.decode(("["):rep(65) .. ("]"):rep(65))))
    assert.is_nil((json.decode(("["):rep(1000000))))
    assert.is_nil((json.decode("[[1]]", 1)))
    assert.is_table(json.decode(("["):rep(512) .. ("]"):rep(512), 512))
  end)

  it("keeps every character of a string", function()
    local text = "zoë \"\\/\b\f\n\r\t\0\127 <&> \226\128\168 🙂"
    assert.equal(text, json.decode(json.encode(text)))
    assert.equal('"\\u0000\\u001f\\u007f\\n\\"\\\\"', json.encode "\0\31\127\n\"\\")
    assert.equal("🙂", json.decode '"\\ud83d\\ude42"')
    assert.equal("a/b", json.decode '"a\\/b"')
  end)

  it("writes members in the order of their names", function()
    assert.equal('{"a":1,"b":{"c":2,"d":3},"e":[3,1,2]}',
      json.encode { e = { 3, 1, 2 }, b = { d = 3, c = 2 }, a = 1 })
  end)

  it("splices raw text", function()
    assert.equal('{"a":[{"x" : 1.0}]}', json.encode { a = { json.raw '{"x" : 1.0}' } })
    assert.has_error(function() json.raw(nil) end)
  end)

  it("never runs metamethods", function()
    local trap = setmetatable({ a = 1 }, {
      __index = function() error "called" end,
      __pairs = function() error "called" end,
      __len = function() error "called" end,
      __tostring = function() error "called" end,
    })
    assert.equal('{"a":1}', json.encode(trap))
  end)

  it("does not mind a finaliser that encodes too, and changes what is being encoded", function()
    local value, changing, armed = {}, {}, true
    for i = 1, 200 do
      local name = ("name-%d-that-is-too-long-to-be-known-already"):format(i)
      value[name] = { [name .. "-a"] = i, [name .. "-b"] = { i } }
    end
    local function arm()
      local function finalise()
        json.encode { a = { b = { c = ("x"):rep(100) } }, d = 1, e = 2 }
        for name in pairs(changing) do changing[name] = nil end
        if armed then arm() end
      end
      if rawget(_G, "newproxy") then
        getmetatable(newproxy(true)).__gc = finalise -- luacheck: ignore 113
      else
        setmetatable({}, { __gc = finalise })
      end
    end
    local text = json.encode(value)
    for _ = 1, 10 do arm() end
    for _ = 1, 30 do
      for i = 1, 50 do changing[("changing %d %s"):format(i, text)] = i end
      pcall(json.encode, changing) -- what it says depends on when the collector ran
      assert.equal(text, json.encode(value))
    end
    armed = false
  end)

  it("throws on what cannot be JSON, and says where it stands", function()
    local loop = {}
    loop.loop = loop
    local cases = {
      ["cannot encode a function at a.b[2]"] = { a = { b = { 1, print } } },
      ["cannot encode a number that is not finite at x"] = { x = 0 / 0 },
      ["cannot encode a string that is not UTF-8 at [1]"] = { "\255" },
      ["cannot encode a table that is both list and object at a"] = { a = { 1, x = 2 } },
      ["cannot encode a list with holes"] = { [3] = 1 },
      ["cannot encode a list with named members"] = json.array { a = 1 },
      ["cannot encode a table with the key true"] = { [true] = 1 },
      ["cannot encode a table with the key 1.5"] = { [1.5] = 1 },
      ["cannot encode a table with the key 0"] = { [0] = 1 },
    }
    for message, value in pairs(cases) do
      local ok, said = pcall(json.encode, value)
      assert.is_false(ok)
      assert.equal(message, said)
    end
    assert.has_error(function() json.encode(nil) end)
    assert.has_error(function() json.encode(1 / 0) end)
    assert.has_error(function() json.encode(loop) end)
  end)

  it("reads an object of strings and words as it reads one in a list", function()
    local words = {
      '"a"', '""', '"zoë 🙂"', '"\127"', "true", "false", "null", '"\\n"', '"\\\\"', '"\\""', "1",
      "-0.5", "[]", "{}", "[1]", '{"a":"b"}', (' "%s"'):format(("x"):rep(900)), "\n null\t",
    }
    local seed = 1
    local function random(n)
      seed = seed * 16807 % 2147483647
      return seed % n + 1
    end
    for i = 1, 3000 do
      local members = {}
      for k = 1, random(5) - 1 do
        members[k] = ('%s"%s%d"%s:%s'):format((" "):rep(random(2) - 1),
          random(9) == 1 and "\\u0041" or "m", k, (" "):rep(random(2) - 1),
          words[random(i % 2 == 0 and 7 or #words)])
      end
      local text = " {" .. table.concat(members, ",") .. (random(2) == 1 and " } " or "}")
      assert.same(assert(json.decode("[" .. text .. "]"))[1], assert(json.decode(text)), text)
    end
    assert.equal(json.null, json.decode('{"a":null}').a)
  end)
end)
