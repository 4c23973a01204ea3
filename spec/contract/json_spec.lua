local support = require "spec.support.env"

local CONFIGS = "/api/v1/mcp/configs"

describe("requests and answers as JSON", function()
  support.both({}, function(env)
    local function create(body)
      return env:api("POST", CONFIGS, body)
    end

    it("R10 survives bodies that are not JSON objects", function()
      for _, body in ipairs {
        "{", "[]", '"x"', "nul", '{"name":"a\0b"}', '{"name":"\255"}', "{}x",
        ("["):rep(64) .. ("]"):rep(64), '{"a":' .. ("["):rep(64) .. ("]"):rep(64) .. "}",
        ("["):rep(100000), '{"name":"a","name":"b"}', '{"name":NaN}', '{"name":0x10}',
      } do
        local status, answer = create(body)
        assert.equal(400, status)
        assert.equal(3, answer.code)
      end
      assert.equal(200, (env:api("GET", CONFIGS)))
    end)

    it("names each field of the wrong type", function()
      local status, body = create {
        name = 5, description = true,
        connection_tool_mappings = { { connection_name = "gmail", tools = { 1 } } },
      }
      assert.equal(400, status)
      local fields = support.fields(body)
      table.sort(fields)
      assert.same({ "connection_tool_mappings[1].tools[1]", "description", "name" }, fields)
    end)

    it("R11 accepts lowerCamelCase in bodies", function()
      local status, body = create {
        name = env:name(),
        connectionToolMappings = { { connectionName = "gmail", tools = { "gmail_fetch_mails" } } },
      }
      assert.equal(201, status)
      assert.equal("gmail", body.config.connection_tool_mappings[1].connection_name)
    end)

    it("takes null for absent, but not in a list", function()
      local status = create(('{"name":"%s","description":null,"connection_tool_mappings":'
        .. '[{"connection_name":"gmail","tools":null}]}'):format(env:name()))
      assert.equal(201, status)
      status = create(('{"name":"%s","connection_tool_mappings":[null]}'):format(env:name()))
      assert.equal(400, status)
    end)

    it("R13 answers wrong verbs and unknown paths in the API's own words", function()
      for _, case in ipairs {
        { "PATCH", CONFIGS, 405 }, { "POST", CONFIGS .. "/cfg_1", 405 },
        { "GET", "/api/v1/novelty", 404 }, { "GET", CONFIGS .. "/", 404 },
        { "GET", "/api/v1//mcp/configs", 404 }, { "GET", "/elsewhere", 404 },
        { "POST", "/healthz", 405 },
      } do
        local status, body = env:api(case[1], case[2])
        assert.equal(case[3], status, case[1] .. " " .. case[2])
        assert.equal("string", type(body.message))
        assert.equal("string", type(support.info(body).error_code))
      end
    end)

    it("tells with a wrong verb which ones are right", function()
      for path, methods in pairs {
        [CONFIGS] = "GET, POST", [CONFIGS .. "/cfg_1"] = "DELETE, GET, PUT",
        ["/api/v1/tools"] = "GET", ["/healthz"] = "GET", ["/switches/clock"] = "PUT",
      } do
        local status, _, response = env:api("PATCH", path, "{}")
        assert.equal(405, status)
        assert.equal(methods, response.headers.allow)
      end
    end)

    it("sends nothing with 204, not even a length", function()
      local status, _, response = env:api("PUT", "/switches/clock", { advance = 0 })
      assert.equal(204, status)
      assert.is_nil(response.headers["content-length"])
    end)

    it("refuses switches beyond reason", function()
      for _, advance in ipairs { 1e300, 11 * 365 * 86400, -11 * 365 * 86400 } do
        local refused, body = env:api("PUT", "/switches/clock", { advance = advance })
        assert.equal(400, refused)
        assert.same({ "advance" }, support.fields(body))
      end
      local far = 6 * 365 * 86400
      env:advance(far)
      env.token = nil -- it has expired
      local twice = env:api("PUT", "/switches/clock", { advance = far })
      env:advance(-far)
      env.token = nil
      assert.equal(400, twice)
      for identifier, status in pairs { [("é"):rep(255)] = 204, [("é"):rep(256)] = 400 } do
        assert.equal(status, (env:api("PUT", "/switches/account", {
          connection_name = "gmail", identifier = identifier, status = "ACTIVE",
        })))
      end
      assert.equal(400, (env:api("PUT", "/switches/clock", "[]")))
    end)

    it("refuses query strings that are not UTF-8", function()
      for _, query in ipairs { "filter.name=%ff", "search=%ff%ff%ff", "%ff=1" } do
        assert.equal(400, (env:api("GET", CONFIGS .. "?" .. query)))
      end
    end)

    it("R14 keeps difficult characters", function()
      local text = "<&> \226\128\168 \240\159\153\130 zo\195\171 \"quoted\" \\ \t\n"
      local config = env:create()
      local _, body = env:api("PUT", CONFIGS .. "/" .. config.id, { description = text })
      assert.equal(text, body.config.description)
      local _, again = env:api("GET", CONFIGS .. "/" .. config.id)
      assert.equal(text, again.config.description)
    end)

    it("decodes path segments once", function()
      local config = env:create()
      local escaped = config.id:gsub("_", "%%5F")
      assert.equal(200, (env:api("GET", CONFIGS .. "/" .. escaped)))
      assert.equal(404, (env:api("GET", CONFIGS .. "/a%2Fb%3Fc")))
      assert.equal(404, (env:api("GET", CONFIGS .. "/..%2F..")))
      -- nginx refuses a broken escape by itself
      local status = env:request("GET", CONFIGS .. "/%zz").status
      assert.equal(env.app and 404 or 400, status)
    end)
  end)
end)
