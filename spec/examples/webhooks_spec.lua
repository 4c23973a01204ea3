local example = require "spec.support.example"

describe("examples/webhooks.lua", function()
  it("acts once on what is signed, and refuses the rest", function()
    local output = example.run("examples/webhooks.lua")
    assert.matches("user_123's gmail went from ACTIVE to EXPIRED", output)
    assert.equal(1, select(2, output:gsub("asking user_123 to authorize again", "")))
    assert.matches("refused: scalekit: unauthorized: no signature matches", output)
    assert.matches("refused: scalekit: unauthorized: the delivery is too old", output)
    assert.matches("Done%.\n$", output)
  end)
end)
