local core = require "scalekit.core"
local mcp = require "scalekit.mcp"
local script = require "spec.support.mcp_script"

local TOKEN = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0-token"

local function try(opts, steps)
  local peer, given = script.new(steps or { script.result(script.DISCOVERED) }), { url = script.URL }
  for name, value in pairs(opts) do given[name] = value end
  given.transport = peer.send
  local connection, err = mcp.connect(given)
  return connection, err, peer
end

-- All that a curious program can print of a value.
local function everything(value, seen)
  seen = seen or {}
  if type(value) ~= "table" or seen[value] then return tostring(value) end
  seen[value] = true
  local parts = { tostring(value) }
  for key, item in pairs(value) do
    parts[#parts + 1] = everything(key, seen)
    parts[#parts + 1] = everything(item, seen)
  end
  return table.concat(parts, "\n")
end

describe("mcp.connect", function()
  it("raises misuse where the caller stands", function()
    for text, opts in pairs {
      ["did you mean 'token'"] = { url = script.URL, tokne = "x" },
      ["'url' is required"] = {},
      ["'url' must be a string"] = { url = 3 },
      ["'era' must be"] = { url = script.URL, era = "future" },
      ["'timeout' must be a time above 0"] = { url = script.URL, timeout = -1 },
      ['seconds, or a text such as "90s"'] = { url = script.URL, timeout = "1" },
      ["'timeout' must be a number or string"] = { url = script.URL, timeout = true },
      ["'max_body' must be"] = { url = script.URL, max_body = 0 },
      ["'client_info' must have"] = { url = script.URL, client_info = { name = "x" } },
      ["'transport' must be"] = { url = script.URL, transport = {} },
      ["'token' must be"] = { url = script.URL, token = 5 },
      ["has a name that is none"] = { url = script.URL, headers = { ["a b"] = "x" } },
      ["header 'X' must be a string"] = { url = script.URL, headers = { X = 5 } },
      ["header 'Mcp-Session-Id' is set by"] = { url = script.URL, headers = { ["Mcp-Session-Id"] = "x" } },
      ["header 'ACCEPT' is set by"] = { url = script.URL, headers = { ACCEPT = "x" } },
      ["is given twice"] = { url = script.URL, headers = { X = "1", x = "2" } },
      ["must have a name and"] = { url = script.URL, client_info = { name = "\255", version = "1" } },
      ["number of bytes"] = { url = script.URL, max_body = 0.5 },
      ["either 'token' or"] = { url = script.URL, token = "x", headers = { authorization = "Bearer y" } },
    } do
      local ok, message = pcall(function() return (mcp.connect(opts)) end)
      assert.is_false(ok)
      assert.matches("connect_spec.lua:%d+:", message)
      assert.is_truthy(message:find(text, 1, true), message)
    end
  end)

  it("returns what is wrong with values from outside", function()
    for _, opts in ipairs {
      { url = "" }, { url = "peer.example" }, { url = "ftp://peer.example/" }, { url = "file:///etc/passwd" },
      { url = "https://peer.example/a b" }, { url = "https://peer.example/\r\nX: y" }, { url = "https://" },
      { url = "https://user:password@peer.example/" }, { url = "https://peer.example/#x" },
      { token = "" }, { token = "a\nb" }, { token = "a\r\nX: y" }, { token = " a" }, { token = "a\0" },
      { headers = { Authorization = "Bearer a\nb" } }, { headers = { X = "a\r\nY: b" } },
      { url = "http://peer.example/", token = "t" }, { url = "http://127.0.0.1.example/", token = "t" },
      { url = "http://peer.example/", headers = { Authorization = "Basic x" } },
    } do
      local connection, err, peer = try(opts)
      assert.is_nil(connection)
      assert.equal("configuration", err.kind)
      assert.equal("none", err.outcome)
      assert.is_nil(tostring(err):find("password", 1, true) and tostring(err):find("user:", 1, true))
      assert.equal(0, peer:count())
    end
  end)

  it("sends a token over plain http only to this machine, or where that is allowed", function()
    for _, opts in ipairs {
      { url = "http://127.0.0.1:8/mcp", token = "t" }, { url = "http://localhost/", token = "t" },
      { url = "http://[::1]:8/", token = "t" }, { url = "HTTP://LOCALHOST/", token = "t" },
      { url = "http://peer.example/", token = "t", allow_insecure_http = true },
      { url = "http://peer.example/" },
    } do
      assert.is_table((try(opts)))
    end
  end)

  it("sends the token with every request, however it was given", function()
    for _, opts in ipairs {
      { token = TOKEN }, { token = core.secret(TOKEN) }, { headers = { Authorization = "Bearer " .. TOKEN } },
      { headers = { authorization = "bearer  " .. TOKEN } },
      { headers = { AUTHORIZATION = core.secret("Bearer " .. TOKEN) } },
    } do
      opts.era = "legacy"
      local opening, opened = script.handshake(nil, "s1")
      local connection, _, peer = try(opts,
        { opening, opened, script.result '{"tools":[]}', script.stream(function()
          return { { data = "", id = "e", retry = 0 } }
        end), script.http(405), script.http(200) })
      assert(connection:list_tools())
      connection:call_tool "x"
      connection:close()
      assert.equal(6, peer:count())
      for _, seen in ipairs(peer.log) do
        assert.equal(TOKEN, seen.auth)
        assert.is_nil(seen.headers.authorization)
      end
    end
  end)

  it("sends further headers with every request", function()
    local _, _, peer = try {
      headers = { ["X-Tenant"] = "acme", ["X-Api-Key"] = "k", Authorization = "Basic dTpw" },
    }
    assert.equal("acme", peer.log[1].headers["x-tenant"])
    assert.equal("k", peer.log[1].headers["x-api-key"])
    assert.equal("Basic dTpw", peer.log[1].headers.authorization)
    assert.is_nil(peer.log[1].auth)
    assert.equal("userdata", type(peer.log[1].request.headers["x-api-key"]))
  end)

  it("keeps neither the caller's table nor a hold on it", function()
    local opts = { token = TOKEN, headers = { X = "1" }, client_info = { name = "n", version = "1" } }
    local discovered = script.result(script.DISCOVERED)
    local connection, _, peer = try(opts, { discovered, discovered })
    opts.headers.X, opts.client_info.name = "2", "m"
    assert(connection:ping())
    assert.equal("1", peer.log[2].headers.x)
    assert.equal("n", peer.log[2].message.params._meta["io.modelcontextprotocol/clientInfo"].name)
    assert.same({ token = TOKEN, headers = { X = "2" }, client_info = { name = "m", version = "1" } }, opts)
  end)

  it("shows the token nowhere", function()
    local connection = try({ token = TOKEN, url = "https://peer.example/mcp?key=" .. TOKEN })
    assert.is_nil(tostring(connection):find(TOKEN, 1, true))
    assert.is_truthy(tostring(connection):find("peer.example", 1, true))

    connection = try({ headers = { Authorization = "Bearer " .. TOKEN, ["X-Api-Key"] = TOKEN } })
    assert.is_nil(everything(connection):find(TOKEN, 1, true))

    for _, step in ipairs {
      script.http(401, { ["www-authenticate"] = 'Bearer error_description="' .. TOKEN .. '"' },
        '{"error":"' .. TOKEN .. '"}'),
      script.http(403, {}, '{"error":"x","error_description":"' .. TOKEN .. '"}'),
      script.http(500, {}, '{"message":"' .. TOKEN .. '"}'),
      script.fault(-32020, "bad " .. TOKEN, { header = TOKEN, list = { TOKEN } }, 400),
      script.fault(-32022, TOKEN, { supported = { TOKEN } }, 400),
    } do
      local none, err = try({ token = TOKEN }, { step })
      assert.is_nil(none)
      assert.is_nil(everything(err):find(TOKEN, 1, true))
    end
  end)

  it("hides the credentials of other schemes too", function()
    local _, err = try({ headers = { Authorization = "Basic " .. TOKEN } },
      { script.http(403, {}, '{"error":"' .. TOKEN .. '"}') })
    assert.is_nil(everything(err):find(TOKEN, 1, true))
  end)

  it("keeps the token out of tracebacks", function()
    local text
    local peer = script.new { function() text = debug.traceback() error("stop", 0) end }
    pcall(mcp.connect, { url = script.URL, token = TOKEN, transport = peer.send })
    assert.is_nil(text:find(TOKEN, 1, true))
  end)

  it("makes a peer's words short and harmless", function()
    local body = '{"error_description":"\\u001b[31m' .. ("é"):rep(500) .. '"}'
    local _, err = try({}, { script.http(403, {}, body) })
    assert.is_true(#err.message < 400)
    assert.is_nil(err.message:find "%c")
    assert.is_number(core.utf8_length(err.message))
  end)

  it("tells the server who calls", function()
    local _, _, peer = try { client_info = { name = "agent", version = "7" } }
    assert.same({ name = "agent", version = "7" },
      peer.log[1].message.params._meta["io.modelcontextprotocol/clientInfo"])
  end)

  it("leaves no globals behind", function()
    local before = {}
    for name in pairs(_G) do before[name] = true end
    local connection = try {}
    connection:close()
    for name in pairs(_G) do assert.is_true(before[name]) end
  end)
end)
