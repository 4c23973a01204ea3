--- Updating a custom provider. The service's sources disagree on whether what
-- an update leaves out stays or is cleared, so the whole provider is always
-- sent: what the caller gives, and for the rest what is there.
-- @module scalekit.resource.custom_providers

local client = require "scalekit.client"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local resource = require "scalekit.resource"

local update, list
for _, op in ipairs(ops) do
  if op.id == "UpdateCustomProvider" then update = op end
  if op.id == "ListProviders" then list = op end
end

-- Every member that can be set, with the value that clears it where there is one.
local MEMBERS = { "display_name", "description", "auth_patterns", "proxy_url", "proxy_enabled",
  "icon_src", "metadata" }
local CLEAR = { description = "", proxy_enabled = false, icon_src = "", metadata = {} }

local function is_whole(args)
  for _, member in ipairs(MEMBERS) do
    if args[member] == nil then return false end
  end
  return true
end

-- The arguments, with what they leave out taken from `current`.
local function merge(args, current)
  local whole = {}
  for name, value in pairs(args) do whole[name] = value end
  for _, member in ipairs(MEMBERS) do
    if whole[member] == json.null then whole[member] = CLEAR[member] end
    if whole[member] == nil then whole[member] = current[member] end
    if whole[member] == nil then whole[member] = CLEAR[member] end
  end
  return whole
end

local function find(self, identifier, timeout)
  local request, err = client.prepare(list, { identifier = identifier, timeout = timeout })
  if not request then return nil, err end
  local reply
  reply, err = self.client:call(list, request)
  if not reply then return nil, err end
  for _, provider in ipairs(reply.providers) do
    if type(provider) == "table" and provider.identifier == identifier then return provider end
  end
  return nil, errors.new {
    kind = "not_found", operation = update.label, message = "no provider has this identifier",
  }
end

-- What is wrong with the arguments can be said before anything is sent, but for
-- the members that are still to come.
local function check(args)
  local stand_in = { display_name = "x", auth_patterns = json.array {}, proxy_url = "https://x" }
  if type(args) ~= "table" then return client.prepare(update, args) end
  return client.prepare(update, merge(args, stand_in))
end

--- Changes a custom provider; what is not given stays as it is.
-- Another change between reading and writing is lost.
-- @local
-- @function update
-- @tparam table args `identifier`; `display_name`, `description`,
-- `auth_patterns` (a list, replaced as a whole), `proxy_url`, `proxy_enabled`,
-- `icon_src`, `metadata` (replaced as a whole; `{}` clears it); `timeout`
-- @treturn[1] table `{ provider = … }`
-- @treturn[2] nil
-- @treturn[2] table error
local function update_whole(self, args)
  if not resource.is(self) then error(update.label .. ": call it with a colon", 2) end
  local request, err, misuse = check(args)
  if misuse then error(misuse, 2) end
  if not request then return nil, err end
  local host = self.client:host()
  local deadline = host.now() + (request.timeout or self.client.timeout)
  if not is_whole(args) then
    local current
    current, err = find(self, args.identifier, deadline - host.now())
    if not current then return nil, err end
    args = merge(args, current)
    args.timeout = deadline - host.now()
    if args.timeout <= 0 then
      return nil, errors.new {
        kind = "timeout", operation = update.label, message = "the deadline passed",
      }
    end
    request, err = client.prepare(update, args)
    if not request then return nil, err end
  end
  return self.client:call(update, request)
end

for _, name in ipairs { update.name, update.also[1] } do
  resource.refine("custom_providers", name, function() return update_whole end)
end
