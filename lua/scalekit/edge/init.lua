--- Recipes for the nginx that agents and MCP servers stand behind. Each is made
-- once, in `init_by_lua`, and called in one location or two:
--
-- - `agents` mints a session token per run of an agent and injects it,
-- - `guard` lets only those through to an MCP server of yours who have a session token,
-- - `portal` shows users their connections,
-- - `doctor` says what is missing in this nginx.
--
-- `examples/openresty/` has a complete configuration for each.
-- @module scalekit.edge

local edge = {}

--- Mint and inject, see `scalekit.edge.agents`.
-- @tparam table opts
-- @treturn scalekit.edge.agents
function edge.agents(opts)
  return require("scalekit.edge.agents").new(opts)
end

return edge
