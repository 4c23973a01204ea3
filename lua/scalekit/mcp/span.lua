--- The exact text of the elements of a JSON array. The text must have been
-- checked already: this only finds boundaries.
-- @module scalekit.mcp.span

local trim = require "scalekit.trim"

local span = {}

local QUOTE, BACKSLASH, COMMA = ('"\\,'):byte(1, 3)
local OPENS = { [("["):byte()] = true, [("{"):byte()] = true }

-- The position of the quote that closes the string opened at `at`.
local function string_end(text, at)
  repeat
    at = text:find('["\\]', at + 1)
    local escaped = text:byte(at) == BACKSLASH
    if escaped then at = at + 1 end
  until not escaped
  return at
end

--- Splits an array.
-- @tparam string text a valid JSON array
-- @treturn table array of strings, one JSON text for each element
function span.items(text)
  local items, depth = {}, 0
  local first = text:find("[", 1, true) + 1
  local at = first
  local function take(last)
    local item = trim(text:sub(first, last))
    if item ~= "" then items[#items + 1] = item end
    first = last + 2
  end
  while true do
    at = text:find('[%[%]{},"]', at)
    local byte = text:byte(at)
    if byte == QUOTE then
      at = string_end(text, at)
    elseif OPENS[byte] then
      depth = depth + 1
    elseif byte == COMMA then
      if depth == 0 then take(at - 1) end
    elseif depth == 0 then
      take(at - 1)
      return items
    else
      depth = depth - 1
    end
    at = at + 1
  end
end

return span
