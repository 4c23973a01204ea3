-- Sessions for many users of one config.
local scalekit = require "scalekit"
local with_env = require "spec.support.testing_env"

describe("mint", function()
  local env
  with_env(function(fresh)
    env = fresh
    if not env then return end
    scalekit.check(env.client.mcp:create_config {
      name = "agent",
      connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
    })
    env.requests = {}
  end)

  local function users(count)
    local list = {}
    for i = 1, count do
      list[i] = "user" .. i
      env:authorize { identifier = list[i] }
    end
    return list
  end

  local function mint(args)
    args.config = args.config or "agent"
    return scalekit.check(env.client.mcp:mint(args))
  end

  local function sent(operation)
    local count = 0
    for _, request in ipairs(env.requests) do
      if request.operation == operation then count = count + 1 end
    end
    return count
  end

  it("opens a session for each user, and looks the config up once", function()
    local list, seen = users(7), {}
    for result in mint { identifiers = list, concurrency = 3, expiry = "10m" } do
      assert.equal(list[result.index], result.identifier)
      assert.equal(result.identifier, result.session.identifier)
      assert.equal(env:now() + 600, result.session.expires)
      seen[#seen + 1] = result.identifier
    end
    table.sort(seen)
    assert.same(list, seen)
    assert.same({ 1, 7 }, { sent "list_configs", sent "create_session_token" })
  end)

  it("keeps the order on request", function()
    local list, seen = users(9), {}
    env:set_latency "50ms"
    for result in mint { identifiers = list, concurrency = 4, ordered = true } do
      seen[#seen + 1] = result.identifier
    end
    assert.same(list, seen)
  end)

  it("loses nobody to the failure of another", function()
    local list, errs, good = users(5), {}, 0
    table.insert(list, 2, "stranger")
    table.insert(list, 4, "")
    table.insert(list, 5, 42)
    env:fail { operation = "list_mcp_connected_accounts", status = 403 }
    for result in mint { identifiers = list, concurrency = 2 } do
      if result.err then errs[result.index] = result.err.kind else good = good + 1 end
    end
    assert.same({ "forbidden", "authorization_required", nil, "bad_request", "bad_request" }, errs)
    assert.equal(4, good)
  end)

  it("takes identifiers from a function, when there is room for them", function()
    local list, i, handed, most = users(8), 0, 0, 0
    for result in mint {
      concurrency = 3,
      identifiers = function()
        i = i + 1
        return list[i]
      end,
    } do
      assert.is_truthy(result.session)
      handed = handed + 1
      most = math.max(most, i - handed)
    end
    assert.equal(8, handed)
    assert.is_true(most <= 3)
  end)

  it("tells how far it is", function()
    local told = {}
    local function note(done, total) told[#told + 1] = done .. "/" .. tostring(total) end
    local list = users(2)
    for _ in mint { identifiers = list, on_progress = note } do assert.is_true(#told > 0) end
    local i = 0
    local function one_by_one()
      i = i + 1
      return list[i]
    end
    for _ in mint { identifiers = one_by_one, on_progress = note } do assert.is_true(#told > 2) end
    assert.same({ "1/2", "2/2", "1/nil", "2/nil" }, told)
  end)

  it("makes links only where that is asked", function()
    local function link(args)
      args.identifiers = { "stranger" }
      return mint(args):next().err.accounts[1].authentication_link
    end
    assert.is_nil(link {})
    assert.is_true(env:allow(link { links = true }))
  end)

  it("obeys a server that asks to slow down, for everybody", function()
    local list, good = users(6), 0
    env:fail { operation = "create_session_token", status = 429, retry_after = 30, times = 2 }
    local before = env.clock.now()
    for result in mint { identifiers = list, concurrency = 2 } do
      if result.session then good = good + 1 end
    end
    assert.equal(6, good)
    assert.is_true(env.clock.now() - before >= 30)
  end)

  it("gives up on who is refused for too long", function()
    env:fail { operation = "create_session_token", status = 429, times = 100 }
    local result = mint { identifiers = users(1) }:next()
    assert.equal("rate_limited", result.err.kind)
  end)

  it("stops when the loop is left", function()
    local list = users(20)
    for _ in mint { identifiers = list, concurrency = 2 } do
      if #list == 20 then break end
    end
    assert.is_true(sent "create_session_token" <= 4)
  end)

  it("says when there is no such config", function()
    local batch, err = env.client.mcp:mint { config = "nobody", identifiers = { "a" } }
    assert.is_nil(batch)
    assert.equal("not_found", err.kind)
  end)

  it("works in a task, and beside others", function()
    local list = users(6)
    env:set_latency "20ms"
    local counts = scalekit.run(function()
      return (scalekit.all {
        function()
          local count = 0
          for _ in mint { identifiers = list, concurrency = 2 } do count = count + 1 end
          return count
        end,
        function()
          local count, batch = 0, mint { identifiers = list, concurrency = 6 }
          while batch:next() do count = count + 1 end
          return count
        end,
      })
    end)
    assert.same({ 6, 6 }, counts)
  end)

  it("raises misuse at the caller's line", function()
    for text, args in pairs {
      ["option 'identifiers' is required"] = { config = "agent" },
      ["option 'concurrency' must be a whole number from 1 to 1000"] =
        { config = "agent", identifiers = {}, concurrency = 0 },
      ["option 'config' must be an id, a name"] = { identifiers = {} },
      ["unknown option 'identifier' (did you mean 'identifiers'?)"] = { identifier = "x" },
      ["option 'on_progress' must be a function"] =
        { config = "agent", identifiers = {}, on_progress = {} },
      ["option 'identifiers' must be a list, not a table with named keys"] =
        { config = "agent", identifiers = { ada = true } },
      ["option 'identifiers' must be a list without holes"] =
        { config = "agent", identifiers = { "ada", nil, "bob" } },
    } do
      local ok, message = pcall(function() return (env.client.mcp:mint(args)) end)
      assert.is_false(ok)
      assert.matches("mint_spec.lua:%d+: mint: ", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
  end)

  it("refuses an expiry that the service would refuse, before anything is sent", function()
    local _, err = env.client.mcp:mint { config = "agent", identifiers = { "a" }, expiry = "25h" }
    assert.same({ "bad_request", "mint", "expiry" }, { err.kind, err.operation, err.fields[1].field })
    assert.same({}, env.requests)
  end)
end)
