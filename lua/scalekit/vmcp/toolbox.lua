--- The tools of one Virtual MCP server: which there are, and what happens when one is called.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local execution = require "scalekit.vmcp.execution"

local toolbox = {}

--- The tools of one mapping; one that names none means all of its connection.
function toolbox.mapped(connection, mapping)
  if #mapping.tools == 0 then return connection.tools end
  local tools = {}
  for i, name in ipairs(mapping.tools) do
    tools[i] = connection.tools_by_name[name]
  end
  return tools
end

-- Calls `visit(connection, tool)` for each tool the session may use, in the order of the mappings,
-- until it returns something. This one walk decides what is listed and what may be called.
local function walk(session, visit)
  for _, mapping in ipairs(session.config.mappings) do
    local connection = session.app.catalogue:connection(mapping.connection_name)
    for _, tool in ipairs(toolbox.mapped(connection, mapping)) do
      local found = (tool.annotations.readOnlyHint or not session.read_only)
        and visit(connection, tool)
      if found then return found end
    end
  end
end

--- What is said about the server to whoever connects.
function toolbox.instructions(config)
  return ("Tools of the Virtual MCP server '%s'."):format(config.name)
end

local function describe(tool)
  return {
    name = tool.name,
    title = tool.title,
    description = tool.description,
    inputSchema = tool.input_schema,
    outputSchema = tool.output_schema,
    annotations = tool.annotations,
  }
end

--- Serves the params of a `tools/list`. All tools fit on one page, so every cursor is a wrong one.
-- @tparam table session { app, config, read_only }
-- @tparam table params
-- @treturn table|nil array of tools as MCP describes them
-- @treturn string why not
function toolbox.list(session, params)
  if params.cursor ~= nil then return nil, "Invalid cursor" end
  local list = json.array {}
  walk(session, function(_, tool)
    list[#list + 1] = describe(tool)
  end)
  return list
end

-- A tool of the session by name: { connection, tool }, or nil.
local function find(session, name)
  return walk(session, function(connection, tool)
    return tool.name == name and { connection = connection, tool = tool }
  end)
end

local function failure(text)
  return { isError = true, content = json.array { { type = "text", text = text } } }
end

local function success(data)
  return {
    content = json.array { { type = "text", text = json.encode(data) } },
    structuredContent = data,
    isError = false,
  }
end

local function sign_in_again(connection, state)
  return failure(("The user's %s account is not connected (%s). Ask the user to sign in again"
    .. " through a new authorization link, then repeat the call."):format(
    connection.display_name or connection.name, state))
end

local function call(app, found, identifier, arguments)
  local connection, tool = found.connection, found.tool
  local account = accounts.find(app, connection, identifier)
  if not account then return sign_in_again(connection, "no connected account") end
  local ready, refusal, state = execution.ready(app, connection, account)
  if state then return sign_in_again(connection, state) end
  local data
  if ready then data, refusal = execution.run(app, connection, tool, ready, arguments) end
  if not data then return failure(refusal.message) end
  return success(data)
end

--- Serves the params of a `tools/call`. A tool that is not mapped and one that does not exist are
-- the same thing to whoever asks.
-- @tparam table session { app, config, identifier, read_only }
-- @tparam table params
-- @treturn table|nil the result, without what the eras add
-- @treturn string why the call cannot be made at all
function toolbox.call(session, params)
  local name, arguments = params.name, params.arguments
  if arguments == nil then arguments = {} end
  if type(name) ~= "string" then return nil, "params.name must be a string" end
  if not json.is_object(arguments) then return nil, "params.arguments must be an object" end
  local found = find(session, name)
  if not found then return nil, "Unknown tool: " .. name end
  return call(session.app, found, session.identifier, arguments)
end

return toolbox
