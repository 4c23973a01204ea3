--- Records as the API shows them.
local json = require "scalekit.json"

local connector = require "scalekit.vmcp.connector"

local render = {}

--- A config.
function render.config(app, config)
  local mappings = json.array {}
  for i, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name) or {}
    mappings[i] = {
      connection_id = connection.id,
      connection_name = mapping.connection_name,
      provider = connection.provider,
      tools = json.array(mapping.tools),
    }
  end
  return {
    id = config.id,
    name = config.name,
    description = config.description,
    connection_tool_mappings = mappings,
    mcp_server_url = app:server_url(config.uuid),
  }
end

--- A tool of a connection.
function render.tool(connection, tool)
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

return render
