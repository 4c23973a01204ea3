local ops = require "scalekit.ops"
local route = require "scalekit.route"

local by_id = {}
for _, op in ipairs(ops) do by_id[op.id] = op end

describe("scalekit.route", function()
  it("M34 keeps a path value inside its segment", function()
    assert.equal("/api/v1/mcp/configs/a%2Fb%3Fc%23d%20%25",
      route.path(by_id.GetMcpConfig, { config_id = "a/b?c#d %" }))
  end)

  it("M35 refuses empty values and dots", function()
    for _, id in ipairs { "", ".", ".." } do
      local path, violation = route.path(by_id.GetMcpConfig, { config_id = id })
      assert.is_nil(path)
      assert.equal("config_id", violation.field)
    end
    assert.is_nil(route.path(by_id.GetMcpConfig, {}))
  end)

  it("refuses a path value that is not UTF-8", function()
    local _, violation = route.path(by_id.GetMcpConfig, { config_id = "\255" })
    assert.equal("string.utf8", violation.constraint)
  end)

  it("finds every operation by its own path", function()
    for _, op in ipairs(ops) do
      local args = {}
      for _, name in ipairs(op.path_params) do args[name] = "cfg_1/x" end
      local found, params = route.match(op.method, (route.path(op, args)))
      assert.equal(op.id, found.id)
      assert.same(args, params)
    end
  end)

  it("keeps the colon of a verb, and takes it encoded too", function()
    assert.equal("/api/v1/connected_accounts:search", route.path(by_id.SearchConnectedAccounts, {}))
    for _, path in ipairs { "connected_accounts:delete", "connected_accounts%3Adelete" } do
      assert.equal("DeleteConnectedAccount", route.match("POST", "/api/v1/" .. path).id)
    end
  end)

  it("puts a verb behind the value it is about", function()
    local op = by_id.GetMcpInstanceAuthState
    assert.equal("/api/v1/mcp/instances/i%3Ab%2Fc:get_auth_state",
      route.path(op, { instance_id = "i:b/c" }))
    local found, params = route.match("POST", "/api/v1/mcp/instances/i%3Ab%2Fc:get_auth_state")
    assert.same({ op.id, { instance_id = "i:b/c" } }, { found.id, params })
    assert.is_nil((route.match("POST", "/api/v1/mcp/instances/:get_auth_state")))
  end)

  it("P04 routes a provider's colon, raw or encoded", function()
    local op = by_id.UpdateCustomProvider
    assert.equal("/api/v1/custom-providers/ACME%3Aenv", route.path(op, { identifier = "ACME:env" }))
    for _, name in ipairs { "ACME:env", "ACME%3Aenv", "ACME%3aenv" } do
      local found, params = route.match("PUT", "/api/v1/custom-providers/" .. name)
      assert.same({ op.id, "ACME:env" }, { found.id, params.identifier })
    end
  end)

  it("R13 tells an unknown path from a wrong method", function()
    assert.same({ nil, "not_found" }, { route.match("GET", "/api/v1/nothing") })
    assert.same({ nil, "method_not_allowed" }, { route.match("PATCH", "/api/v1/mcp/configs") })
  end)

  it("does not route paths with empty segments or broken escapes", function()
    for _, path in ipairs { "/api/v1//mcp/configs", "/api/v1/mcp/configs/", "api/v1/tools",
      "/api/v1/mcp/configs/%zz", "/api/v1/mcp/configs/%ff" } do
      assert.same({ nil, "not_found" }, { route.match("GET", path) })
    end
  end)

  it("L02 repeats the key of a list and writes booleans as words", function()
    assert.equal("filter.summary=true&filter.tool_name=a&filter.tool_name=b%26c",
      route.query(by_id.ListTools, { filter_tool_name = { "a", "b&c" }, filter_summary = true }))
  end)

  it("reads back what it wrote", function()
    local args = { filter_tool_name = { "a", "b&c=d+e" }, filter_summary = true, page_size = 20 }
    assert.same(args, route.read_query(by_id.ListTools, route.query(by_id.ListTools, args)))
  end)

  it("reads plus as a space and ignores unknown parameters", function()
    assert.same({ filter_query = "a b" },
      route.read_query(by_id.ListTools, "filter.query=a+b&unknown=1"))
  end)

  it("names the parameter on the wire in a violation", function()
    local _, violations = route.read_query(by_id.ListMcpConfigs, "filter.name=a%20b")
    assert.equal("filter.name", violations[1].field)
  end)

  it("refuses a malformed escape", function()
    local args, violations = route.read_query(by_id.ListMcpConfigs, "search=%zz")
    assert.is_nil(args)
    assert.equal(1, #violations)
  end)
end)
