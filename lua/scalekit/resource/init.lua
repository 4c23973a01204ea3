--- Turns the rows of `scalekit.ops` into the methods of `client.mcp`,
-- `client.connected_accounts` and `client.tools`.
-- @module scalekit.resource

local client = require "scalekit.client"
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

for _, op in ipairs(ops) do
  local methods = class(op.resource).__index
  methods[op.name] = function(self, args)
    if not resource.is(self) then error(op.label .. ": call it with a colon", 2) end
    local request, err, misuse = client.prepare(op, args)
    if misuse then error(misuse, 2) end
    if not request then return nil, err end
    return self.client:call(op, request)
  end
  for _, name in ipairs(op.also or {}) do methods[name] = methods[op.name] end
end

--- Puts a method of our own in the place of, or beside, a generated one.
-- @tparam string name of the resource
-- @tparam string method
-- @tparam function make gets the generated method, returns the new one
function resource.refine(name, method, make)
  local methods = class(name).__index
  methods[method] = make(methods[method])
end

--- An instance of a resource for a client.
function resource.new(name, of)
  return setmetatable({ client = of }, class(name))
end

return resource
