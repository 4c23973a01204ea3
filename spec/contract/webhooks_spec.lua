local json = require "scalekit.json"
local support = require "spec.support.env"
local webhook = require "scalekit.webhook"

local ACCOUNTS = "/api/v1/connected_accounts"
local SECRET = "whsec_dGVzdHNlY3JldA=="

local users = 0

local function new_user()
  users = users + 1
  return ("hooked_%d"):format(users)
end

-- Opens a link and allows what its page asks for.
local function allow(env, link)
  local path = env:path(link)
  local nonce = env:request("GET", path).body:match 'name="nonce" value="([^"]+)"'
  return env:form(path, { nonce = nonce, decision = "allow" })
end

describe("webhooks", function()
  support.both({ app = "spec.support.vmcp_fixture", webhook = true }, function(env)
    -- the deliveries about a user, at least `count`
    local function about(user, count)
      local list = env:deliveries(count, function(event)
        return event.data.identifier == user
      end)
      -- nothing promises an order
      table.sort(list, function(a, b)
        return a.event.type < b.event.type
      end)
      return list
    end

    local function types(list)
      local names = {}
      for i, delivery in ipairs(list) do
        names[i] = delivery.event.type:match "^connected_account%.(.+)$"
      end
      return names
    end

    local function create(user, more)
      local body = { connector = "gmail", identifier = user, connected_account = {} }
      for name, value in pairs(more or {}) do body[name] = value end
      local status, answer = env:api("POST", ACCOUNTS, body)
      assert.equal(201, status)
      return answer.connected_account
    end

    it("W07 tells once when an account becomes ACTIVE, and of its creation only that", function()
      local user = new_user()
      create(user)
      assert.same({ "created" }, types(about(user, 1)))
      local _, body = env:api("POST", ACCOUNTS .. "/magic_link", {
        connector = "gmail", identifier = user,
      })
      assert.equal(200, allow(env, body.link).status)
      assert.same({ "created", "magic_link_generated", "oauth_succeeded", "status_updated" },
        types(about(user, 4)))
    end)

    it("describe the account as it is then", function()
      local user = new_user()
      local account = create(user, { organization_id = "org_1" })
      env:set_account("gmail", user, "EXPIRED")
      local list = about(user, 2)
      local created, changed = list[1].event, list[2].event
      assert.equal("org_1", created.organization_id)
      assert.is_nil(changed.organization_id)
      assert.truthy(changed.id:match "^evt_%d+$" and #changed.id <= 32)
      assert.not_equal(created.id, changed.id)
      assert.truthy(changed.environment_id:match "^env_%d+$")
      assert.truthy(changed.occurred_at:match "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$")
      changed.id, changed.environment_id, changed.occurred_at = nil, nil, nil
      assert.same({
        spec_version = "1", type = "connected_account.status_updated", object = "ConnectedAccount",
        data = {
          id = account.id, identifier = user, connection_id = "conn_100000000000000001",
          connection_name = "gmail", provider = "GMAIL", status = "EXPIRED",
          old_status = "PENDING_AUTH", authorization_type = "OAUTH",
        },
      }, changed)
    end)

    it("hold no credentials", function()
      local user = new_user()
      create(user, { connected_account = {
        authorization_details = { oauth_token = { access_token = "at-hidden" } },
        api_config = { key = "config-hidden" },
      } })
      env:api("PUT", ACCOUNTS, {
        connector = "gmail", identifier = user, connected_account = {
          authorization_details = { static_auth = { details = { password = "pw-hidden" } } },
        },
      })
      for _, delivery in ipairs(about(user, 2)) do
        assert.is_nil(delivery.body:find("hidden", 1, true))
      end
    end)

    it("tell of changes and of the end", function()
      local user = new_user()
      local account = create(user)
      env:api("PUT", ACCOUNTS, { id = account.id, connected_account = { api_config = { a = 1 } } })
      env:api("POST", ACCOUNTS .. ":delete", { id = account.id })
      assert.same({ "created", "deleted", "updated" }, types(about(user, 3)))
    end)

    it("do not tell of a state that is the same as before", function()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      env:set_account("gmail", user, "ACTIVE")
      env:set_account("gmail", user, "EXPIRED")
      assert.same({ "created", "status_updated", "status_updated" }, types(about(user, 3)))
    end)

    it("tell that a token was renewed", function()
      local user = new_user()
      env:set_account("gmail", user, "ACTIVE")
      env:advance(3600)
      env:api("GET", ACCOUNTS .. "/auth?connector=gmail&identifier=" .. user)
      env:advance(-3600)
      assert.same({ "created", "status_updated", "token_refresh_succeeded" }, types(about(user, 3)))
    end)

    it("W01 are signed as the service signs", function()
      local user = new_user()
      create(user)
      local delivery = about(user, 1)[1]
      assert.equal("application/json", delivery.headers["content-type"])
      assert.equal(delivery.event.id, delivery.headers["webhook-id"])
      local event = assert(webhook.verify {
        secret = SECRET, headers = delivery.headers, body = delivery.body,
      })
      assert.same(delivery.event, event)
    end)

    it("W02 carry the time of their sending, whatever the environment's clock says", function()
      local user = new_user()
      env:advance(7200)
      create(user)
      env:advance(-7200)
      local delivery = about(user, 1)[1]
      local sent = tonumber(delivery.headers["webhook-timestamp"])
      local function verdict(now)
        local event, err = webhook.verify {
          secret = SECRET, headers = delivery.headers, body = delivery.body, now = now,
        }
        return event and "ok" or err.code
      end
      assert.is_true(math.abs(os.time() - sent) <= 30)
      assert.equal("ok", verdict(sent + 300))
      assert.equal("too_old", verdict(sent + 301))
      assert.equal("ok", verdict(sent - 300))
      assert.equal("too_new", verdict(sent - 301))
    end)

    it("W04 W05 do not verify with another secret, without a header, or written anew", function()
      local user = new_user()
      create(user)
      local delivery = about(user, 1)[1]
      local function verdict(change)
        local opts = { secret = SECRET, headers = {}, body = delivery.body }
        for name, value in pairs(delivery.headers) do opts.headers[name] = value end
        change(opts)
        local event, err = webhook.verify(opts)
        return event and "ok" or err.code
      end
      assert.equal("ok", verdict(function(opts)
        opts.headers["Webhook-Id"], opts.headers["webhook-id"] = opts.headers["webhook-id"], nil
      end))
      assert.equal("bad_signature", verdict(function(opts)
        opts.secret = "whsec_b3RoZXI="
      end))
      assert.equal("missing_header", verdict(function(opts)
        opts.headers["webhook-id"] = nil
      end))
      assert.equal("bad_signature", verdict(function(opts)
        opts.body = json.encode(json.decode(opts.body)) .. " "
      end))
    end)
  end)

  support.both({
    app = "spec.support.vmcp_fixture", webhook = true, user_verification = "custom",
  }, function(env)
    it("tell of tokens that wait for the app to say who came", function()
      local user = new_user()
      local _, body = env:api("POST", ACCOUNTS .. "/magic_link", {
        connector = "gmail", identifier = user, user_verify_url = "https://app.example/cb",
      })
      local answer = allow(env, body.link)
      local id = answer.headers.location:match "auth_request_id=([^&]+)"
      assert.equal(200, (env:api("POST", ACCOUNTS .. "/user/verify", {
        auth_request_id = id, identifier = user,
      })))
      local list = env:deliveries(6, function(event)
        return event.data.identifier == user
      end)
      local steps = {}
      for _, delivery in ipairs(list) do
        local event = delivery.event
        if event.type:find "status_updated" then
          steps[event.data.old_status] = event.data.status
        end
      end
      assert.equal(6, #list)
      assert.same({
        PENDING_AUTH = "PENDING_VERIFICATION", PENDING_VERIFICATION = "ACTIVE",
      }, steps)
    end)
  end)
end)
