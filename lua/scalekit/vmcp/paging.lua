--- Pages of a list. A token is the offset of its page, bound to the operation and its filters, so
-- that a token is neither forged nor carried over to another query.
local core = require "scalekit.core"
local json = require "scalekit.json"

local problem = require "scalekit.vmcp.problem"

local paging = {}

local SEAL_LENGTH = 16

local function seal(app, call, offset)
  local names, parts = {}, { app.page_secret, call.op.id, ("%d"):format(offset) }
  for name in pairs(call.query) do
    if name ~= "page_token" and name ~= "page_size" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    parts[#parts + 1] = name
    parts[#parts + 1] = json.encode { call.query[name] }
  end
  for i, part in ipairs(parts) do
    parts[i] = #part .. ":" .. part
  end
  return core.base64url(core.sha256(table.concat(parts))):sub(1, SEAL_LENGTH)
end

local function token(app, call, offset)
  return core.base64url(("%d."):format(offset) .. seal(app, call, offset))
end

local function read_token(app, call)
  local text = call.query.page_token
  if not text or text == "" then return 0 end
  local offset, mark = (core.unbase64url(text) or ""):match "^(%d%d?%d?%d?%d?%d?%d?)%.(.+)$"
  offset = tonumber(offset)
  if not offset or not core.equal(mark, seal(app, call, offset)) then return nil end
  return offset
end

--- Cuts the page that `call` asks for out of a list.
-- @tparam table app
-- @tparam table call
-- @tparam table list
-- @tparam number default page size
-- @treturn table|nil the page's items
-- @treturn table members for the reply, or a problem
function paging.cut(app, call, list, default)
  local offset = read_token(app, call)
  if not offset then
    return nil, problem.violation("page_token", "is not a token of this list", "string.pattern")
  end
  local size = call.query.page_size
  if not size or size == 0 then
    size = default
  end
  local items = {}
  for i = offset + 1, math.min(offset + size, #list) do
    items[#items + 1] = list[i]
  end
  local previous = math.max(offset - size, 0)
  return items, {
    next_page_token = offset + size < #list and token(app, call, offset + size) or "",
    prev_page_token = offset > 0 and token(app, call, previous) or "",
    total_size = #list,
  }
end

return paging
