--- Virtual MCP servers in the store.
--
-- `configs` holds ids and names in the order of creation, and a name is taken while it is there;
-- `config/<id>` is one record, `config.uuid/<uuid>` leads to it.
local json = require "scalekit.json"

local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"

local M = {}

local INDEX, RECORD, BY_UUID = "configs", "config/", "config.uuid/"

local function full()
  return problem.unavailable("The environment has no memory left for this")
end

local function read(app, id)
  local text = app.store:get(RECORD .. id)
  return text and json.decode(text)
end

--- @treturn table|nil record { id, uuid, name, description, mappings }
function M.by_id(app, id)
  return read(app, id)
end

function M.by_uuid(app, uuid)
  local id = app.store:get(BY_UUID .. uuid:lower())
  return id and read(app, id)
end

--- All records, oldest first.
function M.all(app)
  local text = app.store:get(INDEX)
  local list = {}
  for _, entry in ipairs(text and json.decode(text) or {}) do
    -- a config may be deleted between the two reads
    list[#list + 1] = read(app, entry.id)
  end
  return list
end

local function position(index, member, value)
  for i, entry in ipairs(index) do
    if entry[member] == value then
      return i
    end
  end
end

local function store_new(app, config)
  local ok = app.store:set(RECORD .. config.id, json.encode(config))
  if ok then
    ok = app.store:set(BY_UUID .. config.uuid, config.id)
  end
  return ok
end

local function drop(app, config)
  app.store:delete(BY_UUID .. config.uuid)
  app.store:delete(RECORD .. config.id)
end

--- Creates a config; of two callers with one name, one wins.
-- @tparam table app
-- @tparam table spec { name, description, mappings }
-- @treturn table|nil record
-- @treturn table problem
function M.create(app, spec)
  local config = {
    id = ids.new("cfg_"),
    uuid = ids.uuid(),
    name = spec.name,
    description = spec.description,
    mappings = spec.mappings,
  }
  local ok, created, refusal = app.store:update(INDEX, function(text)
    local index = text and json.decode(text) or json.array {}
    if position(index, "name", config.name) then
      return nil, nil, problem.duplicate(("A config named '%s' exists already"):format(config.name))
    elseif not store_new(app, config) then
      return nil, nil, full()
    end
    index[#index + 1] = { id = config.id, name = config.name }
    return json.encode(index), config
  end)
  if not ok or not created then
    drop(app, config)
    return nil, refusal or full()
  end
  return created
end

--- Replaces what is given and leaves the rest alone.
-- @tparam table app
-- @tparam string id
-- @tparam table changes { description or nil, mappings or nil }
-- @treturn table|nil record
-- @treturn table|nil problem when the store refused; both nil when there is no such config
function M.change(app, id, changes)
  local ok, config = app.store:update(RECORD .. id, function(text)
    if not text then
      return nil
    end
    local config = json.decode(text)
    config.description = changes.description or config.description
    config.mappings = changes.mappings or config.mappings
    return json.encode(config), config
  end)
  if not ok then
    return nil, full()
  end
  return config
end

--- @treturn boolean whether there was one
function M.delete(app, id)
  -- the record goes first: from here on the server's URL is dead
  local text = app.store:take(RECORD .. id)
  if not text then
    return false
  end
  drop(app, json.decode(text))
  app.store:update(INDEX, function(index_text)
    local index = json.decode(index_text)
    local at = position(index, "id", id)
    if at then
      table.remove(index, at)
    end
    return json.encode(json.array(index))
  end)
  return true
end

return M
