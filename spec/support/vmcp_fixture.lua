-- The environment of the contract cases: the demo connections, one that has nothing to authorize,
-- and enough others to reach the limit on mappings. Used in-process and inside nginx alike.
local connector = require "scalekit.vmcp.connector"
local vmcp = require "scalekit.vmcp"

local MORE = 24

local function seed()
  return { notes = {} }
end

local function bare(id, name)
  return {
    id = id, name = name, provider = name:upper(), display_name = name, tools = {}, seed = seed,
  }
end

return function(options)
  local connections = connector.demo()
  local nokey = bare("conn_3", "nokey")
  nokey.keyless = true
  connections[#connections + 1] = nokey
  connections[#connections + 1] = bare("conn_4", "Team mail: a_b-c")
  for i = 1, MORE do
    connections[#connections + 1] = bare(("conn_%d"):format(100 + i), ("extra%02d"):format(i))
  end
  options.connections = connections
  return vmcp.app(options)
end
