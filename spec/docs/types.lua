-- Makes the definition files for editors (lua/scalekit/types) of the comments in the modules, the
-- operation table and the schemas.
local comments = require "spec.docs.comments"
local errors = require "scalekit.error"
local luals = require "spec.docs.luals"
local operations = require "spec.docs.operations"
local public = require "spec.docs.public"

local types = {}

types.FOLDER = "lua/scalekit/types"

local HEAD = {
  "---@meta %s",
  "-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.",
  "-- luacheck: ignore",
  "",
}

local function head(name)
  local out = {}
  for i, line in ipairs(HEAD) do out[i] = line:format(name) end
  return out
end

local function finish(out)
  while out[#out] == "" do out[#out] = nil end
  return table.concat(out, "\n") .. "\n"
end

--- The documented functions of a receiver in a file, those that are not for the public left out.
-- @treturn table a list
-- @treturn table the comment of the file
function types.functions(file, receiver)
  local module, blocks = comments.read("lua/scalekit/" .. file)
  local is_class = module.tags.classmod ~= nil
  local list = {}
  for _, item in ipairs(blocks) do
    local given = item.given and item.given:match "^([%w_]+)[.:]"
    local is_ours = item.receiver == receiver
      or (not item.receiver and not item.is_local and item.given and (not given or given == receiver))
    if is_ours and item.name and (item.args or item.given) and not item.tags["local"] then
      item.separator = item.separator or is_class and ":" or "."
      list[#list + 1] = item
    end
  end
  return list, module
end

-- A module to be required.
local function module_file(module)
  local out = head(module.name)
  local variable = module.name:match "[%w_]+$"
  local list, about = types.functions(module.file, module.receiver)
  local class = module.name == "scalekit.error" and "scalekit.error.module" or module.name
  luals.class(out, class, variable, module.fields, about.text)
  for _, item in ipairs(list) do luals.fn(out, class, variable, item) end
  out[#out + 1] = "return " .. variable
  return finish(out)
end

local function classes_file()
  local out = head "_"
  local kinds = {}
  for kind in pairs(errors.KINDS) do kinds[#kinds + 1] = '"' .. kind .. '"' end
  table.sort(kinds)
  out[#out + 1] = "---@alias scalekit.error.kind"
  for _, kind in ipairs(kinds) do out[#out + 1] = "---| " .. kind end
  out[#out + 1] = ""
  for _, class in ipairs(public.classes) do
    local variable = class.name:match "[%w_]+$"
    luals.class(out, class.name, variable, class.fields, class.text)
    local sources = { class }
    for _, one in ipairs(class.lent or {}) do sources[#sources + 1] = one end
    for _, source in ipairs(sources) do
      for _, item in ipairs(source.file and types.functions(source.file, source.receiver) or {}) do
        luals.fn(out, class.name, variable, item)
      end
    end
  end
  return finish(out)
end

local function objects_file(objects)
  local out = head "_"
  for _, object in ipairs(objects) do
    out[#out + 1] = "---@class scalekit." .. object.name
    for _, field in ipairs(object.fields) do
      luals.field(out, field.name, field.type .. (field.repeated and "[]" or ""), field.optional,
        field.text)
    end
    out[#out + 1] = ""
  end
  return finish(out)
end

local function text_of(op)
  local text = op.words[1]
  if op.words.note then text = text .. "\n\n" .. op.words.note end
  return text
end

types.text_of = text_of

--- The class of an operation's options.
function types.options_class(op)
  return ("%s.%s.options"):format("scalekit." .. op.where, op.name)
end

local function write_options(out, op)
  local list = {}
  for i, one in ipairs(op.options) do
    list[i] = {
      name = one.name, type = one.type .. (one.repeated and "[]" or ""), optional = not one.required,
      text = one.text,
    }
  end
  luals.options(out, types.options_class(op), list)
end

local function needs_options(op)
  for _, one in ipairs(op.options) do
    if one.required then return true end
  end
  return op.selects
end

local function write_method(out, op, variable, name)
  luals.text(out, text_of(op))
  out[#out + 1] = ("---@param args%s %s"):format(needs_options(op) and "" or "?", types.options_class(op))
  out[#out + 1] = ("---@return %s?"):format(op.reply)
  out[#out + 1] = "---@return scalekit.error?"
  out[#out + 1] = ("function %s:%s(args) end"):format(variable, name)
  out[#out + 1] = ""
end

local function write_each(out, op, variable)
  luals.text(out, ("The items of `%s` on all pages: an iterator for `for`, which ends with `false` and "
    .. "an error where a page cannot be had."):format(op.name))
  out[#out + 1] = ("---@param args%s %s"):format(needs_options(op) and "" or "?", types.options_class(op))
  out[#out + 1] = ("---@return scalekit.pages|fun(): (%s|false)?, scalekit.error?"):format(op.item)
  out[#out + 1] = ("function %s:%s(args) end"):format(variable, op.each)
  out[#out + 1] = ""
end

--- The comments of the methods that are ours: by resource a list of items, with `also`.
function types.refined()
  local found = {}
  for _, one in ipairs(public.refined) do
    local _, blocks = comments.read("lua/scalekit/" .. one.file)
    for _, item in ipairs(blocks) do
      local where = item.given and item.given:match "^(client%.[%w_]+):"
      if where and item.name == one.name then
        found[where] = found[where] or {}
        item.separator, item.also, item.in_actions = ":", one.also or {}, one.in_actions or {}
        table.insert(found[where], item)
      end
    end
  end
  return found
end

local function renamed(item, name)
  local copy = {}
  for key, value in pairs(item) do copy[key] = value end
  copy.name = name
  return copy
end

-- Operations that the SDKs call as we do.
local IN_ACTIONS = { get_authorization_link = true, verify_connected_account_user = true }

local RESOURCES = { "mcp", "connected_accounts", "tools", "custom_providers" }

local function operations_file(list)
  local out, refined = head "_", types.refined()
  for _, op in ipairs(list) do write_options(out, op) end
  for _, resource in ipairs(RESOURCES) do
    local where = "client." .. resource
    luals.class(out, "scalekit." .. where, resource)
    for _, op in ipairs(list) do
      if op.where == where then
        write_method(out, op, resource, op.name)
        for _, name in ipairs(op.also) do write_method(out, op, resource, name) end
        if op.each then write_each(out, op, resource) end
      end
    end
    for _, item in ipairs(refined[where] or {}) do
      luals.fn(out, "scalekit." .. where, resource, item)
      for _, name in ipairs(item.also) do
        luals.fn(out, "scalekit." .. where, resource, renamed(item, name))
      end
    end
  end
  luals.class(out, "scalekit.client.actions", "actions", {
    { name = "mcp", type = "scalekit.client.mcp" },
    { name = "connected_accounts", type = "scalekit.client.connected_accounts" },
    { name = "tools", type = "scalekit.client.tools" },
    { name = "providers", type = "scalekit.client.custom_providers" },
    { name = "client", type = "scalekit.client" },
  })
  for _, op in ipairs(list) do
    if op.where ~= "client.mcp" then
      for _, name in ipairs(op.also) do write_method(out, op, "actions", name) end
      if IN_ACTIONS[op.name] then write_method(out, op, "actions", op.name) end
    end
  end
  for _, resource in ipairs(RESOURCES) do
    for _, item in ipairs(refined["client." .. resource] or {}) do
      for _, name in ipairs(item.in_actions) do
        luals.fn(out, "scalekit.client.actions", "actions", renamed(item, name))
      end
    end
  end
  for _, item in ipairs(refined["client.actions"] or {}) do
    luals.fn(out, "scalekit.client.actions", "actions", item)
  end
  return finish(out)
end

--- All the files: name below FOLDER → text.
function types.make()
  local list, objects = operations.read()
  local files = {
    ["objects.lua"] = objects_file(objects), ["operations.lua"] = operations_file(list),
    ["classes.lua"] = classes_file(),
  }
  for _, module in ipairs(public.modules) do
    files[module.name:gsub("^scalekit%.", ""):gsub("%.", "_") .. ".lua"] = module_file(module)
  end
  return files
end

return types
