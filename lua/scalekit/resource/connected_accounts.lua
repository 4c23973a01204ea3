--- What the service's own SDKs put together of two calls: an account that is
-- there afterwards, whoever made it.
-- @module scalekit.resource.connected_accounts

local client = require "scalekit.client"
local errors = require "scalekit.error"
local ops = require "scalekit.ops"
local resource = require "scalekit.resource"

local NAME = "get_or_create_connected_account"

local create, get_auth
for _, op in ipairs(ops) do
  if op.id == "CreateConnectedAccount" then create = op end
  if op.id == "GetConnectedAccountAuth" then get_auth = op end
end

-- The options of `create` that say which account is meant.
local SELECTORS = {
  connection_name = true, connector = true, identifier = true, organization_id = true,
  user_id = true,
}

-- Performs one of the calls in what is left of the time.
local function step(self, op, args, deadline)
  local left = deadline - self.client:host().now()
  if left <= 0 then
    return nil, errors.new { kind = "timeout", operation = NAME, message = "the deadline passed" }
  end
  local copy = {}
  for name, value in pairs(args) do copy[name] = value end
  copy.timeout = left
  local request, err = client.prepare(op, copy)
  if not request then return nil, err end
  return self.client:call(op, request)
end

-- Somebody else was first, or the answer to our own request was lost.
local function may_be_there(err)
  return err.kind == "conflict" or err.outcome == "unknown"
end

--- Gets an account with its credentials, or creates it where there is none.
-- Safe when several processes do so at once, and when an answer is lost.
-- @function client.connected_accounts:get_or_create
-- @tparam table args as for `create`: `connection_name` and `identifier` (or
-- `organization_id` and `user_id`); for a new account also
-- `authorization_details` and `api_config`, which change nothing of one that is
-- there; `timeout`, seconds or a text, for all of it
-- @treturn[1] table `{ connected_account = … }`
-- @treturn[2] nil
-- @treturn[2] scalekit.error
local function get_or_create(self, args)
  if not resource.is(self) then error(NAME .. ": call it with a colon", 2) end
  local request, err, misuse = client.prepare(create, args)
  if misuse then error((misuse:gsub("^" .. create.label, NAME)), 2) end
  if not request then return nil, err end
  local which = {}
  for name, value in pairs(args) do which[name] = SELECTORS[name] and value or nil end
  local deadline = self.client:host().now() + (request.timeout or self.client.timeout)
  local found
  found, err = step(self, get_auth, which, deadline)
  if found or err.kind ~= "not_found" then return found, err end
  local created
  created, err = step(self, create, args, deadline)
  if created or not may_be_there(err) then return created, err end
  found = step(self, get_auth, which, deadline)
  if found then return found end
  return nil, err
end

for _, name in ipairs { "get_or_create", NAME } do
  resource.refine("connected_accounts", name, function() return get_or_create end)
end
