--- A text without the blanks at its ends, in time linear in its length: what
-- peers send is trimmed, and `^%s*(.-)%s*$` takes minutes for blanks inside.
-- Blanks are what JSON and HTTP take for such.
-- @module scalekit.trim

--- @tparam string text
-- @treturn string
return function(text)
  local first = text:find "[^ \t\r\n]"
  return first and text:match("^.*[^ \t\r\n]", first) or ""
end
