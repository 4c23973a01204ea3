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

-- One of each for every operation, made when that is first used and kept for good.
local KEPT = { readers = true, requests = true }

-- What there is now and was not then, as a text; nil where that is nothing.
local function left_since(earlier)
  local left = {}
  for kind, count in pairs(census()) do
    local more = count - earlier[kind]
    if more > 0 and not KEPT[kind] then left[#left + 1] = ("%d %s"):format(more, kind) end
  end
  table.sort(left)
  return left[1] and table.concat(left, ", ")
end

-- LuaJIT's collector also marks what stands in slots of a frame that nobody has filled
-- yet: what a test has left there. Only what the next look finds as well has been left.
local suspect

local function look_again()
  local one = suspect
  suspect = nil
  local left = one and left_since(one.before)
  if left then fail(one.element, one.parent, "left behind: " .. left) end
end

busted.subscribe({ "test", "start" }, function()
  look_again()
  before = census()
  return nil, true
end)

busted.subscribe({ "test", "end" }, function(element, parent)
  for _, leak in ipairs(secrets.leaks()) do fail(element, parent, "a secret got out: " .. leak) end
  local left = left_since(before)
  if left and jit then
    suspect = { element = element, parent = parent, before = before }
  elseif left then
    fail(element, parent, "left behind: " .. left)
  end
  return nil, true
end)

busted.subscribe({ "file", "start" }, function()
  known_before = secrets.count()
  return nil, true
end)

-- What was said outside of a test, or before the secret was known.
busted.subscribe({ "file", "end" }, function(element, parent)
  look_again()
  local leaks = secrets.leaks()
  for _, leak in ipairs(secrets.late_leaks(known_before + 1)) do leaks[#leaks + 1] = leak end
  for _, leak in ipairs(leaks) do fail(element, parent, "a secret got out: " .. leak) end
  return nil, true
end)

secrets.watch()
