local support = require "spec.support.env"

local INSTANCES = "/api/v1/mcp/instances"
local CONFIGS = "/api/v1/mcp/configs"

local users = 0

local function new_user()
  users = users + 1
  return ("instance_%d"):format(users)
end

describe("MCP instances of the older model", function()
  support.both({}, function(env)
    local function ensure(config, user, name)
      return env:api("POST", INSTANCES, {
        config_name = config.name, user_identifier = user, name = name,
      })
    end

    local function made(config, user, name)
      local status, body = ensure(config, user, name)
      assert.equal(200, status)
      return body.instance
    end

    local function list(query)
      local status, body = env:api("GET", INSTANCES .. "?" .. query)
      assert.equal(200, status)
      return body
    end

    it("are made once for a config and a user", function()
      local config, user = env:create(), new_user()
      local instance = made(config, user, "mail")
      assert.truthy(instance.id:match "^ins_%d+$")
      assert.equal("mail", instance.name)
      assert.equal(user, instance.user_identifier)
      assert.same(config, instance.config)
      assert.is_nil(instance.last_used_at)
      assert.equal(env.url, instance.url:sub(1, #env.url))
      assert.same(instance, made(config, user, "other name"))
      local _, body = env:api("GET", INSTANCES .. "/" .. instance.id)
      assert.same(instance, body.instance)
      assert.not_equal(instance.url, made(config, new_user()).url)
    end)

    it("have their config's name where they are given none", function()
      local config = env:create()
      assert.equal(config.name, made(config, new_user()).name)
    end)

    it("need a config that exists and a user", function()
      assert.equal(404, (ensure({ name = "nowhere" }, new_user())))
      assert.equal(400, (ensure(env:create(), "")))
      assert.equal(400, (ensure({}, new_user())))
    end)

    it("tell in their mappings about the user's accounts", function()
      local config, user = env:create(), new_user()
      env:set_account("gmail", user, "ACTIVE")
      local mappings = made(config, user).config.connection_tool_mappings
      assert.truthy(mappings[1].connected_account_id:match "^ca_")
      assert.equal("ACTIVE", mappings[1].connected_account_status)
      assert.is_nil(mappings[2].connected_account_id)
      assert.is_nil(mappings[2].connected_account_status)
    end)

    it("serve MCP at a URL that needs no token, in both eras", function()
      local config, user = env:create(), new_user()
      local session = { path = env:path(made(config, user).url), token = "x" }
      for _, era in ipairs { "modern", "legacy" } do
        local response, body = env[era](env, session, "tools/list", {}, { authorization = false })
        assert.equal(200, response.status)
        assert.equal(3, #body.result.tools)
        local call = { name = "gmail_fetch_mails", arguments = {} }
        env:set_account("gmail", user, "PENDING_AUTH")
        _, body = env[era](env, session, "tools/call", call, { authorization = false })
        assert.is_true(body.result.isError)
        env:set_account("gmail", user, "ACTIVE")
        _, body = env[era](env, session, "tools/call", call, { authorization = false })
        assert.is_false(body.result.isError)
      end
    end)

    it("note when they were used", function()
      local instance = made(env:create(), new_user())
      env:legacy({ path = env:path(instance.url), token = "x" }, "ping", nil, { authorization = false })
      local _, body = env:api("GET", INSTANCES .. "/" .. instance.id)
      assert.truthy(body.instance.last_used_at:match "Z$")
    end)

    it("tell what is still to be authorized, with links where they are asked for", function()
      local config, user = env:create(), new_user()
      local path = INSTANCES .. "/" .. made(config, user).id .. ":get_auth_state"
      local status, body = env:api("POST", path)
      assert.equal(200, status)
      assert.equal(2, #body.connections)
      assert.equal("", body.connections[1].authentication_link)
      assert.is_nil(body.connections[1].connected_account_id)
      status, body = env:api("POST", path .. "?include_auth_links=true")
      assert.equal(200, status)
      assert.equal("PENDING_AUTH", body.connections[1].connected_account_status)
      assert.equal(200, env:request("GET", env:path(body.connections[1].authentication_link)).status)
      assert.equal(404, (env:api("POST", INSTANCES .. "/ins_0:get_auth_state")))
    end)

    it("change their name and their config, and keep their URL", function()
      local config, other, user = env:create(), env:create(), new_user()
      local instance = made(config, user)
      local path = INSTANCES .. "/" .. instance.id
      local status, body = env:api("PATCH", path, { name = "renamed" })
      assert.equal(200, status)
      assert.equal("renamed", body.instance.name)
      assert.equal(config.id, body.instance.config.id)
      status, body = env:api("PATCH", path, { config_name = other.name })
      assert.equal(200, status)
      assert.equal("renamed", body.instance.name)
      assert.equal(other.id, body.instance.config.id)
      assert.equal(instance.url, body.instance.url)
      assert.equal(instance.id, made(other, user).id)
      assert.not_equal(instance.id, made(config, user).id)
      status, body = env:api("PATCH", path, { config_name = config.name })
      assert.equal(409, status)
      assert.equal("RESOURCE_ALREADY_EXISTS", support.info(body).error_code)
      assert.equal(404, (env:api("PATCH", path, { config_name = "nowhere" })))
      assert.equal(404, (env:api("PATCH", INSTANCES .. "/ins_0", { name = "x" })))
    end)

    it("are deleted once, and their URL with them", function()
      local config, user = env:create(), new_user()
      local instance = made(config, user)
      local path = INSTANCES .. "/" .. instance.id
      local status, body, response = env:api("DELETE", path)
      assert.equal(200, status)
      assert.equal("{}", response.body)
      assert.same({}, body)
      assert.equal(404, (env:api("DELETE", path)))
      assert.equal(404, (env:api("GET", path)))
      local answer = env:legacy({ path = env:path(instance.url), token = "x" }, "ping")
      assert.equal(404, answer.status)
      assert.not_equal(instance.id, made(config, user).id)
    end)

    it("go with their config", function()
      local config, user = env:create(), new_user()
      local instance = made(config, user)
      env:api("DELETE", CONFIGS .. "/" .. config.id)
      assert.equal(404, (env:api("GET", INSTANCES .. "/" .. instance.id)))
      assert.equal(404, env:legacy({ path = env:path(instance.url), token = "x" }, "ping").status)
      local again = env:create(nil, config.name)
      assert.not_equal(instance.id, made(again, user).id)
    end)

    it("are listed in pages, and filtered", function()
      local config, other = env:create(), env:create()
      local ids = {}
      for i = 1, 3 do ids[i] = made(config, ("lister_%d"):format(i), "list " .. i).id end
      made(other, "lister_1", "list other")
      local filter = "filter.config_name=" .. config.name
      local first = list(filter .. "&page_size=2")
      assert.equal(3, first.total_size)
      assert.equal(2, #first.instances)
      local second = list(filter .. "&page_size=2&page_token=" .. first.next_page_token)
      assert.equal(ids[3], second.instances[1].id)
      assert.equal(1, list("filter.id=" .. ids[2]).total_size)
      assert.equal(2, list("filter.user_identifier=lister_1").total_size)
      assert.equal(1, list("filter.user_identifier=lister_1&" .. filter).total_size)
      assert.equal(1, list("filter.name=list+2").total_size)
      assert.equal(4, list("search=LIST").total_size)
      assert.equal(400, (env:api("GET", INSTANCES .. "?page_size=31")))
      assert.equal(400, (env:api("GET", INSTANCES .. "?page_token=x")))
    end)

    it("keep the accounts that they need", function()
      local config, user = env:create(), new_user()
      env:activate(config, user)
      local instance = made(config, user)
      local function delete()
        return env:api("POST", "/api/v1/connected_accounts:delete", {
          connector = "gmail", identifier = user,
        })
      end
      local status, body = delete()
      assert.equal(400, status)
      assert.equal("MCP_SERVER_EXISTS_FOR_CONNECTED_ACCOUNT", support.info(body).error_code)
      env:api("DELETE", INSTANCES .. "/" .. instance.id)
      assert.equal(200, (delete()))
    end)

    it("are one for all who ask at once", function()
      local config = env:create()
      env:access_token()
      local ids = support.together(8, function()
        return made(config, "hurried").id
      end)
      for i = 2, 8 do assert.equal(ids[1], ids[i]) end
      assert.equal(1, list("filter.user_identifier=hurried").total_size)
    end)
  end)
end)
