-- Asks the fault server for one fault, as a row of spec/faults/table.lua says,
-- and tells what came of it.

local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local driver = require "scalekit.driver"
local fault_server = require "spec.support.fault_server"
local scalekit = require "scalekit"

local case = {}

local CONFIG = "cfg_1"
local DEADLINE = 5 -- of rows that are not about one; far beyond what they take

local function url_of(server, row)
  if row.url then return row.url end
  local base = server:url(row.at or "plain", row.scheme)
  return base .. (row.fault and "/fault/" .. row.fault or "")
end

local function client_of(server, row, send)
  local client = scalekit.check(scalekit.new {
    env_url = url_of(server, row), client_id = "skc_1", client_secret = "s3cr3t",
    transport = send, timeout = row.timeout or DEADLINE, max_attempts = row.attempts or 1,
  })
  client.random = function() return 0 end
  return client
end

-- `row.times` times over, `row.wait` seconds between; the last one counts.
local function repeated(row, ask)
  local value, err = ask()
  for _ = 2, row.times or 1 do
    if row.wait then driver.current().sleep(row.wait) end
    value, err = ask()
  end
  return value, err
end

local function over_client(method, args)
  return function(server, row, send)
    local resource = client_of(server, row, send).mcp
    return repeated(row, function() return resource[method](resource, args) end)
  end
end

local function request_of(server, row, method)
  return {
    method = method, url = url_of(server, row) .. "/x", body = row.body,
    auth = core.secret "bearer-1", deadline = core.now() + (row.timeout or DEADLINE),
    max_body = row.max_body, idle_timeout = row.idle,
    headers = { ["content-type"] = "application/json" },
  }
end

local function over_transport(method)
  return function(server, row, send)
    return repeated(row, function() return send(request_of(server, row, method)) end)
  end
end

-- Reads a stream to its end, or `row.pieces` pieces of it.
local function over_stream(mode)
  return function(server, row, send)
    local request = request_of(server, row, "GET")
    request.stream = mode
    local response, err = send(request)
    if not response then return nil, err end
    local stream = response.events or response.chunks
    if not stream then return response end
    local count, piece = 0, true
    while piece and count ~= row.pieces do
      piece, err = stream:read()
      if piece then count = count + 1 end
    end
    stream:close()
    if err then
      err.pieces = count
      return nil, err
    end
    return { status = response.status, pieces = count }
  end
end

local ASK = {
  mint = over_client("create_session_token", { mcp_config_id = CONFIG, identifier = "user_1" }),
  get = over_client("get_config", { config_id = CONFIG }),
  fetch = over_transport "GET",
  post = over_transport "POST",
  events = over_stream(true),
  chunks = over_stream "chunks",
}

--- Runs a row.
-- @tparam table server from `fault_server.start`
-- @tparam table row `ask` (a key of ASK; "mint"), `fault` or `at` or `url`, …
-- @tparam function run a driver of `fault_drivers`
-- @treturn table `value`, `err`, `stats` of the server, `left` (descriptors)
function case.run(server, row, run)
  server:reset()
  local before = fault_server.descriptors()
  local loop = core.loop {}
  local result = {}
  result.value, result.err = run(function()
    local send = curl.new {
      loop = loop, ca_file = row.ca_file or server.ca_file, http1 = row.http1,
      connect_timeout = row.connect_timeout, tls_min = row.tls_min,
      cert_file = row.cert and server.dir .. "/client.pem",
      key_file = row.cert and server.dir .. "/client.key",
    }
    return ASK[row.ask or "mint"](server, row, send)
  end)
  loop:close()
  collectgarbage()
  collectgarbage()
  result.left = fault_server.descriptors() - before
  -- what the server still does with a connection that is gone takes a moment
  result.stats = server:until_stats(function(stats) return stats.open == 0 end)
  return result
end

return case
