--- The names of the tools that there are, by connection; and which of those that
-- a config asks for are none.
--
-- The service's own pages spell some tools in several ways, and a name that no
-- connection has would be refused by some servers and never found on others.
-- @module scalekit.catalogue

local batch = require "scalekit.batch"
local core = require "scalekit.core"
local errors = require "scalekit.error"
local options = require "scalekit.options"

local catalogue = {}

local KEEP = 300 -- seconds that a list is believed
local AT_ONCE = 8
local MOST_PAGES = 100

local function kept_by(client)
  local kept = rawget(client, "tool_names")
  if not kept then
    kept = {}
    client.tool_names = kept
  end
  return kept
end

-- All names of a connection's tools → { list =, has =, at = }
local function fetch(client, connection, budget)
  local list, has, token = {}, {}, nil
  for _ = 1, MOST_PAGES do
    local timeout, spent = budget:timeout()
    if not timeout then return nil, spent end
    local page, err = client.tools:list {
      filter_connector = connection, filter_summary = true, page_token = token, timeout = timeout,
    }
    if not page then return nil, err end
    for _, name in ipairs(page.tool_names or {}) do
      if not has[name] then list[#list + 1], has[name] = name, true end
    end
    token = page.next_page_token
    if not token or token == "" then return { list = list, has = has, at = core.now() } end
  end
  return nil, errors.new {
    kind = "protocol", operation = budget.operation,
    message = ("the list of tools of connection '%s' does not end"):format(connection),
  }
end

-- The lists of these connections, from memory where they are recent enough;
-- side by side where that is possible.
local function load(client, connections, budget, fresh)
  local kept, wanted, lists = kept_by(client), {}, {}
  for _, name in ipairs(connections) do
    lists[name] = kept[name]
    if fresh or not lists[name] or core.now() - lists[name].at > KEEP then
      wanted[#wanted + 1] = name
    end
  end
  local i = 0
  local all = batch.new {
    width = AT_ONCE,
    take = function()
      i = i + 1
      return wanted[i]
    end,
    work = function(name)
      local list, err = fetch(client, name, budget)
      return { name = name, list = list, err = err }
    end,
  }
  local result, cancelled = all:next()
  while result do
    if not result.list then
      all:close()
      return nil, result.err
    end
    lists[result.name], kept[result.name] = result.list, result.list
    result, cancelled = all:next()
  end
  if cancelled then return nil, cancelled end
  return lists, nil, #wanted
end

local function owner_of(tool, lists)
  for name, list in pairs(lists) do
    if list.has[tool] then return name end
  end
end

local function violation(where, connection, tool, lists)
  local near = options.nearest(tool, lists[connection].list)
  local owner = not near and owner_of(tool, lists)
  local hint = near and (" (did you mean '%s'?)"):format(near)
    or owner and (" (it belongs to '%s')"):format(owner) or ""
  return {
    field = where,
    description = ("connection '%s' has no tool '%s'%s"):format(connection, tool, hint),
    constraint = "tool.unknown",
    suggestion = near,
  }
end

-- A connection without any tool in the catalogue gives nothing to compare with:
-- whether it exists and what it has, the service decides.
-- → violations, and the names of the connections they are about
local function compare(mappings, lists)
  local violations, culprits, seen = {}, {}, {}
  for i, mapping in ipairs(mappings) do
    local connection = mapping.connection_name
    for j, tool in ipairs(mapping.tools or {}) do
      if #lists[connection].list > 0 and not lists[connection].has[tool] then
        violations[#violations + 1] = violation(
          ("connection_tool_mappings[%d].tools[%d]"):format(i, j), connection, tool, lists)
        if not seen[connection] then culprits[#culprits + 1] = connection end
        seen[connection] = true
      end
    end
  end
  return violations, culprits
end

--- Checks the tools of mappings against the catalogue. Lists are remembered for
-- five minutes; what they do not have is asked for again before it is refused.
-- @tparam table client
-- @tparam table mappings as they are sent
-- @tparam scalekit.budget budget
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error; kind "bad_request" with `fields`, each with a
-- `suggestion` where a name is near
function catalogue.check(client, mappings, budget)
  local names, seen = {}, {}
  for _, mapping in ipairs(mappings) do
    local name = mapping.connection_name
    if mapping.tools and not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  local lists, err, fetched = load(client, names, budget)
  if not lists then return nil, err end
  local violations, culprits = compare(mappings, lists)
  if #violations > 0 and fetched < #names then
    local again
    again, err = load(client, culprits, budget, true)
    if not again then return nil, err end
    for name, list in pairs(again) do lists[name] = list end
    violations = compare(mappings, lists)
  end
  if #violations > 0 then return nil, errors.invalid(violations, budget.operation) end
  return true
end

return catalogue
