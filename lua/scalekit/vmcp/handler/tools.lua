--- The catalogue of tools: all of it, and what of it a user can run.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local match = require "scalekit.vmcp.match"
local paging = require "scalekit.vmcp.paging"
local problem = require "scalekit.vmcp.problem"
local render = require "scalekit.vmcp.render"

local handler = {}

local PAGE_SIZE = 100

local function given(value)
  return value ~= nil and value ~= ""
end

local function mentions(tool, text)
  return match.mentions(tool.name, text) or match.mentions(tool.title, text)
    or match.mentions(tool.description, text)
end

local function is_of(value, connection)
  return connection.provider:lower() == value:lower()
end

local CONNECTION_FILTERS = {
  filter_provider = is_of,
  filter_connector = function(value, connection)
    return connection.name == value
  end,
  filter_connection_names = function(value, connection)
    return #value == 0 or match.has(value, connection.name)
  end,
  filter_providers = function(value, connection)
    for _, provider in ipairs(value) do
      if is_of(provider, connection) then return true end
    end
    return #value == 0
  end,
}

local function is_named(value, tool)
  return #value == 0 or match.has(value, tool.name)
end

local TOOL_FILTERS = {
  filter_tool_name = is_named,
  filter_tool_names = is_named,
  filter_query = function(value, tool)
    return mentions(tool, value)
  end,
}

-- Whether a connection has an account that is all of what is asked for.
local function has_account(app, connection, query)
  local function fits(account)
    for member, name in pairs {
      id = "filter_connected_account_id", identifier = "filter_identifier",
      organization_id = "filter_organization_id", user_id = "filter_user_id",
    } do
      if given(query[name]) and account[member] ~= query[name] then return false end
    end
    return account.connection_name == connection.name
  end
  if given(query.filter_connected_account_id) then
    local account = accounts.by_id(app, query.filter_connected_account_id)
    return account ~= nil and fits(account)
  elseif given(query.filter_identifier) then
    local account = accounts.find(app, connection, query.filter_identifier)
    return account ~= nil and fits(account)
  elseif not given(query.filter_organization_id) and not given(query.filter_user_id) then
    return true
  end
  for _, entry in ipairs(accounts.all(app)) do
    local account = entry.connection == connection
      and accounts.find(app, connection, entry.identifier)
    if account and fits(account) then return true end
  end
  return false
end

-- Appends the tools of a connection that pass the filters.
local function collect(list, connection, query, account)
  for _, tool in ipairs(connection.tools) do
    if match.all(TOOL_FILTERS, query, tool) then
      list[#list + 1] = { connection = connection, tool = tool, account = account }
    end
  end
end

function handler.ListTools(app, call)
  local list = {}
  for _, connection in ipairs(app.catalogue.connections) do
    if match.all(CONNECTION_FILTERS, call.query, connection)
      and has_account(app, connection, call.query)
    then
      collect(list, connection, call.query)
    end
  end
  local page, reply = paging.cut(app, call, list, PAGE_SIZE)
  if not page then return nil, reply end
  reply.tools, reply.tool_names = json.array {}, json.array {}
  for i, item in ipairs(page) do
    if call.query.filter_summary then
      reply.tool_names[i] = item.tool.name
    else
      reply.tools[i] = render.tool(item.connection, item.tool)
    end
  end
  return reply
end

-- The tools that a user's ACTIVE accounts can run; nil and a problem when the user has no account.
local function runnable(app, call)
  local list, known = {}, false
  for _, connection in ipairs(app.catalogue.connections) do
    local account = accounts.find(app, connection, call.query.identifier)
    known = known or account ~= nil
    if account and account.status == "ACTIVE"
      and match.all(CONNECTION_FILTERS, call.query, connection)
    then
      collect(list, connection, call.query, account)
    end
  end
  if not known then
    return nil, problem.not_found "No connected account has this identifier"
  end
  return list
end

-- One page of them, each as `show` makes it.
local function answer(app, call, show)
  local list, refusal = runnable(app, call)
  if not list then return nil, refusal end
  local page, reply = paging.cut(app, call, list, PAGE_SIZE)
  if not page then return nil, reply end
  reply.tools = json.array {}
  for i, item in ipairs(page) do reply.tools[i] = show(item) end
  return reply
end

function handler.ListScopedTools(app, call)
  local seen = {}
  for i, provider in ipairs(call.query.filter_providers or {}) do
    if seen[provider:lower()] then
      return nil, problem.violation(("filter.providers[%d]"):format(i), "is listed twice",
        "repeated.unique")
    end
    seen[provider:lower()] = true
  end
  return answer(app, call, function(item)
    return {
      tool = render.tool(item.connection, item.tool),
      identifier = item.account.identifier,
      connected_account_id = item.account.id,
    }
  end)
end

function handler.ListAvailableTools(app, call)
  return answer(app, call, function(item)
    return render.tool(item.connection, item.tool)
  end)
end

return handler
