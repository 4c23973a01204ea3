--- Methods whose modules are read when somebody first asks for them: a program that
-- mints a token starts without what it does not use.
-- @module scalekit.later

local later = {}

local waiting = setmetatable({}, { __mode = "k" }) -- methods → name → loader

local function find(methods, name)
  local load = waiting[methods][name]
  if not load then return nil end
  waiting[methods][name] = nil
  local method = load(name)
  rawset(methods, name, method)
  return method
end

--- Puts names into a table of methods.
-- @tparam table methods
-- @tparam table names a list; what stands under them goes
-- @tparam function load gets a name and returns its method
function later.add(methods, names, load)
  if not waiting[methods] then
    waiting[methods] = {}
    setmetatable(methods, { __index = find })
  end
  for _, name in ipairs(names) do
    methods[name] = nil
    waiting[methods][name] = load
  end
end

--- Loads what is still to come, for who wants to see all of it.
-- @tparam table methods
-- @treturn table the same
function later.all(methods)
  local names = {}
  for name in pairs(waiting[methods] or {}) do names[#names + 1] = name end
  for _, name in ipairs(names) do find(methods, name) end
  return methods
end

return later
