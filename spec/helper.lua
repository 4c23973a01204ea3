-- Loaded before every run: after each test, nothing that it made in C may be
-- left. What a test leaves counts as its failure.
local busted = require "busted"
local core = require "scalekit.core"

local jit = rawget(_G, "jit")

local before

local function census()
  if jit then jit.flush() end -- a compiled trace holds on to constants
  collectgarbage()
  collectgarbage()
  return core.census()
end

busted.subscribe({ "test", "start" }, function()
  before = census()
  return nil, true
end)

busted.subscribe({ "test", "end" }, function(element, parent)
  local after, left = census(), {}
  for kind, count in pairs(after) do
    if count > before[kind] then left[#left + 1] = ("%d %s"):format(count - before[kind], kind) end
  end
  if #left > 0 then
    table.sort(left)
    busted.publish({ "failure", element.descriptor }, element, parent,
      "left behind: " .. table.concat(left, ", "))
  end
  return nil, true
end)
