-- A store that refuses one write, whichever it is, leaves nothing half done that cannot be repeated.
local core = require "scalekit.core"
local json = require "scalekit.json"
local memory = require "scalekit.vmcp.store.memory"
local tokens = require "scalekit.vmcp.tokens"
local vmcp = require "scalekit.vmcp"

local WRITERS = { "set", "add", "update", "take" }

describe("a write that fails", function()
  local key, app, fails_at, writes

  setup(function()
    key = core.key_generate "RS256"
  end)

  -- A store whose write number `fails_at` finds no memory.
  local function failing_store()
    local store = memory.new()
    for _, name in ipairs(WRITERS) do
      local real = store[name]
      store[name] = function(self, ...)
        writes = writes + 1
        if writes == fails_at then return nil, "no memory" end
        return real(self, ...)
      end
    end
    return store
  end

  local function api(method, path, body)
    local token = tokens.access(app, { "openid" })
    local before, query = path:match "^([^?]*)%??(.*)$"
    local response = app:handle {
      method = method, path = before, query = query, body = body and json.encode(body),
      headers = { authorization = "Bearer " .. token },
    }
    return response.status, json.decode(response.body)
  end

  -- Runs `act` with each of its writes failing, in an app that `prepare` has made ready. `settled`
  -- looks at what there is after `act` has been repeated.
  local function walk(prepare, act, settled)
    local number, done = 1, false
    while not done do
      writes, fails_at = 0, nil
      app = vmcp.app { key = key, store = failing_store() }
      prepare()
      writes, fails_at = 0, number
      local status = act()
      done = writes < number
      fails_at = nil
      if not done then
        -- a write that only tidies up, or notes a use, may fail in silence
        assert.is_true(status == 503 or status < 300, ("write %d: %d"):format(number, status))
        if status == 503 then status = act() end
      end
      settled(status, ("write %d"):format(number))
      number = number + 1
    end
    assert.is_true(number > 2)
  end

  local function nothing() end

  local ACCOUNTS = "/api/v1/connected_accounts"

  local function create_account()
    return (api("POST", ACCOUNTS, {
      connector = "gmail", identifier = "ada", connected_account = {},
    }))
  end

  local function total(path, most)
    local _, body = api("GET", path)
    assert.is_true(body.total_size <= most, path)
    return body.total_size
  end

  it("does not make half an account", function()
    walk(nothing, create_account, function(status, which)
      assert.equal(201, status, which)
      assert.equal(1, total(ACCOUNTS, 1))
      assert.equal(200, (api("GET", ACCOUNTS .. "/details?connector=gmail&identifier=ada")))
    end)
  end)

  it("does not delete half an account", function()
    walk(create_account, function()
      return (api("POST", ACCOUNTS .. ":delete", { connector = "gmail", identifier = "ada" }))
    end, function(status, which)
      assert.equal(200, status, which)
      assert.equal(404, (api("GET", ACCOUNTS .. "/details?connector=gmail&identifier=ada")))
      assert.equal(201, create_account(), which)
    end)
  end)

  it("does not make half a provider", function()
    local body = {
      display_name = "Acme", proxy_url = "https://x.example",
      auth_patterns = json.array { { type = "API_KEY" } },
    }
    walk(nothing, function()
      return (api("POST", "/api/v1/custom-providers", body))
    end, function(status, which)
      assert.equal(201, status, which)
      assert.equal(1, total("/api/v1/providers?filter.provider_type=CUSTOM", 1))
    end)
  end)

  local function create_config()
    assert.equal(201, (api("POST", "/api/v1/mcp/configs", {
      name = "agent", connection_tool_mappings = { { connection_name = "gmail" } },
    })))
  end

  local INSTANCES = "/api/v1/mcp/instances"

  local function ensure()
    return api("POST", INSTANCES, { config_name = "agent", user_identifier = "ada" })
  end

  it("does not make half an instance", function()
    walk(create_config, function()
      return (ensure())
    end, function(status, which)
      assert.equal(200, status, which)
      assert.equal(1, total(INSTANCES, 1))
    end)
  end)

  it("does not move half an instance", function()
    local id
    walk(function()
      create_config()
      api("POST", "/api/v1/mcp/configs", {
        name = "other", connection_tool_mappings = { { connection_name = "gmail" } },
      })
      id = select(2, ensure()).instance.id
    end, function()
      return (api("PATCH", INSTANCES .. "/" .. id, { config_name = "other" }))
    end, function(status, which)
      assert.equal(200, status, which)
      local _, body = api("GET", INSTANCES .. "/" .. id)
      assert.equal("other", body.instance.config.name)
      local _, other = ensure()
      assert.not_equal(id, other.instance.id, which)
    end)
  end)

  it("does not authorize half an account", function()
    local token
    walk(function()
      create_config()
    end, function()
      local account, why = app:authorize { connection_name = "gmail", identifier = "ada" }
      token = account and account.authorization_details
      return account and 200 or why and 503
    end, function(status, which)
      assert.equal(200, status, which)
      assert.truthy(token)
      assert.equal(1, total(ACCOUNTS, 1))
    end)
  end)
end)
