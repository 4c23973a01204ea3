--- `client.actions`: the names that the service's own SDKs and their samples
-- use, each the same method as under its resource.
-- @module scalekit.resource.actions

local ops = require "scalekit.ops"
local proxy = require "scalekit.resource.proxy"
local resource = require "scalekit.resource"

-- These put methods of their own into their resources.
require "scalekit.resource.connected_accounts"
require "scalekit.resource.custom_providers"

local actions = {}

local RESOURCES = { "connected_accounts", "tools", "custom_providers" }

local NAMES = {
  connected_accounts = {
    "get_authorization_link", "verify_connected_account_user", "get_or_create_connected_account",
  },
}

local methods = { request = proxy.request }

local function take(name, method)
  methods[method] = resource.method(name, method)
end

for _, op in ipairs(ops) do
  if op.resource ~= "mcp" then
    for _, method in ipairs(op.also or {}) do take(op.resource, method) end
  end
end
for _, name in ipairs(RESOURCES) do
  for _, method in ipairs(NAMES[name] or {}) do take(name, method) end
end

local mt = {
  __index = methods,
  __name = "scalekit.actions",
  __tostring = function() return "scalekit.actions" end,
}

--- Gives a client its resources, and its actions.
-- @tparam table client
function actions.attach(client)
  client.mcp = resource.new("mcp", client)
  for _, name in ipairs(RESOURCES) do client[name] = resource.new(name, client) end
  client.actions = setmetatable({
    client = client,
    mcp = client.mcp,
    connected_accounts = client.connected_accounts,
    tools = client.tools,
    providers = client.custom_providers,
  }, mt)
end

return actions
