-- examples/agent_loop.lua as a program, against a stand-in of the Messages API
-- and a real Virtual MCP server.

local env = require "spec.support.env"
local raw_peer = require "spec.support.raw_peer"

local LUA = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
local PROGRAM = "ANTHROPIC_BASE_URL=%s ANTHROPIC_API_KEY=%s MCP_URL=%s MCP_TOKEN=%s"
  .. " exec %s examples/agent_loop.lua 'what is up?' 2>&1"

describe("examples/agent_loop", function()
  env.both({}, function(e)
    if e.kind ~= "nginx" then return end -- it is a program of its own

    local model, session

    setup(function() model = raw_peer.start "llm_peer" end)
    teardown(function() model:stop() end)

    before_each(function()
      session = e:open {
        { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
        { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } },
      }
    end)

    local function run(key)
      local pipe = assert(io.popen(PROGRAM:format(
        model.url, key, session.config.mcp_server_url, session.token, LUA)))
      local output = pipe:read "*a"
      pipe:close()
      return output
    end

    it("lets a model use the tools until it has an answer", function()
      local output = run "k-1"
      for _, line in ipairs {
        "I have gmail_fetch_mails googlecalendar_list_events\n",
        '> gmail_fetch_mails\t{"max_results":1}\n',
        "events: true\nmails: true\nsent: false\nwhy: there is no tool gmail_send_mail\n",
      } do
        assert.is_truthy(output:find(line, 1, true), output)
      end
    end)

    it("says why it cannot", function()
      local output = run "wrong"
      assert.is_truthy(output:find("401", 1, true), output)
      assert.is_nil(output:find(session.token, 1, true))
    end)
  end)
end)
