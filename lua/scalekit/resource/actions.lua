--- `client.actions`: the names that the service's own SDKs and their samples
-- use, each the same method as under its resource.
-- @module scalekit.resource.actions

local later = require "scalekit.later"
local ops = require "scalekit.ops"
local resource = require "scalekit.resource"

local GET_OR_CREATE = "get_or_create_connected_account"
local UPDATE = "update_custom_provider"

-- These put methods of their own into their resources.
resource.later("connected_accounts", { "get_or_create", GET_OR_CREATE },
  "scalekit.resource.connected_accounts")
resource.later("custom_providers", { "update", UPDATE }, "scalekit.resource.custom_providers")

local actions = {}

local RESOURCES = { "connected_accounts", "tools", "custom_providers" }

local NAMES = { "get_authorization_link", "verify_connected_account_user", GET_OR_CREATE }

local methods = {}

local function take(name, list)
  later.add(methods, list, function(method) return resource.method(name, method) end)
end

for _, op in ipairs(ops) do
  if op.resource ~= "mcp" then take(op.resource, op.also or {}) end
end
take("connected_accounts", NAMES)
later.add(methods, { "request" }, function() return require("scalekit.resource.proxy").request end)

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
