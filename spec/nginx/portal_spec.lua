-- examples/openresty/portal.conf before our own environment.
local core = require "scalekit.core"
local env = require "spec.support.env"
local recipe = require "spec.support.recipe"

local WHO_AM_I = [[
  server {
    listen 127.0.0.1:%PORT2%;
    location = /whoami {
      content_by_lua_block {
        if not ngx.var.cookie_user then return ngx.exit(403) end
        ngx.header["X-User"] = ngx.unescape_uri(ngx.var.cookie_user)
      }
    }
  }
]]

-- Runs `cases(e, ask)`; `replace` changes the configuration.
local function portal(title, options, replace, cases)
  describe(title, function()
    env.through("nginx", options, function(e)
      local host

      -- One request of a user's browser.
      local function ask(user, path, headers, method)
        local sent = { cookie = user and "user=" .. core.percent(user) or nil }
        for name, value in pairs(headers or {}) do sent[name] = value end
        return host:request { method = method, url = path or "/connections", headers = sent }
      end

      setup(function()
        e:create(nil, "mail-agent")
        local all = { ["http://127.0.0.1:9000/whoami"] = "http://127.0.0.1:%PORT2%/whoami" }
        for what, with in pairs(replace) do all[what] = with end
        host = recipe.start("portal.conf", {
          http = WHO_AM_I, replace = all, env = {
            SCALEKIT_ENV_URL = e.url, SCALEKIT_CLIENT_ID = e.client_id,
            SCALEKIT_CLIENT_SECRET = e.client_secret,
          },
        })
      end)

      teardown(function() host:stop() end)

      cases(e, ask)
    end)
  end)
end

-- The visitor follows a link of the environment and allows what it asks for.
local function allow(e, link)
  local page = e:request("GET", e:path(link))
  assert.equal(200, page.status)
  return e:form(e:path(link), {
    decision = "allow", nonce = assert(page.body:match 'name="nonce" value="([^"]*)"'),
  })
end

portal("portal.conf #nginx,", {}, {}, function(e, ask)
  it("shows a user's connections, each with a link where it is not connected", function()
    e:set_account("gmail", "ada", "ACTIVE")
    local page = ask "ada"
    assert.same({ 200, "text/html; charset=utf-8" }, { page.status, page.headers["content-type"] })
    assert.matches('Gmail</strong> <span class="soft">connected</span></li>', page.body, 1, true)
    assert.matches(
      'Google Calendar</strong> <span class="soft">not connected</span>'
        .. ' <a href="/connections?connect=googlecalendar" rel="nofollow">Connect</a>', page.body, 1, true)
  end)

  it("has no scripts, loads nothing, and stands in nobody's frame", function()
    local page = ask "ada"
    local policy = page.headers["content-security-policy"]
    assert.matches("default-src 'none'", policy, 1, true)
    assert.matches("frame-ancestors 'none'", policy, 1, true)
    assert.is_nil(page.body:find "<script")
    assert.is_nil(page.body:find "https?://")
    assert.equal("no-store", page.headers["cache-control"])
  end)

  it("makes a fresh link for each click, which leads to the hosted page", function()
    local links = {}
    for i = 1, 2 do
      local response = ask("bob", "/connections?connect=gmail")
      assert.equal(303, response.status)
      links[i] = response.headers.location
    end
    assert.not_equal(links[1], links[2])
    assert.equal(200, allow(e, links[2]).status)
    assert.matches('Gmail</strong> <span class="soft">connected</span>', ask("bob").body, 1, true)
  end)

  it("says what is wrong with a connection", function()
    e:set_account("gmail", "carol", "EXPIRED")
    assert.matches("needs to be connected again", ask("carol").body, 1, true)
  end)

  it("escapes what is not its own text", function()
    local page = ask('<b onclick="x">&\'')
    assert.matches("&lt;b onclick=&quot;x&quot;&gt;&amp;&#39;", page.body, 1, true)
    assert.is_nil(page.body:find("<b ", 1, true))
  end)

  it("leads to the page for a connection that there is not, or that is connected", function()
    e:set_account("gmail", "dora", "ACTIVE")
    for _, name in ipairs { "gmail", "nothing", "%ff" } do
      local response = ask("dora", "/connections?connect=" .. name)
      if name == "%ff" then
        assert.equal(200, response.status)
      else
        assert.same({ 303, "/connections" }, { response.status, response.headers.location })
      end
    end
  end)

  it("makes no links when another site leads here", function()
    local response = ask("ada", "/connections?connect=googlecalendar",
      { ["sec-fetch-site"] = "cross-site" })
    assert.equal(200, response.status)
    assert.matches("<ul>", response.body, 1, true)
  end)

  it("sends strangers where the app wants them", function()
    local response = ask(nil)
    assert.same({ 302, true }, { response.status, response.headers.location:find "/login$" ~= nil })
  end)

  it("is for reading", function()
    local response = ask("ada", nil, nil, "POST")
    assert.same({ 405, "GET, HEAD" }, { response.status, response.headers.allow })
  end)
end)

portal("portal.conf with users that the app verifies #nginx,", { user_verification = "custom" }, {
  ["-- user_verify_url = \"https://app.example.com/connections\""] =
    'user_verify_url = "http://127.0.0.1:%PORT%/connections"',
}, function(e, ask)
  -- → the path with which the browser comes back
  local function come_back(user)
    local link = ask(user, "/connections?connect=gmail").headers.location
    local response = allow(e, link)
    assert.equal(302, response.status)
    return (response.headers.location:match "^http://127.0.0.1:%d+(/connections.*)$")
  end

  it("confirms who comes back", function()
    local response = ask("ada", come_back "ada")
    assert.same({ 303, "/connections" }, { response.status, response.headers.location })
    assert.matches('Gmail</strong> <span class="soft">connected</span>', ask("ada").body, 1, true)
  end)

  it("connects nothing where somebody else comes back", function()
    local response = ask("mallory", come_back "bob")
    assert.equal(400, response.status)
    for _, user in ipairs { "mallory", "bob" } do
      assert.is_nil(ask(user).body:find('Gmail</strong> <span class="soft">connected', 1, true))
    end
  end)
end)

describe("portal.conf without an environment #nginx,", function()
  it("says so, and why in the log", function()
    local host = recipe.start("portal.conf", {
      http = WHO_AM_I, env = {
        SCALEKIT_ENV_URL = "http://127.0.0.1:1", SCALEKIT_CLIENT_ID = "skc_1", SCALEKIT_CLIENT_SECRET = "s",
      }, replace = { ["http://127.0.0.1:9000/whoami"] = "http://127.0.0.1:%PORT2%/whoami" },
    })
    local page = host:request { url = "/connections", headers = { cookie = "user=ada" } }
    local log = host:errors()
    host:stop()
    assert.equal(502, page.status)
    assert.is_nil(page.body:find("127.0.0.1", 1, true))
    assert.matches("no connection to 127.0.0.1:1", log, 1, true)
  end)
end)
