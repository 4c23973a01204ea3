local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local events = require "scalekit.vmcp.events"
local launch = require "scalekit.host.launch"
local support = require "spec.support.env"
local vmcp = require "scalekit.vmcp"
local webhook = require "scalekit.webhook"

describe("events of an app", function()
  local key

  setup(function()
    key = core.key_generate "RS256"
  end)

  local function new_app(more)
    local delivered = {}
    local opts = {
      key = key, webhook_url = "https://app.example/hook",
      deliver = function(delivery) delivered[#delivered + 1] = delivery end,
    }
    for name, value in pairs(more or {}) do opts[name] = value end
    return vmcp.app(opts), delivered
  end

  it("go to the function that the host gave, ready to be sent", function()
    local app, delivered = new_app()
    app:authorize { connection_name = "gmail", identifier = "ada" }
    assert.equal(3, #delivered)
    for _, delivery in ipairs(delivered) do
      assert.equal("https://app.example/hook", delivery.url)
      assert.equal(1, delivery.attempt)
      assert.equal(delivery.event.id, delivery.id)
      assert.is_table(webhook.verify {
        secret = app.webhook_secret, headers = delivery.headers, body = delivery.body,
      })
    end
    assert.equal("connected_account.status_updated", delivered[2].event.type)
  end)

  it("are signed anew for each attempt, of which there are so many", function()
    local now = 1700000000
    local app, delivered = new_app { clock = function() return now end, webhook_retries = { 5, 60 } }
    app:authorize { connection_name = "gmail", identifier = "ada" }
    local delivery = delivered[1]
    local first = delivery.headers["webhook-signature"]
    assert.equal(5, events.again(app, delivery))
    assert.equal(60, events.again(app, delivery))
    assert.is_nil(events.again(app, delivery))
    now = now + 65
    events.sign(app, delivery)
    assert.not_equal(first, delivery.headers["webhook-signature"])
    assert.equal("1700000065", delivery.headers["webhook-timestamp"])
    assert.is_table(webhook.verify {
      secret = app.webhook_secret, headers = delivery.headers, body = delivery.body, now = now,
    })
  end)

  it("are told to nobody where no URL is configured", function()
    local app = vmcp.app { key = key }
    assert.equal("ACTIVE", app:authorize({ connection_name = "gmail", identifier = "a" }).status)
  end)

  it("tell that a token could not be renewed, and the account is EXPIRED", function()
    local app, delivered = new_app()
    local accounts = require "scalekit.vmcp.accounts"
    local connection = app.catalogue:connection "gmail"
    app:authorize { connection_name = "gmail", identifier = "ada" }
    accounts.change(app, connection, "ada", {
      authorization_details = { oauth_token = { refresh_token = "" } },
    })
    local account = accounts.find(app, connection, "ada")
    account.token_expires_at = "2020-01-01T00:00:00Z"
    app.store:set("account/" .. connection.id .. "/ada", require("scalekit.json").encode(account))
    assert.equal("EXPIRED", accounts.fresh(app, connection, account).status)
    assert.equal("connected_account.status_updated", delivered[#delivered - 1].event.type)
    assert.equal("connected_account.token_refresh_failed", delivered[#delivered].event.type)
  end)

  it("need a URL, a secret and somebody who sends them", function()
    local function refused(more, words)
      assert.error_matches(function() new_app(more) end, words)
    end
    refused({ webhook_url = "ftp://x" }, "must be an http or https URL")
    refused({ webhook_url = "https://user:pw@x/" }, "must be an http or https URL")
    refused({ webhook_secret = "secret" }, "must be whsec_")
    refused({ webhook_retries = { "5" } }, "must hold numbers")
    refused({ webhook_retries = { -1 } }, "must hold numbers")
    assert.error_matches(function()
      vmcp.app { key = key, webhook_url = "https://x" }
    end, "option 'deliver' is missing")
    assert.error_matches(function()
      vmcp.app { key = key, deliver = print }
    end, "option 'webhook_url' is missing")
  end)

  it("keep the secret where Lua cannot read it", function()
    local app = new_app { webhook_secret = "whsec_dGVzdHNlY3JldA==" }
    for _, value in pairs(app) do assert.not_equal("whsec_dGVzdHNlY3JldA==", value) end
  end)
end)

-- nginx alone repeats: in-process that is the host's business
local function attempts_of(env, user, count)
  return env:deliveries(count, function(event)
    return event.data.identifier == user and event.type:find "created$"
  end)
end

describe("deliveries #nginx", function()
  support.through("nginx", { webhook = "?fail=1" }, function(env)
    it("are repeated with the same id and a new signature", function()
      env:set_account("gmail", "patient", "PENDING_AUTH")
      local list = attempts_of(env, "patient", 2)
      assert.equal(2, #list)
      assert.equal(list[1].headers["webhook-id"], list[2].headers["webhook-id"])
      for _, delivery in ipairs(list) do
        assert.is_table(webhook.verify {
          secret = "whsec_dGVzdHNlY3JldA==", headers = delivery.headers, body = delivery.body,
        })
      end
      assert.equal("", env.server:errors())
    end)
  end)

  support.through("nginx", { webhook = "?fail=9" }, function(env)
    it("are given up after the last attempt, and that is logged", function()
      env:set_account("gmail", "patient", "PENDING_AUTH")
      local deadline = core.now() + 10
      repeat core.sleep(0.05) until env.server:errors():find "was not delivered"
        or core.now() > deadline
      assert.truthy(env.server:errors():find("was not delivered: status 500", 1, true))
      assert.equal(3, #attempts_of(env, "patient", 3))
    end)
  end)

  describe("over TLS", function()
    local server

    setup(function() server = require("spec.support.fault_server").start() end)
    teardown(function() server:stop() end)

    -- Has one event delivered to a port of the fault server → what nginx has logged.
    local function deliver_to(port)
      server:reset()
      local env = assert(launch.start {
        webhook_url = server:url(port):gsub("127%.0%.0%.1", "localhost") .. "/fault/good",
        webhook_retries = {}, ca_file = server.ca_file,
      })
      local send = curl.new()
      local function call(method, path, headers, body)
        return assert(send {
          method = method, url = env.url .. path, headers = headers, body = body,
          deadline = core.now() + 10,
        })
      end
      local token = call("POST", "/oauth/token", {
        ["content-type"] = "application/x-www-form-urlencoded",
      }, ("grant_type=client_credentials&client_id=%s&client_secret=%s"):format(
        env.client_id, env.client_secret)).body:match '"access_token":"([^"]+)"'
      call("PUT", "/switches/account", { authorization = "Bearer " .. token },
        '{"connection_name":"gmail","identifier":"ada","status":"PENDING_AUTH"}')
      local deadline = core.now() + 10
      repeat core.sleep(0.02) until server:stats().requests > 0
        or env:errors():find "was not delivered" or core.now() > deadline
      local requests, errors = server:stats().requests, env:errors()
      env:stop()
      return requests, errors
    end

    it("go to who can prove the name", function()
      assert.same({ 1, "" }, { deliver_to "tls" })
    end)

    it("do not go to anybody else", function()
      for _, port in ipairs { "tls-foreign", "tls-wrong-host", "tls-expired" } do
        local requests, errors = deliver_to(port)
        assert.equal(0, requests, port)
        assert.truthy(errors:find("was not delivered: ", 1, true), port)
      end
    end)
  end)
end)
