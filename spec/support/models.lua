-- Models and the ways to look at what they say, for the model specs.
local core = require "scalekit.core"
local json = require "scalekit.json"

local models = {}

-- Checks and answers the violations as "field: constraint" lines, or the value.
function models.lines(model, value, mode)
  local shaped, violations = model:check(value, mode, json)
  if shaped ~= nil then return shaped end
  local list = {}
  for i, violation in ipairs(violations) do
    list[i] = violation.field .. ": " .. violation.constraint
  end
  table.sort(list)
  return table.concat(list, "\n")
end

function models.first(model, value, mode)
  local _, violations = model:check(value, mode, json)
  return violations[1]
end

models.everything = core.model("Everything", {
  { "text", "string" },
  { "flag", "bool" },
  { "whole", "int" },
  { "count", "uint32" },
  { "real", "double" },
  { "span", "duration" },
  { "moment", "timestamp" },
  { "object", "struct" },
  { "items", "list" },
  { "any", "any" },
  { "labels", "map" },
  { "state", "enum", values = { "STATE_UNSPECIFIED", "STATE_ON", "STATE_OFF" } },
})

function models.one(type_name, options)
  local row = { "x", type_name }
  for name, value in pairs(options or {}) do row[name] = value end
  return core.model("One", { row })
end

local tool = core.model("Tool", {
  { "link_name", "string", required = true },
  { "tools", "string", repeated = true, max_items = 3 },
  { "account_id", "string", read_only = true, optional = true },
})
models.config = core.model("Config", {
  { "id", "string", read_only = true },
  { "name", "string", required = true, min = 1, max = 10, charset = "a-z0-9_-",
    pattern_text = "lower-case letters" },
  { "tool_maps", tool, repeated = true, min_items = 1, max_items = 2 },
  { "main", tool },
})

return models
