local core = require "scalekit.core"
local json = require "scalekit.json"
local support = require "spec.support.env"

local PROVIDERS = "/api/v1/custom-providers"

describe("custom providers", function()
  support.both({ app = "spec.support.vmcp_fixture" }, function(env)
    local names = 0

    local function new_name()
      names = names + 1
      return "Provider " .. names
    end

    local function payload(more)
      local body = {
        display_name = new_name(), description = "What it is for",
        auth_patterns = json.array {
          { type = "API_KEY", display_name = "Key", fields = json.array {
            { field_name = "api_key", label = "Key", input_type = "password", required = true },
          } },
        },
        proxy_url = "https://api.example.test/v1", proxy_enabled = true,
        icon_src = "https://example.test/icon.svg", metadata = { team = "billing" },
      }
      for name, value in pairs(more or {}) do
        if value == false then value = nil end
        body[name] = value
      end
      return body
    end

    local function create(more)
      return env:api("POST", PROVIDERS, payload(more))
    end

    local function list(query)
      local status, body = env:api("GET", "/api/v1/providers?" .. query)
      assert.equal(200, status)
      return body
    end

    it("P01 creates a provider and gives it an identifier", function()
      local body = payload()
      local status, answer = env:api("POST", PROVIDERS, body)
      assert.equal(201, status)
      local provider = answer.provider
      assert.truthy(provider.identifier:match "^PROVIDER_%d+:env_%d+$")
      assert.is_true(#provider.id > 0)
      assert.is_true(provider.is_custom)
      assert.is_false(provider.is_custom_mcp)
      assert.is_false(provider.coming_soon)
      assert.equal(0, provider.display_priority)
      assert.same({}, provider.categories)
      for name, value in pairs(body) do assert.same(value, provider[name], name) end
    end)

    it("tells providers of MCP servers", function()
      local _, body = create { auth_patterns = json.array { { type = "OAUTH", is_mcp = true } } }
      assert.is_true(body.provider.is_custom_mcp)
    end)

    it("P02 refuses names, URLs and patterns that break the rules", function()
      for field, values in pairs {
        display_name = { "   ", "a_b", ("a"):rep(201), "ä", "", "a\n" },
        proxy_url = { "http://x", "", "https://" .. ("x"):rep(2041) },
        icon_src = { "x", "http://x" },
        auth_patterns = { {}, "x" },
      } do
        for _, value in ipairs(values) do
          local status, body = create { [field] = value }
          assert.equal(400, status, field)
          assert.same({ field }, support.fields(body))
        end
      end
      for _, field in ipairs { "display_name", "auth_patterns", "proxy_url" } do
        local status, body = create { [field] = false }
        assert.equal(400, status, field)
        assert.same({ field }, support.fields(body))
      end
      assert.equal(201, (create { display_name = ("a"):rep(200) }))
      assert.equal(201, (create { icon_src = "" }))
    end)

    it("bounds the metadata", function()
      local many = {}
      for i = 1, 21 do many[("key%02d"):format(i)] = "v" end
      assert.equal(400, (create { metadata = many }))
      many.key21 = nil
      assert.equal(201, (create { metadata = many }))
      for _, metadata in ipairs {
        { ab = "v" }, { [("k"):rep(26)] = "v" }, { key = "" }, { key = ("v"):rep(257) }, { key = 1 },
      } do
        assert.equal(400, (create { metadata = metadata }))
      end
      assert.equal(201, (create { metadata = { [("k"):rep(25)] = ("v"):rep(256) } }))
    end)

    it("refuses a name that is taken, in whatever case", function()
      local name = new_name()
      assert.equal(201, (create { display_name = name }))
      for _, again in ipairs { name, name:upper(), " " .. name:gsub(" ", "  ") } do
        local status, body = create { display_name = again }
        assert.equal(409, status)
        assert.equal(6, body.code)
        assert.equal("RESOURCE_ALREADY_EXISTS", support.info(body).error_code)
      end
    end)

    it("P04 finds an identifier with a colon, encoded or not", function()
      local _, body = create {}
      local identifier = body.provider.identifier
      assert.truthy(identifier:find(":", 1, true))
      for _, segment in ipairs { identifier, core.percent(identifier) } do
        local status, answer = env:api("PUT", PROVIDERS .. "/" .. segment, payload())
        assert.equal(200, status)
        assert.equal(identifier, answer.provider.identifier)
      end
      assert.equal(200, (env:api("DELETE", PROVIDERS .. "/" .. core.percent(identifier))))
      _, body = create {}
      assert.equal(200, (env:api("DELETE", PROVIDERS .. "/" .. body.provider.identifier)))
    end)

    it("P05 D10 replaces the whole provider: what is left out is gone", function()
      local _, body = create {}
      local before = body.provider
      local status, answer = env:api("PUT", PROVIDERS .. "/" .. before.identifier, {
        display_name = "Renamed", auth_patterns = json.array { { type = "BEARER" } },
        proxy_url = "https://other.example.test",
      })
      assert.equal(200, status)
      local after = answer.provider
      assert.equal(before.id, after.id)
      assert.equal("Renamed", after.display_name)
      assert.equal("", after.icon_src)
      assert.equal("", after.description)
      assert.same({}, after.metadata)
      assert.is_false(after.proxy_enabled)
      assert.same(after, list("identifier=" .. core.percent(before.identifier)).providers[1])
    end)

    it("checks a change like a creation", function()
      local _, body = create {}
      local path = PROVIDERS .. "/" .. body.provider.identifier
      assert.equal(400, (env:api("PUT", path, payload { auth_patterns = false })))
      assert.equal(400, (env:api("PUT", path, payload { display_name = "a_b" })))
      assert.equal(404, (env:api("PUT", PROVIDERS .. "/none", payload())))
    end)

    it("deletes once", function()
      local _, body = create {}
      local path = PROVIDERS .. "/" .. body.provider.identifier
      local status, answer, response = env:api("DELETE", path)
      assert.equal(200, status)
      assert.same({}, answer)
      assert.equal("{}", response.body)
      status, answer = env:api("DELETE", path)
      assert.equal(404, status)
      assert.equal(5, answer.code)
    end)

    it("keeps a provider that connections use", function()
      local _, body = create { display_name = "extra01" }
      local status, answer = env:api("DELETE", PROVIDERS .. "/" .. body.provider.identifier)
      assert.equal(400, status)
      assert.equal(9, answer.code)
      assert.equal("PROVIDER_HAS_EXISTING_CONNECTIONS", support.info(answer).error_code)
    end)

    it("lists providers of either kind", function()
      local _, body = create {}
      local custom = list "filter.provider_type=CUSTOM&page_size=100"
      local default = list "filter.provider_type=DEFAULT&page_size=100"
      assert.equal(custom.total_size + default.total_size, list("").total_size)
      assert.equal("GMAIL", default.providers[1].identifier)
      assert.is_false(default.providers[1].is_custom)
      assert.equal(1, list("identifier=" .. core.percent(body.provider.identifier)).total_size)
      assert.equal(0, list("identifier=none").total_size)
    end)
  end)
end)
