--- Providers over REST: those of the catalogue, and custom ones.
local json = require "scalekit.json"

local ids = require "scalekit.vmcp.ids"
local paging = require "scalekit.vmcp.paging"
local providers = require "scalekit.vmcp.providers"

local handler = {}

local PAGE_SIZE = 30

local function is_mcp(patterns)
  for _, pattern in ipairs(patterns) do
    if type(pattern) == "table" and pattern.is_mcp == true then return true end
  end
  return false
end

local function render(provider)
  local view = {}
  for name, value in pairs(provider.payload) do view[name] = value end
  view.id, view.identifier = provider.id, provider.identifier
  view.is_custom, view.is_custom_mcp = true, is_mcp(view.auth_patterns)
  return view
end

function handler.CreateCustomProvider(app, call)
  local provider, refusal = providers.create(app, call.body)
  if not provider then return nil, refusal end
  return { provider = render(provider) }
end

function handler.UpdateCustomProvider(app, call)
  local provider, refusal = providers.replace(app, call.params.identifier, call.body)
  if not provider then return nil, refusal end
  return { provider = render(provider) }
end

function handler.DeleteCustomProvider(app, call)
  local ok, refusal = providers.delete(app, call.params.identifier)
  return ok and {}, refusal
end

-- The providers of the connections, each once.
local function built_in(app)
  local list, seen = {}, {}
  for _, connection in ipairs(app.catalogue.connections) do
    if not seen[connection.provider] then
      seen[connection.provider] = true
      list[#list + 1] = {
        id = ids.derived("prv_", connection.provider),
        identifier = connection.provider,
        display_name = connection.display_name or connection.name,
        auth_patterns = json.array { { type = connection.authorization_type } },
        proxy_enabled = connection.proxy ~= nil,
        is_custom = false,
      }
    end
  end
  return list
end

local SOURCES = {
  DEFAULT = { built_in },
  CUSTOM = { function(app)
    local list = {}
    for i, provider in ipairs(providers.all(app)) do list[i] = render(provider) end
    return list
  end },
}
SOURCES.ALL = { SOURCES.DEFAULT[1], SOURCES.CUSTOM[1] }

function handler.ListProviders(app, call)
  local found, wanted = {}, call.query.identifier
  for _, source in ipairs(SOURCES[call.query.filter_provider_type] or SOURCES.ALL) do
    for _, provider in ipairs(source(app)) do
      if not wanted or wanted == "" or provider.identifier == wanted then
        found[#found + 1] = provider
      end
    end
  end
  local page, reply = paging.cut(app, call, found, PAGE_SIZE)
  if not page then return nil, reply end
  reply.providers = json.array(page)
  return reply
end

return handler
