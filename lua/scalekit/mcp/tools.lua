--- The tool list of a server: all pages, checked.
-- @module scalekit.mcp.tools

local core = require "scalekit.core"
local failure = require "scalekit.mcp.failure"
local header = require "scalekit.mcp.header"
local json = require "scalekit.json"
local span = require "scalekit.mcp.span"

local tools = {}

local METHOD = "tools/list"
local MAX_PAGES, MAX_TOOLS = 1000, 10000
local INVALID_PARAMS = -32602

local function broken(text)
  local err = failure.protocol(text)
  err.operation = METHOD
  return nil, err
end

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

-- Adds the tools of one page to the catalogue.
local function add(catalogue, page, raw, mirrored)
  for i, text in ipairs(span.items(core.json_member(raw, "tools"))) do
    local tool = page[i]
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
end

-- Fetches all pages once; the third value tells whether a cursor was refused.
local function fetch(peer, call, limit)
  local mirrored = peer.era == "modern"
  local catalogue = { tools = {}, warnings = {}, seen = {}, mirrors = {}, dropped = {} }
  local cursors, cursor, bytes = {}, nil, 0
  for _ = 1, MAX_PAGES do
    local result, raw = peer:request(METHOD, { cursor = cursor }, call)
    if not result then return nil, raw, cursor ~= nil and raw.code == INVALID_PARAMS end
    if not json.is_array(result.tools) then return broken "the server sent no list of tools" end
    bytes = bytes + #raw
    if bytes > limit then
      return broken(("the list of tools has more than %d bytes"):format(limit))
    end
    add(catalogue, result.tools, raw, mirrored)
    if #catalogue.tools > MAX_TOOLS then
      return broken(("the server has more than %d tools"):format(MAX_TOOLS))
    end
    cursor = result.nextCursor
    if cursor == nil or cursor == json.null then return catalogue end
    if type(cursor) ~= "string" then return broken "the server sent a malformed cursor" end
    if cursors[cursor] then return broken "the server repeats a page of its list for ever" end
    cursors[cursor] = true
  end
  return broken(("the list of tools has more than %d pages"):format(MAX_PAGES))
end

--- Fetches the list. A cursor that the server no longer knows starts it over, once.
-- @tparam table peer
-- @tparam table call `deadline`
-- @tparam number limit bytes of the whole list
-- @treturn[1] table catalogue: `tools`, `warnings` (about those left out),
--   `mirrors` (by name, for `header.mirror`), `dropped` (by name, why)
-- @treturn[2] nil
-- @treturn[2] table error
function tools.fetch(peer, call, limit)
  local catalogue, err, restart = fetch(peer, call, limit)
  if restart then catalogue, err = fetch(peer, call, limit) end
  if not catalogue then return nil, err end
  return catalogue
end

return tools
