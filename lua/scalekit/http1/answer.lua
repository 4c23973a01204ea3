--- The answer to one request, from the first byte of its head on.
-- @module scalekit.http1.answer

local body = require "scalekit.http1.body"
local core = require "scalekit.core"
local head = require "scalekit.http1.head"

local match, sub = string.match, string.sub

local answer = {}

local LARGE = "the answer is larger than allowed"
local CLOSED = "the connection was closed before an answer came"
local CUT = "the connection was closed in the middle of the header lines"

-- Most answers are read for their body alone, so their head waits as it came
-- until somebody asks.
local response_mt = {}

function response_mt:__index(name)
  if name == "head" then
    return sub(self._text, self._first, self._last)
  elseif name == "headers" then
    self.headers = core.parse_headers(self.head)
    return self.headers
  end
  return nil
end

-- Why there is no more of a head: its whole lines may tell.
local function broken_off(text, at)
  local whole = match(text, "^.*\n", at)
  if whole then
    local _, problem = head.read(whole .. "\n", 1)
    if problem then return "protocol", problem end
  end
  return "network", text == "" and CLOSED or CUT
end

-- The head of the final answer: the frame, the text it is in, and where it
-- begins there.
local function read_head(source, text, at)
  local frame, problem = head.read(text, at)
  if problem then return nil, "protocol", problem end
  if (frame and at + frame.size or #text) > head.MAX then return nil, "protocol", LARGE end
  if not frame then
    local more, kind, message = source:more()
    if more then return read_head(source, text .. more, at) end
    if not kind then kind, message = broken_off(text, at) end
    return nil, kind, message
  elseif frame.status >= 200 then
    return frame, text, at
  elseif frame.status == 101 then
    return nil, "network", "the server switches to another protocol, which nobody asked for"
  end
  return read_head(source, text, at + frame.size) -- there is more to come than this: 100, 103
end

--- Reads the head of an answer.
-- @tparam table source `more()`, see `scalekit.http1.body`
-- @tparam string method of the request
-- @treturn[1] table a response: `status`, `head` (text), `headers` (lower-case
--   names); no body yet
-- @treturn[1] table its frame, see `scalekit.http1.head`
-- @treturn[1] string what has come of its body
-- @treturn[2] nil
-- @treturn[2] string the kind of an error
-- @treturn[2] string its message
function answer.open(source, method)
  local frame, text, first = read_head(source, "", 1)
  if not frame then return nil, text, first end
  local last = first + frame.size - 1
  if method == "HEAD" then frame = { length = 0, keep = frame.keep, status = frame.status } end
  local response = { status = frame.status, _text = text, _first = first, _last = last }
  return setmetatable(response, response_mt), frame, sub(text, last + 1)
end

--- The body behind a head, as a whole.
-- @tparam table source
-- @tparam table frame
-- @tparam string rest as `open` gave them
-- @tparam number most bytes that the body may have
-- @treturn[1] string
-- @treturn[1] boolean whether the connection can carry another request
-- @treturn[2] nil
-- @treturn[2] string the kind of an error
-- @treturn[2] string its message
function answer.read_body(source, frame, rest, most)
  local length = frame.length
  if length == #rest and length <= most and not frame.coded then return rest, frame.keep end
  local reader = body.new(source, frame, rest)
  local text, kind, message = reader:all(most)
  if not text then return nil, kind, message end
  return text, frame.keep and reader:is_clean()
end

return answer
