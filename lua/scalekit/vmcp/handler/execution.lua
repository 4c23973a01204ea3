--- A tool call over REST, without an MCP server.
local execution = require "scalekit.vmcp.execution"
local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"
local selector = require "scalekit.vmcp.selector"

local handler = {}

function handler.ExecuteTool(app, call)
  local body = call.body
  local connection, tool = app.catalogue:tool(body.tool_name)
  if not connection then
    return nil, problem.not_found(("There is no tool named '%s'"):format(body.tool_name))
  end
  local account, owner = selector.find(app, {
    id = body.connected_account_id,
    -- a tool belongs to one connection, so its name says which account is meant
    connector = body.connector ~= "" and body.connector or connection.name,
    identifier = body.identifier,
    organization_id = body.organization_id,
    user_id = body.user_id,
  })
  if not account then return nil, owner end
  if owner ~= connection then
    return nil, problem.not_found(("Connection '%s' has no tool named '%s'"):format(
      owner.name, tool.name))
  end
  local refusal
  account, refusal = execution.ready(app, connection, account)
  if not account then return nil, refusal end
  local execution_id = ids.new "exec_"
  local data, failure = execution.run(app, connection, tool, account, body.params or {})
  if not data then return nil, problem.tool(failure, execution_id) end
  return { data = data, execution_id = execution_id }
end

return handler
