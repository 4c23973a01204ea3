local span = require "scalekit.mcp.span"

describe("mcp.span.items", function()
  it("gives the exact text of each element", function()
    assert.same({
      '{"a":[1, 2,{"b":"]"}], "c" : "," }', '"x\\"],[\\\\"', "null", "-1.50e+2", "[ ]", "{}", "true",
    }, span.items [==[ [ {"a":[1, 2,{"b":"]"}], "c" : "," } ,"x\"],[\\",null , -1.50e+2,[ ],{},true ] ]==])
  end)

  it("gives nothing for an empty list", function()
    assert.same({}, span.items "[]")
    assert.same({}, span.items " [ \n ] ")
  end)

  it("copes with any number of blanks", function()
    local blanks = (" "):rep(160000)
    assert.same({ "1", "[" .. blanks .. "]" },
      span.items("[" .. blanks .. "1" .. blanks .. ",[" .. blanks .. "]" .. blanks .. "]"))
  end)

  it("is not misled by escapes at the end of a string", function()
    assert.same({ '"\\\\"', '"\\\\\\""', '""' }, span.items [==[["\\","\\\"",""]]==])
  end)
end)
