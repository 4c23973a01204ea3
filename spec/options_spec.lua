local core = require "scalekit.core"
local options = require "scalekit.options"

local SPEC = { env_url = "string", timeout = "number", client_secret = "string|secret" }

local function new(given)
  local checked = options.check("new", given, SPEC)
  return checked
end

describe("scalekit.options", function()
  it("takes what is known and of the right type", function()
    local given = { env_url = "x", timeout = 3, client_secret = core.secret "s" }
    assert.equal(given, new(given))
  end)

  it("reads no table as no options", function()
    assert.same({}, new(nil))
  end)

  it("refuses an unknown name and suggests the nearest", function()
    local _, message = pcall(function() new { env_ulr = "x" } end)
    assert.equal("new: unknown option 'env_ulr' (did you mean 'env_url'?)", message:match ": (new.*)")
  end)

  it("blames the line of the caller", function()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, message = pcall(function() new { env_ulr = "x" } end)
    assert.matches("options_spec.lua:" .. line .. ":", message, 1, true)
  end)

  it("suggests nothing where nothing is near", function()
    local _, message = pcall(new, { zebra = 1 })
    assert.matches("unknown option 'zebra'$", message)
  end)

  it("refuses a wrong type", function()
    local _, message = pcall(new, { timeout = "3" })
    assert.matches("option 'timeout' must be a number, got string$", message)
  end)

  it("refuses what is no table", function()
    local _, message = pcall(new, "env_url")
    assert.matches("expected a table of options, got string$", message)
  end)

  it("finds the nearest of several names, a swap counting once", function()
    assert.equal("tools", options.nearest("tolos", { "token", "tools", "timeout" }))
    assert.is_nil(options.nearest("completely", { "different" }))
  end)
end)
