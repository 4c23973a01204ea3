local conf = require "scalekit.doctor.conf"
local doctor = require "scalekit.doctor"
local rules = require "scalekit.doctor.rules"
local shell = require "scalekit.host.shell"

local USES = "init_by_lua_block { client = require('scalekit').new() }"
local GOOD = USES .. [[
  resolver 127.0.0.53; lua_ssl_trusted_certificate /ca.crt; lua_ssl_verify_depth 5;
  lua_shared_dict scalekit 10m;
]]

-- What is found in an http block of that text, by check: state and text.
local function examine(text, url, files)
  files = files or {}
  files["/nginx.conf"] = "http {" .. text .. "}"
  local function read(path) return files[path] end
  local findings = doctor.findings()
  rules.examine(findings, conf.read("/nginx.conf", read, function() return {} end), {
    read = read, exists = function(path) return path == "/ca.crt" or files[path] ~= nil end,
  }, url)
  local by_check = {}
  for _, finding in ipairs(findings) do by_check[finding.check] = finding end
  return by_check
end

local function expect(state, words, finding)
  assert.is_table(finding)
  assert.equal(state, finding.state, finding.message)
  assert.matches(words, finding.message .. " " .. (finding.fix or ""), 1, true)
end

describe("the doctor reads a configuration and", function()
  it("has nothing to say where scalekit is not used", function()
    expect("skipped", "does not mention scalekit", examine("server { }").nginx)
  end)

  it("finds nothing wrong with what is right", function()
    for check, finding in pairs(examine(GOOD)) do assert.equal("ok", finding.state, check) end
  end)

  it("misses the resolver", function()
    expect("problem", "resolver 127.0.0.53;", examine(USES).resolver)
  end)

  it("misses no resolver where the environment has an address", function()
    expect("ok", "needs none", examine(USES, "http://127.0.0.1:8000").resolver)
  end)

  it("misses the file of authorities, or the depth that chains have", function()
    expect("problem", "lua_ssl_trusted_certificate", examine(USES).authorities)
    expect("problem", "/nothing.pem cannot be read",
      examine(USES .. "lua_ssl_trusted_certificate /nothing.pem;").authorities)
    expect("warning", "lua_ssl_verify_depth",
      examine(USES .. "lua_ssl_trusted_certificate /ca.crt;").authorities)
  end)

  it("misses the shared dict, without which there are no runs of agents", function()
    expect("warning", "each worker fetches", examine(USES)["shared dict"])
    expect("problem", "lua_shared_dict scalekit 10m;",
      examine("init_by_lua_block { a = require('scalekit.edge').agents {} }")["shared dict"])
  end)

  it("warns of a code cache that is off", function()
    expect("warning", "lua_code_cache", examine(GOOD .. "lua_code_cache off;")["code cache"])
  end)

  describe("finds calls in phases that cannot wait:", function()
    for phase, way_out in pairs {
      header_filter = "ngx.timer.at(0", body_filter = "ngx.timer.at(0", log = "ngx.timer.at(0",
      set = "ngx.timer.at(0", init = "init_worker_by_lua", balancer = "ngx.timer.at(0",
    } do
      it(phase, function()
        local found = examine(GOOD .. ("server { location / { %s_by_lua_block { %s } } }"):format(
          phase, "local token = client.mcp:create_session_token { }")).phases
        expect("problem", ("/nginx.conf:3: %s_by_lua calls :create_session_token"):format(phase), found)
        assert.matches(way_out, found.fix, 1, true)
      end)
    end

    it("in files of Lua, too", function()
      expect("problem", "log_by_lua calls :list_configs", examine(
        GOOD .. "log_by_lua_file /log.lua;", nil, { ["/log.lua"] = "client.mcp:list_configs()" }).phases)
    end)

    it("but not in access, content, rewrite", function()
      for _, phase in ipairs { "access", "content", "rewrite" } do
        expect("ok", "no call", examine(
          GOOD .. phase .. "_by_lua_block { client.mcp:list_configs() }").phases)
      end
    end)

    it("but not in what a timer runs, in comments and in strings", function()
      for _, text in ipairs {
        "ngx.timer.at(0, function() if a then b() end client.mcp:list_configs() end)",
        "local function warm() for i = 1, 2 do x() end client.mcp:list_configs() end ngx.timer.at(0, warm)",
        "-- client.mcp:list_configs()\n", "--[[ client.mcp:list_configs() ]]",
        "ngx.log(ngx.INFO, 'client.mcp:list_configs()')",
      } do
        expect("ok", "no call", examine(GOOD .. "init_worker_by_lua_block { " .. text .. " }").phases)
      end
    end)
  end)

  describe("looks at what passes MCP on:", function()
    local function location(directives)
      return examine(GOOD .. "server { location /mcp { proxy_pass http://x; " .. directives
        .. "} }").streaming
    end

    it("buffering holds back events", function()
      expect("problem", "proxy_buffering off;", location "")
    end)

    it("the outer block may have switched it off", function()
      expect("ok", "as they come", examine(GOOD .. [[
        proxy_buffering off; proxy_http_version 1.1;
        server { location /mcp { proxy_pass http://x; } }
      ]]).streaming)
    end)

    it("HTTP/1.0 keeps no connections", function()
      expect("warning", "proxy_http_version 1.1;", location "proxy_buffering off;")
    end)

    it("gzip of everything holds back events", function()
      expect("warning", "gzip_types",
        location "proxy_buffering off; proxy_http_version 1.1; gzip on; gzip_types *;")
    end)

    it("other locations are nobody's business", function()
      assert.is_nil(examine(GOOD .. "server { location /app { proxy_pass http://x; } }").streaming)
    end)

    it("a location whose own headers hide the session token", function()
      expect("problem", "proxy_set_header Authorization $scalekit_authorization", examine(GOOD .. [[
        proxy_buffering off; proxy_http_version 1.1;
        proxy_set_header Authorization $scalekit_authorization;
        server { location /a {
          set $scalekit_authorization ""; access_by_lua_block { agents:access("c") }
          proxy_set_header X-Mine 1; proxy_pass http://x;
        } }
      ]]).streaming)
    end)
  end)

  it("is content with the recipes", function()
    for _, name in ipairs { "agents", "guard", "portal", "doctor" } do
      local path = "examples/openresty/" .. name .. ".conf"
      local findings = doctor.findings()
      rules.examine(findings, assert(conf.read(path, shell.read, function() return {} end)), {
        read = shell.read, exists = function() return true end,
      })
      for _, finding in ipairs(findings) do
        assert.equal("ok", finding.state, name .. ": " .. finding.message)
      end
    end
  end)
end)
