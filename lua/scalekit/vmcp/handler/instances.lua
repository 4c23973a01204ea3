--- MCP servers of the older model over REST: one per config and user.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local configs = require "scalekit.vmcp.configs"
local instances = require "scalekit.vmcp.instances"
local match = require "scalekit.vmcp.match"
local needs = require "scalekit.vmcp.needs"
local paging = require "scalekit.vmcp.paging"
local problem = require "scalekit.vmcp.problem"
local render_config = require "scalekit.vmcp.render".config

local handler = {}

local PAGE_SIZE = 30

-- Inside an instance the mappings tell of the user's accounts, too.
local function render(app, instance, config)
  local view = render_config(app, config)
  for _, mapping in ipairs(view.connection_tool_mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    local account = connection and accounts.find(app, connection, instance.user_identifier)
    if account then
      mapping.connected_account_id, mapping.connected_account_status = account.id, account.status
    end
  end
  return {
    id = instance.id,
    name = instance.name,
    user_identifier = instance.user_identifier,
    config = view,
    last_used_at = instance.last_used_at,
    updated_at = instance.updated_at,
    url = app:instance_url(instance.opaque),
  }
end

-- An instance and its config, or nil and a problem.
local function require_both(app, id)
  local instance, refusal = instances.require(app, id)
  if not instance then return nil, refusal end
  local config
  config, refusal = configs.require(app, instance.config_id)
  if not config then return nil, refusal end
  return instance, config
end

local function require_config(app, name)
  local config = configs.by_name(app, name)
  if config then return config end
  return nil, problem.not_found(("There is no MCP config named '%s'"):format(name))
end

function handler.EnsureMcpInstance(app, call)
  local body = call.body
  local config, refusal = require_config(app, body.config_name)
  if not config then return nil, refusal end
  local instance
  instance, refusal = instances.ensure(app, config, body.user_identifier,
    body.name ~= "" and body.name or nil)
  if not instance then return nil, refusal end
  return { instance = render(app, instance, config) }
end

function handler.GetMcpInstance(app, call)
  local instance, config = require_both(app, call.params.instance_id)
  if not instance then return nil, config end
  return { instance = render(app, instance, config) }
end

function handler.UpdateMcpInstance(app, call)
  local body, config, refusal = call.body
  if body.config_name and body.config_name ~= "" then
    config, refusal = require_config(app, body.config_name)
    if not config then return nil, refusal end
  end
  local instance
  instance, refusal = instances.change(app, call.params.instance_id, {
    name = body.name ~= "" and body.name or nil, config = config,
  })
  if not instance then return nil, refusal end
  return handler.GetMcpInstance(app, call)
end

function handler.DeleteMcpInstance(app, call)
  local ok, refusal = instances.delete(app, call.params.instance_id)
  return ok and {}, refusal
end

function handler.GetMcpInstanceAuthState(app, call)
  local instance, config = require_both(app, call.params.instance_id)
  if not instance then return nil, config end
  local list, refusal = needs.list(
    app, config, instance.user_identifier, call.query.include_auth_links)
  if not list then return nil, refusal end
  return { connections = list }
end

-- one predicate per filter: (value, instance, config)
local FILTERS = {
  filter_id = function(value, instance)
    return instance.id == value
  end,
  filter_name = function(value, instance)
    return instance.name == value
  end,
  filter_config_name = function(value, _, config)
    return config.name == value
  end,
  filter_user_identifier = function(value, instance)
    return instance.user_identifier == value
  end,
  search = function(value, instance)
    return match.mentions(instance.name, value)
  end,
}

function handler.ListMcpInstances(app, call)
  local found = {}
  for _, instance in ipairs(instances.all(app)) do
    local config = configs.by_id(app, instance.config_id)
    if config and match.all(FILTERS, call.query, instance, config) then
      found[#found + 1] = { instance = instance, config = config }
    end
  end
  local page, reply = paging.cut(app, call, found, PAGE_SIZE)
  if not page then return nil, reply end
  reply.instances = json.array {}
  for i, item in ipairs(page) do
    reply.instances[i] = render(app, item.instance, item.config)
  end
  return reply
end

return handler
