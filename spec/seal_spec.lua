local core = require "scalekit.core"

describe("a sealer", function()
  local sealer

  before_each(function() sealer = core.sealer(core.secret "s3cr3t", "tokens") end)
  after_each(function() sealer = nil end)

  it("opens what it has sealed, as a secret", function()
    local opened = sealer:open(sealer:seal(core.secret "a\0token", "context"), "context")
    assert.equal("scalekit.secret", tostring(opened))
    assert.equal("a\0token", core.reveal(opened))
  end)

  it("shows nothing of what it has sealed", function()
    assert.is_nil(sealer:seal("a token"):find("a token", 1, true))
  end)

  it("seals nothing twice alike", function()
    assert.not_equal(sealer:seal "x", sealer:seal "x")
  end)

  it("opens nothing that has been changed, cut, or is of another context", function()
    local sealed = sealer:seal("a token", "context")
    assert.is_nil(sealer:open(sealed, "other"))
    assert.is_nil(sealer:open(sealed:sub(1, -2), "context"))
    assert.is_nil(sealer:open(sealed:sub(1, -2) .. (sealed:sub(-1) == "x" and "y" or "x"), "context"))
    assert.is_nil(sealer:open("", "context"))
  end)

  it("opens nothing of another secret or another purpose", function()
    local sealed = sealer:seal "a token"
    assert.is_nil(core.sealer("s3cr3t2", "tokens"):open(sealed))
    assert.is_nil(core.sealer("s3cr3t", "keys"):open(sealed))
    assert.equal("a token", core.reveal(core.sealer("s3cr3t", "tokens"):open(sealed)))
  end)

  it("gives names that tell nothing", function()
    local name = sealer:name "https://name.scalekit.dev"
    assert.matches("^%x+$", name)
    assert.equal(32, #name)
    assert.equal(name, sealer:name "https://name.scalekit.dev")
    assert.not_equal(name, core.sealer("other", "tokens"):name "https://name.scalekit.dev")
  end)

  it("shows only its class", function()
    assert.equal("scalekit.sealer", tostring(sealer))
  end)
end)
