--- `client.mcp:mint`: sessions for many users of one config, several at a time.
--
--     for result in check(client.mcp:mint { config = "mail-agent", identifiers = users }) do
--       if result.session then hand_out(result.session) else log(result.err) end
--     end
--
-- The config is looked up once. Each user is a round of its own: what goes wrong with
-- one is that one's result, and the others go on. A server that asks to slow down is
-- obeyed by all.
-- @module scalekit.mint

local batch = require "scalekit.batch"
local budget = require "scalekit.budget"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local options = require "scalekit.options"
local resource = require "scalekit.resource"
local retry = require "scalekit.retry"
local session = require "scalekit.session"
local target = require "scalekit.session.target"

local mint = {}

local NAME = "mint"
local AT_ONCE, MOST_AT_ONCE = 64, 1000
local TRIES = 6 -- of one user, where the server asks to slow down

local OPTIONS = {
  config = "string|table", identifiers = "table|function", expiry = duration.TYPE,
  concurrency = "number", ordered = "boolean", on_progress = "function", links = "boolean",
  user_verify_url = "string", state = "string", timeout = duration.TYPE,
}

local function is_iterator(identifiers)
  if type(identifiers) == "function" then return true end
  local mt = getmetatable(identifiers)
  return type(mt) == "table" and mt.__call ~= nil
end

-- What is no list would pass for a short one, or an empty one: nil, or what it is not.
local function list_fault(list)
  local count = 0
  for key in pairs(list) do
    if type(key) == "number" then
      count = count + 1
    elseif key ~= "n" then -- of table.pack
      return "a list, not a table with named keys"
    end
  end
  for i = 1, count do
    if list[i] == nil then return "a list without holes" end
  end
  return nil
end

-- → function that gives the next identifier, and how many there are if that is known
local function source(identifiers)
  if is_iterator(identifiers) then return function() return (identifiers()) end end
  local i = 0
  return function()
    i = i + 1
    return identifiers[i]
  end, #identifiers
end

local function not_text(identifier)
  return errors.invalid({ {
    field = "identifier", constraint = "type",
    description = "expected string, got " .. type(identifier),
  } }, NAME)
end

-- While the server wants rest nobody asks it. → true, or nil and an error
local function obey(self, hold)
  local host = self.client:host()
  local left = hold.till - host.now()
  if left <= 0 or host.sleep(left * (1 + 0.2 * self.client.random())) then return true end
  return nil, errors.new {
    kind = "cancelled", operation = NAME, message = "the task was cancelled",
  }
end

local function open(self, config, identifier, args, hold)
  local ok, refusal = session.check(NAME, args, identifier)
  if not ok then return nil, refusal end
  for try = 1, TRIES do
    local went_on, ended = obey(self, hold)
    if not went_on then return nil, ended end
    local one = session.new(self, config, identifier, args)
    local opened, err = session.open(one, budget.new(self.client, args.seconds, NAME), args.links)
    if opened or err.kind ~= "rate_limited" or try == TRIES then return opened, err end
    local pause = err.retry_after or retry.delay(try, self.client.random())
    hold.till = math.max(hold.till, self.client:host().now() + pause)
  end
end

local function worker(self, config, args)
  local hold = { till = 0 }
  return function(identifier, index)
    local result = { identifier = identifier, index = index }
    if type(identifier) ~= "string" then
      result.err = not_text(identifier)
    else
      result.session, result.err = open(self, config, identifier, args, hold)
    end
    return result
  end
end

local function check(args)
  local width = args.concurrency or AT_ONCE
  if not args.identifiers then
    error(NAME .. ": option 'identifiers' is required: a list, or a function that gives the next", 3)
  end
  local fault = not is_iterator(args.identifiers) and list_fault(args.identifiers)
  if fault then
    error(("%s: option 'identifiers' must be %s"):format(NAME, fault), 3)
  elseif not (width >= 1 and width <= MOST_AT_ONCE and width % 1 == 0) then
    error(("%s: option 'concurrency' must be a whole number from 1 to %d")
      :format(NAME, MOST_AT_ONCE), 3)
  end
end

--- Opens a session for each of many users.
--
-- Works in a plain program, where it gets on while the iterator is asked, and inside
-- `scalekit.run`, cqueues or luv, beside other coroutines. (On Lua 5.1 a `for` blocks
-- cqueues and luv; `next()` does not.) Identifiers are taken when there is room for
-- them, and what is under way may run out of time while the loop is busy elsewhere in
-- a plain program. Leaving the loop ends it: on Lua 5.4 what is under way is
-- broken off at once, elsewhere by `close()`, by the garbage collector, or it ends by
-- itself.
-- @function client.mcp:mint
-- @tparam table args
-- @tparam string|table args.config its id or name, or the config itself
-- @tparam table|function args.identifiers a list, or a function that gives the next one
-- and nil at the end
-- @tparam[opt=3600] number|string args.expiry of the tokens: seconds or a text
-- @tparam[opt=64] number args.concurrency users at once, 1 to 1000
-- @tparam[opt=false] boolean args.ordered results in the order of the identifiers, else
-- as they finish
-- @tparam[opt] function args.on_progress `(done, total)`, called for each user that is
-- done; `total` is nil where `identifiers` is a function
-- @tparam[opt=false] boolean args.links make authorization links where something is to
-- authorize, and the accounts that are missing
-- @tparam[opt] string args.user_verify_url for these links
-- @tparam[opt] string args.state for these links
-- @tparam[opt=60] number|string args.timeout for each user: seconds or a text
-- @treturn[1] scalekit.batch an iterator for `for`; each result has `identifier`, `index`
-- (its place among the identifiers) and `session` or `err`
-- @treturn[2] nil
-- @treturn[2] scalekit.error the config could not be found
local function mint_all(self, args)
  if not resource.is(self) then error(NAME .. ": call it with a colon", 2) end
  args = options.check(NAME, args, OPTIONS)
  check(args)
  local seconds = duration.option(NAME, args, "timeout", 3 * self.client.timeout)
  local ok, err, misuse = session.check(NAME, args, "checked")
  if misuse then error(misuse, 2) end
  if not ok then return nil, err end
  local config, problem = target.resolve(self, args.config, budget.new(self.client, seconds, NAME))
  if not config then return nil, problem end
  local take, total = source(args.identifiers)
  return batch.new {
    take = take, total = total, width = args.concurrency or AT_ONCE,
    ordered = args.ordered, on_progress = args.on_progress,
    work = worker(self, config, {
      config = args.config, expiry = args.expiry, links = args.links, seconds = seconds,
      user_verify_url = args.user_verify_url, state = args.state,
    }),
  }
end

resource.refine("mcp", NAME, function() return mint_all end)

return mint
