--- Undoes the chunked transfer coding (RFC 9112 7.1) as the bytes come: what
-- libcurl takes and what it refuses, byte for byte.
-- @module scalekit.http1.chunks

local byte, find, match, sub = string.byte, string.find, string.match, string.sub

local chunks = {}
chunks.__index = chunks

local CR, LF, SPACE, TAB = 13, 10, 32, 9
local MOST_DIGITS = 16
local MOST_TRAILER = 4093 -- bytes of one line
local BAD = "the answer's chunks make no sense"

--- @tparam number room the bytes that all trailers together may have
function chunks.new(room)
  return setmetatable({ state = "size", size = "", left = 0, line = "", room = room }, chunks)
end

-- Each state takes the bytes from `at` on and returns where it has got to, and
-- what is wrong if anything is.
local read = {}

function read.size(self, bytes, at)
  local digits = match(bytes, "^%x*", at)
  local size = self.size .. digits
  if #size > MOST_DIGITS then return at, BAD end
  self.size = size
  at = at + #digits
  if at > #bytes then return at end
  if size == "" or (#size == MOST_DIGITS and byte(size) >= 56) then return at, BAD end -- over 2^63
  self.left, self.size, self.state = tonumber(size, 16), "", "extension"
  return at
end

-- What follows the size means nothing.
function read.extension(self, bytes, at)
  local stop = find(bytes, "\n", at, true)
  if not stop then return #bytes + 1 end
  self.state = self.left > 0 and "data" or "first"
  return stop + 1
end

function read.data(self, bytes, at, out)
  local here = math.min(self.left, #bytes - at + 1)
  out[#out + 1] = sub(bytes, at, at + here - 1)
  self.left = self.left - here
  if self.left == 0 then self.state = "gap" end
  return at + here
end

function read.gap(self, bytes, at)
  local c = byte(bytes, at)
  if c == LF then
    self.state = "size"
  elseif c ~= CR then
    return at, BAD
  end
  return at + 1
end

-- Behind the last chunk: an empty line, or the first trailer.
function read.first(self, bytes, at)
  local c = byte(bytes, at)
  self.state = (c == CR or c == LF) and "blank" or "trailer"
  return at
end

local function is_bad_trailer(line)
  local first, colon, nul = byte(line), find(line, ":", 1, true), find(line, "\0", 1, true)
  return nul or (not colon and first ~= SPACE and first ~= TAB)
end

function read.trailer(self, bytes, at)
  local stop = find(bytes, "[\r\n]", at)
  local line = self.line .. sub(bytes, at, (stop or 0) - 1)
  if #line > MOST_TRAILER then return at, BAD end
  self.line = line
  if not stop then return #bytes + 1 end
  self.room = self.room - #line - 2
  if self.room < 0 then return at, "large" end
  if is_bad_trailer(line) then return at, BAD end
  self.line, self.state = "", "line_end"
  return byte(bytes, stop) == CR and stop + 1 or stop
end

function read.line_end(self, bytes, at)
  if byte(bytes, at) ~= LF then return at, BAD end
  self.state = "more"
  return at + 1
end

-- Behind a trailer: an empty line, or one more.
function read.more(self, bytes, at)
  local c = byte(bytes, at)
  self.state = (c == CR or c == LF) and "blank" or "trailer"
  return at
end

function read.blank(self, bytes, at)
  self.state = "last"
  return byte(bytes, at) == CR and at + 1 or at
end

function read.last(self, bytes, at)
  if byte(bytes, at) ~= LF then return at, BAD end
  self.state = "done"
  return at + 1
end

--- Takes the next bytes.
-- @tparam string bytes
-- @tparam table out a list; what they stand for is added to it
-- @treturn[1] number where the body has ended: the byte behind it
-- @treturn[2] nil it has not ended
-- @treturn[3] nil
-- @treturn[3] string what is wrong; "large": the trailers are
function chunks:feed(bytes, out)
  local at = 1
  while at <= #bytes do
    local next_at, problem = read[self.state](self, bytes, at, out)
    if problem then return nil, problem end
    at = next_at
    if self.state == "done" then return at end
  end
  return nil
end

--- Whether the connection may end here. libcurl does not insist on the very
-- last byte.
function chunks:may_end()
  return self.state == "last" or self.state == "done"
end

return chunks
