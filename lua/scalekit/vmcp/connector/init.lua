--- Connections: what a Virtual MCP server can offer tools of.
--
-- A connection is a table `{ id, name, provider, display_name, tools, seed, keyless,
-- authorization_type, scopes, proxy }`: `seed` makes a user's data the first time it is needed,
-- `keyless` marks one with nothing to authorize, `authorization_type` is the API's word ("OAUTH" by
-- default), `scopes` are what its users grant, `proxy` is the provider's own API (see `vmcp.proxy`).
-- A tool is `{ name, title, description, input_schema, output_schema, annotations, call }`, where
-- `call(data, arguments, user)` answers the structured result or `nil, message`. It may change
-- `data` only if the annotations do not say `readOnlyHint`.
local ids = require "scalekit.vmcp.ids"

local connector = {}

local Catalogue = {}
local mt = { __index = Catalogue, __name = "scalekit.vmcp.catalogue" }

-- what every MCP client accepts as a tool name
local MAX_NAME = 64
local NAME = "^[%w_.-]+$"

--- The built-in demo connections. Nothing of Google's is involved: the data is made up.
function connector.demo()
  local gmail = require "scalekit.vmcp.connector.gmail"
  local googlecalendar = require "scalekit.vmcp.connector.googlecalendar"
  return { gmail, googlecalendar }
end

local function index_tools(connection, taken)
  local by_name = {}
  for _, tool in ipairs(connection.tools) do
    if #tool.name > MAX_NAME or not tool.name:match(NAME) then
      error(("scalekit.vmcp: '%s' is not a tool name"):format(tool.name))
    elseif taken[tool.name] then
      error(("scalekit.vmcp: two connections have a tool named '%s'"):format(tool.name))
    end
    taken[tool.name], by_name[tool.name] = true, tool
  end
  return by_name
end

--- Indexes connections; a name that would be ambiguous is an error.
-- @tparam table connections array
-- @treturn table catalogue with `connections` and `catalogue:connection(name)`
function connector.catalogue(connections)
  local self, taken = { connections = {}, by_name = {} }, {}
  for i, given in ipairs(connections) do
    if self.by_name[given.name] then
      error(("scalekit.vmcp: two connections are named '%s'"):format(given.name))
    elseif tostring(given.id):find("/", 1, true) then
      error(("scalekit.vmcp: the id '%s' has a slash"):format(given.id))
    end
    local connection = {}
    for name, value in pairs(given) do
      connection[name] = value
    end
    connection.authorization_type = given.keyless and "NO_AUTH" or given.authorization_type or "OAUTH"
    connection.tools_by_name = index_tools(connection, taken)
    self.connections[i], self.by_name[given.name] = connection, connection
  end
  return setmetatable(self, mt)
end

--- @treturn table|nil the connection of this name
function Catalogue:connection(name)
  return self.by_name[name]
end

--- @treturn table|nil the connection that has a tool of this name
-- @treturn table the tool
function Catalogue:tool(name)
  for _, connection in ipairs(self.connections) do
    local tool = connection.tools_by_name[name]
    if tool then return connection, tool end
  end
end

--- A tool's id, the same in every process and after a restart.
function connector.tool_id(tool)
  return ids.derived("tol_", tool.name)
end

return connector
