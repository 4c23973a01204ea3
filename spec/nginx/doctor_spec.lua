-- examples/openresty/doctor.conf, as it stands and with things taken out.
local env = require "spec.support.env"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"
local recipe = require "spec.support.recipe"

describe("doctor.conf #nginx,", function()
  env.through("nginx", {}, function(e)
    -- What it finds, by check, and the status.
    local function examine(replace, settings)
      local all = {
        ["http://localhost:8080/doctor"] = "http://localhost:%PORT%/doctor",
        ["/etc/nginx/nginx.conf"] = "nginx.conf", -- its own, in the directory it runs in
      }
      for what, with in pairs(replace or {}) do all[what] = with end
      local variables = {
        SCALEKIT_ENV_URL = e.url, SCALEKIT_CLIENT_ID = e.client_id,
        SCALEKIT_CLIENT_SECRET = e.client_secret,
      }
      for name, value in pairs(settings or {}) do variables[name] = value end
      local host = recipe.start("doctor.conf", { replace = all, env = variables })
      local response = host:request { url = "/doctor?format=json" }
      local text = host:request { url = "/doctor" }.body
      host:stop()
      local map = {}
      for _, finding in ipairs(json.decode(response.body).findings) do map[finding.check] = finding end
      return map, response.status, text
    end

    local function expect(state, words, finding)
      assert.is_table(finding)
      assert.equal(state, finding.state, finding.message)
      assert.matches(words, finding.message .. " " .. (finding.fix or ""), 1, true)
    end

    it("finds all well", function()
      local map, status, text = examine()
      assert.equal(200, status, text)
      for _, check in ipairs {
        "versions", "OpenSSL", "shared memory", "settings", "connection", "clock", "credentials",
        "streaming",
      } do
        assert.equal("ok", map[check].state, check .. ": " .. map[check].message)
      end
      assert.matches("ok       credentials: they are accepted", text, 1, true)
    end)

    it("finds wrong credentials", function()
      local map, status = examine(nil, { SCALEKIT_CLIENT_SECRET = "wrong" })
      assert.equal(503, status)
      expect("problem", "of this very environment", map.credentials)
    end)

    it("finds a resolver that is missing", function()
      local map = examine({ ["resolver 127.0.0.53;"] = "" },
        { SCALEKIT_ENV_URL = "https://name.scalekit.example" })
      expect("problem", "directive resolver", map.connection)
    end)

    it("finds authorities that are missing", function()
      local server = fault_server.start()
      local map = examine({
        ["lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;"] = "",
      }, { SCALEKIT_ENV_URL = server:url "tls" })
      server:stop()
      expect("problem", "lua_ssl_trusted_certificate", map.connection)
      expect("problem", "lua_ssl_trusted_certificate", map.authorities)
    end)

    it("finds shared memory that is missing", function()
      local map, status = examine { ["lua_shared_dict scalekit 10m;"] = "" }
      assert.equal(200, status)
      expect("warning", "lua_shared_dict scalekit 10m;", map["shared memory"])
    end)

    it("finds a proxy that holds back events", function()
      local map, status = examine {
        ["http://localhost:8080/doctor"] = "http://localhost:%PORT2%/doctor",
        ["server {"] = [[
          server {
            listen 127.0.0.1:%PORT2%;
            location / { proxy_pass http://127.0.0.1:%PORT%; }
          }
          server {]],
      }
      assert.equal(503, status)
      expect("problem", "proxy_buffering off;", map.streaming)
    end)

    it("finds a clock that is wrong", function()
      local map = examine {
        ["url = "] = [[
          transport = function(request)
            local response, err = require("scalekit.transport").default() (request)
            if response then response.headers.date = "Sun, 06 Nov 1994 08:49:37 GMT" end
            return response, err
          end,
          url = ]],
      }
      expect("problem", "NTP", map.clock)
    end)

    it("is nobody else's business", function()
      local host = recipe.start("doctor.conf", { replace = {
        ["http://localhost:8080/doctor"] = "http://localhost:%PORT%/doctor",
        ["allow 127.0.0.1;"] = "",
      } })
      local response = host:request { url = "/doctor" }
      host:stop()
      assert.equal(403, response.status)
    end)
  end)
end)
