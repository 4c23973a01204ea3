local trim = require "scalekit.trim"

describe("scalekit.trim", function()
  it("removes blanks at the ends and nowhere else", function()
    for text, trimmed in pairs {
      [""] = "", [" "] = "", ["\t\r\n "] = "", a = "a", [" a b\t"] = "a b", ["\r\na\r\n"] = "a",
      ["a "] = "a", [" a"] = "a", ["\194\160a"] = "\194\160a", ["\va"] = "\va",
    } do
      assert.equal(trimmed, trim(text))
    end
  end)

  it("does so however many there are", function()
    local blanks = (" "):rep(200000)
    assert.equal("", trim(blanks))
    assert.equal("a" .. blanks .. "b", trim(blanks .. "a" .. blanks .. "b" .. blanks))
  end)
end)
