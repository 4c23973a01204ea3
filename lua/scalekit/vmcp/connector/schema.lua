--- Short hands for writing JSON Schemas of tools.
local json = require "scalekit.json"

local schema = {}

--- Annotations of a tool that only reads, one that adds something, and one that changes or removes.
schema.READS = {
  readOnlyHint = true, destructiveHint = false, idempotentHint = true, openWorldHint = false,
}
schema.ADDS = {
  readOnlyHint = false, destructiveHint = false, idempotentHint = false, openWorldHint = true,
}
schema.CHANGES = {
  readOnlyHint = false, destructiveHint = true, idempotentHint = true, openWorldHint = true,
}

local function merge(base, options)
  for name, value in pairs(options or {}) do
    base[name] = value
  end
  return base
end

function schema.string(description, options)
  return merge({ type = "string", description = description }, options)
end

function schema.integer(description, options)
  return merge({ type = "integer", description = description }, options)
end

function schema.boolean(description)
  return { type = "boolean", description = description }
end

--- A point in time, RFC 3339.
function schema.time(description)
  return schema.string(description, { format = "date-time" })
end

function schema.list(items, description, options)
  return merge({ type = "array", items = items, description = description }, options)
end

function schema.enum(values, description)
  return { type = "string", enum = json.array(values), description = description }
end

--- @tparam table properties
-- @tparam[opt] table required names
function schema.object(properties, required)
  return { type = "object", properties = properties, required = json.array(required) }
end

--- The arguments of a tool: an object with nothing else in it.
function schema.arguments(properties, required)
  local object = schema.object(properties, required)
  object.additionalProperties = false
  return object
end

return schema
