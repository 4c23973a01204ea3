-- What a row of spec/faults/table.lua asks of the fault server, over any transport.

local core = require "scalekit.core"
local driver = require "scalekit.driver"
local scalekit = require "scalekit"

local CONFIG = "cfg_1"
local DEADLINE = 5 -- of rows that are not about one; far beyond what they take

local function url_of(server, row)
  if row.url then return row.url end
  local base = server:url(row.at or "plain", row.scheme)
  return base .. (row.fault and "/fault/" .. row.fault or "")
end

-- `operation`, where there is one: the second value of the transport, for calls that go the
-- short way. The first call of a client, which has no token yet, never does.
local function client_of(server, row, send, operation)
  local client = scalekit.check(scalekit.new {
    env_url = url_of(server, row), client_id = "skc_1", client_secret = "s3cr3t",
    transport = send, timeout = row.timeout or DEADLINE, max_attempts = row.attempts or 1,
  })
  client.random = function() return 0 end
  if operation then
    client.operation = operation
    client.auth:token(core.now() + DEADLINE)
  end
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
  return function(server, row, send, operation)
    local resource = client_of(server, row, send, operation).mcp
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
-- @tparam table server with `url(name, scheme)`
-- @tparam table row
-- @tparam function send a transport
-- @tparam[opt] function operation for the short way
-- @return value, or nil and the error
return function(server, row, send, operation)
  return ASK[row.ask or "mint"](server, row, send, operation)
end
