--- `client.mcp:ensure_config`: the config of a name, made or changed into what is
-- asked for, however often and by however many it is called.
-- @module scalekit.ensure

local budget = require "scalekit.budget"
local catalogue = require "scalekit.catalogue"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local mcp_configs = require "scalekit.resource.mcp_configs"
local ops = require "scalekit.ops"
local options = require "scalekit.options"
local resource = require "scalekit.resource"
local retry = require "scalekit.retry"

local ensure = {}

local NAME = "ensure_config"
local ROUNDS = 4 -- of reading and writing, where others write at the same time
local ALL = require "scalekit.all"

local OPTIONS = {
  name = "string", description = "string", connection_tool_mappings = "table",
  check_tools = "boolean", timeout = duration.TYPE,
}

local CREATE
for _, op in ipairs(ops) do
  if op.name == "create_config" then CREATE = op end
end

-- --- what changed -----------------------------------------------------------------

local change_mt = { __name = "scalekit.change" }

local function listed(tools)
  return tools == ALL and "every tool" or table.concat(tools, ", ")
end

local function quoted(text)
  return (("%q"):format(text):gsub("\\\n", "\\n"):gsub("%c", "?"))
end

local function marked(sign, names)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = " " .. sign .. name end
  return table.concat(parts)
end

function change_mt:__tostring()
  if self.field then
    return ("%s: %s instead of %s"):format(self.field, quoted(self.after), quoted(self.before))
  elseif not self.after then
    return self.connection_name .. ": removed"
  elseif not self.before then
    return ("%s: added with %s"):format(self.connection_name, listed(self.after))
  elseif self.before == ALL or self.after == ALL then
    return ("%s: %s instead of %s"):format(
      self.connection_name, listed(self.after), listed(self.before))
  end
  return self.connection_name .. ":" .. marked("+", self.added) .. marked("-", self.removed)
end

-- connection → its tools in order, or ALL
local function by_connection(mappings)
  local tools, names = {}, {}
  for _, mapping in ipairs(mappings or {}) do
    local name = mapping.connection_name
    names[#names + 1] = name
    local list = mapping.tools
    tools[name] = (list == nil or #list == 0) and ALL or list
  end
  return tools, names
end

-- What is in one list of tools and not in the other, as far as it has names.
local function missing_in(list, other)
  local has, missing = {}, {}
  if list == ALL or list == nil or other == ALL then return missing end
  for _, name in ipairs(other or {}) do has[name] = true end
  for _, name in ipairs(list) do
    if not has[name] then missing[#missing + 1] = name end
  end
  return missing
end

local function compare_connection(name, before, after)
  local added, removed = missing_in(after, before), missing_in(before, after)
  local same = before and after and (before == ALL) == (after == ALL)
  if same and #added == 0 and #removed == 0 then return nil end
  return setmetatable({
    connection_name = name, before = before, after = after, added = added, removed = removed,
  }, change_mt)
end

-- What is different in a config from what is wanted; a description that is not
-- given is left alone.
local function compare(config, wanted)
  local changes, before = {}, config.description or ""
  if wanted.description and wanted.description ~= before then
    changes[1] = setmetatable({
      field = "description", before = before, after = wanted.description,
    }, change_mt)
  end
  local described = #changes > 0
  local old, old_names = by_connection(config.connection_tool_mappings)
  local new, new_names = by_connection(wanted.connection_tool_mappings)
  for _, name in ipairs(new_names) do
    changes[#changes + 1] = compare_connection(name, old[name], new[name])
  end
  for _, name in ipairs(old_names) do
    if not new[name] then changes[#changes + 1] = compare_connection(name, old[name], nil) end
  end
  return changes, described, #changes > (described and 1 or 0)
end

-- What is compared by connection must name each once.
local function mapped_twice(mappings)
  local seen = {}
  for i, mapping in ipairs(mappings) do
    local name = mapping.connection_name
    if seen[name] then
      return errors.invalid({ {
        field = ("connection_tool_mappings[%d].connection_name"):format(i),
        constraint = "repeated.unique",
        description = ("connection '%s' is mapped twice"):format(name),
      } }, NAME)
    end
    seen[name] = true
  end
end

-- --- reading and writing -----------------------------------------------------------

-- The config of exactly this name, or false.
local function find(mcp, name, time)
  local token
  repeat
    local timeout, spent = time:timeout()
    if not timeout then return nil, spent end
    local page, err = mcp:list_configs {
      filter_name = name, page_token = token, timeout = timeout,
    }
    if not page then return nil, err end
    for _, config in ipairs(page.configs or {}) do
      if config.name == name then return config end
    end
    local before = token
    token = page.next_page_token
  until not token or token == "" or token == before
  return false
end

-- The service cannot tell an empty description from none.
local function cannot_clear()
  return nil, errors.invalid({ {
    field = "description", constraint = "string.min_len",
    description = "cannot be taken away once there is one; give another, or leave it out",
  } }, NAME)
end

-- What became of it, if the service says so.
local function outcome(response, created, changes)
  if response.config then
    return { config = response.config, created = created, changed = changes }
  end
  return nil, errors.new {
    kind = "protocol", operation = NAME, outcome = "unknown",
    message = "the service's answer holds no config",
  }
end

local function update(mcp, config, wanted, time)
  local changes, described, mapped = compare(config, wanted)
  if #changes == 0 then return { config = config, created = false, changed = changes } end
  if described and wanted.description == "" then return cannot_clear() end
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local response, err = mcp:update_config {
    config_id = config.id, timeout = timeout,
    description = described and wanted.description or nil,
    connection_tool_mappings = mapped and wanted.given or nil,
  }
  if not response then return nil, err end
  return outcome(response, false, changes)
end

local function create(mcp, wanted, time)
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local response, err = mcp:create_config {
    name = wanted.name, description = wanted.description, timeout = timeout,
    connection_tool_mappings = wanted.given,
  }
  if not response then return nil, err end
  return outcome(response, true, (compare({}, wanted)))
end

-- Whether somebody else was faster, an answer was lost, or nobody was there to create:
-- what holds now has to be read again. Names are unique, so trying again can make nothing
-- twice.
local function is_stale(config, err)
  if err.kind == "cancelled" then return false end
  if err.outcome == "unknown" then return true end
  if config then return err.kind == "not_found" end
  return err.kind == "conflict" or err.kind == "unavailable"
end

local function settle(mcp, wanted, time)
  local round, missed, problem = 0, nil, nil
  while true do
    round = round + 1
    local config, err = find(mcp, wanted.name, time)
    if config == nil then return nil, err end
    -- the config is there after all: it was a connection that was not found
    if config and missed and config.id == missed then return nil, problem end
    local result
    if config then
      result, err = update(mcp, config, wanted, time)
    else
      result, err = create(mcp, wanted, time)
    end
    if result then return result end
    if round == ROUNDS or not is_stale(config, err) then return nil, err end
    missed, problem = config and err.kind == "not_found" and config.id or nil, err
    local awake, ended = time:sleep(retry.delay(round, mcp.client.random()) / 4)
    if not awake then return nil, ended.kind == "timeout" and err or ended end
  end
end

--- Makes a config exist under its name with just these tools, and changes the one
-- that is there where it differs. Safe to repeat, safe beside others that do the
-- same, safe where an answer was lost.
-- @function client.mcp:ensure_config
-- @tparam table args
-- @tparam string args.name as for `create_config`
-- @tparam table args.connection_tool_mappings as for `create_config`
-- @tparam[opt] string args.description left alone if absent
-- @tparam[opt=true] boolean args.check_tools compare the names of tools with the
-- catalogue before anything is written
-- @tparam[opt=60] number|string args.timeout seconds or a text, for all of it
-- @treturn[1] table `config`, as on the wire; `created`, a boolean; `changed`, a
-- list, empty where all was as it should be. Each change says what it is with
-- `tostring`, and has `connection_name`, `added` and `removed` (names of tools),
-- `before` and `after` (names, `scalekit.ALL`, or nil where the connection was or
-- is not mapped); or `field` ("description"), `before`, `after`.
-- @treturn[2] nil
-- @treturn[2] scalekit.error of unknown tools each is in `fields`, with the nearest
-- name as `suggestion`
local function ensure_config(self, args)
  if not resource.is(self) then error(NAME .. ": call it with a colon", 2) end
  args = options.check(NAME, args, OPTIONS)
  local seconds = duration.option(NAME, args, "timeout", 3 * self.client.timeout)
  local request, expanded, misuse = mcp_configs.prepare(CREATE, {
    name = args.name, description = args.description,
    connection_tool_mappings = args.connection_tool_mappings,
  })
  if misuse then error((misuse:gsub("^" .. CREATE.name, NAME)), 2) end
  if not request then
    expanded.operation = NAME
    return nil, expanded
  end
  local twice = mapped_twice(expanded.connection_tool_mappings)
  if twice then return nil, twice end
  expanded.given = args.connection_tool_mappings
  local time = budget.new(self.client, seconds, NAME)
  if args.check_tools ~= false then
    local ok, err = catalogue.check(self.client, expanded.connection_tool_mappings, time)
    if not ok then return nil, err end
  end
  return settle(self, expanded, time)
end

resource.refine("mcp", NAME, function() return ensure_config end)

return ensure
