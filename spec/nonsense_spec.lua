-- Answers that are JSON and make no sense: whatever is in them, nothing is thrown.
local clocks = require "scalekit.testing.clock"
local scalekit = require "scalekit"
local support = require "spec.support.peer"

local CONFIG = '"name":"m","id":"cfg_1","mcp_server_url":"https://env.example.test/x"'
local NAMED = '"configs":[{' .. CONFIG .. '}],"config":{' .. CONFIG .. "}"
local ACCOUNTS = ',"connected_accounts":'

local BODIES = {
  "{}", '{"config":7}', '{"config":[]}', '{"config":{"id":7}}', '{"config":{}}',
  '{"config":{"id":"cfg_1","mcp_server_url":{}}}', '{"config":null,"token":{},"provider":7}',
  '{"configs":7}', '{"configs":[null]}', '{"configs":[7,"x",[]]}', '{"configs":[{"name":7}]}',
  '{"configs":[{"name":"m","id":7}]}', '{"configs":[{"name":"m"}]}',
  '{"configs":[{' .. CONFIG .. ',"connection_tool_mappings":7}]}',
  '{"configs":[{' .. CONFIG .. ',"connection_tool_mappings":[7]}]}',
  '{"configs":[{' .. CONFIG .. ',"connection_tool_mappings":[{"tools":7}]}]}',
  '{"configs":[{' .. CONFIG .. ',"connection_tool_mappings":[{"connection_name":[]}]}]}',
  "{" .. NAMED .. ACCOUNTS .. "7}", "{" .. NAMED .. ACCOUNTS .. "[7]}",
  "{" .. NAMED .. ACCOUNTS .. "[{}]}", "{" .. NAMED .. ACCOUNTS .. '[{"connection_name":7}]}',
  "{" .. NAMED .. ACCOUNTS .. '[{"connection_name":"gmail","authentication_link":7}]}',
  "{" .. NAMED .. ACCOUNTS .. '[{"connection_name":"gmail","connected_account_status":7}]}',
  "{" .. NAMED .. ACCOUNTS .. '[],"token":7}', "{" .. NAMED .. ACCOUNTS .. "[]}",
  "{" .. NAMED .. ACCOUNTS .. '[],"token":"t","expires_at":7}',
  "{" .. NAMED .. ACCOUNTS .. '[],"token":"t","expires_at":"2026-02-30T00:00:00Z"}',
  '{"tool_names":7,"tools":7}', '{"tool_names":[7,null]}', '{"total_size":"x","tools":[{}]}',
  '{"connected_account":7,"providers":[null,7],"link":7,"expiry":7,"data":7}',
}

local MAPPINGS = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } }

local CALLS = {
  ensure_config = function(client)
    return client.mcp:ensure_config { name = "m", connection_tool_mappings = MAPPINGS, timeout = 1 }
  end,
  ["ensure_config without a catalogue"] = function(client)
    return client.mcp:ensure_config {
      name = "m", connection_tool_mappings = MAPPINGS, check_tools = false, timeout = 1,
    }
  end,
  ["open_session by name"] = function(client)
    return client.mcp:open_session { config = "m", identifier = "ada", timeout = 1 }
  end,
  ["open_session by id"] = function(client)
    return client.mcp:open_session { config = "cfg_1", identifier = "ada", timeout = 1 }
  end,
  mint = function(client)
    local config = { id = "cfg_1", mcp_server_url = "https://env.example.test/x" }
    local result = scalekit.check(client.mcp:mint {
      config = config, identifiers = { "ada" }, timeout = 1,
    }):next()
    return result.session, result.err
  end,
  get_or_create = function(client)
    return client.connected_accounts:get_or_create { connection_name = "gmail", identifier = "ada" }
  end,
  ["custom_providers:update"] = function(client)
    return client.custom_providers:update { identifier = "ACME:env", description = "d" }
  end,
  ["tools:execute"] = function(client)
    return client.tools:execute { tool_name = "t", connected_account_id = "ca_1" }
  end,
  ["tools:each"] = function(client)
    local item, err = client.tools:each():next()
    return item or not err, err
  end,
}

describe("an answer that makes no sense", function()
  for name, call in pairs(CALLS) do
    it("is a result or an error of " .. name, function()
      for _, body in ipairs(BODIES) do
        local server = support.peer(function() return support.answer(200, body) end)
        local client = support.client_of(server, { max_attempts = 1 })
        client.own_time = clocks.new(1700000000)
        local ok, value, err = pcall(call, client)
        assert.is_true(ok, body .. ": " .. tostring(value))
        assert.is_truthy(value or err and err.kind, body)
      end
    end)
  end

  it("is said to be the peer's mistake, and which", function()
    local server = support.peer(function()
      return support.answer(200, '{"configs":[{"name":7}]}')
    end)
    local value, err = support.client_of(server).mcp:list_configs()
    assert.is_nil(value)
    assert.equal("protocol", err.kind)
    assert.matches("'configs' holds what 'name' is no text", err.message)
  end)
end)
