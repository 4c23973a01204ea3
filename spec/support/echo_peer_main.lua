-- A server that answers with what it was asked: { head, body }. Run by
-- spec/support/raw_peer.lua.

-- luacheck: std lua54 (it always runs there)

local raw_server = require "spec.support.raw_server"

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

raw_server.run(function(request)
  local answer = ('{"head":%s,"body":%s}'):format(quote(request.head), quote(request.body))
  if request.method == "HEAD" then answer = "" end
  return raw_server.http("200 OK", "content-type: application/json\r\n", answer)
end)
