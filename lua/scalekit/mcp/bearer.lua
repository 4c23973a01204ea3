--- The token that every request to one endpoint carries: a fixed one, or one
-- from a function, which is asked for another when the server refuses it.
-- @module scalekit.mcp.bearer

local core = require "scalekit.core"
local errors = require "scalekit.error"
local flight = require "scalekit.flight"

local bearer = {}

local MOST_TOKENS = 2 -- of a function: the present one and the one before are hidden in errors

local bearer_methods = {}
local bearer_mt = { __index = bearer_methods, __name = "scalekit.mcp.bearer" }

-- What ended one caller's wait says nothing to the others.
local PRIVATE = { timeout = true, cancelled = true }

--- Makes one.
-- @tparam table spec `auth` (a secret, or nil), `source` (a function, or nil),
--   `accept(value)` → secret, or nil and what is wrong; `secrets`, the list of
--   what is never shown
function bearer.new(spec)
  return setmetatable({
    current = spec.auth,
    source = spec.source,
    accept = spec.accept,
    secrets = spec.secrets,
    generation = 0,
    own = {},
    flight = flight.new(),
  }, bearer_mt)
end

local function without(list, item)
  for i, one in ipairs(list) do
    if one == item then return table.remove(list, i) end
  end
end

local function adopt(self, secret)
  table.insert(self.own, secret)
  table.insert(self.secrets, secret)
  if #self.own > MOST_TOKENS then without(self.secrets, table.remove(self.own, 1)) end
  self.current, self.generation = secret, self.generation + 1
end

local function failed(why)
  if errors.is(why) then return why end
  return errors.new {
    kind = "unauthorized",
    message = type(why) == "string" and why or "there is no token",
  }
end

local function fetch(one, self, refusal, deadline)
  local value, why = self.source(refusal, deadline - core.now())
  if value ~= nil then
    value, why = self.accept(value)
  end
  if value then
    adopt(self, value)
  else
    one.err = failed(why)
  end
  if one.err then return nil, one.err end
  return true
end

--- Gets a token newer than a generation. Of many coroutines that want one, one
-- fetches it.
-- @tparam number generation
-- @tparam ?table refusal the error of the server that refused it
-- @tparam number deadline
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function bearer_methods:renew(generation, refusal, deadline)
  while self.generation == generation do
    local one = self.flight.current
    local over, err = self.flight:join(deadline)
    if over == nil then return nil, err end
    if not over then
      return self.flight:fly(deadline, function(one_flight)
        return fetch(one_flight, self, refusal, deadline)
      end)
    end
    if one.err and not PRIVATE[one.err.kind] then return nil, one.err end
  end
  return true
end

--- The token to send.
-- @treturn[1] ?secret nil where there is none to be had
-- @treturn[1] number its generation
-- @treturn[2] nil
-- @treturn[2] nil
-- @treturn[2] table error
function bearer_methods:get(deadline)
  if not self.current and self.source then
    local ok, err = self:renew(0, nil, deadline)
    if not ok then return nil, nil, err end
  end
  return self.current, self.generation
end

--- Whether there is somebody to ask for another token.
function bearer_methods:can_renew()
  return self.source ~= nil
end

return bearer
