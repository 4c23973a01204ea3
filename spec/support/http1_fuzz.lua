-- Answers of HTTP/1, good and bad, and any number of others made of them: from
-- a seed, so that a finding can be had again.

local fuzz = {}

--- Random numbers that are the same on every Lua: `random(n)` is from 1 to n.
function fuzz.random(seed)
  local x = seed % 2147483646 + 1
  return function(n)
    x = x * 16807 % 2147483647
    return x % n + 1
  end
end

local JSON = "content-type: application/json\r\n"
local OK = "HTTP/1.1 200 OK\r\n"

fuzz.seeds = {
  OK .. JSON .. "content-length: 13\r\n\r\n{\"token\":\"t\"}",
  OK .. "Content-Length: 2\nDate: today\n\n{}",
  OK .. JSON .. "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
  OK .. "Transfer-Encoding: chunked\r\n\r\n000a\r\n0123456789\r\n0\r\nx-late: 1\r\n y\r\n\r\n",
  OK .. "transfer-encoding: identity\r\ncontent-length: 3\r\n\r\nuntil the end",
  OK .. "connection: close\r\n\r\nuntil the end",
  OK .. "content-length: 2\r\ncontent-length: 5\r\n\r\nabcdefgh",
  OK .. "content-length: 2, 2\r\n\r\nab",
  OK .. "x-long: a\r\n b\r\n\tc\r\nset-cookie: a\r\nset-cookie: b\r\ncontent-length: 1\r\n\r\n.",
  OK .. "content-encoding: rot13\r\ncontent-length: 2\r\n\r\n{}",
  OK .. "content-encoding: identity, none\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.0 404 Not here\r\n\r\n<html>",
  "HTTP/1.1 204 No Content\r\ncontent-length: 9\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" .. OK
    .. "content-length: 1\r\n\r\n1",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
  "HTTP/1.1 500 Oops\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 401 No\r\nwww-authenticate: Bearer realm=\"a\"\r\ncontent-length: 0\r\n\r\n",
  "HTTP/2 200\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/2.0 200 OK\r\n\r\n{}",
  "HTTP/3.7 200 OK\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.1 1000 OK\r\ncontent-length: 2\r\n\r\n{}",
  "HTTP/1.1  200  OK\r\ncontent-length:2\r\n\r\n{}",
  "HTTP/ 1. 1 200OK\r\ncontent-length:\t+2 bytes\r\n\r\n{}",
  "HTTP/x\r\n\r\n{}",
  "http/1.1 404 No\r\n\r\n{}",
  OK .. "content-length: -5\r\n\r\n{}",
  OK .. "content-length: 99999999999999999999\r\n\r\n{}",
  OK .. "content-length:\r\n\r\n",
  OK .. "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
  OK .. "transfer-encoding: chunked\r\n\r\n5\r\nabc",
  OK .. "transfer-encoding: chunked\r\n\r\n3\r\nabcx\r\n0\r\n\r\n",
  OK .. "no colon here\r\ncontent-length: 2\r\n\r\n{}",
  OK .. "\rcontent-length: 2\r\n\r\n{}",
  "SSH-2.0-OpenSSH_9.2p1\r\n",
  "{\"token\":\"t\"}",
  "",
}

local BITS = {
  "\r", "\n", "\r\n", "\r\n\r\n", "\n\n", "\0", " ", "\t", ":", ";", ",", "0", "1", "5", "-", "+", "f",
  "HTTP/1.1 200 OK\r\n", "HTTP/1.0 ", "HTTP/1.1 100 Continue\r\n\r\n", "content-length: 3\r\n",
  "Content-Length: 0\r\n", "transfer-encoding: chunked\r\n", "Transfer-Encoding: x, chunked\r\n",
  "content-encoding: x\r\n", "content-encoding: identity\r\n", "connection: close\r\n", "0\r\n\r\n",
  "x: y\r\n", " folded\r\n", "3\r\nabc\r\n", "chunked", "\255", "9223372036854775807", "7fffffffffffffff",
}

local CHANGES = {}

function CHANGES.cut(text, random)
  return text:sub(1, random(#text + 1) - 1)
end

function CHANGES.drop(text, random)
  local at = random(#text + 1)
  return text:sub(1, at - 1) .. text:sub(at + random(8))
end

function CHANGES.insert(text, random)
  local at = random(#text + 1)
  return text:sub(1, at - 1) .. BITS[random(#BITS)] .. text:sub(at)
end

function CHANGES.replace(text, random)
  local at = random(#text + 1)
  return text:sub(1, at - 1) .. string.char(random(256) - 1) .. text:sub(at + 1)
end

function CHANGES.splice(text, random)
  local other = fuzz.seeds[random(#fuzz.seeds)]
  return text:sub(1, random(#text + 1) - 1) .. other:sub(random(#other + 1))
end

function CHANGES.swap_case(text, random)
  local at = random(#text + 1)
  local c = text:sub(at, at)
  return text:sub(1, at - 1) .. (c == c:lower() and c:upper() or c:lower()) .. text:sub(at + 1)
end

local NAMES = { "cut", "drop", "insert", "insert", "insert", "replace", "splice", "swap_case" }

--- One more answer.
-- @tparam function random from `fuzz.random`
function fuzz.make(random)
  local text = fuzz.seeds[random(#fuzz.seeds)]
  for _ = 1, random(4) do text = CHANGES[NAMES[random(#NAMES)]](text, random) end
  return text
end

local CODINGS = { "gzip", "deflate", "br", "zstd", "compress" }

-- The lines of everything that may be a head.
local function lines(text)
  local list = {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do list[#list + 1] = line end
  return list
end

--- Why two transports need not agree on an answer; nil where they have to.
function fuzz.is_moot(text)
  local lower = text:lower()
  for _, name in ipairs(CODINGS) do
    if lower:find(name, 1, true) then return "libcurl undoes encodings, we ask for none" end
  end
  local before = ""
  for _, line in ipairs(lines(text)) do
    if line:sub(1, 1) == "\0" then return "libcurl drops what it has read where a line begins with NUL" end
    if line:find "^[ \t]" and before:lower():find "^http/" then
      return "libcurl 7.88 reads freed memory where the first header line is folded"
    end
    before = line
  end
  return nil
end

--- What our parser makes of an answer that comes in pieces.
-- @treturn[1] table response, with `body`
-- @treturn[2] nil
-- @treturn[2] string kind
-- @treturn[2] string message
function fuzz.parse(pieces, method, most)
  local answer = require "scalekit.http1.answer"
  local at = 0
  local source = { more = function()
    at = at + 1
    return pieces[at]
  end }
  local response, frame, rest = answer.open(source, method or "POST")
  if not response then return nil, frame, rest end
  local body, keep, message = answer.read_body(source, frame, rest, most or 8 * 1024 * 1024)
  if not body then return nil, keep, message end
  response.body, response.keep = body, keep
  return response
end

--- A text in pieces of random sizes.
function fuzz.split(text, random)
  local pieces, at = {}, 1
  while at <= #text do
    local size = random(3) == 1 and 1 or random(20)
    pieces[#pieces + 1] = text:sub(at, at + size - 1)
    at = at + size
  end
  return pieces
end

return fuzz
