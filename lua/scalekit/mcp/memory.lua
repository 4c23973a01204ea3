--- Which era each server turned out to belong to, so that the next connection
-- need not find out again. Servers are told apart by their whole address: one
-- host may have several (the specification's "origin" is too coarse for that).
-- @module scalekit.mcp.memory

local core = require "scalekit.core"

local memory = {}

local MOST_SERVERS = 1000
local LIFE = 3600 -- seconds

local memory_methods = {}
local memory_mt = { __index = memory_methods, __name = "scalekit.mcp.memory" }

local function new()
  return setmetatable({ servers = {}, count = 0 }, memory_mt)
end

local default = new()
local by_transport = setmetatable({}, { __mode = "k" })

--- The memory of a transport, because the same address need not lead to the
-- same server over another one.
-- @tparam ?function transport nil: the one there is by default
function memory.of(transport)
  if not transport then return default end
  by_transport[transport] = by_transport[transport] or new()
  return by_transport[transport]
end

--- What is known of a server.
-- @tparam string url
-- @treturn ?string "modern" or "legacy"
-- @treturn ?string the version it agreed to
function memory_methods:recall(url)
  local known = self.servers[url]
  if known and core.now() < known.till then return known.era, known.version end
  return nil
end

--- Remembers.
function memory_methods:learn(url, era, version)
  if not self.servers[url] then
    if self.count >= MOST_SERVERS then self.servers, self.count = {}, 0 end
    self.count = self.count + 1
  end
  self.servers[url] = { era = era, version = version, till = core.now() + LIFE }
end

--- Forgets.
function memory_methods:forget(url)
  if self.servers[url] then self.servers[url], self.count = nil, self.count - 1 end
end

return memory
