--- Virtual MCP servers in the store.
--
-- `configs` holds ids and names in the order of creation, and a name is taken while it is there;
-- `config/<id>` is one record, `config.uuid/<uuid>` leads to it.
local json = require "scalekit.json"

local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"

local configs = {}

local INDEX, RECORD, BY_UUID = "configs", "config/", "config.uuid/"

local function not_found()
  return problem.not_found "No MCP config has this id"
end

--- @treturn table|nil record { id, uuid, name, description, mappings }
function configs.by_id(app, id)
  local text = app.store:get(RECORD .. id)
  return text and json.decode(text)
end

--- Like `by_id`, for who cannot go on without.
-- @treturn table|nil record
-- @treturn table problem
function configs.require(app, id)
  local config = configs.by_id(app, id)
  if not config then return nil, not_found() end
  return config
end

--- @treturn table|nil record
function configs.by_uuid(app, uuid)
  local id = app.store:get(BY_UUID .. uuid:lower())
  return id and configs.by_id(app, id)
end

local function read_index(text)
  return text and json.decode(text) or json.array {}
end

--- All records, oldest first.
function configs.all(app)
  local list = {}
  for _, entry in ipairs(read_index(app.store:get(INDEX))) do
    -- a config may be deleted between the two reads
    list[#list + 1] = configs.by_id(app, entry.id)
  end
  return list
end

local function position(index, member, value)
  for i, entry in ipairs(index) do
    if entry[member] == value then return i end
  end
end

--- @treturn table|nil record
function configs.by_name(app, name)
  local index = read_index(app.store:get(INDEX))
  local at = position(index, "name", name)
  return at and configs.by_id(app, index[at].id)
end

local function write_new(app, config)
  local ok, err = app.store:set(RECORD .. config.id, json.encode(config))
  if ok then ok, err = app.store:set(BY_UUID .. config.uuid, config.id) end
  return ok, err
end

-- Adds a config to the index, unless its name is taken; see `store:update`.
local function enter(app, config, index)
  local at = position(index, "name", config.name)
  if at and configs.by_id(app, index[at].id) then
    return nil, nil, problem.duplicate(("A config named '%s' exists already"):format(config.name))
  end
  local ok, err = write_new(app, config)
  if not ok then return nil, nil, problem.store(err) end
  -- an entry without its record is what a deletion that was cut short has left
  if at then table.remove(index, at) end
  index[#index + 1] = { id = config.id, name = config.name }
  return json.encode(index), config
end

--- Creates a config; of two callers with one name, one wins.
-- @tparam table app
-- @tparam table spec { name, description, mappings }
-- @treturn table|nil record
-- @treturn table problem
function configs.create(app, spec)
  local config = {
    id = ids.new "cfg_",
    uuid = ids.uuid(),
    name = spec.name,
    description = spec.description,
    mappings = spec.mappings,
  }
  local ok, created, refusal = app.store:update(INDEX, function(text)
    return enter(app, config, read_index(text))
  end)
  if ok and created then return created end
  app.store:delete(BY_UUID .. config.uuid)
  app.store:delete(RECORD .. config.id)
  return nil, refusal or problem.store(created)
end

--- Replaces what is given and leaves the rest alone.
-- @tparam table app
-- @tparam string id
-- @tparam table changes { description or nil, mappings or nil }
-- @treturn table|nil record
-- @treturn table problem
function configs.change(app, id, changes)
  local ok, config = app.store:update(RECORD .. id, function(text)
    if not text then return nil end
    local config = json.decode(text)
    config.description = changes.description or config.description
    config.mappings = changes.mappings or config.mappings
    return json.encode(config), config
  end)
  if not ok then return nil, problem.store(config) end
  if not config then return nil, not_found() end
  return config
end

--- Deletes a config; of several callers, one does it. One that failed may be repeated.
-- @treturn boolean|nil true
-- @treturn table problem
function configs.delete(app, id)
  -- the record goes first: from here on the server's URL is dead
  local text, err = app.store:take(RECORD .. id)
  if err then return nil, problem.store(err) end
  if text then app.store:delete(BY_UUID .. json.decode(text).uuid) end
  local ok, listed = app.store:update(INDEX, function(index_text)
    local index = read_index(index_text)
    local at = position(index, "id", id)
    if not at then return nil end
    table.remove(index, at)
    return json.encode(index), true
  end)
  if not ok then return nil, problem.store(listed) end
  if not listed then return nil, not_found() end
  return true
end

return configs
