--- The tools of one Virtual MCP server: which there are, and what happens when one is called.
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local arguments_check = require "scalekit.vmcp.arguments"
local problem = require "scalekit.vmcp.problem"

local toolbox = {}

local DATA = "data/"

--- The tools of one mapping; one that names none means all of its connection.
function toolbox.mapped(connection, mapping)
  if #mapping.tools == 0 then return connection.tools end
  local tools = {}
  for i, name in ipairs(mapping.tools) do
    tools[i] = connection.tools_by_name[name]
  end
  return tools
end

-- Calls `visit(connection, tool)` for each tool the config maps, in the order of the mappings,
-- until it returns something. This one walk decides what is listed and what may be called.
local function walk(app, config, visit)
  for _, mapping in ipairs(config.mappings) do
    local connection = app.catalogue:connection(mapping.connection_name)
    for _, tool in ipairs(toolbox.mapped(connection, mapping)) do
      local found = visit(connection, tool)
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
-- @tparam table session { app, config }
-- @tparam table params
-- @treturn table|nil array of tools as MCP describes them
-- @treturn string why not
function toolbox.list(session, params)
  if params.cursor ~= nil then return nil, "Invalid cursor" end
  local list = json.array {}
  walk(session.app, session.config, function(_, tool)
    list[#list + 1] = describe(tool)
  end)
  return list
end

-- A tool of the config by name: { connection, tool }, or nil.
local function find(app, config, name)
  return walk(app, config, function(connection, tool)
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

-- Runs the tool on the user's data. What writes does so under the data's lock.
local function run(app, connection, tool, identifier, arguments)
  local key = DATA .. connection.id .. "/" .. identifier
  local user = { identifier = identifier, now = app:now() }
  local text = app.store:get(key)
  if text and tool.annotations.readOnlyHint then
    return tool.call(json.decode(text), arguments, user)
  end
  local ok, result, message = app.store:update(key, function(stored)
    local data = stored and json.decode(stored) or connection.seed(identifier, user.now)
    local result, message = tool.call(data, arguments, user)
    -- a failed call keeps nothing but the seed
    if not result and stored then
      return nil, nil, message
    elseif not result then
      data = connection.seed(identifier, user.now)
    end
    return json.encode(data), result, message
  end)
  if not ok then return nil, problem.store(result).message .. "." end
  return result, message
end

local function sign_in_again(connection, account)
  return failure(("The user's %s account is not connected (%s). Ask the user to sign in again"
    .. " through a new authorization link, then repeat the call."):format(
    connection.display_name or connection.name,
    account and account.status or "no connected account"))
end

local function call(app, found, identifier, arguments)
  local connection, tool = found.connection, found.tool
  local account = accounts.find(app, connection, identifier)
  if not account or account.status ~= "ACTIVE" then return sign_in_again(connection, account) end
  local wrong = arguments_check.check(tool.input_schema, arguments)
  if wrong then return failure("Invalid arguments for " .. tool.name .. ":\n" .. wrong) end
  local data, message = run(app, connection, tool, identifier, arguments)
  if not data then return failure(message) end
  return success(data)
end

--- Serves the params of a `tools/call`. A tool that is not mapped and one that does not exist are
-- the same thing to whoever asks.
-- @tparam table session { app, config, identifier }
-- @tparam table params
-- @treturn table|nil the result, without what the eras add
-- @treturn string why the call cannot be made at all
function toolbox.call(session, params)
  local name, arguments = params.name, params.arguments
  if arguments == nil then arguments = {} end
  if type(name) ~= "string" then return nil, "params.name must be a string" end
  if not json.is_object(arguments) then return nil, "params.arguments must be an object" end
  local found = find(session.app, session.config, name)
  if not found then return nil, "Unknown tool: " .. name end
  return call(session.app, found, session.identifier, arguments)
end

return toolbox
