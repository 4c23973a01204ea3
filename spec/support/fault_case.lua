-- Asks the fault server for one fault, as a row of spec/faults/table.lua says,
-- and tells what came of it.

local ask = require "spec.support.fault_ask"
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local errors = require "scalekit.error"
local fault_server = require "spec.support.fault_server"

local case = {}

--- Runs a row.
-- @tparam table server from `fault_server.start`
-- @tparam table row `ask`, `fault` or `at` or `url`, …
-- @tparam function run a driver of `fault_drivers`
-- @tparam[opt] boolean short whether calls go the short way
-- @treturn table see spec/support/fault_check.lua
function case.run(server, row, run, short)
  server:reset()
  local before = fault_server.descriptors()
  local loop = core.loop {}
  local result = {}
  result.value, result.err = run(function()
    local send, _, operation = curl.new {
      loop = loop, ca_file = row.ca_file or server.ca_file, http1 = row.http1,
      connect_timeout = row.connect_timeout, tls_min = row.tls_min,
      cert_file = row.cert and server.dir .. "/client.pem",
      key_file = row.cert and server.dir .. "/client.key",
    }
    return ask(server, row, send, short and operation)
  end)
  result.is_error, result.text = errors.is(result.err), tostring(result.err)
  loop:close()
  collectgarbage()
  collectgarbage()
  result.left = fault_server.descriptors() - before
  -- what the server still does with a connection that is gone takes a moment
  result.stats = server:until_stats(function(stats) return stats.open == 0 end)
  return result
end

return case
