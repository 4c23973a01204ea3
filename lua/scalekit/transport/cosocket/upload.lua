--- Sends a body that is large, or made piece by piece, while the answer is
-- listened for: a server may refuse it before it is through, and then stop
-- reading.
-- @module scalekit.transport.cosocket.upload

local core = require "scalekit.core"
local nginx = require "scalekit.driver.nginx"

local upload = {}

local PIECE = 65536

local function put(link, bytes)
  local ok, kind, message = link:send(bytes)
  link.alive, link.armed = core.now(), false
  return ok, kind, message
end

local function send_text(link, head, text)
  local ok, kind, message = put(link, head)
  for at = 1, #text, PIECE do
    if not ok then break end
    ok, kind, message = put(link, text:sub(at, at + PIECE - 1))
  end
  return ok, kind, message
end

local function send_pieces(link, head, produce)
  local ok, kind, message = put(link, head)
  local piece = ok and produce()
  while ok and piece do
    if piece ~= "" then
      ok, kind, message = put(link, { ("%x\r\n"):format(#piece), piece, "\r\n" })
    end
    piece = ok and produce()
  end
  if ok then return put(link, "0\r\n\r\n") end
  return ok, kind, message
end

local function settle(...)
  return select("#", ...) > 0 and { ... } or {}
end

--- Sends a request and reads the head of its answer.
-- @tparam table link
-- @tparam string head of the request
-- @tparam string|function body
-- @tparam function listen reads the head of the answer
-- @treturn boolean whether all of the body is out
-- @return what `listen` returned; an error that the body's function raises is
-- raised here
function upload.run(link, head, body, listen)
  local send = type(body) == "function" and send_pieces or send_text
  local sent, heard
  local writer = nginx.thread(function() sent = settle(pcall(send, link, head, body)) end)
  local reader = nginx.thread(function() heard = settle(listen()) end)
  nginx.join(writer, reader)
  if sent and not sent[1] then -- the function has raised an error
    nginx.kill(reader)
    link:close()
    error(sent[2], 0)
  end
  if not heard then nginx.join(reader) end
  if not sent then nginx.kill(writer) end
  return sent ~= nil and sent[2] == true, heard[1], heard[2], heard[3]
end

return upload
