--- The protocol revisions this client speaks, newest first, and the choice
-- among those a server offers.
-- @module scalekit.mcp.version

local version = {
  MODERN = { "2026-07-28" },                            -- stateless
  LEGACY = { "2025-11-25", "2025-06-18", "2025-03-26" }, -- opened by `initialize`
}

--- The newest revision that both sides have.
-- @tparam table ours newest first
-- @tparam table theirs any order
-- @treturn ?string
function version.best(ours, theirs)
  local offered = {}
  for _, one in ipairs(theirs) do offered[one] = true end
  for _, one in ipairs(ours) do
    if offered[one] then return one end
  end
  return nil
end

return version
