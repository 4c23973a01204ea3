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

local nginx = require "scalekit.driver.nginx"

local edge = {}

local function load(name)
  if not nginx.present then error("scalekit.edge: this is not nginx", 3) end
  return require("scalekit.edge." .. name)
end

--- Mint and inject, see `scalekit.edge.agents`.
-- @tparam table opts
-- @treturn scalekit.edge.agents
function edge.agents(opts)
  return load("agents").new(opts)
end

--- Token check for an MCP server of your own, see `scalekit.edge.guard`.
-- @tparam table opts
-- @treturn scalekit.edge.guard
function edge.guard(opts)
  return load("guard").new(opts)
end

--- A page of a user's connections, see `scalekit.edge.portal`.
-- @tparam table opts
-- @treturn scalekit.edge.portal
function edge.portal(opts)
  return load("portal").new(opts)
end

--- A location that says what is missing, see `scalekit.edge.doctor`.
-- @tparam[opt] table opts
-- @treturn scalekit.edge.doctor
function edge.doctor(opts)
  return load("doctor").new(opts)
end

return edge
