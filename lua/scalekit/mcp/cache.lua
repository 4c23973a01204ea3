--- The lists of one connection, as long as the server says they hold
-- (`ttlMs`, 2026-07-28), it announces no change, and the token stays the same.
-- @module scalekit.mcp.cache

local core = require "scalekit.core"

local cache = {}

-- The lists that a notification puts out of date.
local CHANGED = {
  ["notifications/tools/list_changed"] = { "tools/list" },
  ["notifications/prompts/list_changed"] = { "prompts/list" },
  ["notifications/resources/list_changed"] = { "resources/list", "resources/templates/list" },
}

local cache_methods = {}
local cache_mt = { __index = cache_methods, __name = "scalekit.mcp.cache" }

--- Makes one.
-- @tparam table bearer whose `generation` tells tokens apart
function cache.new(bearer)
  return setmetatable({ bearer = bearer, entries = {}, changes = {} }, cache_mt)
end

--- What is known under a name, if it still holds.
function cache_methods:get(name)
  local entry = self.entries[name]
  if entry and core.now() < entry.till and entry.token == self.bearer.generation then
    return entry.value
  end
  self.entries[name] = nil
  return nil
end

--- How often a list has changed: to be taken before it is fetched.
function cache_methods:stamp(name)
  return self.changes[name] or 0
end

--- Keeps a value, unless it changed while it was fetched.
function cache_methods:put(name, value, till, stamp)
  if stamp ~= self:stamp(name) or till <= core.now() then return end
  self.entries[name] = { value = value, till = till, token = self.bearer.generation }
end

--- Takes note of a notification.
function cache_methods:notice(method)
  for _, name in ipairs(CHANGED[method] or {}) do
    self.entries[name], self.changes[name] = nil, self:stamp(name) + 1
  end
end

return cache
