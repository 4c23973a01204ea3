-- The client's `mcp` methods against our own server: configs, tokens, instances.
local jwt = require "scalekit.jwt"
local scalekit = require "scalekit"
local support = require "spec.support.env"

local check = scalekit.check

local GMAIL = { connection_name = "gmail", tools = { "gmail_fetch_mails" } }
local CALENDAR = { connection_name = "googlecalendar", tools = { "googlecalendar_list_events" } }

describe("client.mcp", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local client

    setup(function()
      client = env:client()
      check(client.mcp:list_configs()) -- has its token before the leak census looks
    end)
    teardown(function() client = nil end)

    local function create(mappings)
      return check(client.mcp:create_config {
        name = env:name(), connection_tool_mappings = mappings or { GMAIL },
      }).config
    end

    local function kind(_, err)
      return err and err.kind
    end

    it("M01 creates a config and tells what the server made of it", function()
      local config = check(client.mcp:create_config {
        name = env:name "email-agent", description = "Reads mail",
        connection_tool_mappings = { GMAIL, CALENDAR },
      }).config
      assert.matches("^cfg_%d+$", config.id)
      assert.matches("/mcp/v3/servers/%x+%-%x+%-%x+%-%x+%-%x+$", config.mcp_server_url)
      assert.same({ "conn_100000000000000001", "GMAIL" }, {
        config.connection_tool_mappings[1].connection_id, config.connection_tool_mappings[1].provider,
      })
      assert.same(config, check(client.mcp:get_config { config_id = config.id }).config)
    end)

    it("M11 D3 calls a duplicate name a conflict", function()
      local config = create()
      local _, err = client.mcp:create_config {
        name = config.name, connection_tool_mappings = { CALENDAR },
      }
      assert.same({ "conflict", "DUPLICATE_IDENTIFIER", false }, { err.kind, err.code, err.retryable })
    end)

    it("M14 changes a description and nothing else", function()
      local config = create { GMAIL, CALENDAR }
      local changed = check(client.mcp:update_config {
        config_id = config.id, description = "New",
      }).config
      config.description = "New"
      assert.same(config, changed)
    end)

    it("M19 deletes a config once", function()
      local config = create()
      assert.same({}, check(client.mcp:delete_config { config_id = config.id }))
      assert.equal("not_found", kind(client.mcp:get_config { config_id = config.id }))
      assert.equal("not_found", kind(client.mcp:delete_config { config_id = config.id }))
    end)

    it("M22 lists nothing where nothing fits", function()
      local reply = check(client.mcp:list_configs { filter_name = "there-is-none" })
      assert.same({ 0, 0 }, { #reply.configs, reply.total_size })
      assert.is_nil(client.mcp:each_config({ filter_name = "there-is-none" }):next())
    end)

    it("M23 walks through 65 configs in three pages, each once", function()
      for i = 1, 65 do
        check(client.mcp:create_config {
          name = ("paged-%02d"):format(i), connection_tool_mappings = { GMAIL },
        })
      end
      local all, seen, count = client.mcp:each_config { search = "paged-" }, {}, 0
      for config, err in all do
        assert.is_nil(err)
        assert.is_nil(seen[config.name])
        seen[config.name], count = true, count + 1
      end
      assert.same({ 65, 65 }, { count, all.total })
      local pages, sizes = client.mcp:each_config { search = "paged-" }, {}
      for page in function() return pages:page() end do
        sizes[#sizes + 1] = #page.configs
        assert.equal(65, page.total_size)
      end
      assert.same({ 30, 30, 5 }, sizes)
      for name in pairs(seen) do
        local config = check(client.mcp:list_configs { filter_name = name }).configs[1]
        check(client.mcp:delete_config { config_id = config.id })
      end
    end)

    it("T08 T19 says that a config is unknown", function()
      assert.equal("not_found", kind(client.mcp:list_mcp_connected_accounts {
        config_id = "cfg_0", identifier = "user_123" }))
      assert.equal("not_found", kind(client.mcp:create_session_token {
        mcp_config_id = "cfg_0", identifier = "user_123" }))
    end)

    it("T16 carries any identifier there and back", function()
      local identifier = 'zoë@例え.jp 🙂"\\'
      local config = create()
      env:activate(config, identifier)
      local token = check(client.mcp:create_session_token {
        mcp_config_id = config.id, identifier = identifier,
      })
      assert.equal(identifier, select(2, jwt.parse_unverified(token.token)).sub)
    end)

    it("T17 D1 mints nothing for an account that is not active, and says so once", function()
      local config = create()
      local asked = { mcp_config_id = config.id, identifier = "user_T17" }
      assert.equal("authorization_required", kind(client.mcp:create_session_token(asked)))
      for _, status in ipairs {
        "PENDING_AUTH", "EXPIRED", "PENDING_VERIFICATION", "DISCONNECTED",
      } do
        env:set_account("gmail", "user_T17", status)
        local _, err = client.mcp:create_session_token(asked)
        assert.same({ "authorization_required", 400, 1, false },
          { err.kind, err.status, err.attempts, err.retryable })
        assert.matches(status, err.message)
      end
    end)

    it("R14 carries markup, line separators and emoji there and back", function()
      local text = "<&> \226\128\168 \240\159\153\130 \"\\/ \t"
      local config = check(client.mcp:create_config {
        name = env:name(), description = text, connection_tool_mappings = { GMAIL },
      }).config
      assert.equal(text, config.description)
    end)

    describe("with per-user instances", function()
      local config, instance

      before_each(function()
        config = create { GMAIL, CALENDAR }
        instance = check(client.mcp:ensure_instance {
          config_name = config.name, user_identifier = "user_123",
        }).instance
      end)

      it("ensures one for a config and a user, once", function()
        assert.same({ "user_123", config.id }, { instance.user_identifier, instance.config.id })
        local again = check(client.mcp:ensure_instance {
          config_name = config.name, user_identifier = "user_123",
        }).instance
        assert.equal(instance.id, again.id)
        assert.equal(instance.url, again.url)
      end)

      it("gets it and finds it in the list", function()
        assert.equal(instance.url, check(client.mcp:get_instance { instance_id = instance.id })
          .instance.url)
        local found = {}
        for one in client.mcp:each_instance {
          filter_config_name = config.name, filter_user_identifier = "user_123",
        } do
          found[#found + 1] = one.id
        end
        assert.same({ instance.id }, found)
      end)

      it("changes its name", function()
        assert.equal("mine", check(client.mcp:update_instance {
          instance_id = instance.id, name = "mine",
        }).instance.name)
      end)

      it("tells which accounts its user lacks, with links on request", function()
        local states = check(client.mcp:get_instance_auth_state {
          instance_id = instance.id }).connections
        assert.same({ "gmail", "" }, { states[1].connection_name, states[1].authentication_link })
        states = check(client.mcp:get_instance_auth_state {
          instance_id = instance.id, include_auth_links = true }).connections
        assert.matches("^https?://", states[2].authentication_link)
      end)

      it("deletes it", function()
        check(client.mcp:delete_instance { instance_id = instance.id })
        assert.equal("not_found", kind(client.mcp:get_instance { instance_id = instance.id }))
      end)
    end)
  end)
end)
