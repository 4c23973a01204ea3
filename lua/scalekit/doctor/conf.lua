--- Reads configurations of nginx: directives with their arguments and blocks, and the
-- Lua in `…_by_lua_block { … }`.
-- @module scalekit.doctor.conf

local conf = {}

local MOST_FILES = 1000

-- The position behind a piece of Lua that `at` begins with: a comment, a string.
local function skip_lua(text, at)
  local level = text:match("^%-?%-?%[(=*)%[", at)
  if level then
    local _, stop = text:find("]" .. level .. "]", at, true)
    return (stop or #text) + 1
  end
  if text:sub(at, at + 1) == "--" then return (text:find("\n", at, true) or #text) + 1 end
  local quote = text:match("^[\"']", at)
  if not quote then return at + 1 end
  at = at + 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == quote or char == "\n" then return at + 1 end
    at = at + (char == "\\" and 2 or 1)
  end
  return at
end

-- The Lua of a block that begins behind `{`, and the position behind its `}`.
local function lua_block(text, from)
  local depth, at = 1, from
  while true do
    at = text:find("[{}\"'%[%-]", at)
    if not at then return text:sub(from), #text + 1 end
    local char = text:sub(at, at)
    if char == "}" and depth == 1 then return text:sub(from, at - 1), at + 1 end
    if char == "{" then
      depth, at = depth + 1, at + 1
    elseif char == "}" then
      depth, at = depth - 1, at + 1
    else
      at = skip_lua(text, at)
    end
  end
end

-- One word, unquoted; nil at `;`, `{`, `}` or the end. Then the position behind it.
local function word(text, at)
  local quote = text:match("^[\"']", at)
  if not quote then
    -- `${name}` is no block
    local from, stop = at, at
    while stop <= #text do
      stop = text:match("^[^%s;{}\\]*()", stop)
      if text:sub(stop - 1, stop) == "${" then
        stop = (text:find("}", stop, true) or #text) + 1
      elseif text:sub(stop, stop) == "\\" then
        stop = stop + 2
      else
        break
      end
    end
    return stop > from and text:sub(from, stop - 1) or nil, math.min(stop, #text + 1)
  end
  local parts = {}
  at = at + 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == quote then return table.concat(parts), at + 1 end
    if char == "\\" then
      at = at + 1
      char = text:sub(at, at)
    end
    parts[#parts + 1] = char
    at = at + 1
  end
  return table.concat(parts), at
end

local function skip_space(text, at)
  while true do
    at = text:match("^%s*()", at) or #text + 1
    if text:sub(at, at) ~= "#" then return at end
    at = (text:find("\n", at, true) or #text) + 1
  end
end

local function line_of(text, at)
  local _, count = text:sub(1, at - 1):gsub("\n", "")
  return count + 1
end

local read_block

-- One directive from `at`, put into `parent`; the position behind it.
local function directive(reader, text, at, parent)
  local node = { file = reader.file, line = line_of(text, at), parent = parent }
  node.name, at = word(text, at)
  if not node.name then return at + 1 end -- what makes no sense to us is nginx's to refuse
  while true do
    at = skip_space(text, at)
    local char = text:sub(at, at)
    if char == "" or char == ";" or char == "}" then
      at = char == "}" and at or at + 1
      break
    elseif char == "{" then
      if node.name:find "_by_lua_block$" then
        node.lua, at = lua_block(text, at + 1)
      else
        node.block = true
        at = read_block(reader, text, at + 1, node)
      end
      break
    end
    node[#node + 1], at = word(text, at)
  end
  parent.children[#parent.children + 1] = node
  if node.name == "include" then reader.include(reader, node, parent) end
  return at
end

function read_block(reader, text, at, parent)
  parent.children = parent.children or {}
  while true do
    at = skip_space(text, at)
    local char = text:sub(at, at)
    if char == "" then return at end
    if char == "}" then return at + 1 end
    at = directive(reader, text, at, parent)
  end
end

local function read_file(reader, path, parent)
  reader.count = reader.count + 1
  local text = reader.count <= MOST_FILES and reader.read(path)
  if not text then
    reader.missing[#reader.missing + 1] = path
    return false
  end
  local outer = reader.file
  reader.file = path
  read_block(reader, text, 1, parent)
  reader.file = outer
  return true
end

local function include(reader, node, parent)
  local pattern = node[1] or ""
  if pattern:sub(1, 1) ~= "/" then pattern = reader.directory .. pattern end
  for _, path in ipairs(reader.list(pattern)) do read_file(reader, path, parent) end
end

--- Reads a configuration and all that it includes.
-- @tparam string path
-- @tparam function read `read(path)` → text or nil
-- @tparam function list `list(pattern)` → paths that fit a shell pattern
-- @treturn[1] table the root: nodes with `name`, their arguments by number, `children`, `lua`,
-- `file`, `line`, `parent`
-- @treturn[1] table list of files that could not be read
-- @treturn[2] nil where the file itself cannot be read
function conf.read(path, read, list)
  local reader = {
    read = read, list = list, include = include, missing = {}, count = 0,
    directory = path:match "^(.*/)" or "",
  }
  local root = { name = "", children = {} }
  if not read_file(reader, path, root) then return nil end
  return root, reader.missing
end

--- Calls `visit(node)` for every node below one, in order.
function conf.walk(node, visit)
  for _, child in ipairs(node.children or {}) do
    visit(child)
    conf.walk(child, visit)
  end
end

--- The nodes of a name that hold for a node: of the innermost block around it that has any,
-- as nginx inherits.
-- @treturn table a list, empty where there are none
function conf.effective(node, name)
  while node do
    local list = {}
    for _, child in ipairs(node.children or {}) do
      if child.name == name then list[#list + 1] = child end
    end
    if #list > 0 then return list end
    node = node.parent
  end
  return {}
end

--- Where a node stands: "nginx.conf:12".
function conf.place(node)
  return ("%s:%d"):format(node.file, node.line)
end

return conf
