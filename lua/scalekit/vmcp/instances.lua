--- The older model of MCP servers: one instance per config and user, at a URL that needs no token.
-- Whoever has the URL acts as the user, so it is as secret as a password.
--
-- `instance/<id>` is the record; `instance.of/<config id>/<user>` and `instance.at/<opaque>` lead to
-- it, and the roster `instances` holds the ids.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local configs = require "scalekit.vmcp.configs"
local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"
local roster = require "scalekit.vmcp.roster"

local instances = {}

local ROSTER, RECORD, OF, AT = "instances", "instance/", "instance.of/", "instance.at/"

-- so often is it noted that an instance is in use
local NOTE_USE_SECONDS = 60

local function of_key(config_id, identifier)
  return OF .. config_id .. "/" .. identifier
end

local function missing()
  return problem.not_found "No MCP instance has this id"
end

local function load(app, id)
  local text = id and app.store:get(RECORD .. id)
  return text and json.decode(text)
end

-- What a pointer from a config leads to. A deletion or a move that was cut short may have left one that
-- leads to nothing of this config.
local function pointed(app, config_id, id)
  local instance = load(app, id)
  return instance and instance.config_id == config_id and instance or nil
end

local function of_user(app, config_id, identifier)
  return pointed(app, config_id, app.store:get(of_key(config_id, identifier)))
end

--- @treturn table|nil record { id, name, config_id, user_identifier, opaque, updated_at,
--   last_used_at? }
-- @treturn table problem
function instances.require(app, id)
  local instance = load(app, id)
  if not instance then return nil, missing() end
  return instance
end

--- The instance behind a URL.
-- @treturn table|nil record
function instances.at(app, opaque)
  return load(app, app.store:get(AT .. opaque))
end

--- All records, oldest first.
function instances.all(app)
  local list = {}
  for _, id in ipairs(roster.keys(app, ROSTER)) do
    list[#list + 1] = load(app, id)
  end
  return list
end

-- Whether an instance needs the user's account of a connection.
function instances.use(app, connection, identifier)
  for _, config in ipairs(configs.all(app)) do
    for _, mapping in ipairs(config.mappings) do
      if mapping.connection_name == connection.name
        and of_user(app, config.id, identifier)
      then
        return true
      end
    end
  end
  return false
end

-- Writes the record of a user's instance unless there is one.
-- → the id of the one there is, or nil and a problem
local function enter(app, instance)
  local key = of_key(instance.config_id, instance.user_identifier)
  local ok, id, refusal = app.store:update(key, function(text)
    if pointed(app, instance.config_id, text) then return nil, text end
    local written, err = app.store:set(RECORD .. instance.id, json.encode(instance))
    if written then written, err = app.store:set(AT .. instance.opaque, instance.id) end
    if not written then return nil, nil, problem.store(err) end
    return instance.id, instance.id
  end)
  if not ok then return nil, problem.store(id) end
  return id, refusal
end

local function forget(app, instance)
  app.store:delete(AT .. instance.opaque)
  app.store:delete(RECORD .. instance.id)
  roster.remove(app, ROSTER, instance.place, instance.id)
end

--- The user's instance of a config, created when there is none.
-- @tparam table app
-- @tparam table config its record
-- @tparam string identifier
-- @tparam[opt] string name of a new one
-- @treturn table|nil record
-- @treturn table problem
function instances.ensure(app, config, identifier, name)
  local found = of_user(app, config.id, identifier)
  if found then return found end
  local instance = {
    id = ids.new "ins_",
    name = name or config.name,
    config_id = config.id,
    user_identifier = identifier,
    opaque = ids.opaque(),
    updated_at = moment.format(app:now()),
  }
  local refusal, id
  instance.place, refusal = roster.add(app, ROSTER, instance.id)
  if not instance.place then return nil, refusal end
  id, refusal = enter(app, instance)
  if id == instance.id then return instance end
  forget(app, instance)
  if not id then return nil, refusal end
  return instances.require(app, id)
end

local function rewrite(app, id, change)
  local ok, instance, refusal = app.store:update(RECORD .. id, function(text)
    if not text then return nil, nil, missing() end
    local instance = json.decode(text)
    change(instance)
    return json.encode(instance), instance
  end)
  if not ok then return nil, problem.store(instance) end
  return instance, refusal
end

-- Takes the pointer from a config and a user away, unless it leads elsewhere by now.
local function unpoint(app, config_id, instance)
  app.store:update(of_key(config_id, instance.user_identifier), function(text)
    if text == instance.id then return false end
  end)
end

-- Makes the instance the one of its user for another config. → boolean, or nil and a problem
local function point(app, config_id, instance)
  local ok, taken = app.store:update(of_key(config_id, instance.user_identifier), function(text)
    if text ~= instance.id and pointed(app, config_id, text) then return nil, true end
    return instance.id
  end)
  if not ok then return nil, problem.store(taken) end
  if taken then
    return nil, problem.conflict "The user has an instance of that config already"
  end
  return true
end

--- Changes what is given.
-- @tparam table app
-- @tparam string id
-- @tparam table changes { name?, config? (its record) }
-- @treturn table|nil record
-- @treturn table problem
function instances.change(app, id, changes)
  local before, refusal = instances.require(app, id)
  if not before then return nil, refusal end
  local config_id = changes.config and changes.config.id or before.config_id
  local ok
  ok, refusal = point(app, config_id, before)
  if not ok then return nil, refusal end
  local instance
  instance, refusal = rewrite(app, id, function(record)
    record.name = changes.name or record.name
    record.config_id = config_id
    record.updated_at = moment.format(app:now())
  end)
  if not instance or before.config_id ~= config_id then
    unpoint(app, instance and before.config_id or config_id, before)
  end
  return instance, refusal
end

--- Notes that an instance was used, now and then.
function instances.note_use(app, instance)
  local last, now = instance.last_used_at and moment.parse(instance.last_used_at), app:now()
  if last and last <= now and now - last < NOTE_USE_SECONDS then return end
  rewrite(app, instance.id, function(record)
    record.last_used_at = moment.format(now)
  end)
end

--- Deletes an instance; of several callers, one does it.
-- @treturn boolean|nil true
-- @treturn table problem
function instances.delete(app, id)
  -- the record goes first: from here on the URL is dead
  local text, err = app.store:take(RECORD .. id)
  if err then return nil, problem.store(err) end
  if not text then return nil, missing() end
  local instance = json.decode(text)
  forget(app, instance)
  unpoint(app, instance.config_id, instance)
  return true
end

--- Deletes the instances of a config that is gone.
function instances.delete_of(app, config_id)
  for _, instance in ipairs(instances.all(app)) do
    if instance.config_id == config_id then instances.delete(app, instance.id) end
  end
end

return instances
