local core = require "scalekit.core"
local failure = require "scalekit.mcp.failure"

local TOKEN = "tok_" .. ("0123456789abcdef"):rep(20)

describe("mcp.failure.words", function()
  local function words(text)
    return failure.words({ core.secret(TOKEN), core.secret "hunter2" }, text)
  end

  it("are one line without blanks around it", function()
    assert.equal("not now", words " \n not\r\n now\t")
    assert.is_nil(words " \n ")
    assert.is_nil(words(nil))
    assert.is_nil(words {})
  end)

  it("are read in no time, however many blanks are inside", function()
    assert.equal("a", words("a" .. (" "):rep(160000) .. "b"))
    assert.is_nil(words((" "):rep(160000)))
  end)

  it("hold no secret, however often it is repeated", function()
    local text = words((TOKEN .. " hunter2 "):rep(3000))
    assert.is_nil(text:find("tok_", 1, true))
    assert.is_nil(text:find("hunter", 1, true))
    assert.equal("[secret] [secret] ", text:sub(1, 18))
  end)

  it("hold no part of a secret that lies where they are cut", function()
    for shift = 0, #TOKEN + 10 do
      -- blanks are joined to one, so that the place of the cut comes into view
      local text = words("a" .. (" "):rep(4095 - shift) .. TOKEN:rep(3))
      assert.is_nil(text:find("tok", 1, true), text)
      assert.is_nil(text:find("0123", 1, true), text)
    end
  end)
end)

describe("mcp.failure.redact", function()
  it("replaces every secret in a text of any length", function()
    local secrets = { core.secret "hunter2", core.secret "" }
    assert.equal("a [secret]b[secret]", failure.redact(secrets, "a hunter2bhunter2"))
    assert.equal(("[secret] "):rep(112500), failure.redact(secrets, ("hunter2 "):rep(112500)))
  end)
end)
