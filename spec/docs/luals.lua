-- Writes annotations as the Lua language server reads them.
local comments = require "spec.docs.comments"

local luals = {}

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

-- "string|secret", "?string": as the language server names them.
local function type_name(kind)
  local optional = kind:sub(1, 1) == "?"
  kind = kind:gsub("^%?", ""):gsub("%f[%w.]secret%f[^%w.]", "scalekit.secret")
  return optional and kind .. "?" or kind
end

luals.type_name = type_name

local function is_optional(kind)
  return kind:sub(-1) == "?"
end

local function optional_type(kind)
  kind = type_name(kind)
  if is_optional(kind) or kind == "nil" or kind == "any" then return kind end
  if kind:find("|", 1, true) then return "(" .. kind .. ")?" end
  return kind .. "?"
end

--- A comment above a declaration.
function luals.text(out, text)
  for _, line in ipairs(lines_of((text or ""):gsub("%s+$", ""))) do out[#out + 1] = "---" .. line end
end

local function one_line(text)
  return (text or ""):gsub("%s+", " ")
end

--- `---@field name? type text`.
function luals.field(out, name, kind, optional, text)
  text = one_line(text)
  out[#out + 1] = ("---@field %s%s %s%s"):format(name, optional and "?" or "", type_name(kind),
    text ~= "" and " " .. text or "")
end

local function with_default(param)
  local text = one_line(param.text)
  if not param.default then return text end
  return (text ~= "" and text .. " " or "") .. "(default " .. param.default .. ")"
end

--- The name of the class of a function's options.
-- @tparam string class that the function belongs to
-- @tparam string name of the function; with its owner where that is another one
function luals.options_class(class, name)
  if not name:find "[.:]" then return ("%s.%s.options"):format(class, name) end
  local full = name:gsub(":", ".")
  return ("%s%s.options"):format(full:find "^scalekit%." and "" or "scalekit.", full)
end

--- The class of a function's options.
function luals.options(out, class, list)
  out[#out + 1] = "---@class " .. class
  for _, one in ipairs(list) do luals.field(out, one.name, one.type, one.optional, one.text) end
  out[#out + 1] = ""
end

-- What parameters that are all options are called.
local ARE_OPTIONS = { opts = true, args = true }

--- The parameters of a function without its options, and their names.
function luals.parameters(item)
  local own, names = {}, {}
  for _, param in ipairs(item.params) do
    if not param.name:find(".", 1, true) or param.name == "..." then
      own[#own + 1], names[#names + 1] = param, param.name
    end
  end
  return own, names
end

--- The class of a parameter's options.
-- @tparam string class that the function belongs to
-- @tparam table item
-- @tparam table param of it
-- @treturn ?string its name, or nil where there are none
-- @treturn table the options that are its own, as parameters
function luals.class_of(class, item, param)
  local own, like = comments.options(item, param)
  if #own == 0 then return like and luals.options_class(class, like), own end
  local name = luals.options_class(class, item.name)
  return ARE_OPTIONS[param.name] and name or name:gsub("options$", param.name), own
end

local function write_options(out, class, item, param)
  local name, own = luals.class_of(class, item, param)
  if #own == 0 then return name end
  local list = {}
  for i, one in ipairs(own) do
    list[i] = {
      name = one.name:match "%.([%w_]+)$", type = one.type, optional = one.optional,
      text = with_default(one),
    }
  end
  luals.options(out, name, list)
  return name
end

-- What is returned at each place, over all groups: `{ type, text }`.
local function merge_returns(returns)
  local groups, most = { {}, {}, {} }, 0
  for _, value in ipairs(returns) do
    local group = groups[value.group]
    group[#group + 1] = value
    most = math.max(most, #group)
  end
  local merged = {}
  for place = 1, most do
    local kinds, seen, missing, text = {}, {}, false, ""
    for _, group in ipairs(groups) do
      local value = group[place]
      local kind = value and type_name(value.type)
      if #group > 0 and (not value or kind == "nil" or is_optional(kind)) then missing = true end
      kind = kind and kind:gsub("%?$", "")
      if kind and kind ~= "nil" and not seen[kind] then
        seen[kind] = true
        kinds[#kinds + 1] = kind
        if text == "" then text = one_line(value.text) end
      end
    end
    table.sort(kinds)
    local kind = #kinds > 0 and table.concat(kinds, "|") or "nil"
    merged[place] = { type = missing and optional_type(kind) or kind, text = text }
  end
  return merged
end

--- A function or method of a class, with the class of its options before it.
-- @tparam table out lines
-- @tparam string class
-- @tparam string variable what the class is called in the file
-- @tparam table item as `comments` reads it, with `separator` and `name`
function luals.fn(out, class, variable, item)
  local own, names = luals.parameters(item)
  local classes = {}
  for _, param in ipairs(own) do
    classes[param.name] = write_options(out, class, item, param)
  end
  luals.text(out, item.text)
  for _, param in ipairs(own) do
    local kind = classes[param.name] or type_name(param.type)
    local text = with_default(param)
    out[#out + 1] = ("---@param %s%s %s%s"):format(param.name,
      param.optional and param.name ~= "..." and "?" or "", kind:gsub("%?$", ""),
      text ~= "" and " " .. text or "")
  end
  for _, value in ipairs(merge_returns(item.returns)) do
    out[#out + 1] = ("---@return %s%s"):format(value.type,
      value.text ~= "" and " # " .. value.text or "")
  end
  out[#out + 1] = ("function %s%s%s(%s) end"):format(variable, item.separator, item.name,
    table.concat(names, ", "))
  out[#out + 1] = ""
end

--- Begins a class: `local x = {}` with its fields.
function luals.class(out, name, variable, fields, text, extra)
  luals.text(out, text and text ~= "" and text or nil)
  if out[#out] == "---" then out[#out] = nil end
  out[#out + 1] = "---@class " .. name .. (extra or "")
  for _, one in ipairs(fields or {}) do luals.field(out, one.name, one.type, false, one.text) end
  if variable then out[#out + 1] = ("local %s = {}"):format(variable) end
  out[#out + 1] = ""
end

return luals
