-- The cases of the contract and of MCP once more, with the client inside nginx: its
-- driver, its transport, its Lua. They are the specs of spec/contract and spec/mcp,
-- run by a worker.
local core = require "scalekit.core"
local json = require "scalekit.json"
local nginx = require "spec.support.nginx"
local shell = require "scalekit.host.shell"

local PATIENCE = 300 -- seconds

-- What runs under every other driver, over libcurl, or as a program of its own.
local ELSEWHERE = {
  agent_loop = true, drivers = true, faults = true, hostile = true, mutation = true,
}

local function cases()
  local list = { "spec/contract" }
  local _, names = shell.run "ls spec/mcp"
  for name in names:gmatch "([%w_]+)_spec%.lua" do
    if not ELSEWHERE[name] then list[#list + 1] = ("spec/mcp/%s_spec.lua"):format(name) end
  end
  return json.array(list)
end

describe("inside nginx #nginx #slow", function()
  local host, root

  setup(function()
    host = nginx.start { workers = 1, main = "env PATH;", log = "crit" }
    local _, here = shell.run "pwd"
    root = here:match "^[^\n]*"
  end)

  teardown(function() host:stop() end)

  it("the cases of the contract and of MCP pass", function()
    local path = host.dir .. "/report"
    host:eval([[require "spec.nginx.busted".files(...)]], root,
      cases(), json.array { "npm" }, path)
    local till = core.now() + PATIENCE
    while not shell.exists(path) and core.now() < till do core.sleep(0.1) end
    local report = assert(json.decode(shell.read(path) or "no report"), host:errors())
    assert.same({}, report.problems)
    assert.is_true(report.success > 600, ("%d cases"):format(report.success))
  end)
end)
