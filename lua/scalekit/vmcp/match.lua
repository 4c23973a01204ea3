--- What filters and searches ask: is it in the list, is it in the text, do all conditions hold.
local match = {}

--- Whether a list has a value.
function match.has(list, value)
  for _, item in ipairs(list) do
    if item == value then return true end
  end
  return false
end

--- Whether a text contains another, in upper or lower case.
function match.mentions(text, part)
  return text:lower():find(part:lower(), 1, true) ~= nil
end

--- Whether all conditions of a query hold; one that is empty asks for nothing.
-- @tparam table predicates name → function(value, ...)
-- @tparam table query name → value
-- @param ... what the predicates look at
function match.all(predicates, query, ...)
  for name, predicate in pairs(predicates) do
    local value = query[name]
    if value and value ~= "" and not predicate(value, ...) then return false end
  end
  return true
end

return match
