local core = require "scalekit.core"

describe("encodings", function()
  local every = {}
  for i = 0, 255 do every[i + 1] = string.char(i) end
  every = table.concat(every)

  it("carry every byte in base64url without padding", function()
    for length = 0, 256 do
      local text = core.base64url(every:sub(1, length))
      assert.is_nil(text:find "[^%w_-]")
      assert.equal(every:sub(1, length), core.unbase64url(text))
    end
  end)

  it("carry every byte in base64 with padding", function()
    for length = 0, 256 do
      local text = core.base64(every:sub(1, length))
      assert.equal(0, #text % 4)
      assert.equal(every:sub(1, length), core.unbase64(text))
    end
  end)

  it("know the test vectors of RFC 4648", function()
    assert.equal("Zm9vYg==", core.base64 "foob")
    assert.equal("Zm9vYg", core.base64url "foob")
    assert.equal("-_-_", core.base64url "\251\255\191")
    assert.equal("+/+/", core.base64 "\251\255\191")
  end)

  it("refuse a second spelling of the same bytes", function()
    for _, text in ipairs { "Zg==", "Zh", "Z", "Zm9v\n", "Zm9+", "Zm 9v", "Zm9vYh" } do
      assert.is_nil(core.unbase64url(text), text)
    end
    for _, text in ipairs { "Zg", "Zg=", "Zh==", "Zg===", "=", "Zg==Zg==", "Zm9-", "Zm9v\n" } do
      assert.is_nil(core.unbase64(text), text)
    end
  end)

  it("percent-encode all but the unreserved characters", function()
    assert.equal("a%2Fb%3Fc%23d%20%25", core.percent "a/b?c#d %")
    assert.equal("AZaz09-._~", core.percent "AZaz09-._~")
    assert.equal("zo%C3%AB%00", core.percent "zoë\0")
    assert.equal(every, core.unpercent(core.percent(every)))
  end)

  it("refuse a broken escape and leave '+' alone", function()
    for _, text in ipairs { "%", "a%2", "%zz", "%%41" } do assert.is_nil(core.unpercent(text)) end
    assert.equal("a+b/", core.unpercent "a+b%2f")
  end)

  it("count code points and nothing that is not UTF-8", function()
    assert.equal(0, core.utf8_length "")
    assert.equal(6, core.utf8_length "zoë例え🙂")
    for _, text in ipairs {
      "\128", "\195", "\192\175", "\237\160\128", "\244\144\128\128", "a\255",
    } do
      assert.is_nil(core.utf8_length(text))
    end
  end)

  it("take secrets where they take strings", function()
    assert.equal("Zm9v", core.base64(core.secret "foo"))
  end)
end)

describe("json_check", function()
  it("tells the byte where the text goes wrong, counted from 1", function()
    local ok, message, offset = core.json_check('{"a":1,}', 64)
    assert.is_nil(ok)
    assert.equal("expected a member name", message)
    assert.equal(8, offset)
  end)

  it("counts brackets against the given depth", function()
    assert.is_true(core.json_check("[[1]]", 2))
    assert.is_nil((core.json_check("[[1]]", 1)))
    assert.has_error(function() core.json_check("1", 513) end)
    assert.has_error(function() core.json_check("1", -1) end)
  end)
end)

describe("json_member", function()
  local text = ' {"a": {"b\\u0063" : [1, {"]":"}"}], "x":1.5 }, "z":null}'

  it("gives the bytes of a nested member as they stand", function()
    assert.equal('[1, {"]":"}"}]', core.json_member(text, "a", "bc"))
    assert.equal("1.5", core.json_member(text, "a", "x"))
    assert.equal("null", core.json_member(text, "z"))
  end)

  it("answers nil where there is none", function()
    assert.is_nil(core.json_member(text, "b"))
    assert.is_nil(core.json_member(text, "a", "bc", "]"))
    assert.is_nil(core.json_member("[]", "a"))
    assert.is_nil(core.json_member('"a"', "a"))
  end)
end)
