-- The operations and the objects they carry, as far as documentation is concerned: read from the
-- operation table and the schemas, which are loaded anew for that with a look over the shoulder of
-- `core.model`.
local core = require "scalekit.core"
local words = require "spec.docs.words"

local operations = {}

local WHERE = {
  mcp = "client.mcp", connected_accounts = "client.connected_accounts", tools = "client.tools",
  custom_providers = "client.custom_providers",
}

-- → the operation table, and by model its name and fields
local function load_anew()
  local kept, described = {}, {}
  for name, module in pairs(package.loaded) do
    if name:find "^scalekit%.schema" or name == "scalekit.ops" then kept[name] = module end
  end
  for name in pairs(kept) do package.loaded[name] = nil end
  local model = core.model
  core.model = function(name, fields) -- luacheck: ignore 122
    local made = model(name, fields)
    described[made] = { name = name, fields = fields }
    return made
  end
  local ok, ops = pcall(require, "scalekit.ops")
  core.model = model -- luacheck: ignore 122
  for name in pairs(package.loaded) do
    if name:find "^scalekit%.schema" or name == "scalekit.ops" then package.loaded[name] = nil end
  end
  for name, module in pairs(kept) do package.loaded[name] = module end
  if not ok then error(ops, 0) end
  return ops, described
end

local function bounds(field, least, most, what)
  local min, max = field[least], field[most]
  if min and max then return ("%d to %d%s"):format(min, max, what) end
  if max then return ("at most %d%s"):format(max, what) end
  if min then return ("at least %d%s"):format(min, what) end
  return nil
end

local function prefix_of(field)
  if type(field.prefix) ~= "table" then return field.prefix end
  return table.concat(field.prefix, " or ")
end

-- The rules of a field in words: "1 to 100 characters; …".
local function rules(field)
  local list = {}
  if field.min == 60 and field[2] == "duration" then
    list[1] = "1 minute to 24 hours: seconds, or a text such as \"90s\" or \"1h30m\""
  elseif field[2] == "duration" then
    list[1] = "seconds, or a text such as \"90s\" or \"1h30m\""
  elseif field.max and (field[2] == "uint32" or field[2] == "int") then
    list[1] = bounds(field, "min", "max", "")
  elseif field[2] == "string" then
    list[1] = bounds(field, "min", "max", " characters")
  end
  if field.min_items or field.max_items then
    list[#list + 1] = bounds(field, "min_items", "max_items", " of them")
  end
  if field.pattern_text then
    list[#list + 1] = field.pattern_text
  elseif field.prefix then
    list[#list + 1] = "begins with " .. prefix_of(field)
  end
  if field.values then
    local names = {}
    for _, name in ipairs(field.values) do
      if not name:find "_UNSPECIFIED$" then names[#names + 1] = '"' .. name .. '"' end
    end
    list[#list + 1] = table.concat(names, ", ")
  end
  if field[2] == "timestamp" then list[#list + 1] = "RFC 3339; see `scalekit.time`" end
  return table.concat(list, "; ")
end

-- What a field is for a Lua program: "string", or the name of an object.
local function type_of(field, described, sending)
  local kind = field[2]
  if type(kind) == "userdata" then
    kind = "scalekit." .. described[kind].name
  else
    kind = ({
      bool = "boolean", int = "number", uint32 = "number", timestamp = "string", enum = "string",
      struct = "table", list = "table", map = "table", string = "string",
      duration = sending and "number|string" or "string",
    })[kind] or error("a type without a name: " .. tostring(kind))
  end
  return kind, field.repeated
end

local function option(name, field, described, changes)
  local kind, repeated = type_of(field, described, true)
  local one = {
    name = name, type = kind, repeated = repeated, required = field.required, text = rules(field),
  }
  for key, value in pairs(changes or {}) do one[key] = value end
  return one
end

-- The options that are not the caller's to set.
local function is_ours(field)
  return field.read_only
end

local function aliases_of(op, name)
  local list = {}
  for alias, real in pairs(op.aliases or {}) do
    if real == name then list[#list + 1] = alias end
  end
  table.sort(list)
  return list
end

-- An option, and its other names.
local function add(list, op, one)
  local others = aliases_of(op, one.name)
  local required = one.required
  if #others > 0 then one.required = false end
  list[#list + 1] = one
  for _, alias in ipairs(others) do
    list[#list + 1] = {
      name = alias, type = one.type, repeated = one.repeated, required = false,
      text = ("another name for `%s`%s"):format(one.name, required and "; one is required" or ""),
    }
  end
end

-- The members of an object that may be given beside it.
local function add_inside(list, op, described)
  local names = {}
  for name in pairs(op.inside or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local outer = op.inside[name]
    for _, field in ipairs(described[op.body].fields) do
      if field[1] == outer then
        for _, member in ipairs(described[field[2]].fields) do
          if member[1] == name then
            list[#list + 1] = option(name, member, described, {
              required = false, text = ("the same as inside `%s`"):format(outer),
            })
          end
        end
      end
    end
  end
end

local function options_of(op, described)
  local list = {}
  for _, name in ipairs(op.path_params) do
    add(list, op, { name = name, type = "string", required = true, text = "" })
  end
  local fields = described[op.body or op.query]
  for _, field in ipairs(fields and fields.fields or {}) do
    if not is_ours(field) then
      local inside = false
      for _, outer in pairs(op.inside or {}) do inside = inside or outer == field[1] end
      add(list, op, option(field[1], field, described, inside and { required = false } or nil))
    end
  end
  add_inside(list, op, described)
  list[#list + 1] = {
    name = "timeout", type = "number|string", required = false,
    text = "for the whole call: seconds, or a text such as \"1m30s\"",
  }
  return list
end

-- The item of the pages of a list.
local function item_of(op, described)
  for _, field in ipairs(described[op.reply].fields) do
    if field[1] == op.items then return (type_of(field, described)) end
  end
end

local function object(model, described)
  local fields = {}
  for i, field in ipairs(described[model].fields) do
    local kind, repeated = type_of(field, described)
    fields[i] = {
      name = field[1], type = kind, repeated = repeated, text = rules(field),
      -- the service writes what has no value as "" or 0; the rest may be missing
      optional = field.optional or field.oneof ~= nil or field[2] == "timestamp",
    }
  end
  return { name = described[model].name, fields = fields }
end

-- The objects that a caller gets, or gives inside of options.
local function reach(ops, described)
  local reached = {}
  local function visit(model)
    if reached[model] then return end
    reached[model] = true
    for _, field in ipairs(described[model].fields) do
      if described[field[2]] then visit(field[2]) end
    end
  end
  for _, op in ipairs(ops) do
    visit(op.reply)
    for _, field in ipairs(described[op.body] and described[op.body].fields or {}) do
      if described[field[2]] then visit(field[2]) end
    end
  end
  return reached
end

--- Everything there is to say.
-- @treturn table a list: `{ id, where, name, also, label, words, options, reply, each, item, actions }`
-- @treturn table a list of objects: `{ name, fields }`, in the order of their names
function operations.read()
  local ops, described = load_anew()
  local list, objects = {}, {}
  for i, op in ipairs(ops) do
    op.path_params = {}
    for name in op.path:gmatch "{([%w_]+)}" do table.insert(op.path_params, name) end
    list[i] = {
      id = op.id, where = WHERE[op.resource], name = op.name, also = op.also or {}, label = op.label,
      words = words[op.id], options = options_of(op, described),
      reply = "scalekit." .. described[op.reply].name, safe = op.safe, selects = op.selects,
      each = op.each, item = op.each and item_of(op, described), method = op.method, path = op.path,
    }
  end
  local reached = reach(ops, described)
  for model in pairs(reached) do objects[#objects + 1] = object(model, described) end
  table.sort(objects, function(a, b) return a.name < b.name end)
  return list, objects
end

return operations
