--- How the files of `scalekit.schema` describe an API object, and the field
-- lists that several objects share.
-- @module scalekit.schema.message

local core = require "scalekit.core"

local message = {
  wire_names = {}, -- model → field → its name in a query string
  kinds = {},      -- model → field → { type, repeated, max }
  --- What a connection's name is made of.
  CONNECTOR = "a-zA-Z0-9_: -",
  --- What a connected account can be; the first word stands for none of them.
  STATUSES = {
    "CONNECTION_STATUS_UNSPECIFIED", "ACTIVE", "EXPIRED", "PENDING_AUTH", "PENDING_VERIFICATION",
    "DISCONNECTED",
  },
}

--- Makes a model. A field may carry `wire`, its name in a query string
-- (`filter.name`), where the client's option has a plainer one (`filter_name`).
-- @tparam string name
-- @tparam table fields rows as `core.model` takes them
-- @treturn userdata the model
function message.model(name, fields)
  local model, wire, kinds = core.model(name, fields), {}, {}
  for _, field in ipairs(fields) do
    wire[field[1]] = field.wire or field[1]
    kinds[field[1]] = { type = field[2], repeated = field.repeated, max = field.max }
  end
  message.wire_names[model], message.kinds[model] = wire, kinds
  return model
end

--- The fields of one list after those of another.
-- @treturn table a new list
function message.join(first, second)
  local all = {}
  for _, field in ipairs(first) do all[#all + 1] = field end
  for _, field in ipairs(second) do all[#all + 1] = field end
  return all
end

--- The fields of a query for a page, after its own.
-- @tparam table fields
-- @tparam[opt] number most the largest `page_size`
function message.page_query(fields, most)
  return message.join(fields, {
    { "page_size", "uint32", max = most },
    { "page_token", "string" },
  })
end

--- The fields of a page, after those of its own.
function message.page_reply(fields)
  return message.join(fields, {
    { "next_page_token", "string" },
    { "prev_page_token", "string" },
    { "total_size", "uint32" },
  })
end

return message
