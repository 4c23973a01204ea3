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

local function next_piece(link, produce)
  link.is_ours = true
  local piece = produce()
  link.is_ours, link.alive = false, core.now()
  return piece
end

local function send_pieces(link, head, produce)
  local ok, kind, message = put(link, head)
  while ok do
    local piece = next_piece(link, produce)
    if not piece then return put(link, "0\r\n\r\n") end
    if piece ~= "" then
      ok, kind, message = put(link, { ("%x\r\n"):format(#piece), piece, "\r\n" })
    end
  end
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
  local writer = nginx.thread(function()
    sent = settle(pcall(send, link, head, body))
    return "writer"
  end)
  local reader = nginx.thread(function()
    heard = settle(listen())
    return "reader"
  end)
  local _, first = nginx.join(writer, reader)
  local raised = sent and not sent[1] -- by the body's function
  if first == "reader" then
    nginx.kill(writer) -- done or not
  elseif raised then
    nginx.kill(reader)
  else
    nginx.join(reader)
  end
  if raised then
    link:close()
    error(sent[2], 0)
  end
  return sent ~= nil and sent[2] == true, heard[1], heard[2], heard[3]
end

return upload
