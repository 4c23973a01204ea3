-- An environment of scalekit.testing for each test of a spec, warm: its client has its access token
-- already, so that the leak census of spec/helper.lua finds after a test what was there before it.
local busted = require "busted"
local scalekit = require "scalekit"
local testing = require "scalekit.testing"

-- Calls `use(env)` before each test, and `use(nil)` when it is over.
return function(use, options)
  local keeper -- of the signing key, which takes long to make
  busted.setup(function() keeper = testing.new() end)
  busted.teardown(function() keeper = nil end)
  busted.before_each(function()
    assert(keeper)
    local env = testing.new(options)
    scalekit.check(env.client.mcp:list_configs())
    env.requests = {}
    use(env)
  end)
  busted.after_each(function() use(nil) end)
end
