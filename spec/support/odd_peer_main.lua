-- An MCP server over raw TCP that is odd in the way its path names:
-- /modern/bom answers tools/call of the modern era with a byte order mark in
-- front. What else it is asked, it answers soberly. Run by spec/support/raw_peer.lua.

-- luacheck: std lua54 (it always runs there)

local raw_server = require "spec.support.raw_server"

local TEXT = '{"content":[{"type":"text","text":"done"}]}'

local peer = {} -- by kind: what it does with tools/call
local http = raw_server.http

local function json(text, more)
  return http("200 OK", "content-type: application/json\r\n" .. (more or ""), text)
end

local function message(request, result)
  return ('{"jsonrpc":"2.0","id":%s,"result":%s}'):format(request.id, result or TEXT)
end

-- An event stream that ends with its connection.
local function stream(text, kind, more)
  return ("HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%sconnection: close\r\n\r\n%s"):format(
    kind or "text/event-stream", more or "", text)
end

local function crc32(text)
  local crc = 0xffffffff
  for i = 1, #text do
    crc = crc ~ text:byte(i)
    for _ = 1, 8 do crc = (crc >> 1) ~ (0xedb88320 & -(crc & 1)) end
  end
  return crc ~ 0xffffffff
end

-- In the gzip format, not made smaller.
local function gzip(text)
  return "\31\139\8\0\0\0\0\0\0\255"
    .. string.pack("<BI2I2", 1, #text, ~#text & 0xffff) .. text
    .. string.pack("<I4I4", crc32(text), #text)
end

-- --- answers of an unusual shape ---------------------------------------------------

function peer.charset(request)
  return json(message(request)):gsub("/json", "/json; charset=utf-8")
end

function peer.shouting(request)
  return (json(message(request))
    :gsub("content%-type: application/json", "CONTENT-TYPE: Application/JSON"))
end

peer["shouting-stream"] = function(request)
  return stream("data: " .. message(request) .. "\n\n", "Text/Event-Stream; charset=UTF-8")
end

function peer.untyped(request)
  return http("200 OK", "", message(request))
end

function peer.newline(request)
  return json("\r\n\t " .. message(request) .. "\r\n\n")
end

function peer.gzip(request)
  return json(gzip(message(request)), "content-encoding: gzip\r\n")
end

peer["gzip-stream"] = function(request)
  return stream(gzip(": hello\n\ndata: " .. message(request) .. "\n\n"), nil,
    "content-encoding: gzip\r\n")
end

peer["http-1.0"] = function(request)
  return "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" .. message(request), true
end

function peer.continue(request)
  return "HTTP/1.1 100 Continue\r\n\r\n" .. json(message(request))
end

function peer.hints(request)
  return "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" .. json(message(request))
end

peer["bom-stream"] = function(request)
  return stream("\239\187\191data: " .. message(request) .. "\n\n")
end

peer["cr-stream"] = function(request)
  return stream("event: message\rdata: " .. message(request) .. "\r\r")
end

peer["crlf-stream"] = function(request)
  return stream("event: message\r\ndata: " .. message(request) .. "\r\n\r\n")
end

peer["lines-stream"] = function(request)
  return stream("data: " .. message(request):gsub(",", ",\ndata:") .. "\n\n")
end

peer["foreign-stream"] = function(request)
  return stream("event: endpoint\ndata: /messages\n\nevent: ping\ndata: {}\n\n"
    .. "unknown: x\n: x\n\ndata\n\ndata: " .. message(request) .. "\n\n")
end

-- answers, and keeps the stream open
peer["open-stream"] = function(request)
  return stream("data: " .. message(request) .. "\n\n"), false
end

-- --- answers that are none ----------------------------------------------------------

function peer.bom(request)
  return json("\239\187\191" .. message(request))
end

function peer.html()
  return http("200 OK", "content-type: text/html\r\n", "<html><body>Welcome</body></html>")
end

function peer.empty()
  return json ""
end

function peer.accepted()
  return http("202 Accepted", "", "")
end

peer["accepted-answer"] = function(request)
  return (json(message(request)):gsub("200 OK", "202 Accepted"))
end

peer["no-content"] = function()
  return "HTTP/1.1 204 No Content\r\n\r\n"
end

peer["reset-content"] = function()
  return "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\n\r\n"
end

peer["not-modified"] = function()
  return "HTTP/1.1 304 Not Modified\r\n\r\n"
end

for _, status in ipairs { 300, 301, 302, 303, 307, 308 } do
  peer["redirect-" .. status] = function(request)
    local target = ("http://localhost:%d/%s/stolen"):format(request.port, request.era)
    return http(status .. " Elsewhere", "location: " .. target .. "\r\n", "")
  end
end

function peer.twice(request)
  return json(message(request) .. message(request))
end

function peer.batch(request)
  return json("[" .. message(request) .. "]")
end

peer["half-stream"] = function(request)
  return stream("data: " .. message(request)), true
end

peer["empty-stream"] = function()
  return stream "", true
end

peer["json-as-stream"] = function(request)
  return stream(message(request)), true
end

peer["stream-as-json"] = function(request)
  return json("data: " .. message(request) .. "\n\n")
end

peer["string-id"] = function(request)
  return json(message { id = '"' .. request.id .. '"' })
end

peer["other-id"] = function()
  return json(message { id = "987654321" })
end

peer["huge-id"] = function()
  return json(message { id = "1e400" })
end

peer["no-id"] = function()
  return json('{"jsonrpc":"2.0","result":' .. TEXT .. "}")
end

peer["both"] = function(request)
  return json((message(request):gsub("}$", ',"error":{"code":1,"message":"x"}}')))
end

peer["doubled-member"] = function(request)
  return json((message(request):gsub("}$", ',"result":{"content":[]}}')))
end

for name, result in pairs {
  array = "[]", null = "null", text = '"done"', number = "1", yes = "true",
} do
  peer["result-" .. name] = function(request) return json(message(request, result)) end
end

for name, content in pairs { object = "{}", text = '"x"', null = "null", number = "0" } do
  peer["content-" .. name] = function(request)
    return json(message(request, '{"content":' .. content .. "}"))
  end
end

for name, error in pairs {
  text = '"no"', null = "null",
  ["without-code"] = '{"message":"no"}', ["code-text"] = '{"code":"1"}',
  ["code-huge"] = '{"code":1e300,"message":"x"}',
  ["message-object"] = '{"code":-32603,"message":{}}',
  ["code-half"] = '{"code":0.5,"message":"x"}',
} do
  peer["error-" .. name] = function(request)
    return json(('{"jsonrpc":"2.0","id":%s,"error":%s}'):format(request.id, error))
  end
end

-- --- the sober part -------------------------------------------------------------------

local function sober(request)
  if request.method ~= "POST" then return http("405 No", "", "") end
  if not request.id then return http("202 Accepted", "", "") end
  local modern = request.era == "modern"
  if request.rpc == "server/discover" and modern then
    return json(message(request, '{"resultType":"complete","supportedVersions":["2026-07-28"],'
      .. '"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"private"}'))
  elseif request.rpc == "initialize" and not modern then
    return json(message(request, '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},'
      .. '"serverInfo":{"name":"odd","version":"1"}}'), "mcp-session-id: session-1\r\n")
  elseif request.rpc == "tools/call" then
    local kind = assert(peer[request.kind], request.kind)
    return kind(request)
  end
  return http("404 No", "content-type: application/json\r\n",
    ('{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no"}}'):format(request.id))
end

raw_server.run(sober)
