-- Loaded before every run. After each test, nothing that it made in C may be
-- left, and nothing that others can read may hold a secret (spec/support/secrets.lua). What a test
-- leaves or tells counts as its failure.
local busted = require "busted"
local core = require "scalekit.core"
local secrets = require "spec.support.secrets"

local jit = rawget(_G, "jit")

local before, known_before

local function census()
  if jit then jit.flush() end -- a compiled trace holds on to constants
  collectgarbage()
  collectgarbage()
  return core.census()
end

local function fail(element, parent, message)
  busted.publish({ "failure", element.descriptor }, element, parent, message)
end

busted.subscribe({ "test", "start" }, function()
  before = census()
  return nil, true
end)

busted.subscribe({ "test", "end" }, function(element, parent)
  for _, leak in ipairs(secrets.leaks()) do fail(element, parent, "a secret got out: " .. leak) end
  local after, left = census(), {}
  for kind, count in pairs(after) do
    if count > before[kind] then left[#left + 1] = ("%d %s"):format(count - before[kind], kind) end
  end
  if #left > 0 then
    table.sort(left)
    fail(element, parent, "left behind: " .. table.concat(left, ", "))
  end
  return nil, true
end)

busted.subscribe({ "file", "start" }, function()
  known_before = secrets.count()
  return nil, true
end)

-- What was said outside of a test, or before the secret was known.
busted.subscribe({ "file", "end" }, function(element, parent)
  local leaks = secrets.leaks()
  for _, leak in ipairs(secrets.late_leaks(known_before + 1)) do leaks[#leaks + 1] = leak end
  for _, leak in ipairs(leaks) do fail(element, parent, "a secret got out: " .. leak) end
  return nil, true
end)

secrets.watch()
