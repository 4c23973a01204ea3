--- Custom providers in the store: `provider/<identifier>` is the record, the roster `providers`
-- holds the identifiers.
local json = require "scalekit.json"

local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"
local roster = require "scalekit.vmcp.roster"

local providers = {}

local ROSTER, RECORD = "providers", "provider/"

local function missing()
  return problem.not_found "No custom provider has this identifier"
end

local function load(app, identifier)
  local text = app.store:get(RECORD .. identifier)
  return text and json.decode(text)
end

--- All records, oldest first: { id, identifier, place, payload }.
function providers.all(app)
  local list = {}
  for _, identifier in ipairs(roster.keys(app, ROSTER)) do
    list[#list + 1] = load(app, identifier)
  end
  return list
end

-- `ACME:env_…`: the name in capitals, which is unique in its environment.
local function identifier_of(app, display_name)
  local name = display_name:gsub("^ +", ""):gsub(" +$", ""):gsub(" +", "_"):upper()
  return name .. ":" .. app.environment_id
end

--- Creates a provider. Its identifier follows from its name; of two callers with one name, one wins.
-- @tparam table app
-- @tparam table payload as the API takes it
-- @treturn table|nil record
-- @treturn table problem
function providers.create(app, payload)
  local provider = {
    id = ids.new "prv_", identifier = identifier_of(app, payload.display_name), payload = payload,
  }
  local refusal
  provider.place, refusal = roster.add(app, ROSTER, provider.identifier)
  if not provider.place then return nil, refusal end
  local added, err = app.store:add(RECORD .. provider.identifier, json.encode(provider))
  if added then return provider end
  roster.remove(app, ROSTER, provider.place, provider.identifier)
  if added == nil then return nil, problem.store(err) end
  return nil, problem.conflict "A custom provider with this name exists already"
end

--- Replaces all that the caller decides; what it leaves out is gone.
-- @treturn table|nil record
-- @treturn table problem
function providers.replace(app, identifier, payload)
  local ok, provider = app.store:update(RECORD .. identifier, function(text)
    if not text then return nil end
    local provider = json.decode(text)
    provider.payload = payload
    return json.encode(provider), provider
  end)
  if not ok then return nil, problem.store(provider) end
  if not provider then return nil, missing() end
  return provider
end

local function is_used(app, identifier)
  local name = identifier:match "^(.*):"
  for _, connection in ipairs(app.catalogue.connections) do
    if connection.provider == identifier or connection.provider == name then return true end
  end
  return false
end

--- Deletes a provider that no connection uses; of several callers, one does it.
-- @treturn boolean|nil true
-- @treturn table problem
function providers.delete(app, identifier)
  if not load(app, identifier) then return nil, missing() end
  if is_used(app, identifier) then
    return nil, problem.precondition("PROVIDER_HAS_EXISTING_CONNECTIONS",
      "Connections of this provider exist")
  end
  local text, err = app.store:take(RECORD .. identifier)
  if err then return nil, problem.store(err) end
  if not text then return nil, missing() end
  roster.remove(app, ROSTER, json.decode(text).place, identifier)
  return true
end

return providers
