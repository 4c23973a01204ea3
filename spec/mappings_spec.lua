-- Mappings that are no list: an entry that got lost on the way would be a
-- grant that nobody meant to give or to keep, so every such table raises.
local core = require "scalekit.core"
local json = require "scalekit.json"
local scalekit = require "scalekit"

local GMAIL = { connection_name = "gmail", tools = { "gmail_fetch_mails" } }
local CALENDAR = { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } }
local EVERYTHING = { connection_name = "gmail", tools = scalekit.ALL }

-- Gives a client whose transport notes what reaches it and answers all of it.
local function connect()
  local bodies = {}
  local client = scalekit.check(scalekit.new {
    env_url = "https://env.example.test", client_id = "skc_1", client_secret = "s",
    transport = function(request)
      if request.url:find "/oauth/token$" then
        local token = core.secret '{"access_token":"t","token_type":"Bearer"}'
        return { status = 200, headers = {}, body = token }
      end
      bodies[#bodies + 1] = request.body
      return { status = 200, headers = {}, body = '{"config":{"id":"cfg_1"}}' }
    end,
  })
  return client, bodies
end

-- No tail calls: those have no line that could be told.
local CALLS = {
  create_config = function(client, mappings)
    return (client.mcp:create_config { name = "a", connection_tool_mappings = mappings })
  end,
  update_config = function(client, mappings)
    return (client.mcp:update_config { config_id = "cfg_1", connection_tool_mappings = mappings })
  end,
}

describe("mappings", function()
  for name, call in pairs(CALLS) do
    local function raises(what, mappings)
      local client, bodies = connect()
      local ok, message = pcall(call, client, mappings)
      assert.is_false(ok, what)
      assert.is_truthy(message:find("mappings_spec.lua:%d+: " .. name), message)
      assert.is_truthy(message:find("connection_tool_mappings: expected a list, got a table with "
        .. what, 1, true), message)
      assert.equal(0, #bodies)
    end

    it("of " .. name .. " are a list, not a single mapping", function()
      raises("named keys", GMAIL)
      raises("named keys", EVERYTHING)
    end)

    it("of " .. name .. " are a list, not a table by connection", function()
      raises("named keys", { gmail = GMAIL })
      raises("named keys", { gmail = EVERYTHING })
      raises("named keys", { GMAIL, x = CALENDAR })
      raises("named keys", { EVERYTHING, x = CALENDAR })
      raises("named keys", { nil, GMAIL, x = CALENDAR })
    end)

    it("of " .. name .. " have no holes", function()
      raises("holes", { nil, GMAIL })
      raises("holes", { GMAIL, nil, CALENDAR })
      raises("holes", { EVERYTHING, nil, CALENDAR })
      raises("holes", { nil, { connection_name = "gmail" } })
    end)

    it("of " .. name .. " count from 1", function()
      raises("keys that no list has", { [0] = GMAIL })
      raises("keys that no list has", { [0] = EVERYTHING, GMAIL })
    end)

    it("of " .. name .. " raise where one of them is no mapping", function()
      for _, odd in ipairs { "gmail", 1, true, json.null } do
        local client, bodies = connect()
        local ok, message = pcall(call, client, { GMAIL, odd })
        assert.is_false(ok)
        assert.is_truthy(message:find("connection_tool_mappings[2]: expected object, got", 1, true))
        assert.equal(0, #bodies)
      end
    end)

    it("of " .. name .. " raise where tools are no list", function()
      for what, tools in pairs {
        ["named keys"] = { gmail_fetch_mails = true }, holes = { nil, "gmail_fetch_mails" },
      } do
        local client, bodies = connect()
        local ok, message = pcall(call, client, {
          EVERYTHING, { connection_name = "googlecalendar", tools = tools } })
        assert.is_false(ok)
        assert.is_truthy(message:find("connection_tool_mappings[2].tools: expected a list, "
          .. "got a table with " .. what, 1, true), message)
        assert.equal(0, #bodies)
      end
    end)

    it("of " .. name .. " still take scalekit.ALL in a list", function()
      local client, bodies = connect()
      assert.is_truthy(call(client, { EVERYTHING, CALENDAR }))
      assert.same({ { connection_name = "gmail" }, CALENDAR },
        json.decode(bodies[1]).connection_tool_mappings)
    end)
  end
end)
