-- examples/openresty/agents.conf in front of our own Virtual MCP server.
local core = require "scalekit.core"
local env = require "spec.support.env"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local recipe = require "spec.support.recipe"
local secrets = require "spec.support.secrets"
local shell = require "scalekit.host.shell"
local step = require "scalekit.driver.step"

local KEY = "Bearer key-of-adas-agent"
local USERS = ""
for _, user in ipairs { "bob", "carol", "dora", "eve", "frank" } do
  USERS = ('["Bearer key of %s"] = "%s", '):format(user, user) .. USERS
end
local LIST = '{"jsonrpc":"2.0","id":"one","method":"tools/list"}'
local ANSWER = '{"jsonrpc":"2.0","id":"one","result":{"tools":[]}}'

-- A server of the spec's own in the place of the Virtual MCP server.
local STAND_IN = [[
  lua_shared_dict seen 1m;
  server {
    listen 127.0.0.1:%PORT2%;
    lua_check_client_abort on;
    location / { content_by_lua_block { require "spec.nginx.stand_in".serve() } }
  }
]]

describe("agents.conf #nginx,", function()
  env.through("nginx", {}, function(e)
    local host, config, runs

    -- `own`: the stand-in takes the calls; `replace`: further texts
    local function start(own, replace)
      local place = e.url:match "//(.*)$"
      local all = {
        ["https://scalekit$scalekit_path"] = "http://scalekit$scalekit_path",
        ["server name.scalekit.dev:443"] = "server " .. (own and "127.0.0.1:%PORT2%" or place),
        ["Host name.scalekit.dev"] = "Host " .. place,
        ['["Bearer key-of-bobs-agent"] = "bob"'] = USERS,
      }
      for what, with in pairs(replace or {}) do all[what] = with end
      return recipe.start("agents.conf", {
        http = own and STAND_IN, replace = all,
        env = {
          SCALEKIT_ENV_URL = e.url, SCALEKIT_CLIENT_ID = e.client_id,
          SCALEKIT_CLIENT_SECRET = e.client_secret,
        },
      })
    end

    local function url(at, name)
      return (at or host).url .. "/agents/" .. (name or config.name) .. "/mcp"
    end

    -- One request of an agent; a run of its own unless `headers` say another.
    local function ask(at, headers, more)
      local request = {
        method = "POST", url = url(at), body = LIST, deadline = core.now() + 20,
        headers = {
          authorization = KEY, ["content-type"] = "application/json",
          accept = "application/json, text/event-stream", ["mcp-protocol-version"] = "2025-11-25",
          ["x-agent-run"] = "run " .. runs,
        },
      }
      for name, value in pairs(headers or {}) do request.headers[name] = value or nil end
      for name, value in pairs(more or {}) do request[name] = value or nil end
      return assert(host.send(request))
    end

    -- How many tokens were minted; `wanted` of them, if they come. (A log is written after
    -- the answer.)
    local function minted(wanted)
      local deadline = core.now() + 2
      while true do
        core.sleep(0.02)
        local _, count = (shell.read(e.dir .. "/access.log") or ""):gsub("/tokens ", "")
        if not wanted or count >= wanted or core.now() > deadline then return count end
      end
    end

    local function error_of(response)
      return assert(json.decode(response.body)).error
    end

    setup(function()
      runs = 0
      host = start()
      config = e:create()
      e:activate(config, "ada")
    end)

    teardown(function() host:stop() end)

    before_each(function() runs = runs + 1 end)

    for _, era in ipairs { "modern", "legacy" } do
      it("an agent calls tools, and has no token, " .. era, function()
        local agent = assert(mcp.connect {
          url = url(), transport = host.send, headers = { authorization = KEY }, era = era,
        })
        assert.equal(3, #assert(agent:list_tools()))
        assert.is_not_true(assert(agent:call_tool("gmail_fetch_mails", {})).isError)
        assert.is_true(agent:close())
      end)
    end

    it("a run has one token, however many ask at once in two workers", function()
      local before, good = minted(), 0
      step.run(function()
        for _ = 1, 40 do
          step.spawn(function()
            if ask(nil, { connection = "close" }).status == 200 then good = good + 1 end
          end)
        end
      end)
      assert.same({ 40, before + 1 }, { good, minted(before + 1) })
    end)

    it("runs and users have tokens of their own", function()
      e:activate(config, "bob")
      local before = minted()
      assert.equal(200, ask().status)
      assert.equal(200, ask(nil, { ["x-agent-run"] = "another" }).status)
      assert.equal(200, ask(nil, { authorization = "Bearer key of bob" }).status)
      assert.equal(before + 3, minted(before + 3))
    end)

    it("DELETE ends a run in all workers, and the next request begins another", function()
      assert.equal(200, ask().status)
      local before = minted()
      for _ = 1, 3 do
        assert.equal(204, ask(nil, nil, { method = "DELETE", body = false }).status)
      end
      for _ = 1, 10 do assert.equal(200, ask(nil, { connection = "close" }).status) end
      assert.equal(before + 1, minted(before + 1))
    end)

    describe("where accounts are missing", function()
      it("the answer is a JSON-RPC error with a link for each", function()
        local response = ask(nil, { authorization = "Bearer key of carol" })
        assert.equal(200, response.status)
        assert.equal("one", json.decode(response.body).id)
        local problem = error_of(response)
        assert.equal(-32042, problem.code)
        assert.matches("carol has to authorize gmail", problem.message, 1, true)
        assert.equal(2, #problem.data.accounts)
        for i, account in ipairs(problem.data.accounts) do
          assert.equal(account.authentication_link, problem.data.elicitations[i].url)
          assert.matches("<form", e:request("GET", e:path(account.authentication_link)).body, 1, true)
        end
      end)

      it("our own client makes an error of kind authorization_required of it", function()
        local agent, err = mcp.connect {
          url = url(), transport = host.send, headers = { authorization = "Bearer key of dora" },
        }
        assert.is_nil(agent)
        assert.equal("authorization_required", err.kind)
        assert.equal(2, #err.data.accounts)
      end)

      it("it is 403 for who asks without a JSON-RPC id", function()
        local response = ask(nil, { authorization = "Bearer key of eve" },
          { method = "GET", body = false })
        assert.equal(403, response.status)
        assert.equal(2, #error_of(response).data.accounts)
      end)

      it("the run begins once they are there", function()
        local headers = { authorization = "Bearer key of frank" }
        assert.equal(-32042, error_of(ask(nil, headers)).code)
        e:activate(config, "frank")
        core.sleep(1.1) -- a refusal is remembered for a second
        assert.is_nil(error_of(ask(nil, headers)))
      end)
    end)

    describe("refuses", function()
      it("who is not known", function()
        local response = ask(nil, { authorization = "Bearer guess" })
        assert.same({ 401, "Bearer", "unauthorized" }, {
          response.status, response.headers["www-authenticate"], error_of(response).data.kind,
        })
      end)

      it("pages of other origins", function()
        assert.equal(403, ask(nil, { origin = "https://evil.example" }).status)
      end)

      it("methods that MCP does not have", function()
        local response = ask(nil, nil, { method = "PUT" })
        assert.same({ 405, "POST, GET, DELETE" }, { response.status, response.headers.allow })
      end)

      it("configs that are not there", function()
        local response = ask(nil, nil, { url = url(nil, "no-such-agent") })
        assert.same({ 404, "not_found" }, { response.status, error_of(response).data.kind })
      end)

    end)

    it("replaces a token that the server does not accept any more, unseen", function()
      local before = minted()
      assert.equal(200, ask().status)
      e:advance(7200) -- on the server's clock it has expired
      finally(function() e:advance(-7200) end)
      local response = ask()
      assert.equal(200, response.status)
      assert.is_nil(response.headers["www-authenticate"])
      assert.equal(before + 2, minted(before + 2))
    end)

    -- Cases with a configuration that differs.
    local function with(replace, cases)
      describe("otherwise set up,", function()
        local own
        setup(function() own = start(false, replace) end)
        teardown(function() own:stop() end)
        cases(function() return own end)
      end)
    end

    with({ ['idle = "15m"'] = 'idle = "300ms"' }, function(own)
      it("a run that nobody asks for is over", function()
        local before = minted()
        for _ = 1, 3 do assert.equal(200, ask(own()).status) end
        assert.equal(before + 1, minted(before + 1))
        core.sleep(0.5)
        assert.equal(200, ask(own()).status)
        assert.equal(before + 2, minted(before + 2))
      end)
    end)

    with({ ["idle = "] = 'upstream = "https://elsewhere.example", idle = ' }, function(own)
      it("a token is not sent to another place than the one passed on to; the log says why", function()
        local response = ask(own())
        assert.same({ 502, "configuration", "the session could not be opened" }, {
          response.status, error_of(response).data.kind, error_of(response).message,
        })
        assert.matches("this nginx passes on to https://elsewhere.example", own():errors(), 1, true)
      end)
    end)

    with({ ["scalekit.new()"] = 'scalekit.new { client_secret = "wrong" }' }, function(own)
      it("wrong credentials are 502, and the log says why", function()
        local response = ask(own())
        assert.same({ 502, "unauthorized" }, { response.status, error_of(response).data.kind })
        assert.matches("check the client id and the client secret", own():errors(), 1, true)
      end)
    end)

    describe("with a server of our own behind,", function()
      local own

      setup(function() own = start(true) end)
      teardown(function() own:stop() end)

      local function say(text)
        return assert(host.send {
          method = "POST", url = "http://127.0.0.1:" .. own.port2 .. "/say", body = text or "",
          deadline = core.now() + 10,
        }).body
      end

      it("it hears nothing of the agent but what is MCP's", function()
        say()
        local response = ask(own, {
          cookie = "session=1", ["x-api-key"] = "k", ["mcp-param-city"] = "=?base64?WsO8cmljaA==?=",
          ["mcp-session-id"] = "s-1", ["last-event-id"] = "7", ["x-forwarded-for"] = "1.2.3.4",
        })
        assert.equal(ANSWER, response.body)
        local heard = json.decode(say "heard")
        assert.matches("^Bearer eyJ[%w_-]+%.[%w_-]+%.[%w_-]+$", heard.headers.authorization)
        secrets.add(heard.headers.authorization:sub(8))
        heard.headers.authorization, heard.headers.host, heard.headers["user-agent"] = nil, nil, nil
        assert.same({
          accept = "application/json, text/event-stream", ["content-type"] = "application/json",
          ["content-length"] = tostring(#LIST), ["mcp-protocol-version"] = "2025-11-25",
          ["mcp-param-city"] = "=?base64?WsO8cmljaA==?=", ["mcp-session-id"] = "s-1",
          ["last-event-id"] = "7",
        }, heard.headers)
        assert.equal(e:path(config.mcp_server_url), heard.path)
        assert.equal(LIST, heard.body)
      end)

      it("DELETE of an MCP session reaches it", function()
        say()
        ask(own)
        say()
        local response = ask(own, { ["mcp-session-id"] = "s-1" }, { method = "DELETE", body = false })
        assert.equal(200, response.status)
        assert.equal("DELETE", json.decode(say "heard").method)
      end)

      it("a token that it refuses twice is no business of the agent", function()
        say "refuse"
        local before = minted()
        local response = ask(own)
        assert.equal(502, response.status)
        assert.is_nil(response.headers["www-authenticate"])
        assert.equal(before + 2, minted(before + 2))
      end)

      it("events go through as they come", function()
        say "stream"
        local stream = ask(own, nil, { stream = true }).events
        assert.equal("1", stream:read().data)
        say "go on" -- only now the second one is sent
        assert.equal("2", stream:read().data)
        assert.is_nil(stream:read())
        stream:close()
      end)

      it("an agent that goes away cancels the call", function()
        say "stream"
        local stream = ask(own, nil, { stream = true }).events
        assert.equal("1", stream:read().data)
        stream:close()
        assert.equal("aborted", say "wait for the end")
      end)
    end)
  end)
end)
