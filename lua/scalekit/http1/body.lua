--- The body of an answer, piece by piece or as a whole.
--
-- A source is a table with `more(by)`: the next bytes from the peer; nil at the
-- end of the connection; `nil, kind, message` where it broke; or `nil, "later"` where
-- nothing has come by the time that is given.
-- @module scalekit.http1.body

local chunks = require "scalekit.http1.chunks"
local head = require "scalekit.http1.head"

local sub = string.sub

local body = {}
body.__index = body

local CUT = "the connection was closed before the answer was complete"
local LARGE = "the answer is larger than allowed"

--- @tparam table source
-- @tparam table frame from `scalekit.http1.head`
-- @tparam string rest what has come behind the head
function body.new(source, frame, rest)
  return setmetatable({
    source = source,
    rest = rest ~= "" and rest or nil,
    left = frame.length,
    chunks = frame.chunked and not frame.length and chunks.new(head.MAX - frame.size) or nil,
    coded = frame.coded,
    ended = frame.length == 0,
  }, body)
end

-- Takes the bytes of this body, and leaves what is behind it.
local function take_length(self, bytes)
  if self.left > #bytes then
    self.left = self.left - #bytes
    return bytes
  end
  local mine = self.left
  self.left, self.ended = 0, true
  if mine == #bytes then return bytes end
  self.rest = sub(bytes, mine + 1)
  return sub(bytes, 1, mine)
end

local function take_chunks(self, bytes)
  local out = {}
  local stop, problem = self.chunks:feed(bytes, out)
  if problem == "large" then return nil, "protocol", LARGE end
  if problem then return nil, "network", problem end
  if stop then
    self.ended = true
    if stop <= #bytes then self.rest = sub(bytes, stop) end
  end
  return table.concat(out)
end

-- The next bytes of the connection, or how it ended.
local function receive(self, by)
  local bytes = self.rest
  if bytes then
    self.rest = nil
    return bytes
  end
  local kind, message
  bytes, kind, message = self.source:more(by)
  if bytes or kind then return bytes, kind, message end
  if self.left or (self.chunks and not self.chunks:may_end()) then return nil, "network", CUT end
  self.ended = true
  return nil
end

--- The next piece, never empty.
-- @tparam[opt] number by until when to wait
-- @treturn[1] string
-- @treturn[2] nil at the end
-- @treturn[3] nil
-- @treturn[3] string the kind of an error; "later" is none: there may be more
-- @treturn[3] string its message
function body:next(by)
  while not self.ended do
    local bytes, kind, message = receive(self, by)
    if bytes and self.left then
      bytes = take_length(self, bytes)
    elseif bytes and self.chunks then
      bytes, kind, message = take_chunks(self, bytes)
    end
    if kind then return nil, kind, message end
    if bytes and bytes ~= "" then
      if self.coded then
        return nil, "protocol",
          ("the answer is encoded (%s), which nobody asked for"):format(self.coded)
      end
      return bytes
    end
  end
  return nil
end

--- Whether the connection can carry another request now.
function body:is_clean()
  return self.ended and not self.rest
end

--- All of it.
-- @tparam number most bytes that it may have
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string the kind of an error
-- @treturn[2] string its message
function body:all(most)
  if self.left and self.left > most then return nil, "protocol", LARGE end
  local pieces, total = {}, 0
  while true do
    local piece, kind, message = self:next()
    if not piece then
      if kind then return nil, kind, message end
      return table.concat(pieces)
    end
    total = total + #piece
    if total > most then return nil, "protocol", LARGE end
    pieces[#pieces + 1] = piece
  end
end

return body
