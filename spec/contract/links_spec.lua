local core = require "scalekit.core"
local support = require "spec.support.env"

local LINK = "/api/v1/connected_accounts/magic_link"
local VERIFY = "/api/v1/connected_accounts/user/verify"

local users = 0

local function new_user()
  users = users + 1
  return ("linked_%d"):format(users)
end

local function nonce_of(page)
  return page.body:match 'name="nonce" value="([^"]+)"'
end

local function status_of(env, config, user, connection_name)
  local _, body = env:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/connected_accounts", {
    identifier = user,
  })
  for _, entry in ipairs(body.connected_accounts) do
    if entry.connection_name == connection_name then
      return entry.connected_account_status
    end
  end
end

-- Opens a link and sends its form, as a browser would.
local function follow(env, link, decision, headers)
  local path = env:path(link)
  local page = env:request("GET", path)
  return env:form(path, { nonce = nonce_of(page), decision = decision }, headers), page
end

local function config_link(env, config, user)
  local _, body = env:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/connected_accounts", {
    identifier = user, include_auth_link = true,
  })
  return body.connected_accounts[1].authentication_link
end

describe("authorization links", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    it("asks on a page that stands alone", function()
      local config = env:create()
      local page = env:request("GET", env:path(config_link(env, config, "a<b>&\"c'")))
      assert.equal(200, page.status)
      assert.equal("text/html; charset=utf-8", page.headers["content-type"])
      assert.equal("no-store", page.headers["cache-control"])
      assert.equal("DENY", page.headers["x-frame-options"])
      local policy = page.headers["content-security-policy"]
      assert.truthy(policy:find("default-src 'none'", 1, true))
      assert.truthy(policy:find("frame-ancestors 'none'", 1, true))
      local style = page.body:match "<style>(.*)</style>"
      local hash = core.base64(core.sha256(style))
      assert.truthy(policy:find("'sha256-" .. hash .. "'", 1, true))
      assert.is_nil(page.body:find "<script")
      assert.is_nil(page.body:find "https?://")
      assert.is_nil(page.body:find "<b>")
      assert.truthy(page.body:find("a&lt;b&gt;&amp;&quot;c&#39;", 1, true))
      assert.truthy(page.body:find('name="viewport"', 1, true))
      assert.truthy(page.body:find(config.name, 1, true))
      assert.truthy(page.body:find("Gmail", 1, true))
      assert.truthy(page.body:find("Fetch mails", 1, true))
      assert.is_nil(page.body:find("Send a mail", 1, true))
      assert.truthy(page.body:find('value="allow"', 1, true))
      assert.truthy(page.body:find('value="deny"', 1, true))
    end)

    it("makes the account ACTIVE when the user allows it", function()
      local config, user = env:create(), new_user()
      local answer = follow(env, config_link(env, config, user), "allow")
      assert.equal(200, answer.status)
      assert.truthy(answer.body:find("Connected", 1, true))
      assert.equal("ACTIVE", status_of(env, config, user, "gmail"))
      assert.equal("PENDING_AUTH", status_of(env, config, user, "googlecalendar"))
    end)

    it("leaves the account alone when the user denies it", function()
      local config, user = env:create(), new_user()
      local link = config_link(env, config, user)
      local answer = follow(env, link, "deny")
      assert.equal(200, answer.status)
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
      assert.equal(410, env:request("GET", env:path(link)).status)
    end)

    it("does nothing when the page is only opened", function()
      local config, user = env:create(), new_user()
      local path = env:path(config_link(env, config, user))
      for _, method in ipairs { "GET", "HEAD", "GET" } do
        assert.equal(200, env:request(method, path).status)
      end
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
    end)

    it("works once", function()
      local config, user = env:create(), new_user()
      local link = config_link(env, config, user)
      local _, page = follow(env, link, "allow")
      env:set_account("gmail", user, "EXPIRED")
      local again = env:form(env:path(link), { nonce = nonce_of(page), decision = "allow" })
      assert.equal(410, again.status)
      assert.truthy(again.body:find("used already", 1, true))
      assert.equal(410, env:request("GET", env:path(link)).status)
      assert.equal("EXPIRED", status_of(env, config, user, "gmail"))
    end)

    it("opens for a minute, and gives who opened it in time a while to read", function()
      local config, user = env:create(), new_user()
      local path = env:path(config_link(env, config, user))
      local page = env:request("GET", path)
      env:advance(61)
      local late = env:request("GET", path)
      local answer = env:form(path, { nonce = nonce_of(page), decision = "allow" })
      env:advance(-61)
      assert.equal(410, late.status)
      assert.truthy(late.body:find("expired", 1, true))
      assert.equal(200, answer.status)
      assert.equal("ACTIVE", status_of(env, config, user, "gmail"))
    end)

    it("does not wait for a decision for ever", function()
      local config, user = env:create(), new_user()
      local path = env:path(config_link(env, config, user))
      local page = env:request("GET", path)
      env:advance(361)
      local answer = env:form(path, { nonce = nonce_of(page), decision = "allow" })
      env:advance(-361)
      assert.equal(410, answer.status)
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
    end)

    it("accepts only the form of its own page, from no other site", function()
      local config, user = env:create(), new_user()
      local path = env:path(config_link(env, config, user))
      local nonce = nonce_of(env:request("GET", path))
      local function status(fields, headers)
        return env:form(path, fields, headers).status
      end
      assert.equal(403, status { decision = "allow" })
      assert.equal(403, status { decision = "allow", nonce = "x" })
      assert.equal(403, status { decision = "", nonce = nonce })
      assert.equal(403, status { nonce = nonce })
      assert.equal(403, status({ decision = "allow", nonce = nonce },
        { origin = "https://other.example" }))
      assert.equal(403, status({ decision = "allow", nonce = nonce }, { origin = "null" }))
      assert.equal(403, status({ decision = "allow", nonce = nonce },
        { ["sec-fetch-site"] = "cross-site" }))
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
      assert.equal(200, status({ decision = "allow", nonce = nonce },
        { origin = env.url, ["sec-fetch-site"] = "same-origin" }))
    end)

    it("knows no invented link", function()
      local path = "/magicLink/" .. ("A"):rep(43)
      assert.equal(404, env:request("GET", path).status)
      assert.equal(404, env:form(path, { decision = "allow", nonce = "x" }).status)
      assert.equal(404, env:request("GET", "/magicLink/").status)
      assert.equal(405, env:request("DELETE", path).status)
    end)

    it("makes one link for a connection and a user, and creates the account", function()
      local config, user = env:create(), new_user()
      local status, body = env:api("POST", LINK, { connector = "gmail", identifier = user })
      assert.equal(200, status)
      assert.truthy(body.expiry:match "^%d+%-%d+%-%d+T%d+:%d+:%d+Z$")
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
      env:advance(120)
      local answer = follow(env, body.link, "allow")
      env:advance(-120)
      assert.equal(200, answer.status)
      assert.equal("ACTIVE", status_of(env, config, user, "gmail"))
    end)

    it("makes a link for an account by its id", function()
      local config, user = env:create(), new_user()
      local _, listed = env:api("POST", "/api/v1/mcp/configs/" .. config.id .. "/connected_accounts", {
        identifier = user, include_auth_link = true,
      })
      local status, body = env:api("POST", LINK, {
        id = listed.connected_accounts[2].connected_account_id,
      })
      assert.equal(200, status)
      follow(env, body.link, "allow")
      assert.equal("ACTIVE", status_of(env, config, user, "googlecalendar"))
      assert.equal(404, (env:api("POST", LINK, { id = "ca_0" })))
    end)

    it("refuses to guess whose link is wanted", function()
      for _, body in ipairs { "{}", '{"connector":"gmail"}', '{"identifier":"x"}', '{"id":""}' } do
        assert.equal(400, (env:api("POST", LINK, body)))
      end
      assert.equal(404, (env:api("POST", LINK, { connector = "nowhere", identifier = "x" })))
      assert.equal(400, (env:api("POST", LINK, { id = "x_1" })))
      assert.equal(400, (env:api("POST", LINK, { connector = "gmail", identifier = ("x"):rep(101) })))
    end)

    it("K07 takes names of connections with blanks and punctuation, no others", function()
      local function status(connector)
        return (env:api("POST", LINK, { connector = connector, identifier = "user" }))
      end
      assert.equal(200, status "Team mail: a_b-c")
      assert.equal(404, status "no such: name_-")
      for _, connector in ipairs { "a/b", "é", ("a"):rep(401) } do
        assert.equal(400, status(connector), connector)
      end
      assert.equal(404, status(("a"):rep(400)))
    end)

    it("K08 bounds the organization's id", function()
      for length, status in pairs { [32] = 200, [33] = 400 } do
        assert.equal(status, (env:api("POST", LINK, {
          connector = "gmail", identifier = "user", organization_id = ("o"):rep(length),
        })))
      end
    end)

    it("K23 bounds state and user_verify_url", function()
      local function status(more)
        local body = { connector = "gmail", identifier = "bounds" }
        for name, value in pairs(more) do
          body[name] = value
        end
        return (env:api("POST", LINK, body))
      end
      assert.equal(200, status { state = ("s"):rep(512) })
      assert.equal(400, status { state = ("s"):rep(513) })
      local long = "https://app.example/" .. ("p"):rep(2048 - 20)
      assert.equal(200, status { user_verify_url = long })
      assert.equal(400, status { user_verify_url = long .. "p" })
      assert.equal(200, status { user_verify_url = "" })
      assert.equal(200, status { user_verify_url = "http://localhost:3000/done?x=1#y" })
      for _, url in ipairs {
        "ftp://x", "https://", "https://a b", "https://x\r\nset-cookie: a=b", "https://x;y",
        "https://user@x/", "javascript:alert(1)", 'https://x/"',
      } do
        assert.equal(400, status { user_verify_url = url }, url)
      end
    end)

    it("K28 bounds what a verification is asked for", function()
      assert.equal(400, (env:api("POST", VERIFY, { auth_request_id = "", identifier = "x" })))
      assert.equal(400, (env:api("POST", VERIFY, { auth_request_id = ("a"):rep(1001), identifier = "x" })))
      assert.equal(400, (env:api("POST", VERIFY, { auth_request_id = "a", identifier = ("x"):rep(201) })))
      assert.equal(400, (env:api("POST", VERIFY, { auth_request_id = "a" })))
      assert.equal(404, (env:api("POST", VERIFY, { auth_request_id = "a", identifier = "x" })))
    end)
  end)
end)

describe("custom user verification", function()
  support.both({ user_verification = "custom" }, function(env)
    local function start(user, more)
      local body = { connector = "gmail", identifier = user }
      for name, value in pairs(more) do
        body[name] = value
      end
      local _, answer = env:api("POST", LINK, body)
      return follow(env, answer.link, "allow")
    end

    it("K25 sends the user back to the app with the request and the unchanged state", function()
      local config, user = env:create(), new_user()
      local state = "a b&c=d/é"
      local answer, page = start(user, {
        user_verify_url = "https://app.example:8443/cb?x=1#top", state = state,
      })
      assert.truthy(page.headers["content-security-policy"]:find(
        "form-action 'self' https://app.example:8443;", 1, true))
      assert.equal(302, answer.status)
      local id, sent = answer.headers.location:match(
        "^https://app%.example:8443/cb%?x=1&auth_request_id=([%w_-]+)&state=([^&#]+)#top$")
      assert.truthy(id)
      assert.equal(state, core.unpercent(sent))
      assert.equal("PENDING_VERIFICATION", status_of(env, config, user, "gmail"))
    end)

    it("K26 verifies the right user once", function()
      local config, user = env:create(), new_user()
      local answer = start(user, { user_verify_url = "https://app.example/cb", state = "s" })
      local id = answer.headers.location:match "auth_request_id=([^&]+)"
      local status, body = env:api("POST", VERIFY, { auth_request_id = id, identifier = "other" })
      assert.equal(403, status)
      assert.equal(7, body.code)
      assert.equal("PENDING_VERIFICATION", status_of(env, config, user, "gmail"))
      status, body = env:api("POST", VERIFY, { auth_request_id = id, identifier = user })
      assert.equal(200, status)
      assert.equal(200, env:request("GET", env:path(body.post_user_verify_redirect_url)).status)
      assert.equal("ACTIVE", status_of(env, config, user, "gmail"))
      status = env:api("POST", VERIFY, { auth_request_id = id, identifier = user })
      assert.equal(404, status)
    end)

    it("K29 fails where the link does not say who verifies", function()
      local config, user = env:create(), new_user()
      local answer = start(user, {})
      assert.equal(400, answer.status)
      assert.truthy(answer.body:find("failed_to_exchange", 1, true))
      assert.truthy(answer.body:find("user_verify_url not configured", 1, true))
      answer = follow(env, config_link(env, config, user), "allow")
      assert.equal(400, answer.status)
      assert.equal("PENDING_AUTH", status_of(env, config, user, "gmail"))
    end)

    it("sends no state where none was given", function()
      local answer = start(new_user(), { user_verify_url = "https://app.example/cb" })
      assert.truthy(answer.headers.location:match
        "^https://app%.example/cb%?auth_request_id=[%w_-]+$")
    end)
  end)
end)
