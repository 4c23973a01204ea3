-- The convenience layer over real HTTP: through nginx, with libcurl, under every driver.
local scalekit = require "scalekit"
local launch = require "scalekit.host.launch"

local GMAIL = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } }
local COUNT = 40

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

-- LuaJIT takes what functions have left on the stack for alive: this overwrites it.
local function scrub()
  return select("#", unpack({}, 1, 250))
end

local runners = {
  ["a plain program"] = function(fn) return fn() end,
  ["scalekit.run"] = function(fn) return scalekit.run(fn) end,
  ["a stranger's coroutine"] = function(fn) return coroutine.wrap(fn)() end,
}
if pcall(require, "cqueues") then
  require "scalekit.driver.cqueues"
  runners.cqueues = function(fn)
    local controller, result = require("cqueues").new(), nil
    controller:wrap(function() result = fn() end)
    assert(controller:loop())
    return result
  end
end
if pcall(require, "luv") then
  runners.luv = function(fn)
    local result
    require("scalekit.driver.luv").spawn(function() result = fn() end)
    require("luv").run()
    return result
  end
end

describe("through #nginx", function()
  local env

  local function new_client()
    return scalekit.check(scalekit.new {
      env_url = env.url, client_id = env.client_id, client_secret = env.client_secret,
    })
  end

  local users = {}

  setup(function()
    env = assert(launch.start {})
    local client = new_client()
    scalekit.check(client.mcp:create_config { name = "agent", connection_tool_mappings = GMAIL })
    for i = 1, COUNT do
      users[i] = "user" .. i
      scalekit.check(client.connected_accounts:create {
        connection_name = "gmail", identifier = users[i],
        authorization_details = { oauth_token = { access_token = "none", scopes = {} } },
      })
    end
  end)
  teardown(function() env:stop() end)

  for name, run in pairs(runners) do
    describe("in " .. name, function()
      it("many sessions are opened at once", function()
        local count = run(function()
          local sessions = 0
          for result in scalekit.check(new_client().mcp:mint {
            config = "agent", identifiers = users, concurrency = 16,
          }) do
            sessions = sessions + (scalekit.check(result.session, result.err) and 1)
          end
          return sessions
        end)
        assert.equal(COUNT, count)
      end)

      it("a loop that is left early leaves nothing behind", function()
        run(function()
          for result in scalekit.check(new_client().mcp:mint {
            config = "agent", identifiers = users, concurrency = 16,
          }) do
            if result.session then break end
          end
        end)
        scrub()
      end)

      it("an iterator that is dropped leaves nothing behind", function()
        assert.is_truthy(run(function()
          return scalekit.check(new_client().mcp:mint {
            config = "agent", identifiers = users, concurrency = 8,
          }):next().session ~= nil
        end))
        scrub()
      end)

      it("an error in the loop leaves nothing behind", function()
        if name == "luv" then return end -- libuv ends the program where a callback raises
        local ok, problem = pcall(run, function()
          for _ in scalekit.check(new_client().mcp:mint {
            config = "agent", identifiers = users, concurrency = 8,
          }) do
            error("mine", 0)
          end
        end)
        assert.is_false(ok)
        assert.matches("mine", problem)
        scrub()
      end)

      it("a session is opened, and a tool called", function()
        assert.is_false(run(function()
          local session = scalekit.check(new_client().mcp:open_session {
            config = "agent", identifier = users[1], expiry = "10m",
          })
          local connection = scalekit.check(session:connect())
          local result = scalekit.check(connection:call_tool("gmail_fetch_mails"))
          connection:close()
          return result.isError or false
        end))
      end)
    end)
  end

  it("clients that ensure one config at the same time make one", function()
    local ids, created = {}, 0
    scalekit.run(function()
      for i = 1, 12 do
        scalekit.spawn(function()
          local result = scalekit.check(new_client().mcp:ensure_config {
            name = "raced", description = "by " .. i % 2, connection_tool_mappings = GMAIL,
          })
          ids[result.config.id] = true
          if result.created then created = created + 1 end
        end)
      end
    end)
    assert.equal(1, created)
    assert.is_nil(next(ids, next(ids)))
  end)

  it("minting goes on while the loop does other calls", function()
    local client, count = new_client(), 0
    for result in scalekit.check(client.mcp:mint {
      config = "agent", identifiers = users, concurrency = 8, ordered = true,
    }) do
      scalekit.check(result.session, result.err)
      scalekit.check(client.mcp:list_configs())
      count = count + 1
    end
    assert.equal(COUNT, count)
  end)
end)
