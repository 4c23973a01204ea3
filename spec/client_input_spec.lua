-- What the client refuses before anything is sent, and how it says so.
local json = require "scalekit.json"
local scalekit = require "scalekit"
local support = require "spec.support.peer"

local peer, answer, client_of, CREATE =
  support.peer, support.answer, support.client_of, support.CREATE

describe("bad input", function()
  local server = peer(error)
  local function mcp() return client_of(server).mcp end

  local function create(changes)
    local args = {}
    for name, value in pairs(CREATE) do args[name] = value end
    for name, value in pairs(changes) do args[name] = value end
    return mcp():create_config(args)
  end

  it("names all missing environment variables", function()
    local getenv = os.getenv
    os.getenv = function() return nil end -- luacheck: ignore 122
    local client, err = scalekit.new()
    os.getenv = getenv -- luacheck: ignore 122
    assert.is_nil(client)
    assert.equal("configuration", err.kind)
    for _, name in ipairs { "SCALEKIT_ENV_URL", "SCALEKIT_CLIENT_ID", "SCALEKIT_CLIENT_SECRET" } do
      assert.is_truthy(err.message:find(name, 1, true))
    end
  end)

  it("does not send secrets in clear to another machine", function()
    local function new(url, allow)
      return scalekit.new { env_url = url, client_id = "a", client_secret = "b",
        allow_insecure_http = allow }
    end
    local _, err = new("http://env.example.test")
    assert.equal("configuration", err.kind)
    assert.is_truthy(new("http://env.example.test", true))
    for _, url in ipairs { "http://127.0.0.1:80", "http://localhost", "http://[::1]:1/",
      "https://env.example.test" } do
      assert.is_truthy(new(url))
    end
    for _, url in ipairs { "http://localhost.evil.test", "http://127.0.0.1.evil.test",
      "http://127.0.0.1@evil.test", "ftp://x", "env.example.test", "https://", "https://a b",
      "https://a?x=1", "file:///etc/passwd", "http://0x7f.1" } do
      assert.is_nil((new(url)))
    end
  end)

  it("names the path of a value of the wrong type, at the caller's line", function()
    local line = debug.getinfo(1, "l").currentline + 2
    local ok, message = pcall(function()
      mcp():create_config { name = "a", connection_tool_mappings = {
        { connection_name = "gmail", tools = { "x" } },
        { connection_name = "gmail", tools = { 7 } },
      } }
    end)
    assert.is_false(ok)
    assert.is_truthy(message:find("client_input_spec.lua:" .. line .. ": create_config: "
      .. "connection_tool_mappings[2].tools[1]: expected string, got number", 1, true))
  end)

  it("refuses an unknown option and suggests the nearest", function()
    local _, message = pcall(create, { descripton = "x" })
    assert.matches("unknown option 'descripton' %(did you mean 'description'%?%)$", message)
    _, message = pcall(create, { connection_tool_mappings = {
      { connection_name = "gmail", tolos = { "x" }, tools = { "y" } } } })
    assert.is_truthy(message:find("connection_tool_mappings[1].tolos: ", 1, true))
    assert.matches("tools", message)
    _, message = pcall(function() mcp():get_config { confg_id = "x" } end)
    assert.matches("did you mean 'config_id'", message)
  end)

  it("refuses an empty or absent list of tools, which would mean every tool", function()
    for _, tools in ipairs { {}, false, scalekit.null } do
      local value, err = create { connection_tool_mappings = {
        { connection_name = "gmail", tools = tools or nil } } }
      assert.is_nil(value)
      assert.equal("connection_tool_mappings[1].tools", err.fields[1].field)
      assert.matches("scalekit.ALL", err.message)
    end
  end)

  it("takes scalekit.ALL for every tool", function()
    local all = peer(function() return answer(201, { config = {} }) end)
    local given = { { connection_name = "gmail", tools = scalekit.ALL } }
    scalekit.check(client_of(all).mcp:create_config {
      name = "a", connection_tool_mappings = given })
    assert.same({ { connection_name = "gmail" } },
      json.decode(all.requests[1].body).connection_tool_mappings)
    assert.equal(scalekit.ALL, given[1].tools)
  end)

  it("refuses bad names, too many mappings, and none, unsent", function()
    for _, name in ipairs { "", ("a"):rep(101), "Email", "my agent", "ä", "a.b", "a\n" } do
      local _, err = create { name = name }
      assert.same({ "bad_request", "name" }, { err.kind, err.fields[1].field })
    end
    local many = {}
    for i = 1, 26 do many[i] = CREATE.connection_tool_mappings[1] end
    for _, mappings in ipairs { many, {} } do
      local _, err = create { connection_tool_mappings = mappings }
      assert.equal("connection_tool_mappings", err.fields[1].field)
    end
    assert.equal(0, #server.requests + server.grants)
  end)

  it("refuses identifiers that are empty, too long, or not UTF-8", function()
    for _, identifier in ipairs { "", ("x"):rep(300), "\255" } do
      local _, err = mcp():create_session_token {
        mcp_config_id = "cfg_1", identifier = identifier,
      }
      assert.same({ "bad_request", "identifier" }, { err.kind, err.fields[1].field })
    end
    local _, err = mcp():create_session_token { mcp_config_id = "cfg_1" }
    assert.equal("identifier", err.fields[1].field)
  end)

  it("does not change the caller's tables", function()
    local ok = peer(function() return answer(201, { config = {} }) end)
    local before = json.encode(CREATE)
    client_of(ok).mcp:create_config(CREATE)
    assert.equal(before, json.encode(CREATE))
  end)

  it("shows no secret in what can be printed", function()
    local client = client_of(server)
    local seen = { tostring(client), tostring(client.mcp), tostring(client.auth.credentials) }
    local _, problem = xpcall(function() client.mcp:create_config { nope = 1 } end,
      debug.traceback)
    seen[#seen + 1] = problem
    for _, text in ipairs(seen) do assert.is_nil(text:find("s3cr3t", 1, true)) end
  end)

  it("refuses tools that are no list, at the caller's line", function()
    for what, tools in pairs {
      ["named keys"] = { gmail_fetch_mails = true },
      holes = { "gmail_fetch_mails", nil, "gmail_send_mail" },
      ["keys that no list has"] = { [0] = "gmail_fetch_mails" },
    } do
      local ok, message = pcall(create, { connection_tool_mappings = {
        { connection_name = "gmail", tools = tools } } })
      assert.is_false(ok)
      assert.is_truthy(message:find("create_config: connection_tool_mappings[1].tools: "
        .. "expected a list, got a table with " .. what, 1, true))
    end
  end)

  it("refuses an update to no mappings, which would leave them as they are", function()
    local unsent = peer(error)
    local value, err = client_of(unsent).mcp:update_config {
      config_id = "cfg_1", description = "b", connection_tool_mappings = {},
    }
    assert.is_nil(value)
    assert.same({ "bad_request", "connection_tool_mappings", "repeated.min_items" },
      { err.kind, err.fields[1].field, err.fields[1].constraint })
    assert.equal(0, #unsent.requests + unsent.grants)
  end)

  it("takes an update that does not name the mappings", function()
    local updated = peer(function() return answer(200, { config = {} }) end)
    scalekit.check(client_of(updated).mcp:update_config { config_id = "cfg_1", description = "b" })
    assert.equal('{"description":"b"}', updated.requests[1].body)
  end)

  it("says the bounds of an expiry in words that one can read", function()
    for given, text in pairs { ["25h"] = "must be at most 86400s (24h)",
      ["59s"] = "must be at least 60s (1m)" } do
      local _, err = mcp():create_session_token {
        mcp_config_id = "cfg_1", identifier = "u", expiry = given,
      }
      assert.equal(text, err.fields[1].description)
    end
  end)
end)
