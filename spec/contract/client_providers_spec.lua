-- The client's `custom_providers` methods against our own server.
local scalekit = require "scalekit"
local support = require "spec.support.env"

local check = scalekit.check

local PATTERNS = { { type = "BEARER", display_name = "Token", fields = {} } }

describe("client.custom_providers", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local client, count

    setup(function()
      client, count = env:client(), 0
      check(client.mcp:list_configs()) -- has its token before the leak census looks
    end)
    teardown(function() client = nil end)

    local function create(more)
      count = count + 1
      local args = {
        display_name = ("Acme %d"):format(count), proxy_url = "https://api.acme.example",
        auth_patterns = PATTERNS, icon_src = "https://acme.example/icon.png",
        metadata = { team = "mail" }, description = "Acme", proxy_enabled = true,
      }
      for name, value in pairs(more or {}) do args[name] = value end
      return check(client.custom_providers:create(args)).provider
    end

    local function find(identifier)
      return check(client.custom_providers:list { identifier = identifier }).providers[1]
    end

    it("P01 creates a provider and finds it again", function()
      local provider = create()
      assert.is_string(provider.identifier)
      assert.is_true(provider.is_custom)
      assert.same({ team = "mail" }, provider.metadata)
      assert.same(provider, find(provider.identifier))
    end)

    it("P02 refuses what the service would refuse, before sending", function()
      for name, values in pairs {
        display_name = { "   ", "a_b", ("a"):rep(201) }, proxy_url = { "http://x", "" },
        icon_src = { "x" }, metadata = { { ab = "x" }, { abc = "" } },
      } do
        for _, value in ipairs(values) do
          local args = { display_name = "A", proxy_url = "https://x", auth_patterns = PATTERNS }
          args[name] = value
          local _, err = client.custom_providers:create(args)
          assert.same({ "bad_request", nil }, { err.kind, err.status })
          assert.equal(name, err.fields[1].field:match "^[%w_]+")
        end
      end
      local _, err = client.custom_providers:create { display_name = "A", proxy_url = "https://x" }
      assert.equal("auth_patterns", err.fields[1].field)
    end)

    it("P04 updates and deletes a provider whose identifier has a colon", function()
      local identifier = create().identifier
      assert.matches(":", identifier)
      local changed = check(client.custom_providers:update {
        identifier = identifier, description = "New",
      }).provider
      assert.equal("New", changed.description)
      assert.same({}, check(client.custom_providers:delete { identifier = identifier }))
      local _, err = client.custom_providers:delete { identifier = identifier }
      assert.equal("not_found", err.kind)
    end)

    it("P05 D10 changes what is given and keeps the rest", function()
      local provider = create()
      check(client.custom_providers:update {
        identifier = provider.identifier, description = "New", proxy_enabled = false,
      })
      provider.description, provider.proxy_enabled = "New", false
      assert.same(provider, find(provider.identifier))
    end)

    it("P05 D10 clears what is given as empty or null", function()
      local provider = create()
      check(client.custom_providers:update {
        identifier = provider.identifier, icon_src = "", metadata = {},
        description = scalekit.null,
      })
      local found = find(provider.identifier)
      assert.same({ "", "", {} }, { found.icon_src, found.description, found.metadata })
      assert.equal(provider.display_name, found.display_name)
    end)

    it("P05 takes a provider as it came, changed in place", function()
      local provider = create()
      provider.description = "Mine"
      check(client.custom_providers:update(provider))
      assert.equal("Mine", find(provider.identifier).description)
    end)

    it("says that a provider to be updated is not there", function()
      local _, err = client.custom_providers:update { identifier = "none:env", description = "x" }
      assert.same({ "not_found", "update_custom_provider" }, { err.kind, err.operation })
    end)
  end)
end)
