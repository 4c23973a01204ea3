-- Reads the LDoc comments of a Lua file: what the documentation, the types for editors and the specs
-- that compare them with the program are made of.
local shell = require "scalekit.host.shell"

local comments = {}

-- "string" and what follows it; a type has no blanks.
local function take_word(text)
  local word, rest = text:match "^(%S+)%s*(.*)$"
  return word or "", rest or ""
end

-- "[opt]", "[opt=20]", "[1]" after a tag's name.
local function modifiers(text)
  local inside, rest = text:match "^%[([^%]]*)%]%s*(.*)$"
  if not inside then return {}, text end
  local mods = { number = inside:match "^%d+$" }
  mods.optional = inside:match "^opt" ~= nil
  mods.default = inside:match "^opt=(.*)$"
  return mods, rest
end

local READERS = {}

function READERS.tparam(item, mods, text)
  local kind, rest = take_word(text)
  local name, description = take_word(rest)
  local param = {
    name = name, type = kind, text = description, default = mods.default,
    optional = mods.optional or kind:sub(1, 1) == "?",
  }
  item.params[#item.params + 1] = param
  return param
end

function READERS.param(item, mods, text)
  local name, description = take_word(text)
  local param = { name = name, type = "any", text = description, optional = mods.optional }
  item.params[#item.params + 1] = param
  return param
end

function READERS.treturn(item, mods, text)
  local kind, rest = take_word(text)
  local about = kind == "table" and rest:match "^error%f[^%w](.*)$"
  if about then kind, rest = "scalekit.error", about:match "^[;,.:]?%s*(.*)$" end
  local value = { type = kind, text = rest, group = tonumber(mods.number) or 1 }
  item.returns[#item.returns + 1] = value
  return value
end

READERS["return"] = function(item, mods, text)
  local value = { type = "any", text = text, group = tonumber(mods.number) or 1 }
  item.returns[#item.returns + 1] = value
  return value
end

-- The other tags: their text, by their name.
local function other(name)
  return function(item, _, text)
    local value = { text = text }
    item.tags[name] = value
    return value
  end
end

local function add_text(target, line)
  target.text = target.text == "" and line or target.text .. " " .. (line:match "^%s*(.*)$")
end

local function read_block(lines)
  local item = { params = {}, returns = {}, tags = {}, summary = nil, body = {} }
  local target
  for i, line in ipairs(lines) do
    local tag, rest = line:match "^%s*@(%a+)(.*)$"
    if tag then
      local mods
      mods, rest = modifiers(rest:match "^%s*(.*)$")
      target = (READERS[tag] or other(tag))(item, mods, rest)
    elseif target then
      add_text(target, line)
    else
      item.body[i] = line
    end
  end
  item.text = table.concat(item.body, "\n")
  item.summary = item.text:match "^(.-[%.:])%s*\n" or item.text:match "^(.-%.)$" or item.text
  return item
end

-- What a block stands before: fills in `receiver`, `separator`, `name` and `args`.
local function read_code(item, code)
  local receiver, separator, name, args =
    code:match "^function ([%w_]+)([.:])([%w_]+)%s*%(([^)]*)%)"
  if not receiver then
    name, args = code:match "^local function ([%w_]+)%s*%(([^)]*)%)"
    item.is_local = name ~= nil
  end
  if not name then
    receiver, name, args = code:match "^([%w_]+)%.([%w_]+) = function%(([^)]*)%)"
    separator = receiver and "."
  end
  if not name then receiver, name = code:match "^([%w_]+)%.([%w_]+) =" end
  if not name then name = code:match "^  ([%w_]+) =" end
  item.receiver, item.separator, item.name = receiver, separator, name
  if args then
    item.args = {}
    for arg in args:gmatch "[%w_.]+" do item.args[#item.args + 1] = arg end
  end
  local called = item.tags["function"]
  if called and called.text ~= "" then
    item.given = called.text
    item.name = called.text:match "([%w_]+)%s*$"
    item.separator = called.text:match "([.:])[%w_]+%s*$"
  end
end

--- Which options a parameter has.
-- @tparam table item
-- @tparam table param of it
-- @treturn table the parameters that stand for its options, `opts.timeout` …
-- @treturn ?string what has the same options: "call_tool", "client.mcp:open_session" …
function comments.options(item, param)
  local own = {}
  for _, one in ipairs(item.params) do
    if one.name:match "^(%w+)%." == param.name then own[#own + 1] = one end
  end
  local is_named = #own == 0 and param.type == "table"
  return own, is_named and param.text:match "^as for `([%w_.:]+)`" or nil
end

--- Reads a file.
-- @treturn table the module's own comment, with `tags.module` or `tags.classmod`
-- @treturn table a list of what else is documented
-- @treturn table a list of the functions that the file defines: `{ receiver, separator, name }`
function comments.read(path)
  local text = assert(shell.read(path))
  local blocks, defined, lines = {}, {}, nil
  for line in (text .. "\n"):gmatch "(.-)\n" do
    local first = line:match "^%s*%-%-%-%s?(.*)$"
    if first and not line:match "^%s*%-%-%-%-" and not lines then
      lines = { first }
    elseif lines and line:match "^%s*%-%-" then
      lines[#lines + 1] = line:match "^%s*%-%-%-?%s?(.*)$"
    else
      if lines then
        local item = read_block(lines)
        read_code(item, line)
        blocks[#blocks + 1] = item
        lines = nil
      end
      local receiver, separator, name = line:match "^function ([%w_]+)([.:])([%w_]+)%s*%("
      if receiver then
        defined[#defined + 1] = { receiver = receiver, separator = separator, name = name }
      end
    end
  end
  return table.remove(blocks, 1), blocks, defined
end

return comments
