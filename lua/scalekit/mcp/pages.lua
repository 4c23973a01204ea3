--- Lists that come in pages: all pages of them, within bounds.
-- (2026-07-28 and 2025-11-25, "Pagination")
-- @module scalekit.mcp.pages

local core = require "scalekit.core"
local failure = require "scalekit.mcp.failure"
local json = require "scalekit.json"
local span = require "scalekit.mcp.span"

local pages = {}

local MAX_PAGES, MAX_ITEMS = 1000, 10000
local LONGEST_TTL = 86400 -- seconds
local INVALID_PARAMS = -32602

-- How long a page holds, in seconds; what a server does not say is 0.
local function ttl_of(result)
  local ttl = result.ttlMs
  if type(ttl) ~= "number" or ttl <= 0 then return 0 end
  return math.min(ttl / 1000, LONGEST_TTL)
end

-- Fetches all pages once; the third value tells whether a cursor was refused.
local function walk(peer, method, member, call, limit)
  local function broken(text)
    local err = failure.protocol(text)
    err.operation = method
    return nil, err
  end
  local list = { values = {}, texts = {}, till = core.now() }
  local cursors, cursor, bytes, ttl = {}, nil, 0, LONGEST_TTL
  for _ = 1, MAX_PAGES do
    local result, raw = peer:request(method, { cursor = cursor }, call)
    if not result then return nil, raw, cursor ~= nil and raw.code == INVALID_PARAMS end
    if not json.is_array(result[member]) then
      return broken(("the server sent no list of %s"):format(member))
    end
    bytes, ttl = bytes + #raw, math.min(ttl, ttl_of(result))
    if bytes > limit then
      return broken(("the list of %s has more than %d bytes"):format(member, limit))
    end
    for i, text in ipairs(span.items(core.json_member(raw, member))) do
      list.values[#list.values + 1], list.texts[#list.texts + 1] = result[member][i], text
    end
    if #list.values > MAX_ITEMS then
      return broken(("the server has more than %d %s"):format(MAX_ITEMS, member))
    end
    cursor = result.nextCursor
    if cursor == nil or cursor == json.null then
      list.till = list.till + ttl
      return list
    end
    if type(cursor) ~= "string" then return broken "the server sent a malformed cursor" end
    if cursors[cursor] then return broken "the server repeats a page of its list for ever" end
    cursors[cursor] = true
  end
  return broken(("the list of %s has more than %d pages"):format(member, MAX_PAGES))
end

--- Fetches a list. A cursor that the server no longer knows starts it over, once.
-- @tparam table peer
-- @tparam string method such as "tools/list"
-- @tparam string member that holds the items, such as "tools"
-- @tparam table call `deadline` …
-- @tparam number limit bytes of the whole list
-- @treturn[1] table `values` and `texts` (each item decoded, and its exact text),
--   `till` (when it is out of date)
-- @treturn[2] nil
-- @treturn[2] table error
function pages.fetch(peer, method, member, call, limit)
  local list, err, restart = walk(peer, method, member, call, limit)
  if restart then list, err = walk(peer, method, member, call, limit) end
  if not list then return nil, err end
  return list
end

return pages
