--- Which pages may call (MCP 2025-11-25 and later: an `Origin` that is there has to be
-- an allowed one, against DNS rebinding).
-- @module scalekit.edge.origins

local origins = {}

--- @tparam ?table list such as "https://app.example.com"
function origins.set(list)
  local set = {}
  for _, origin in ipairs(list or {}) do set[origin:lower()] = true end
  return set
end

--- Whether a request with such an `Origin` may go on. Who is no browser has none; who has
-- several is none that we know.
function origins.allows(set, origin)
  return origin == nil or type(origin) == "string" and set[origin:lower()] == true
end

return origins
