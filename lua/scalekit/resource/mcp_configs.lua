--- What the service's rules do not say and a careful caller wants: an empty
-- list of tools is refused, and a create whose answer was lost is looked up.
-- @module scalekit.resource.mcp_configs

local client = require "scalekit.client"
local errors = require "scalekit.error"
local ops = require "scalekit.ops"
local resource = require "scalekit.resource"

local mcp_configs = {}

--- Says openly that a mapping exposes every tool of its connection.
mcp_configs.ALL = setmetatable({}, { __tostring = function() return "scalekit.ALL" end })

local by_name = {}
for _, op in ipairs(ops) do by_name[op.name] = op end

-- A copy of the arguments in which ALL has become what the wire wants, an
-- absent list; and what is wrong with them.
local function expand(args)
  if type(args) ~= "table" or type(args.connection_tool_mappings) ~= "table" then return args end
  local copy, mappings, violations = {}, {}, {}
  for name, value in pairs(args) do copy[name] = value end
  for i, mapping in ipairs(args.connection_tool_mappings) do
    if type(mapping) == "table" then
      local tools = mapping.tools
      local one = {}
      for name, value in pairs(mapping) do one[name] = value end
      if tools == mcp_configs.ALL then
        one.tools = nil
      elseif tools == nil or (type(tools) == "table" and next(tools) == nil) then
        violations[#violations + 1] = {
          field = ("connection_tool_mappings[%d].tools"):format(i),
          description = "an empty list would expose every tool of the connection; "
            .. "name the tools, or say scalekit.ALL",
          constraint = "repeated.min_items",
        }
      end
      mapping = one
    end
    mappings[i] = mapping
  end
  copy.connection_tool_mappings = mappings
  return copy, violations
end

local function guarded(op)
  return function()
    return function(self, args)
      local expanded, violations = expand(args)
      local request, err, misuse = client.prepare(op, expanded)
      if misuse then error(misuse, 2) end
      if violations and #violations > 0 then
        for _, violation in ipairs(err and err.fields or {}) do
          violations[#violations + 1] = violation
        end
        return nil, errors.invalid(violations, op.name)
      end
      if not request then return nil, err end
      local value, problem = self.client:call(op, request)
      if value or op.name ~= "create_config" or problem.outcome ~= "unknown" then
        return value, problem
      end
      return mcp_configs.recover(self, args.name, problem)
    end
  end
end

--- After a create whose outcome is unknown: the config of that name, if the
-- service has one (names are unique, and it was not there to conflict with).
function mcp_configs.recover(self, name, problem)
  local found = self:list_configs { filter_name = name }
  if found and found.configs[1] then return { config = found.configs[1] } end
  return nil, problem
end

resource.refine("mcp", "create_config", guarded(by_name.create_config))
resource.refine("mcp", "update_config", guarded(by_name.update_config))

return mcp_configs
