--- Turns the rows of `scalekit.ops` into the methods of `client.mcp`,
-- `client.connected_accounts`, `client.tools` and `client.custom_providers`.
-- @module scalekit.resource

local client = require "scalekit.client"
local later = require "scalekit.later"
local ops = require "scalekit.ops"

local resource = {}

local classes = {}

--- Whether a method got its resource: `client.mcp:list_configs()`, with a colon.
function resource.is(self)
  return type(self) == "table" and type(rawget(self, "client")) == "table"
end

local function class(name)
  if not classes[name] then
    local methods = {}
    classes[name] = {
      __index = methods,
      __name = "scalekit." .. name,
      __tostring = function() return "scalekit." .. name end,
    }
  end
  return classes[name]
end

-- The method that walks through the pages of a list.
local function walk(op)
  return function(self, args)
    if not resource.is(self) then error(op.each .. ": call it with a colon", 2) end
    local all, misuse = require("scalekit.pages").new(op, self.client, args)
    if misuse then error(misuse, 2) end
    return all
  end
end

for _, op in ipairs(ops) do
  local mt = class(op.resource)
  local methods = mt.__index
  methods[op.name] = function(self, args)
    if getmetatable(self) ~= mt and not resource.is(self) then
      error(op.label .. ": call it with a colon", 2)
    end
    local of = self.client
    local value, tried = of:try(op, args)
    if value then return value end
    if tried then return of:call(op, tried, true) end
    local request, err, misuse = client.prepare(op, args)
    if misuse then error(misuse, 2) end
    if not request then return nil, err end
    return of:call(op, request)
  end
  for _, name in ipairs(op.also or {}) do methods[name] = methods[op.name] end
  if op.each then methods[op.each] = walk(op) end
end

--- Puts a method of our own in the place of, or beside, a generated one.
-- @tparam string name of the resource
-- @tparam string method
-- @tparam function make gets the generated method, returns the new one
function resource.refine(name, method, make)
  local methods = class(name).__index
  methods[method] = make(rawget(methods, method))
end

--- The same for methods of a module that is read when one of them is asked for; there
-- they are refined.
-- @tparam string name of the resource
-- @tparam table names of the methods
-- @tparam string module
function resource.later(name, names, module)
  local methods = class(name).__index
  later.add(methods, names, function(method)
    require(module)
    return rawget(methods, method)
  end)
end

--- A method of a resource, by the name of either.
function resource.method(name, method)
  return class(name).__index[method]
end

--- An instance of a resource for a client.
function resource.new(name, of)
  return setmetatable({ client = of }, class(name))
end

return resource
