--- The runs of agents, each with the session token that was minted for it. All
-- workers of an nginx share them, sealed, in a `lua_shared_dict`; what a worker
-- has used last it has at hand.
--
-- A run ends when it is told to, when nobody has asked for it for a while, and
-- with its token.
-- @module scalekit.edge.runs

local cache = require "scalekit.edge.cache"
local core = require "scalekit.core"
local errors = require "scalekit.error"
local flight = require "scalekit.flight"
local shared = require "scalekit.shared"

local now = core.now

local runs = {}
runs.__index = runs

local MARGIN = 5 -- seconds before its end that a token is used for the last time
local REST = 1   -- seconds that what could not be opened is not tried again
local TOUCHES = 8 -- how often within the idle time a run is said to be in use

local GONE = errors.new { kind = "unavailable", message = "the run ended while it began" }

--- @tparam table settings `vault` of a client, `idle` (seconds), `size` (how many
-- runs a worker has at hand)
function runs.new(settings)
  return setmetatable({
    store = settings.vault.store,
    sealer = settings.vault.sealer,
    idle = settings.idle,
    near = cache.new(settings.size, settings.idle),
    failures = cache.new(settings.size, REST),
    flights = {},
  }, runs)
end

local function cell_of(self, key)
  return self.store:cell("run " .. key, self.sealer)
end

-- What rests in a cell, ready to be used; nil where there is nothing.
local function take(self, key, cell)
  local text = cell:text()
  if not text then return nil end
  local value, _, over = cell:open(text)
  if not value then return nil end
  local path, token = core.reveal(value):match "^(%S+) (%S+)$"
  local run = {
    cell = cell, text = text, over = over, touched = 0,
    path = path, authorization = "Bearer " .. token,
  }
  self.near:set(key, run, now())
  return run
end

--- A run that has begun.
-- @tparam string key
-- @treturn ?table `path`, `authorization`
function runs:find(key)
  local time = now()
  local run = self.near:get(key, time)
  if not run then
    run = take(self, key, cell_of(self, key))
    if not run then return nil end
  elseif time >= run.over or run.cell:text() ~= run.text then
    -- it has run out, or another worker has ended or replaced it
    self.near:drop(key)
    return take(self, key, run.cell)
  end
  if time >= run.touched then
    run.cell:keep(math.min(self.idle, run.over - time))
    run.touched = time + self.idle / TOUCHES
  end
  return run
end

local function put(self, key, cell, path, token, seconds)
  local time = now()
  local over = time + math.max(seconds - MARGIN, seconds / 2)
  cell:write(path .. " " .. core.reveal(token), over, over)
  cell:keep(math.min(self.idle, over - time))
  self.near:set(key, {
    cell = cell, text = cell:text(), over = over, touched = 0,
    path = path, authorization = "Bearer " .. core.reveal(token),
  }, time)
end

local function fetch(self, key, deadline, open)
  local cell = cell_of(self, key)
  return shared.fetch(cell, deadline, true, function()
    return take(self, key, cell) ~= nil
  end, function()
    local path, token, seconds = open(deadline)
    if not path then return nil, token end
    put(self, key, cell, path, token, seconds)
    return true
  end)
end

--- Begins a run, once however many ask for it.
-- @tparam string key
-- @tparam number deadline on the monotonic clock
-- @tparam function open `open(deadline)` → path, token, seconds that it is good; or
-- nil and an error
-- @treturn[1] table `path`, `authorization`
-- @treturn[2] nil
-- @treturn[2] table error
function runs:begin(key, deadline, open)
  local failure = self.failures:get(key, now())
  if failure and now() < failure.till then return nil, failure.err end
  local one = self.flights[key] or flight.new()
  self.flights[key] = one
  local again, err = one:join(deadline)
  if err then return nil, err end
  if not again then
    local _
    _, err = one:fly(deadline, function()
      local ok, problem = fetch(self, key, deadline, open)
      self.flights[key], one.failure = nil, problem
      if problem and problem.kind ~= "timeout" then
        self.failures:set(key, { err = problem, till = now() + REST }, now())
      end
      return ok, problem
    end)
  end
  local run = self:find(key)
  if run then return run end
  return nil, one.failure or err or GONE
end

--- Ends a run.
-- @tparam string key
-- @tparam[opt] string authorization only if it is this that the run uses
function runs:finish(key, authorization)
  if authorization then
    local run = self:find(key)
    if run and run.authorization ~= authorization then return end
  end
  cell_of(self, key):drop()
  self.near:drop(key)
end

return runs
