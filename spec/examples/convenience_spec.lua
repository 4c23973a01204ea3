-- The examples of the convenience layer, each run as a reader would.
local example = require "spec.support.example"
local launch = require "scalekit.host.launch"

local function has(name)
  return (pcall(require, name))
end

describe("#nginx the example", function()
  local env

  setup(function() env = assert(launch.start {}) end)
  teardown(function() env:stop() end)

  local function run(name)
    return example.run("examples/" .. name, {
      SCALEKIT_ENV_URL = env.url, SCALEKIT_CLIENT_ID = env.client_id,
      SCALEKIT_CLIENT_SECRET = env.client_secret,
    })
  end

  it("bulk_mint.lua mints for all but who has not authorized", function()
    local output = run "bulk_mint.lua"
    assert.matches("100 of 100\n", output)
    assert.matches("user_042: user_042 has to authorize gmail %(no account%)\n", output)
    assert.matches("99 sessions, 1 failed\n$", output)
  end)

  it("errors.lua shows what a program learns", function()
    local output = run "errors.lua"
    for _, words in ipairs {
      "list_configs: unknown option 'filter_nmae' (did you mean 'filter_name'?)",
      "field name: must be lower-case letters",
      "field connection_tool_mappings[1].tools[1] → gmail_fetch_mails",
      "kind = not_found, retryable = false, outcome = none",
      "nobody_yet has to authorize gmail (PENDING_AUTH)",
      "kind = network, retryable = true, outcome = none",
      "kind = timeout",
    } do
      assert.is_truthy(output:find(words, 1, true), words .. "\n" .. output)
    end
    assert.matches("Done%.\n$", output)
  end)

  it("pages.lua reads every page", function()
    local output = run "pages.lua"
    assert.matches("%d+ tools, from gmail_fetch_mails to ", output)
    assert.matches("Done%.\n$", output)
  end)

  if has "luv" then
    it("luv.lua leaves the loop turning", function()
      local output = run "luv.lua"
      assert.matches("gmail has %d+ tools\n", output)
      assert.matches("The loop turned all the time%.\n$", output)
    end)
  end

  if has "cqueues" then
    it("cqueues.lua leaves the controller turning", function()
      local output = run "cqueues.lua"
      assert.matches("googlecalendar has %d+ tools\n", output)
      assert.matches("The controller turned all the time%.\n$", output)
    end)
  end
end)

describe("the example", function()
  it("testing.lua passes, without a network", function()
    local output = example.run("/usr/bin/busted", nil, "examples/testing.lua")
    assert.matches("7 successes / 0 failures / 0 errors", output)
  end)
end)
