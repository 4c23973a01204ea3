-- The example against a stand-in for Claude's endpoints (spec/nginx/claude.lua) and a local Virtual
-- MCP server, both real servers: what it calls the agent connects with the token from the vault.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local example = require "spec.support.example"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"

local PROGRAM = "examples/claude_managed_agents.lua"

describe("#nginx examples/claude_managed_agents.lua", function()
  local vmcp, claude, notes, other_notes

  setup(function()
    vmcp = assert(launch.start { workers = 1 })
    claude = assert(launch.start { app = "spec.nginx.claude", lua_path = "?.lua", workers = 1 })
    notes, other_notes = os.tmpname(), os.tmpname()
  end)

  teardown(function()
    if vmcp then vmcp:stop() end
    if claude then claude:stop() end
    if notes then os.remove(notes) end
    if other_notes then os.remove(other_notes) end
  end)

  local function environment(changes)
    local all = {
      SCALEKIT_ENV_URL = vmcp.url, SCALEKIT_CLIENT_ID = vmcp.client_id,
      SCALEKIT_CLIENT_SECRET = vmcp.client_secret, SCALEKIT_DEMO = "1",
      ANTHROPIC_BASE_URL = claude.url, ANTHROPIC_API_KEY = claude.client_secret,
      CLAUDE_ENVIRONMENT_ID = "env_1", EXAMPLE_NOTES = notes,
    }
    for name, value in pairs(changes or {}) do all[name] = value end
    return all
  end

  -- What the stand-in was asked for.
  local function log()
    local response = assert(curl.new() {
      method = "GET", url = claude.url .. "/log", deadline = core.now() + 10,
    })
    return json.decode(response.body)
  end

  local function requests(pattern)
    local found = {}
    for _, request in ipairs(log()) do
      if (request.method .. " " .. request.path):find(pattern) then found[#found + 1] = request end
    end
    return found
  end

  it("V01 V02 has the agent use the user's tool, first with a new credential", function()
    local output = example.run(PROGRAM, environment())
    assert.matches("My tools: gmail_fetch_mails", output)
    assert.matches("→ gmail_fetch_mails\n%s+← ok", output)
    assert.matches("%(end_turn%)", output)
    assert.matches("Done%.\n$", output)
    local created = requests "^POST /v1/vaults/[^/]+/credentials$"
    assert.equal(1, #created)
    assert.equal("static_bearer", created[1].body.auth.type)
    assert.matches("^" .. vmcp.url:gsub("%p", "%%%0") .. "/mcp/v3/servers/",
      created[1].body.auth.mcp_server_url)
  end)

  it("V01 replaces the token in later runs, and makes no second agent", function()
    local output = example.run(PROGRAM, environment())
    assert.matches("from an earlier run", output)
    assert.matches("%(end_turn%)", output)
    local updated = requests "^POST /v1/vaults/[^/]+/credentials/[^/]+$"
    assert.equal(1, #updated)
    assert.is_nil(updated[1].body.auth.mcp_server_url)
    assert.equal(1, #requests "^POST /v1/agents$")
    assert.equal(1, #requests "^POST /v1/vaults$")
    local created = requests "^POST /v1/vaults/[^/]+/credentials$"
    assert.are_not.equal(created[1].body.auth.token, updated[1].body.auth.token)
  end)

  it("opens the stream before it sends anything", function()
    local order = {}
    for _, request in ipairs(log()) do
      local what = request.path:match "^/v1/sessions/[^/]+/(events.*)$"
      if what then order[#order + 1] = what end
    end
    assert.same({ "events/stream", "events" }, { order[1], order[2] })
  end)

  it("V02 answers when a tool is to be allowed, and goes on", function()
    local output = example.run(PROGRAM, environment {
      EXAMPLE_NOTES = other_notes, CLAUDE_PERMISSION_POLICY = "always_ask",
    })
    assert.matches("→ gmail_fetch_mails\n%s+%? allowing sevt_%w+\n%s+← ok", output)
    assert.matches("%(end_turn%)", output)
  end)

  it("says that a token was refused, and reads on", function()
    local output = example.run(PROGRAM, environment(), "use a bad token")
    assert.matches("! mcp_authentication_failed_error", output)
    assert.matches("I have no tools%.\n%s+%(end_turn%)", output)
  end)

  it("says what is wrong, and never the key", function()
    local output, ok = example.try(PROGRAM, environment { ANTHROPIC_API_KEY = "sk-wrong-0123456789" })
    assert.is_false(ok)
    assert.matches("HTTP 401: invalid x%-api%-key", output)
    assert.is_nil(output:find("sk-wrong", 1, true))
  end)
end)
