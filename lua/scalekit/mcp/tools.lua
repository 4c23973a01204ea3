--- The tool list of a server: all pages, checked.
-- @module scalekit.mcp.tools

local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local pages = require "scalekit.mcp.pages"

local tools = {
  --- The method that lists them.
  METHOD = "tools/list",
}

-- Why a tool is left out, or nil and its mirrored parameters.
local function judge(tool, seen, mirrored)
  if not json.is_object(tool) or type(tool.name) ~= "string" then return "it has no name" end
  if seen[tool.name] then return "its name is taken" end
  local schema = tool.inputSchema
  if not json.is_object(schema) then return "it has no input schema" end
  if not mirrored then return nil, {} end
  local mirrors, reason = header.mirrors(schema)
  return reason, mirrors
end

-- Adds one tool to the catalogue, or a warning about it.
local function add(catalogue, tool, text, mirrored)
  local reason, mirrors = judge(tool, catalogue.seen, mirrored)
  local name = type(tool) == "table" and type(tool.name) == "string" and tool.name or nil
  if reason then
    catalogue.warnings[#catalogue.warnings + 1] = { tool = name, message = reason }
    if name and not catalogue.seen[name] then catalogue.dropped[name] = reason end
  else
    tool.raw = text
    catalogue.tools[#catalogue.tools + 1] = tool
    catalogue.seen[name], catalogue.mirrors[name] = true, mirrors
  end
end

--- Fetches the list.
-- @tparam table peer
-- @tparam table call `deadline` …
-- @tparam number limit bytes of the whole list
-- @treturn[1] table catalogue: `tools`, `warnings` (about those left out),
--   `mirrors` (by name, for `header.mirror`), `dropped` (by name, why), `till`
-- @treturn[2] nil
-- @treturn[2] table error
function tools.fetch(peer, call, limit)
  local list, err = pages.fetch(peer, tools.METHOD, "tools", call, limit)
  if not list then return nil, err end
  local catalogue = {
    tools = {}, warnings = {}, seen = {}, mirrors = {}, dropped = {}, till = list.till,
  }
  for i, tool in ipairs(list.values) do
    add(catalogue, tool, list.texts[i], peer.era == "modern")
  end
  return catalogue
end

return tools
