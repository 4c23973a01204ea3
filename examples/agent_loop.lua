-- An agent: a language model behind an Anthropic-style Messages endpoint uses
-- the tools of an MCP server until it has an answer.
--
--   export ANTHROPIC_API_KEY=… MCP_URL=… MCP_TOKEN=…
--   lua examples/agent_loop.lua "What is on my calendar tomorrow?"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local scalekit = require "scalekit"
local check = scalekit.check

local API = os.getenv "ANTHROPIC_BASE_URL" or "https://api.anthropic.com"
local MODEL, MOST_TURNS = os.getenv "ANTHROPIC_MODEL" or "claude-sonnet-4-5", 20

local send = require("scalekit.transport.curl").new()

local function ask(request)
  local response = check(send {
    method = "POST", url = API .. "/v1/messages", body = json.encode(request), idle_timeout = 300,
    headers = {
      ["content-type"] = "application/json", ["anthropic-version"] = "2023-06-01",
      ["x-api-key"] = os.getenv "ANTHROPIC_API_KEY",
    },
  })
  if response.status ~= 200 then error(response.status .. ": " .. response.body, 0) end
  return check(json.decode(response.body))
end

local function run(question)
  local server = check(mcp.connect { url = os.getenv "MCP_URL", token = os.getenv "MCP_TOKEN" })
  local tools = check(server:tools_for "anthropic")
  local messages = { { role = "user", content = question } }
  for _ = 1, MOST_TURNS do
    local reply = ask { model = MODEL, max_tokens = 4096, tools = tools, messages = messages }
    for _, block in ipairs(reply.content) do
      if block.type == "text" then print(block.text) end
      if block.type == "tool_use" then print("> " .. block.name, json.encode(block.input)) end
    end
    table.insert(messages, { role = "assistant", content = reply.content })
    local results = check(server:results_for("anthropic", reply))
    for _, message in ipairs(results) do table.insert(messages, message) end
    if #results == 0 then break end
  end
  server:close()
end

scalekit.run(run, arg[1] or "What is on my calendar tomorrow?") -- so that tools run side by side
