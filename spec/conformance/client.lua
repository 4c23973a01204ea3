-- The client that the official MCP conformance suite starts: its last argument
-- is the address of the suite's server, the environment says what to do there.
-- Exits with 0 when it could do it.

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"

local SCENARIO = os.getenv "MCP_CONFORMANCE_SCENARIO" or ""

local function call(connection, name, arguments)
  return errors.check(connection:call_tool(name, arguments))
end

local function find(tools, name)
  for _, tool in ipairs(tools) do
    if tool.name == name then return tool end
  end
  error("the server has no tool " .. name)
end

-- What each scenario wants beyond connecting and listing the tools.
local scenarios = {
  ["tools_call"] = function(connection)
    call(connection, "add_numbers", { a = 5, b = 3 })
  end,

  ["sse-retry"] = function(connection)
    call(connection, "test_reconnection")
  end,

  ["http-standard-headers"] = function(connection, tools)
    for _, tool in ipairs(tools) do call(connection, tool.name) end
  end,

  ["http-custom-headers"] = function(connection)
    local context = assert(json.decode(os.getenv "MCP_CONFORMANCE_CONTEXT"))
    for _, one in ipairs(context.toolCalls) do call(connection, one.name, one.arguments) end
  end,

  ["http-invalid-tool-headers"] = function(connection, tools)
    for _, tool in ipairs(tools) do call(connection, tool.name, { region = "us-east" }) end
  end,

  ["json-schema-2020-12-preservation"] = function(connection, tools)
    local raw = find(tools, "json_schema_2020_12_tool").raw
    call(connection, "json_schema_echo", { schema = json.raw(core.json_member(raw, "inputSchema")) })
  end,
}

local connection = errors.check(mcp.connect {
  url = arg[#arg],
  timeout = 20,
  client_info = { name = "scalekit-conformance", version = "1.0.0" },
})
local tools = errors.check(connection:list_tools())
if scenarios[SCENARIO] then scenarios[SCENARIO](connection, tools) end
connection:close()
