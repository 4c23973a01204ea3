-- Cases of the contract that only the client can show: what it sends, and how it reads answers that
-- our own server does not give.
local core = require "scalekit.core"
local json = require "scalekit.json"
local scalekit = require "scalekit"

-- A client whose API calls are all answered with `text` → client, the requests it sent.
local function client_of(text)
  local requests = {}
  local client = assert(scalekit.new {
    env_url = "https://env.example.test", client_id = "skc_1", client_secret = "s3cr3t",
    transport = function(request)
      if request.url:find "/oauth/token$" then
        return {
          status = 200, headers = {}, body = core.secret '{"access_token":"a","expires_in":600}',
        }
      end
      requests[#requests + 1] = request
      return { status = 200, headers = {}, body = text }
    end,
  })
  return client, requests
end

describe("the client's side of the contract", function()
  it("K19 leaves selectors that are not set out of queries and bodies", function()
    local client, requests = client_of "{}"
    client.mcp:list_configs { filter_name = "agent" }
    assert.equal("https://env.example.test/api/v1/mcp/configs?filter.name=agent", requests[1].url)
    client.tools:list()
    assert.equal("https://env.example.test/api/v1/tools", requests[2].url)
    client.connected_accounts:get_authorization_link {
      connection_name = "gmail", identifier = "user_123",
    }
    assert.same({ connector = "gmail", identifier = "user_123" }, json.decode(requests[3].body))
    client.connected_accounts:get_authorization_link {
      connection_name = "gmail", identifier = "user_123", state = scalekit.null,
    }
    assert.equal(requests[3].body, requests[4].body)
  end)

  it("K31 keeps times as they come, and takes the zero time, null and nothing for unset", function()
    for text, time in pairs {
      ['"2030-01-01T00:00:00Z"'] = "2030-01-01T00:00:00Z",
      ['"2030-01-01T00:00:00.1Z"'] = "2030-01-01T00:00:00.1Z",
      ['"2030-01-01T00:00:00.123456789Z"'] = "2030-01-01T00:00:00.123456789Z",
      ['"2030-01-01T02:00:00+02:00"'] = "2030-01-01T02:00:00+02:00",
      ['"0001-01-01T00:00:00Z"'] = false, ["null"] = false, [""] = false,
    } do
      local member = text ~= "" and ',"expires_at":' .. text or ""
      local client = client_of('{"token":"t"' .. member .. "}")
      local response = assert(client.mcp:create_session_token {
        mcp_config_id = "cfg_1", identifier = "user_123",
      })
      assert.equal("t", response.token)
      assert.equal(time or nil, response.expires_at, text)
    end
  end)

  it("L07 takes tools with several types for an argument, and without a word on being default", function()
    local schema = '{"type":"object","properties":{"q":{"type":["string","null"]}},"required":[]}'
    local client = client_of('{"tools":[{"id":"tol_1","provider":"GMAIL","is_default":null,"metadata":{},'
      .. '"tags":[],"definition":{"name":"t","input_schema":' .. schema .. "}}]}")
    local tool = assert(client.tools:list()).tools[1]
    assert.equal("t", tool.definition.name)
    assert.is_nil(tool.is_default)
    assert.same({ "string", "null" }, tool.definition.input_schema.properties.q.type)
    assert.truthy(json.encode(tool.definition.input_schema):find('"required":[]', 1, true))
  end)
end)
