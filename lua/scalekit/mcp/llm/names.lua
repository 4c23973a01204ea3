--- Names of tools that the APIs of language models accept: up to 64 letters,
-- digits, `_` and `-`, not beginning with a digit or a dash. MCP allows more.
-- @module scalekit.mcp.llm.names

local names = {}

local LONGEST = 64

local function plain(name)
  name = name:gsub("[^%w_-]", "_")
  if not name:find "^[%a_]" then name = "_" .. name end
  return name:sub(1, LONGEST)
end

-- A name that is not taken: with a number where two would be the same.
local function free(name, taken)
  local best, n = name, 1
  while taken[best] do
    n = n + 1
    local suffix = ("_%d"):format(n)
    best = name:sub(1, LONGEST - #suffix) .. suffix
  end
  return best
end

--- Names each tool.
-- @tparam table tools array of tools, whose order decides where two names clash
-- @treturn table array of names, one for each tool
-- @treturn table name → the tool's own name
function names.of(tools)
  local list, original, wanted = {}, {}, {}
  -- who can keep his name keeps it, whatever stands before him
  for _, tool in ipairs(tools) do
    if plain(tool.name) == tool.name then wanted[tool.name] = true end
  end
  for i, tool in ipairs(tools) do
    local name = plain(tool.name)
    if name ~= tool.name then name = free(name, wanted) end
    wanted[name] = true
    list[i], original[name] = name, tool.name
  end
  return list, original
end

return names
