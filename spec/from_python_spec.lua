-- The Lua on the page for people who come from Python: it compiles, and as one program it runs.
local errors = require "scalekit.error"
local page = require "spec.support.page"
local scalekit = require "scalekit"
local shell = require "scalekit.host.shell"
local testing = require "scalekit.testing"
local webhook = require "scalekit.webhook"

local PAGE = "examples/from_python.md"
local SECRET = "whsec_dGVzdHNlY3JldA=="

describe(PAGE, function()
  local text = assert(shell.read(PAGE))
  local blocks = page.blocks(text, "lua")

  it("has a block of Lua for each of Python", function()
    assert.is_true(#blocks >= #page.blocks(text, "python"))
    assert.is_true(#blocks > 15)
  end)

  it("has Lua that compiles", function()
    for i, block in ipairs(blocks) do
      assert(page.compile(block.text, ("=%s, block %d"):format(PAGE, i)))
    end
  end)

  it("runs from top to bottom", function()
    local env = testing.new()
    local body = '{"type":"connected_account.created"}'
    page.run(blocks, PAGE, {
      print = function() end,
      require = function(name)
        if name ~= "scalekit" then return require(name) end
        return setmetatable({ new = function() return env.client end }, { __index = scalekit })
      end,
      show = function(account) assert(env:allow(account.authentication_link)) end,
      secret = SECRET, body = body,
      headers = {
        ["webhook-id"] = "m", ["webhook-timestamp"] = ("%d"):format(os.time()),
        ["webhook-signature"] = webhook.sign(SECRET, "m", os.time(), body),
      },
    })
    assert.is_true(#env.requests > 20)
  end)

  it("names kinds of error that there are", function()
    local count = 0
    for row in text:match "## Errors(.-)\n## ":gmatch "\n|([^\n]*)|" do
      local cell = row:match "^[^|]*|(.*)$"
      for kind in cell:gmatch "`([%w_]+)`" do
        assert.is_true(errors.KINDS[kind], kind)
        count = count + 1
      end
    end
    assert.is_true(count > 15)
  end)
end)
