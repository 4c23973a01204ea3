--- Short hands for writing JSON Schemas of tools.
local json = require "scalekit.json"

local M = {}

--- Annotations of a tool that only reads, one that adds something, and one that changes or removes.
M.READS = {
  readOnlyHint = true, destructiveHint = false, idempotentHint = true, openWorldHint = false,
}
M.ADDS = {
  readOnlyHint = false, destructiveHint = false, idempotentHint = false, openWorldHint = true,
}
M.CHANGES = {
  readOnlyHint = false, destructiveHint = true, idempotentHint = true, openWorldHint = true,
}

local function merge(base, options)
  for name, value in pairs(options or {}) do
    base[name] = value
  end
  return base
end

function M.string(description, options)
  return merge({ type = "string", description = description }, options)
end

function M.integer(description, options)
  return merge({ type = "integer", description = description }, options)
end

function M.boolean(description)
  return { type = "boolean", description = description }
end

--- A point in time, RFC 3339.
function M.time(description)
  return M.string(description, { format = "date-time" })
end

function M.list(items, description, options)
  return merge({ type = "array", items = items, description = description }, options)
end

function M.enum(values, description)
  return { type = "string", enum = json.array(values), description = description }
end

--- @tparam table properties
-- @tparam[opt] table required names
function M.object(properties, required)
  return { type = "object", properties = properties, required = json.array(required) }
end

--- The arguments of a tool: an object with nothing else in it.
function M.arguments(properties, required)
  local schema = M.object(properties, required)
  schema.additionalProperties = false
  return schema
end

return M
