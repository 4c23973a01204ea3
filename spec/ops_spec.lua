-- The table of operations is what everything else is made of.
local ops = require "scalekit.ops"
local schema = require "scalekit.schema"
local scalekit = require "scalekit"

local MEMBERS = {
  id = "string", resource = "string", name = "string", method = "string", path = "string",
  safe = "boolean", reply = "userdata", summary = "string", label = "string", path_params = "table",
  also = "table", aliases = "table", inside = "table", each = "string", items = "string",
  names = "string", status = "number", deletes = "boolean", selects = "boolean",
  runs_tool = "boolean", query = "userdata", body = "userdata",
}

local REQUIRED = { "id", "resource", "name", "method", "path", "reply", "summary", "label" }

-- Not idempotent by the contract's retry matrix.
local UNSAFE = {
  ExecuteTool = true, CreateConnectedAccount = true, CreateMcpConfig = true,
  CreateMcpSessionToken = true, CreateCustomProvider = true, VerifyConnectedAccountUser = true,
}

-- A function of its own, so that LuaJIT lets go of the client at its end.
local function check_methods()
  local client = scalekit.check(scalekit.new {
    env_url = "https://env.example.test", client_id = "skc_1", client_secret = "s",
    transport = error,
  })
  for _, op in ipairs(ops) do
    for _, name in ipairs { op.name, op.each } do
      assert.is_function(client[op.resource][name], op.id)
    end
    for _, name in ipairs(op.also or {}) do
      assert.equal(client[op.resource][op.name], client[op.resource][name])
      assert.is_function(client.actions[name], name)
    end
  end
  assert.equal(client.custom_providers, client.actions.providers)
  assert.equal(client.mcp, client.actions.mcp)
end

describe("the table of operations", function()
  it("has the 23 of the contract, the six of instances and the list of providers", function()
    assert.equal(30, #ops)
  end)

  it("has the members that somebody reads, of the right types", function()
    for _, op in ipairs(ops) do
      for _, name in ipairs(REQUIRED) do assert.is_not_nil(op[name], op.id .. "." .. name) end
      for name, value in pairs(op) do
        assert.equal(MEMBERS[name], type(value), op.id .. "." .. name)
      end
    end
  end)

  it("names each operation once, by id, path and label", function()
    local seen = {}
    for _, op in ipairs(ops) do
      for _, key in ipairs { op.id, op.method .. " " .. op.path, op.label } do
        assert.is_nil(seen[key], key)
        seen[key] = true
      end
    end
  end)

  it("calls safe what may be repeated", function()
    for _, op in ipairs(ops) do assert.equal(not UNSAFE[op.id], op.safe, op.id) end
  end)

  it("has aliases and flat options of fields that exist", function()
    for _, op in ipairs(ops) do
      local fields = schema.kinds[op.body or op.query or schema.Empty]
      local params = {}
      for _, name in ipairs(op.path_params) do params[name] = true end
      for alias, name in pairs(op.aliases or {}) do
        assert.is_truthy(fields[name] or params[name], op.id .. "." .. name)
        assert.is_nil(fields[alias], op.id .. "." .. alias)
      end
      for _, name in pairs(op.inside or {}) do assert.is_truthy(fields[name]) end
    end
  end)

  it("is where the client's methods come from", function()
    check_methods()
  end)
end)
