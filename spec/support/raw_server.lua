-- A server that sends whatever bytes it is told to, for the peers of
-- spec/support/raw_peer.lua: prints its port and ends with its standard input.
-- GET /log tells what it was asked so far, and which connections were closed
-- under an answer.

-- luacheck: std lua54 (it always runs there)

local uv = require "luv"

local raw_server = {}

local log = {}

local function note(text)
  log[#log + 1] = '"' .. text .. '"'
end

--- An answer of known length.
function raw_server.http(status, headers, body)
  return ("HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n%s"):format(status, headers, #body, body)
end

local function close(client)
  if not client:is_closing() then client:close() end
end

local function read_request(text)
  local head, rest = text:match "^(.-\r\n\r\n)(.*)$"
  local length = head and tonumber(head:lower():match "\ncontent%-length: *(%d+)") or 0
  if not head or #rest < length then return nil, text end
  local request = { head = head, body = rest:sub(1, length) }
  request.method, request.path = head:match "^(%S+) (%S+)"
  request.era, request.kind = request.path:match "^/(%a+)/(.+)$"
  request.id = request.body:match '"id":([^,}]+)'
  request.rpc = request.body:match '"method":"([^"]+)"'
  return request, rest:sub(length + 1)
end

local function serve(client, port, handle)
  local buffer, open = "", nil
  client:read_start(function(err, chunk)
    if err or not chunk then
      if open then note("closed " .. open) end
      return close(client)
    end
    local request
    request, buffer = read_request(buffer .. chunk)
    if not request then return end
    request.port = port
    if request.path == "/log" then
      return client:write(raw_server.http("200 OK", "", "[" .. table.concat(log, ",") .. "]"))
    end
    note(("%s %s %s"):format(request.method, request.path, request.rpc or ""))
    open = request.path
    --- Sends a part of the answer; `last` closes the connection behind it.
    function request.send(text, last)
      if client:is_closing() then return false end
      client:write(text, function()
        if last and not client:is_closing() then client:shutdown(function() close(client) end) end
      end)
      return true
    end
    --- Runs a function later, while the client is still there.
    function request.later(milliseconds, fn)
      local timer = uv.new_timer()
      timer:start(milliseconds, 0, function()
        timer:close()
        if not client:is_closing() then fn() end
      end)
    end
    local answer, last = handle(request)
    if answer then -- all of it
      open = nil
      if last == nil then last = answer:find "connection: close" end
      request.send(answer, last)
    end
  end)
end

--- Serves until the standard input ends.
-- @tparam function handle `handle(request)` → the answer and whether to close
--   the connection, or nil where `request.send` is used
function raw_server.run(handle)
  uv.new_signal():start("sigpipe", function() end) -- clients go away while we write
  local server = uv.new_tcp()
  server:bind("127.0.0.1", 0)
  local port = server:getsockname().port
  server:listen(64, function()
    local client = uv.new_tcp()
    server:accept(client)
    serve(client, port, handle)
  end)
  local input = uv.new_pipe()
  input:open(0)
  input:read_start(function(_, chunk)
    if not chunk then os.exit(0) end
  end)
  io.stdout:write(port, "\n")
  io.stdout:flush()
  uv.run()
end

return raw_server
