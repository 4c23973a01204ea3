-- The Lua on the page for people who come from Python: it compiles, and as one program it runs.
local errors = require "scalekit.error"
local scalekit = require "scalekit"
local shell = require "scalekit.host.shell"
local testing = require "scalekit.testing"
local webhook = require "scalekit.webhook"

local PAGE = "examples/from_python.md"
local NOT_RUN = "<!-- not run: "
local SECRET = "whsec_dGVzdHNlY3JldA=="

-- The blocks of a language in order: { text, run }.
local function blocks_of(page, language)
  local blocks, last = {}, 1
  for before, text, after in page:gmatch("()```" .. language .. "\n(.-)```()") do
    local between = page:sub(last, before - 1)
    blocks[#blocks + 1] = {
      text = text, run = between:match "[^\n]*\n$":sub(1, #NOT_RUN) ~= NOT_RUN,
    }
    last = after
  end
  return blocks
end

-- luacheck: push ignore 113 143 (5.1 has loadstring and setfenv)
local function compile(text, name, env)
  if loadstring then
    local chunk, problem = loadstring(text, name)
    return chunk and setfenv(chunk, env or _G), problem
  end
  return load(text, name, "t", env or _G)
end
-- luacheck: pop

describe(PAGE, function()
  local page = assert(shell.read(PAGE))
  local blocks = blocks_of(page, "lua")

  it("has a block of Lua for each of Python", function()
    assert.is_true(#blocks >= #blocks_of(page, "python"))
    assert.is_true(#blocks > 15)
  end)

  it("has Lua that compiles", function()
    for i, block in ipairs(blocks) do
      assert(compile(block.text, ("=%s, block %d"):format(PAGE, i)))
    end
  end)

  it("runs from top to bottom", function()
    local env = testing.new()
    local program = {}
    for _, block in ipairs(blocks) do
      if block.run then program[#program + 1] = block.text end
    end
    local body = '{"type":"connected_account.created"}'
    local world = setmetatable({
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
    }, { __index = _G })
    local ok, problem = pcall(assert(compile(table.concat(program, "\n"), "=" .. PAGE, world)))
    if not ok then error(tostring(problem), 0) end
    assert.is_true(#env.requests > 20)
  end)

  it("names kinds of error that there are", function()
    local count = 0
    for row in page:match "## Errors(.-)\n## ":gmatch "\n|([^\n]*)|" do
      local cell = row:match "^[^|]*|(.*)$"
      for kind in cell:gmatch "`([%w_]+)`" do
        assert.is_true(errors.KINDS[kind], kind)
        count = count + 1
      end
    end
    assert.is_true(count > 15)
  end)
end)
