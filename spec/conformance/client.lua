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

  ["elicitation-sep1034-client-defaults"] = function(connection)
    call(connection, "test_client_elicitation_defaults")
  end,

  ["http-standard-headers"] = function(connection, tools)
    for _, tool in ipairs(tools) do call(connection, tool.name) end
    for _, resource in ipairs(errors.check(connection:list_resources())) do
      errors.check(connection:read_resource(resource.uri))
    end
    for _, prompt in ipairs(errors.check(connection:list_prompts())) do
      errors.check(connection:get_prompt(prompt.name))
    end
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
    local schema = json.raw(core.json_member(raw, "inputSchema"))
    call(connection, "json_schema_echo", { schema = schema })
  end,

  -- another call runs while the first one is between two rounds
  ["sep-2322-client-request-state"] = function(connection)
    errors.check(connection:call_tool("test_mrtr_echo_state", {}, {
      on_elicitation = function()
        call(connection, "test_mrtr_unrelated")
        return { action = "accept", content = { confirmed = true } }
      end,
    }))
    call(connection, "test_mrtr_no_state")
    call(connection, "test_mrtr_no_result_type")
  end,
}

-- Forms are accepted: with what they suggest, and yes where they suggest nothing.
local function accept(params)
  local content = {}
  for name, property in pairs(params.requestedSchema.properties) do
    if property.type == "boolean" and property.default == nil then content[name] = true end
  end
  return { action = "accept", content = content }
end

local function say_hello()
  return { role = "assistant", model = "none", content = { type = "text", text = "hello" } }
end

local connection = errors.check(mcp.connect {
  url = arg[#arg],
  timeout = 20,
  client_info = { name = "scalekit-conformance", version = "1.0.0" },
  on_elicitation = accept,
  on_sampling = say_hello,
})
local tools = errors.check(connection:list_tools())
if scenarios[SCENARIO] then scenarios[SCENARIO](connection, tools) end
connection:close()
