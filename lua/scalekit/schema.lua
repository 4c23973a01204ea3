--- The API objects, described once for both sides.
--
-- The client checks with these what it sends and shapes what it gets; the
-- Virtual MCP server checks what it receives and shapes what it answers. The
-- rules and limits are those of the service's REST contract; where its sources
-- disagree, the choice is noted beside the object, under `scalekit.schema.*`.
-- @module scalekit.schema

local message = require "scalekit.schema.message"

local schema = {
  wire_names = message.wire_names, -- model → field → its name in a query string
  kinds = message.kinds,           -- model → field → { type, repeated, max }
  Empty = message.model("Empty", {}),
}

for _, part in ipairs { "mcp", "instances", "connected_accounts", "tools", "providers" } do
  for name, model in pairs(require("scalekit.schema." .. part)) do schema[name] = model end
end

return schema
