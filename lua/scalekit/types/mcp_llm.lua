---@meta scalekit.mcp.llm
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---MCP tools in the shapes that the APIs of language models want, and their
---results back. `connection:tools_for` and `connection:results_for` do all of
---it for one server; these functions are for programs that bring the tools of
---several servers together, or call tools in a way of their own.
---
---The APIs: "anthropic" (Messages), "openai" (Responses), "openai_chat" (Chat
---Completions, and the many that speak like it), "gemini".
---@class scalekit.mcp.llm
local llm = {}

---Tools for a request. Their schemas are sent as the server wrote them, byte
---for byte.
---@param api string
---@param tools table array of tools, from `list_tools`
---@return table # array for the member `tools` of a request
---@return table # the name that the model uses → the tool's own, which differ where a name has more than 64 letters, digits, `_` and `-`
function llm.tools(api, tools) end

---The calls that a model asks for.
---@param api string
---@param response table the decoded answer of the API
---@return table # array of `{ id, name, arguments }`; where the arguments are none, `problem` says why, and such a call is to be answered with that
function llm.calls(api, response) end

---The messages that tell a model what came of its calls.
---@param api string
---@param outcomes table array of `{ call, result }` or `{ call, err }`, in the order of the calls; `err` is an error or a text
---@return table # array of messages, to be appended after the model's own
function llm.messages(api, outcomes) end

return llm
