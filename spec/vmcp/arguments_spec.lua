local arguments = require "scalekit.vmcp.arguments"
local json = require "scalekit.json"
local schema = require "scalekit.vmcp.connector.schema"

describe("checking a tool's arguments", function()
  local function check(property, text)
    local whole = schema.arguments({ x = property }, {})
    return arguments.check(whole, json.decode('{"x":' .. text .. "}"))
  end

  it("knows the types", function()
    for kind, good in pairs {
      string = '""', integer = "5", number = "1.5", boolean = "false", array = "[]", object = "{}",
      null = "null",
    } do
      assert.is_nil(check({ type = kind }, good), kind)
      for _, other in ipairs { '""', "5", "1.5", "false", "[]", "{}", "null", "[1]" } do
        local fits = other == good or kind == "number" and other == "5" or kind == "array" and other == "[1]"
        assert.equal(fits, check({ type = kind }, other) == nil, kind .. " " .. other)
      end
    end
    assert.is_nil(check({ type = { "string", "null" } }, "null"))
    assert.equal("x: expected string or null, got integer", check({ type = { "string", "null" } }, "1"))
    assert.is_nil(check({}, "1"))
    assert.is_nil(check({ type = "integer" }, "5.0"))
  end)

  it("knows enums, lengths and bounds", function()
    assert.is_nil(check(schema.enum({ "a", "b" }, ""), '"a"'))
    assert.equal('x: must be one of "a", "b"', check(schema.enum({ "a", "b" }, ""), '"c"'))
    assert.equal("x: must have a length of at least 2", check(schema.string("", { minLength = 2 }), '"é"'))
    assert.is_nil(check(schema.string("", { maxLength = 1 }), '"é"'))
    assert.equal("x: must be at most 3", check(schema.integer("", { maximum = 3 }), "4"))
    assert.equal("x: must have a length of at most 1",
      check(schema.list(schema.string "", "", { maxItems = 1 }), '["a","b"]'))
  end)

  it("names the place", function()
    local inner = schema.object({ y = schema.list(schema.integer "", "") }, { "z" })
    assert.equal("x.z: is required\nx.y[2]: expected integer, got string", check(inner, '{"y":[1,"a"]}'))
    assert.equal("q: is not a parameter of this tool",
      arguments.check(schema.arguments({}, {}), { q = 1 }))
  end)

  it("does not go on for ever about it", function()
    local text = check(schema.list(schema.string "", ""), "[" .. ("1,"):rep(100) .. "1]")
    local _, lines = text:gsub("\n", "")
    assert.equal(7, lines)
  end)

  it("accepts what the demo tools document", function()
    for _, connection in ipairs(require("scalekit.vmcp.connector").demo()) do
      for _, tool in ipairs(connection.tools) do
        assert.equal("object", tool.input_schema.type)
        assert.is_false(tool.input_schema.additionalProperties)
        for _, name in ipairs(tool.input_schema.required) do
          assert.truthy(tool.input_schema.properties[name])
        end
      end
    end
  end)
end)
