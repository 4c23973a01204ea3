-- Writes the operations and their objects as LDoc reads them: they are rows of a table in the program,
-- with nothing there to put a comment on.
local operations = require "spec.docs.operations"

local ldoc = {}

local ABOUT = {
  ["client.mcp"] = "Virtual MCP servers: configs, what a user needs for one, session tokens; and the "
    .. "older servers of single users.",
  ["client.connected_accounts"] = "Connected accounts: users' authorizations of connections.",
  ["client.tools"] = "The catalogue of tools, and calling one without MCP.",
  ["client.custom_providers"] = "Providers of your own.",
}

local function comment(out, text)
  for line in (text .. "\n"):gmatch "(.-)\n" do out[#out + 1] = "-- " .. line end
end

-- LDoc takes a "|" for the end of a type, and "[" for a modifier.
local function type_name(one)
  local kind = one.type:gsub("^scalekit%.", "")
  return one.repeated and "{" .. kind .. ",...}" or kind
end

local function alternatives(op)
  local names = {}
  for i, name in ipairs(op.also) do names[i] = "`" .. name .. "`" end
  return #names > 0 and "\nAlso called " .. table.concat(names, ", ") .. "." or ""
end

local function method(out, op)
  out[#out + 1] = "--- " .. op.words[1]
  comment(out, (op.words.note and "\n" .. op.words.note or "") .. alternatives(op)
    .. ("\n\n%s `%s`. %s"):format(op.method, op.path, op.safe
      and "Repeated after a failure that says \"not now\", and when the answer is lost."
      or "Never sent twice unless it surely did not arrive."))
  out[#out + 1] = ("-- @function %s:%s"):format(op.where, op.name)
  out[#out + 1] = "-- @tparam table args"
  for _, one in ipairs(op.options) do
    out[#out + 1] = ("-- @tparam%s %s args.%s %s"):format(one.required and "" or "[opt]",
      type_name(one), one.name, one.text)
  end
  out[#out + 1] = ("-- @treturn[1] table as on the wire, see `%s`"):format(op.reply:match "[%w]+$")
  out[#out + 1] = "-- @treturn[2] nil"
  out[#out + 1] = "-- @treturn[2] table error, see `scalekit.error`"
  out[#out + 1] = ""
  if not op.each then return end
  out[#out + 1] = ("--- The items of `%s` on all pages, for `for`; see `scalekit.pages`."):format(op.name)
  out[#out + 1] = ("-- @function %s:%s"):format(op.where, op.each)
  out[#out + 1] = ("-- @tparam[opt] table args as for `%s`"):format(op.name)
  out[#out + 1] = "-- @treturn scalekit.pages"
  out[#out + 1] = ""
end

local function objects_file(objects)
  local out = { "--- The objects of the service, as answers carry them.", "-- @module objects", "" }
  for _, object in ipairs(objects) do
    out[#out + 1] = ("--- `%s`."):format(object.name)
    out[#out + 1] = "-- @table " .. object.name
    for _, field in ipairs(object.fields) do
      out[#out + 1] = ("-- @tfield %s %s %s"):format(type_name(field), field.name, field.text)
    end
    out[#out + 1] = ""
  end
  return table.concat(out, "\n")
end

--- All the files: name → text.
function ldoc.make()
  local list, objects = operations.read()
  local files, order = {}, {}
  for _, op in ipairs(list) do
    local name = op.where .. ".lua"
    if not files[name] then
      files[name] = { ("--- `%s`: %s"):format(op.where, ABOUT[op.where]), "-- @module " .. op.where, "" }
      order[#order + 1] = name
    end
    method(files[name], op)
  end
  for _, name in ipairs(order) do files[name] = table.concat(files[name], "\n") end
  files["objects.lua"] = objects_file(objects)
  return files
end

return ldoc
