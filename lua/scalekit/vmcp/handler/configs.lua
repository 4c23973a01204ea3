--- Virtual MCP servers over REST.
local json = require "scalekit.json"

local configs = require "scalekit.vmcp.configs"
local instances = require "scalekit.vmcp.instances"
local match = require "scalekit.vmcp.match"
local needs = require "scalekit.vmcp.needs"
local paging = require "scalekit.vmcp.paging"
local problem = require "scalekit.vmcp.problem"
local render = require "scalekit.vmcp.render"

local handler = {}

local PAGE_SIZE = 30

-- Every tool must be one of the mapping's connection, named once.
local function check_tools(connection, tools, where)
  local seen = {}
  for i, name in ipairs(tools) do
    local field = ("%s.tools[%d]"):format(where, i)
    if not connection.tools_by_name[name] then
      return problem.violation(field, ("connection '%s' has no tool '%s'"):format(
        connection.name, name), "tool.unknown")
    elseif seen[name] then
      return problem.violation(field, ("tool '%s' is listed twice"):format(name), "repeated.unique")
    end
    seen[name] = true
  end
end

-- The mappings as they are stored, or nil and a problem.
local function read_mappings(app, given)
  local mappings, seen = json.array {}, {}
  for i, mapping in ipairs(given) do
    local where = ("connection_tool_mappings[%d]"):format(i)
    local name = mapping.connection_name
    local connection = app.catalogue:connection(name)
    if not connection then
      return nil, problem.not_found(("%s: there is no connection named '%s'"):format(where, name))
    elseif seen[name] then
      return nil, problem.violation(where .. ".connection_name",
        ("connection '%s' is mapped twice"):format(name), "repeated.unique")
    end
    seen[name] = true
    local tools = mapping.tools or {}
    local refusal = check_tools(connection, tools, where)
    if refusal then return nil, refusal end
    mappings[i] = { connection_name = name, tools = json.array(tools) }
  end
  return mappings
end

function handler.CreateMcpConfig(app, call)
  local body = call.body
  local mappings, refusal = read_mappings(app, body.connection_tool_mappings or {})
  if not mappings then return nil, refusal end
  local config
  config, refusal = configs.create(app, {
    name = body.name,
    description = body.description or "",
    mappings = mappings,
  })
  if not config then return nil, refusal end
  return { config = render.config(app, config) }
end

function handler.GetMcpConfig(app, call)
  local config, missing = configs.require(app, call.params.config_id)
  if not config then return nil, missing end
  return { config = render.config(app, config) }
end

-- Neither field is optional on the wire, so an empty one cannot be told from an absent one: both
-- mean "leave it alone".
function handler.UpdateMcpConfig(app, call)
  local changes, given = {}, call.body.connection_tool_mappings
  if call.body.description and call.body.description ~= "" then
    changes.description = call.body.description
  end
  if given and #given > 0 then
    local mappings, refusal = read_mappings(app, given)
    if not mappings then return nil, refusal end
    changes.mappings = mappings
  end
  local config, refusal = configs.change(app, call.params.config_id, changes)
  if not config then return nil, refusal end
  return { config = render.config(app, config) }
end

function handler.DeleteMcpConfig(app, call)
  local ok, refusal = configs.delete(app, call.params.config_id)
  if not ok then return nil, refusal end
  instances.delete_of(app, call.params.config_id)
  return {}
end

function handler.ListMcpConnectedAccounts(app, call)
  local config, refusal = configs.require(app, call.params.config_id)
  if not config then return nil, refusal end
  local list
  list, refusal = needs.list(app, config, call.body.identifier, call.body.include_auth_link)
  if not list then return nil, refusal end
  return { connected_accounts = list }
end

local function has_provider(app, config, provider)
  for _, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    if connection and connection.provider:lower() == provider then return true end
  end
  return false
end

-- one predicate per filter: (value, app, config)
local FILTERS = {
  filter_id = function(value, _, config)
    return config.id == value
  end,
  filter_name = function(value, _, config)
    return config.name == value:lower()
  end,
  filter_provider = function(value, app, config)
    return has_provider(app, config, value:lower())
  end,
  -- the host part says nothing: only the UUID in the last segment counts
  filter_mcp_server_url = function(value, _, config)
    return config.uuid == (value:match "^.*/([^/]+)/*$" or value):lower()
  end,
  search = function(value, _, config)
    return match.mentions(config.name, value)
  end,
}

function handler.ListMcpConfigs(app, call)
  local list = {}
  for _, config in ipairs(configs.all(app)) do
    if match.all(FILTERS, call.query, app, config) then list[#list + 1] = config end
  end
  local page, reply = paging.cut(app, call, list, PAGE_SIZE)
  if not page then return nil, reply end
  reply.configs = json.array {}
  for i, config in ipairs(page) do
    reply.configs[i] = render.config(app, config)
  end
  return reply
end

return handler
