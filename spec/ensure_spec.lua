-- ensure_config: the config of a name, made or changed into what is asked for.
local scalekit = require "scalekit"
local with_env = require "spec.support.testing_env"

local GMAIL = { connection_name = "gmail", tools = { "gmail_fetch_mails", "gmail_send_mail" } }
local CALENDAR = { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } }

describe("ensure_config", function()
  local env
  with_env(function(fresh) env = fresh end)

  local function ensure(mappings, more)
    local args = { name = "agent", connection_tool_mappings = mappings }
    for name, value in pairs(more or {}) do args[name] = value end
    return env.client.mcp:ensure_config(args)
  end

  local function texts(result)
    local list = {}
    for i, change in ipairs(result.changed) do list[i] = tostring(change) end
    return list
  end

  -- How often an operation was sent.
  local function sent(operation)
    local count = 0
    for _, request in ipairs(env.requests) do
      if request.operation == operation then count = count + 1 end
    end
    return count
  end

  it("makes the config, and says so", function()
    local result = scalekit.check(ensure({ GMAIL, CALENDAR }, { description = "d" }))
    assert.is_true(result.created)
    assert.matches("^cfg_", result.config.id)
    assert.matches("/mcp/v3/servers/", result.config.mcp_server_url)
    assert.same({
      'description: "d" instead of ""',
      "gmail: added with gmail_fetch_mails, gmail_send_mail",
      "googlecalendar: added with googlecalendar_list_events",
    }, texts(result))
  end)

  it("changes nothing the second time", function()
    local first = scalekit.check(ensure { GMAIL, CALENDAR })
    local second = scalekit.check(ensure {
      CALENDAR, { connection_name = "gmail", tools = { "gmail_send_mail", "gmail_fetch_mails" } },
    })
    assert.same({ false, {}, first.config.id },
      { second.created, second.changed, second.config.id })
    assert.equal(0, sent "update_config")
  end)

  it("changes what differs, and says which tools came and went", function()
    scalekit.check(ensure { GMAIL, CALENDAR })
    local result = scalekit.check(ensure({
      { connection_name = "gmail", tools = { "gmail_send_mail", "gmail_search_people" } },
    }, { description = "new" }))
    assert.is_false(result.created)
    assert.same({
      'description: "new" instead of ""',
      "gmail: +gmail_search_people -gmail_fetch_mails",
      "googlecalendar: removed",
    }, texts(result))
    assert.same({ { "gmail_search_people" }, { "gmail_fetch_mails" } },
      { result.changed[2].added, result.changed[2].removed })
    assert.same({ "gmail_send_mail", "gmail_search_people" },
      result.config.connection_tool_mappings[1].tools)
    assert.equal(1, #result.config.connection_tool_mappings)
  end)

  it("knows every tool from some", function()
    scalekit.check(ensure { GMAIL })
    local all = { { connection_name = "gmail", tools = scalekit.ALL } }
    local result = scalekit.check(ensure(all))
    assert.same({ "gmail: every tool instead of gmail_fetch_mails, gmail_send_mail" },
      texts(result))
    assert.equal(scalekit.ALL, result.changed[1].after)
    assert.same({}, scalekit.check(ensure(all)).changed)
    assert.same({ "gmail: gmail_fetch_mails, gmail_send_mail instead of every tool" },
      texts(scalekit.check(ensure { GMAIL })))
  end)

  it("leaves a description alone that is not given", function()
    scalekit.check(ensure({ GMAIL }, { description = "mine" }))
    local result = scalekit.check(ensure { CALENDAR })
    assert.equal("mine", result.config.description)
  end)

  it("says in one line what changed, whatever a description holds", function()
    local result = scalekit.check(ensure({ GMAIL }, { description = 'two\nlines "of\r\0it"' }))
    assert.is_nil(texts(result)[1]:find "%c")
  end)

  it("does not pretend to take a description away", function()
    scalekit.check(ensure({ GMAIL }, { description = "mine" }))
    local result, err = ensure({ GMAIL }, { description = "" })
    assert.is_nil(result)
    assert.same({ "bad_request", "description" }, { err.kind, err.fields[1].field })
  end)

  describe("beside others", function()
    -- Lets `fn` happen just before the first request of an operation.
    local function before(operation, fn)
      local send, done = env.client.send, false
      local pattern = operation == "create" and "^POST .*/mcp/configs$" or "^PUT "
      env.client.send = function(request)
        if not done and (request.method .. " " .. request.url):find(pattern) then
          done = true
          fn()
        end
        return send(request)
      end
    end

    local function other_client()
      return scalekit.check(scalekit.new {
        env_url = env.url, client_id = env.app.client_id, client_secret = env.app.client_secret,
        transport = env.transport,
      })
    end

    it("takes over what another process has just made", function()
      local theirs
      before("create", function()
        theirs = scalekit.check(other_client().mcp:create_config {
          name = "agent", connection_tool_mappings = { GMAIL },
        }).config
      end)
      local result = scalekit.check(ensure { GMAIL })
      assert.same({ false, {}, theirs.id }, { result.created, result.changed, result.config.id })
    end)

    it("changes what another process has just made otherwise", function()
      before("create", function()
        scalekit.check(other_client().mcp:create_config {
          name = "agent", connection_tool_mappings = { CALENDAR },
        })
      end)
      local result = scalekit.check(ensure { GMAIL })
      assert.same({
        "gmail: added with gmail_fetch_mails, gmail_send_mail", "googlecalendar: removed",
      }, texts(result))
    end)

    it("makes the config anew when another process has just deleted it", function()
      local first = scalekit.check(ensure { GMAIL }).config
      before("update", function()
        scalekit.check(other_client().mcp:delete_config { config_id = first.id })
      end)
      local result = scalekit.check(ensure { CALENDAR })
      assert.is_true(result.created)
      assert.not_equal(first.id, result.config.id)
    end)

    it("ends with one config when many do it at once", function()
      local ids, created = {}, 0
      scalekit.run(function()
        for _ = 1, 8 do
          scalekit.spawn(function()
            scalekit.sleep(0)
            local result = scalekit.check(other_client().mcp:ensure_config {
              name = "agent", connection_tool_mappings = { GMAIL },
            })
            ids[result.config.id] = true
            if result.created then created = created + 1 end
          end)
        end
      end)
      assert.equal(1, created)
      assert.is_nil(next(ids, next(ids)))
    end)
  end)

  describe("when an answer is lost", function()
    it("of the create, finds what it has made", function()
      env:fail { operation = "create_config", lost = true }
      local result = scalekit.check(ensure { GMAIL })
      assert.equal(1, sent "create_config")
      assert.equal(1, scalekit.check(env.client.mcp:list_configs()).total_size)
      assert.equal("agent", result.config.name)
    end)

    it("of the create, and the look after it fails, tries again and makes nothing twice", function()
      env:fail { operation = "create_config", lost = true }
      -- the first read finds nothing, the look at once after the create fails
      local reads = 0
      local send = env.client.send
      env.client.send = function(request)
        if request.method == "GET" and request.url:find "/mcp/configs" then
          reads = reads + 1
          if reads == 2 then return { status = 500, headers = {}, body = "" } end
        end
        return send(request)
      end
      local result = scalekit.check(ensure { GMAIL })
      assert.equal("agent", result.config.name)
      assert.equal(1, scalekit.check(env.client.mcp:list_configs()).total_size)
    end)

    it("of the update, ends with what was asked for", function()
      scalekit.check(ensure { GMAIL })
      env:fail { operation = "update_config", lost = true, times = 4 }
      local result = scalekit.check(ensure { CALENDAR })
      assert.equal("googlecalendar", result.config.connection_tool_mappings[1].connection_name)
    end)
  end)

  describe("compares tools with the catalogue", function()
    it("and refuses unknown ones before it writes, with the nearest name", function()
      local result, err = ensure {
        { connection_name = "gmail", tools = { "gmail_fetch_mails", "gmail_send_mial" } },
      }
      assert.is_nil(result)
      assert.same({ "bad_request", "ensure_config" }, { err.kind, err.operation })
      assert.same({
        field = "connection_tool_mappings[1].tools[2]", constraint = "tool.unknown",
        description = "connection 'gmail' has no tool 'gmail_send_mial'"
          .. " (did you mean 'gmail_send_mail'?)",
        suggestion = "gmail_send_mail",
      }, err.fields[1])
      assert.same({ 0, 0 }, { sent "create_config", sent "list_configs" })
    end)

    it("and says to which connection a tool belongs", function()
      local _, err = ensure {
        { connection_name = "gmail", tools = { "googlecalendar_list_events" } }, CALENDAR,
      }
      assert.matches("it belongs to 'googlecalendar'", err.fields[1].description)
    end)

    it("and remembers it for a while", function()
      scalekit.check(ensure { GMAIL, CALENDAR })
      local before = sent "list_tools"
      scalekit.check(ensure { GMAIL, CALENDAR })
      assert.equal(before, sent "list_tools")
    end)

    it("and asks again before it refuses by memory", function()
      scalekit.check(ensure { GMAIL })
      local connection = env.app.catalogue:connection "gmail"
      local known = env.client.tool_names.gmail
      known.has.gmail_send_mail = nil -- as if it were new since then
      assert.is_truthy(connection)
      assert.is_truthy(ensure { GMAIL })
    end)

    it("only where that is wanted", function()
      local _, err = ensure({
        { connection_name = "gmail", tools = { "gmail_nothing" } },
      }, { check_tools = false })
      assert.equal("create_config", err.operation)
      assert.equal(0, sent "list_tools")
    end)

    it("and leaves connections it knows nothing of to the service", function()
      local _, err = ensure { { connection_name = "slack", tools = { "slack_send" } } }
      assert.same({ "not_found", "create_config" }, { err.kind, err.operation })
    end)

    it("of all pages", function()
      local calls = 0
      env.client.tools.list = function(_, args)
        calls = calls + 1
        if not args.page_token then
          return { tool_names = { "gmail_fetch_mails" }, next_page_token = "more" }
        end
        return { tool_names = { "gmail_send_mail" }, next_page_token = "" }
      end
      assert.is_truthy(ensure { GMAIL })
      assert.equal(2, calls)
    end)

    it("and gives up on a catalogue that does not end", function()
      env.client.tools.list = function() return { tool_names = {}, next_page_token = "again" } end
      local _, err = ensure { GMAIL }
      assert.equal("protocol", err.kind)
    end)

    it("and says why it could not", function()
      env:fail { operation = "list_tools", status = 403 }
      local _, err = ensure { GMAIL }
      assert.equal("forbidden", err.kind)
    end)
  end)

  it("asks once where it is a connection that is not found, not the config", function()
    scalekit.check(ensure { GMAIL })
    local _, err = ensure { { connection_name = "nowhere", tools = scalekit.ALL } }
    assert.same({ "not_found", 1 }, { err.kind, sent "update_config" })
  end)

  it("tries again when the service was not there for the create", function()
    env:fail { operation = "create_config", status = 503 }
    assert.is_true(scalekit.check(ensure { GMAIL }).created)
  end)

  it("refuses an empty list of tools, as create_config does", function()
    local _, err = ensure { { connection_name = "gmail", tools = {} } }
    assert.same({ "ensure_config", "connection_tool_mappings[1].tools" },
      { err.operation, err.fields[1].field })
    assert.equal(0, #env.requests)
  end)

  it("refuses a connection that is mapped twice", function()
    local _, err = ensure { GMAIL, CALENDAR, GMAIL }
    assert.same({ "bad_request", "connection_tool_mappings[3].connection_name" },
      { err.kind, err.fields[1].field })
    assert.equal(0, #env.requests)
  end)

  it("raises misuse at the caller's line, under its own name", function()
    for text, args in pairs {
      ["unknown option 'nmae' (did you mean 'name'?)"] = { nmae = "x" },
      ["option 'check_tools' must be a boolean"] = { name = "x", check_tools = 1 },
      ["option 'timeout' must be a time above 0"] = { name = "x", timeout = "soon" },
      ["connection_tool_mappings: expected a list"] = { name = "x", connection_tool_mappings = GMAIL },
    } do
      local ok, message = pcall(function() return (env.client.mcp:ensure_config(args)) end)
      assert.is_false(ok)
      assert.matches("ensure_spec.lua:%d+: ensure_config: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
    local _, message = pcall(env.client.mcp.ensure_config, {})
    assert.matches("call it with a colon", message)
  end)

  it("spends no more than its time", function()
    env:set_latency(3)
    local before = env.clock.now()
    local _, err = ensure({ GMAIL, CALENDAR }, { timeout = 5 })
    assert.equal("timeout", err.kind)
    assert.is_true(env.clock.now() - before < 6)
  end)
end)
