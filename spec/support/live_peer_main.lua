-- An MCP server over raw TCP that behaves in the way its path names while a
-- tool is called: /legacy/silent never answers. What else it is asked, it
-- answers soberly. Run by spec/support/raw_peer.lua.

-- luacheck: std lua54 (it always runs there)

local raw_server = require "spec.support.raw_server"

local http = raw_server.http

local HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
local QUESTION = '{"jsonrpc":"2.0","id":%s,"method":"elicitation/create","params":{"message":"?",'
  .. '"requestedSchema":{"type":"object","properties":{"a":{"type":"string","default":"b"}}}}}'

local waiting = {}   -- by id of a question: the call that waits for its answer
local listeners = {} -- by path: the request whose answer is the stream of the session

local function event(text, more)
  return (more or "") .. "data: " .. text .. "\n\n"
end

local function answer(request, text)
  return ('{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"%s"}]}}'):format(
    request.id, text or "done")
end

local function json(text, more)
  return http("200 OK", "content-type: application/json\r\n" .. (more or ""), text)
end

local function progress(request, n)
  local token = request.body:match '"progressToken":([^,}]+)'
  return event(('{"jsonrpc":"2.0","method":"notifications/progress",'
    .. '"params":{"progressToken":%s,"progress":%d}}'):format(token or "0", n))
end

local function again(request, milliseconds, text, n)
  n = n or 1
  request.later(milliseconds, function()
    if request.send(text(n)) then again(request, milliseconds, text, n + 1) end
  end)
end

local kinds = {}

function kinds.quick(request)
  return json(answer(request))
end

-- takes the request and says nothing
function kinds.silent() end

-- begins a stream and says nothing
function kinds.head(request)
  request.send(HEAD)
end

-- shows that it lives, and does not answer
function kinds.alive(request)
  request.send(HEAD)
  again(request, 20, function() return ": still there\n\n" end)
end

function kinds.busy(request)
  request.send(HEAD)
  again(request, 20, function(n) return progress(request, n) end)
end

function kinds.steps(request)
  request.send(HEAD .. progress(request, 1) .. progress(request, 2))
  request.later(50, function()
    request.send(progress(request, 3) .. event(answer(request)), true)
  end)
end

-- asks on the stream of the call; ids of all shapes
local function ask_here(id)
  return function(request)
    waiting[id], request.streams = request, true
    request.send(HEAD .. event(QUESTION:format(id)))
  end
end
kinds["ask"] = ask_here '"q-1"'
kinds["ask-number"] = ask_here "7"
kinds["ask-float"] = ask_here "0.5"
kinds["ask-big"] = ask_here "12345678901234567890123"
kinds["ask-escaped"] = ask_here [["\u0041\\\/\" \ud83d\ude00"]]

-- asks on the stream of the session
kinds["ask-there"] = function(request)
  local listener = listeners[request.path]
  if not listener then return json(answer(request, "nobody listens")) end
  waiting['"q-2"'] = request
  listener.send(event(QUESTION:format '"q-2"'))
end

-- the same, but the stream is refused twice: the server thinks that there is one
kinds["ask-conflict"] = kinds["ask-there"]

-- drops the stream of the session, and asks once it is open again
kinds["ask-later"] = function(request)
  local listener = listeners[request.path]
  listeners[request.path] = nil
  if listener then listener.send(": good-bye\n\n", true) end
  waiting['"q-3"'] = request
  request.when_listening = QUESTION:format '"q-3"'
  kinds.pending = request
end

-- asks on the stream of the session, which does not show before that
kinds["ask-mute"] = function(request)
  waiting['"q-4"'] = request
  request.later(1500, function()
    local listener = listeners[request.path]
    if not listener then return request.send(json(answer(request, "nobody listens"))) end
    if not listener.send(HEAD .. event(QUESTION:format '"q-4"')) then
      request.send(json(answer(request, "nobody listens any more")))
    end
  end)
end

-- asks for input again and again
function kinds.endless(request)
  return json(('{"jsonrpc":"2.0","id":%s,"result":{"resultType":"input_required",'
    .. '"inputRequests":{"a":{"method":"elicitation/create","params":{"message":"?",'
    .. '"requestedSchema":{"type":"object","properties":{}}}}}}}'):format(request.id))
end

-- --- the sober part -------------------------------------------------------------------

-- An answer of the client to a question: the call that waited ends with its text.
local function take_answer(request)
  local call = waiting[request.body:match '"id":("[^"\\]*"[,}])' or ""] or waiting[request.id]
  for id, one in pairs(waiting) do
    if request.body:find('"id":' .. id, 1, true) then call = one end
  end
  if call then
    local text = request.body:gsub('[\\"]', { ['"'] = "'", ["\\"] = "|" })
    local message = answer(call, text)
    call.send(call.streams and event(message) or json(message), true)
  end
  return http("202 Accepted", "", "")
end

local refusals = 0

local function listen(request)
  if request.kind == "ask-conflict" and refusals < 2 then
    refusals = refusals + 1
    return http("409 Conflict", "", "")
  end
  listeners[request.path] = request
  if request.kind == "ask-mute" then return end
  request.send(HEAD)
  local pending = kinds.pending
  if pending and pending.path == request.path then
    kinds.pending = nil
    request.send(event(pending.when_listening))
    pending.streams = pending.send(HEAD)
  end
end

raw_server.run(function(request)
  if request.method == "GET" and request.kind:find "^ask%-" then return listen(request) end
  if request.method == "DELETE" then return http("200 OK", "", "") end
  if request.method ~= "POST" then return http("405 No", "", "") end
  if not request.rpc then return take_answer(request) end
  if not request.id or request.rpc:find "^notifications/" then return http("202 Accepted", "", "") end
  local modern = request.era == "modern"
  if request.rpc == "server/discover" and modern then
    return json(('{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete",'
      .. '"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,'
      .. '"cacheScope":"private"}}'):format(request.id))
  elseif request.rpc == "initialize" and not modern then
    return json(('{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25",'
      .. '"capabilities":{"tools":{}},"serverInfo":{"name":"live","version":"1"}}}')
      :format(request.id), "mcp-session-id: session-1\r\n")
  elseif request.rpc == "tools/call" then
    local quick = request.body:find('"name":"quick"', 1, true)
    return (quick and kinds.quick or kinds[request.kind])(request)
  end
  return http("404 No", "content-type: application/json\r\n",
    ('{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}'):format(request.id))
end)
