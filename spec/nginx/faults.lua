-- Runs inside nginx: one row of spec/faults/table.lua over the cosocket transport,
-- for spec/nginx_faults_spec.lua.

local ask = require "spec.support.fault_ask"
local cosocket = require "scalekit.transport.cosocket"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local rows = require "spec.faults.table"

local server = {}

-- nginx compares certificates with names alone.
function server:url(name, scheme)
  scheme = scheme or name:find "^tls" and "https" or "http"
  return ("%s://%s:%s"):format(scheme, scheme == "https" and "localhost" or "127.0.0.1", self.ports[name])
end

local function describe(value, err)
  local result = { is_error = errors.is(err), text = tostring(err) }
  if value then result.value = { status = value.status, token = value.token, pieces = value.pieces } end
  if err then
    result.err = {}
    for _, name in ipairs { "kind", "outcome", "status", "message", "retry_after", "pieces" } do
      result.err[name] = err[name]
    end
  end
  return result
end

--- Answers `{ row, ports, dir }` with what came of the row.
return function()
  ngx.req.read_body()
  local wanted = json.decode(ngx.req.get_body_data())
  local row = rows[wanted.row][2]
  server.ports = wanted.ports
  local send, err = cosocket.new {
    connect_timeout = row.connect_timeout, tls_min = row.tls_min,
    cert_file = row.cert and wanted.dir .. "/client.pem" or nil,
    key_file = row.cert and wanted.dir .. "/client.key" or nil,
  }
  local value
  if send then value, err = ask(server, row, send) end
  ngx.print(json.encode(describe(value, err)))
end
