--- The catalogue of tools.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local connector = require "scalekit.vmcp.connector"
local match = require "scalekit.vmcp.match"
local paging = require "scalekit.vmcp.paging"

local handler = {}

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

local function mentions(tool, text)
  return match.mentions(tool.name, text) or match.mentions(tool.title, text)
    or match.mentions(tool.description, text)
end

-- one predicate per filter: (value, app, connection, tool)
local FILTERS = {
  filter_provider = function(value, _, connection)
    return connection.provider:lower() == value:lower()
  end,
  filter_connector = function(value, _, connection)
    return connection.name == value
  end,
  filter_identifier = function(value, app, connection)
    return accounts.find(app, connection, value) ~= nil
  end,
  filter_connected_account_id = function(value, app, connection)
    local account = accounts.by_id(app, value)
    return account ~= nil and account.connection_name == connection.name
  end,
  filter_tool_name = function(value, _, _, tool)
    return #value == 0 or match.has(value, tool.name)
  end,
  filter_query = function(value, _, _, tool)
    return mentions(tool, value)
  end,
}

function handler.ListTools(app, call)
  local list = {}
  for _, connection in ipairs(app.catalogue.connections) do
    for _, tool in ipairs(connection.tools) do
      if match.all(FILTERS, call.query, app, connection, tool) then
        list[#list + 1] = { connection = connection, tool = tool }
      end
    end
  end
  local page, reply = paging.cut(app, call, list, PAGE_SIZE)
  if not page then return nil, reply end
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

return handler
