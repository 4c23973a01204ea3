local core = require "scalekit.core"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"

local function schema(properties, more)
  local text = ('{"type":"object","properties":%s%s}'):format(properties, more or "")
  return assert(json.decode(text))
end

describe("mcp.header.encode", function()
  it("leaves what a header can carry", function()
    for _, text in ipairs {
      "", "plain", "two words", "a/b:c", "=?base64?QQ==", "QQ==?=", "=?BASE64?QQ==?=",
    } do
      assert.equal(text, header.encode(text))
    end
  end)

  it("wraps what it cannot", function()
    local vectors = {
      ["Zürich"] = "WsO8cmljaA==",
      [" lead"] = "IGxlYWQ=",
      ["trail "] = "dHJhaWwg",
      ["a\tb"] = "YQli",
      ["x\r\ny"] = "eA0KeQ==",
      ["=?base64?QQ==?="] = "PT9iYXNlNjQ/UVE9PT89",
      ["\0"] = "AA==",
      ["\127"] = "fw==",
      ["\t"] = "CQ==",
    }
    for text, wrapped in pairs(vectors) do
      assert.equal("=?base64?" .. wrapped .. "?=", header.encode(text))
    end
  end)

  it("never lets a byte through that ends a header", function()
    for byte = 0, 255 do
      local value = header.encode("a" .. string.char(byte) .. "b")
      assert.is_true(header.is_value(value))
      local inner = value:match "^=%?base64%?(.*)%?=$"
      assert.equal("a" .. string.char(byte) .. "b", inner and core.unbase64(inner) or value)
    end
  end)
end)

describe("mcp.header.is_value", function()
  it("refuses line breaks, NUL and other control characters", function()
    for _, bad in ipairs { "a\rb", "a\nb", "a\0b", "\27[31m", "\127" } do
      assert.is_false(header.is_value(bad))
    end
    assert.is_true(header.is_value "a\tb c")
  end)
end)

describe("mcp.header.mirrors", function()
  it("finds annotated properties, nested ones too", function()
    local found = assert(header.mirrors(schema [[{
      "region": { "type": "string", "x-mcp-header": "Region" },
      "where": { "type": "object", "properties": { "zip": { "type": "integer", "x-mcp-header": "Zip" } } },
      "plain": { "type": "number" } }]]))
    table.sort(found, function(a, b) return a.name < b.name end)
    assert.same({
      { name = "Mcp-Param-Region", path = { "region" } },
      { name = "Mcp-Param-Zip", path = { "where", "zip" } },
    }, { found[1], found[2] })
    assert.equal(2, #found)
  end)

  it("refuses names that are no header names", function()
    for _, name in ipairs { '""', '"a b"', '"a:b"', '"Zürich"', '"a\\u0001"', "3", "null", "{}", "[]" } do
      assert.is_nil((header.mirrors(schema(
        '{"a":{"type":"string","x-mcp-header":' .. name .. "}}"))), name)
    end
  end)

  it("refuses types that have no header form", function()
    for _, kind in ipairs { '"number"', '"object"', '"array"', '"null"', '["string","null"]' } do
      assert.is_nil((header.mirrors(schema(
        '{"a":{"type":' .. kind .. ',"x-mcp-header":"A"}}'))), kind)
    end
    assert.is_nil((header.mirrors(schema '{"a":{"x-mcp-header":"A"}}')))
  end)

  it("refuses a name used twice, whatever its case", function()
    assert.is_nil((header.mirrors(schema [[{
      "a": { "type": "string", "x-mcp-header": "Same" },
      "b": { "type": "string", "x-mcp-header": "sAME" } }]])))
  end)

  it("refuses annotations that no path of properties reaches", function()
    local leaf = '{"type":"string","x-mcp-header":"A"}'
    for _, place in ipairs {
      '"items":' .. leaf, '"prefixItems":[' .. leaf .. "]", '"not":' .. leaf, '"if":' .. leaf,
      '"then":' .. leaf, '"else":' .. leaf, '"oneOf":[' .. leaf .. "]", '"anyOf":[' .. leaf .. "]",
      '"allOf":[{"properties":{"a":' .. leaf .. "}}]", '"$defs":{"a":' .. leaf .. "}",
      '"additionalProperties":' .. leaf, '"patternProperties":{"^a":' .. leaf .. "}",
      '"dependentSchemas":{"a":' .. leaf .. "}", '"contains":' .. leaf,
    } do
      assert.is_nil((header.mirrors(schema('{"x":{' .. place .. "}}"))), place)
      assert.is_nil((header.mirrors(schema("{}", "," .. place))), place)
    end
    assert.is_nil((header.mirrors(schema("{}", ',"x-mcp-header":"A"'))))
    assert.is_nil((header.mirrors { type = "string", ["x-mcp-header"] = "A" }))
  end)

  it("does not take data for an annotation", function()
    assert.same({}, header.mirrors(schema [[{
      "x-mcp-header": { "type": "string" },
      "a": { "const": { "x-mcp-header": "A" }, "default": { "x-mcp-header": "A" } },
      "b": { "enum": [ { "x-mcp-header": "" } ], "examples": [ { "x-mcp-header": "" } ] } }]]))
  end)
end)

describe("mcp.header.mirror", function()
  local function mirror(arguments)
    return header.mirror({ { name = "Mcp-Param-A", path = { "a" } },
      { name = "Mcp-Param-B", path = { "o", "b" } } }, arguments)
  end

  it("writes strings, whole numbers and booleans", function()
    assert.same({ ["Mcp-Param-A"] = "us", ["Mcp-Param-B"] = "42" }, mirror { a = "us", o = { b = 42.0 } })
    assert.same({ ["Mcp-Param-A"] = "false" }, mirror { a = false })
    assert.same({ ["Mcp-Param-A"] = "9007199254740991" }, mirror { a = 2 ^ 53 - 1 })
    assert.same({ ["Mcp-Param-A"] = "" }, mirror { a = "" })
    assert.same({ ["Mcp-Param-A"] = "=?base64?eA0KeQ==?=" }, mirror { a = "x\r\ny" })
  end)

  it("omits absent and null arguments", function()
    assert.same({}, mirror {})
    assert.same({}, mirror { a = json.null, o = json.null })
    assert.same({}, mirror { o = false })
    assert.same({}, mirror { o = json.array { { b = 1 } } })
  end)

  it("refuses what has no header form", function()
    for _, value in ipairs { 1.5, 2 ^ 53, 0 / 0, 1 / 0, {}, ("x"):rep(8193) } do
      local headers, reason = mirror { o = { b = value } }
      assert.is_nil(headers)
      assert.matches("o%.b", reason)
    end
  end)
end)
