--- The levels of log messages (RFC 5424, as MCP spells them).
-- @module scalekit.mcp.level

local options = require "scalekit.options"

local level = {}

local NAMES = { "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency" }

local KNOWN = {}
for _, name in ipairs(NAMES) do KNOWN[name] = true end

--- What is wrong with the name of a level, or nil.
-- @param name
-- @treturn ?string
function level.mistake(name)
  if KNOWN[name] then return nil end
  local near = type(name) == "string" and options.nearest(name, NAMES)
  return ("unknown level '%s'%s"):format(tostring(name),
    near and (" (did you mean '%s'?)"):format(near) or "")
end

return level
