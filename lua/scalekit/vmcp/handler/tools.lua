--- The catalogue of tools.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local connector = require "scalekit.vmcp.connector"
local paging = require "scalekit.vmcp.paging"

local M = {}

local PAGE_SIZE = 100

local function render(connection, tool)
  return {
    id = connector.tool_id(tool),
    provider = connection.provider,
    definition = {
      name = tool.name,
      display_name = tool.title,
      description = tool.description,
      input_schema = tool.input_schema,
      output_schema = tool.output_schema,
      annotations = tool.annotations,
    },
    metadata = {},
    tags = json.array { connection.name },
    is_default = true,
  }
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

local function mentions(tool, text)
  text = text:lower()
  for _, part in ipairs { tool.name, tool.title, tool.description } do
    if part:lower():find(text, 1, true) then
      return true
    end
  end
  return false
end

-- one predicate per filter: (app, connection, tool, value)
local FILTERS = {
  filter_provider = function(_, connection, _, value)
    return connection.provider:lower() == value:lower()
  end,
  filter_connector = function(_, connection, _, value)
    return connection.name == value
  end,
  filter_identifier = function(app, connection, _, value)
    return accounts.find(app, connection, value) ~= nil
  end,
  filter_connected_account_id = function(app, connection, _, value)
    local account = accounts.by_id(app, value)
    return account ~= nil and account.connection_name == connection.name
  end,
  filter_tool_name = function(_, _, tool, value)
    return #value == 0 or contains(value, tool.name)
  end,
  filter_query = function(_, _, tool, value)
    return mentions(tool, value)
  end,
}

local function selected(app, connection, tool, query)
  for name, predicate in pairs(FILTERS) do
    local value = query[name]
    if value and value ~= "" and not predicate(app, connection, tool, value) then
      return false
    end
  end
  return true
end

function M.ListTools(app, call)
  local list = {}
  for _, connection in ipairs(app.catalogue.connections) do
    for _, tool in ipairs(connection.tools) do
      if selected(app, connection, tool, call.query) then
        list[#list + 1] = { connection = connection, tool = tool }
      end
    end
  end
  local page, reply = paging.cut(app, call, list, PAGE_SIZE)
  if not page then
    return nil, reply
  end
  reply.tools, reply.tool_names = json.array {}, json.array {}
  for i, item in ipairs(page) do
    if call.query.filter_summary then
      reply.tool_names[i] = item.tool.name
    else
      reply.tools[i] = render(item.connection, item.tool)
    end
  end
  return reply
end

return M
