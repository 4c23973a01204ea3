-- An MCP server over raw TCP with the faults of spec/mcp/faults_spec.lua: the
-- name of the tool says which, the argument `n` where. Run by
-- spec/support/raw_peer.lua.

-- luacheck: std lua54 (it always runs there)

local raw_server = require "spec.support.raw_server"

local http = raw_server.http

local STREAM = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
local MIB = 1024 * 1024

local function json(text, more)
  return http("200 OK", "content-type: application/json\r\n" .. (more or ""), text)
end

local function answer(id, text)
  return ('{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}'):format(
    id, text or "done")
end

local function notice(n)
  return ('{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}')
    :format(n or 0)
end

local function events(...)
  local list = {}
  for i, text in ipairs { ... } do list[i] = "data: " .. text .. "\n\n" end
  return table.concat(list)
end

-- Sends pieces as long as the client takes them.
local function flood(request, piece)
  local function more()
    if request.send(piece) then request.later(1, more) end
  end
  more()
end

local tools = {}

function tools.good(request)
  return json(answer(request.id))
end

-- --- answers that lack their last `n` bytes ------------------------------------------------

tools["cut-stream"] = function(request)
  return STREAM .. events(notice(), answer(request.id)):sub(1, -1 - request.n), true
end

tools["cut-body"] = function(request)
  return json(answer(request.id)):sub(1, -1 - request.n), true
end

-- a stream that can be taken up again: its three events carry ids; the first `n`
-- bytes of it
local resumable = {}

local function with_ids(id, call)
  return {
    ("id: %d/1\nretry: 0\ndata:\n\n"):format(call),
    ("id: %d/2\ndata: %s\n\n"):format(call, notice()),
    ("id: %d/3\ndata: %s\n\n"):format(call, answer(id)),
  }
end

tools["cut-resumable"] = function(request)
  resumable[request.n] = request.id
  return STREAM .. table.concat(with_ids(request.id, request.n)):sub(1, request.n), true
end

-- the same, but the peer falls silent after the first event
tools["silent-resumable"] = function(request)
  resumable[request.n] = request.id
  request.send(STREAM .. with_ids(request.id, request.n)[1])
end

local function resume(request)
  local call, seen = request.head:match "[Ll]ast%-[Ee]vent%-[Ii][Dd]: (%d+)/(%d)"
  if not call then return http("405 No", "", "") end
  local list = with_ids(resumable[tonumber(call)], tonumber(call))
  return STREAM .. table.concat(list, "", tonumber(seen) + 1), true
end

-- --- answers that are not the one ---------------------------------------------------------

tools["twice"] = function(request)
  return STREAM .. events(answer(request.id, "first"), answer(request.id, "second")), true
end

tools["foreign"] = function(request)
  return STREAM .. events(answer(request.n, "late"), answer('"' .. request.id .. '"', "text"),
    answer(request.id .. ".5", "half"), answer(request.id)), true
end

tools["only-foreign"] = function()
  return STREAM .. events(answer(99999, "late")), true
end

tools["batch"] = function(request)
  return json(("[%s,%s,%s]"):format(notice(), answer(99999, "other"), answer(request.id)))
end

tools["batch-stream"] = function(request)
  return STREAM .. events(("[%s,%s]"):format(notice(), answer(request.id))), true
end

tools["batch-empty"] = function()
  return json "[]"
end

tools["batch-deep"] = function(request)
  return json(("[[%s]]"):format(answer(request.id)))
end

-- --- too much -----------------------------------------------------------------------------

tools["large"] = function(request)
  return json(answer(request.id, ("x"):rep(31 * MIB)))
end

tools["large-stream"] = function(request)
  return STREAM .. events(answer(request.id, ("x"):rep(31 * MIB))), true
end

tools["endless-notices"] = function(request)
  request.send(STREAM)
  flood(request, events(notice(1), notice(2), notice(3)))
end

tools["endless-comments"] = function(request)
  request.send(STREAM)
  flood(request, ": still here\n\n")
end

tools["endless-line"] = function(request)
  request.send(STREAM .. "data: ")
  flood(request, ("x"):rep(MIB))
end

tools["endless-body"] = function(request)
  request.send "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
  flood(request, ("[" ):rep(MIB))
end

tools["endless-head"] = function(request)
  request.send "HTTP/1.1 200 OK\r\n"
  flood(request, ("x: %s\r\n"):format(("x"):rep(8000)))
end

-- --- too little ---------------------------------------------------------------------------

tools["silence"] = function() end

tools["stream-silence"] = function(request)
  request.send(STREAM)
end

tools["body-silence"] = function(request)
  request.send "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n"
end

tools["stream-stops"] = function(request)
  request.send(STREAM .. events(notice()) .. "data: {")
end

tools["reset"] = function(request)
  request.send("", true)
end

-- --- questions and reports ------------------------------------------------------------------

local FORM = '"method":"elicitation/create","params":{"message":"?","requestedSchema":'
  .. '{"type":"object","properties":{"name":{"type":"string"}}}}'

local asking = {} -- by number of a question: the call that asks it

-- asks in the way of its era; the result is the name that comes back
tools["ask"] = function(request)
  if request.era == "legacy" then
    asking[#asking + 1] = request
    request.send(STREAM .. events(('{"jsonrpc":"2.0","id":"q%d",%s}'):format(#asking, FORM)))
    return
  end
  local name = request.body:match '"inputResponses":.-"name":"([^"]*)"'
  if name then return json(answer(request.id, name)) end
  return json(('{"jsonrpc":"2.0","id":%s,"result":{"resultType":"input_required",'
    .. '"inputRequests":{"k":{%s}},"requestState":"s"}}'):format(request.id, FORM))
end

local function take_answer(request)
  local call = asking[tonumber(request.body:match '"id":"q(%d+)"')]
  call.send(events(answer(call.id, request.body:match '"name":"([^"]*)"')), true)
  return http("202 Accepted", "", "")
end

tools["count"] = function(request)
  local list = {}
  for n = 1, request.n do
    list[n] = ('{"jsonrpc":"2.0","method":"notifications/progress",'
      .. '"params":{"progressToken":%s,"progress":%d}}'):format(request.id, n)
  end
  list[#list + 1] = answer(request.id)
  return STREAM .. events(table.unpack(list)), true
end

-- --- the sober part -------------------------------------------------------------------------

-- Which version a session speaks is in its path: /legacy/2025-03-26
local function open(request)
  return json(('{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"%s","capabilities":{"tools":{}},'
    .. '"serverInfo":{"name":"fault","version":"1"}}}'):format(request.id, request.kind),
    "mcp-session-id: s1\r\n")
end

local function discover(request)
  return json(('{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete",'
    .. '"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,'
    .. '"cacheScope":"private"}}'):format(request.id))
end

raw_server.run(function(request)
  if request.method == "GET" then return resume(request) end
  if request.method == "DELETE" then return http("200 OK", "", "") end
  if not request.rpc then return take_answer(request) end
  if not request.id or request.rpc:find "^notifications/" then return http("202 Accepted", "", "") end
  if request.rpc == "server/discover" and request.era == "modern" then return discover(request) end
  if request.rpc == "initialize" and request.era == "legacy" then return open(request) end
  if request.rpc ~= "tools/call" then return http("404 No", "", "") end
  request.n = tonumber(request.body:match '"n":(%d+)') or 0
  return tools[request.body:match '.*"name":"([^"]+)"'](request)
end)
