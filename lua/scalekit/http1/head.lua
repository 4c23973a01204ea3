--- The head of an HTTP/1 answer: the status line and the header lines.
--
-- What passes here and what does not is what libcurl lets pass, so that a
-- server is understood alike by both transports: lines may end in a bare LF, a
-- line that begins with a CR ends the head, of two lengths the later counts.
-- spec/http1_fuzz_spec.lua holds the two against one another.
-- @module scalekit.http1.head

local byte, find, lower, match, sub =
  string.byte, string.find, string.lower, string.match, string.sub

local head = {}

--- The bytes that all header lines of an answer may have, trailers included.
head.MAX = 64 * 1024

local NO_HTTP = "the answer is not HTTP"
local MOST_CODINGS = 5
local HUGE = 9223372036854775807 -- lengths beyond it are none
local MOST_REMEMBERED, MOST_REMEMBERED_BYTES = 32, 1024

local SPACE, TAB, CR, C, T = 32, 9, 13, 67, 84

-- Where the head ends that begins at `at`: its last byte, and the last of its
-- last line that is not empty.
local function end_of(text, at)
  local cr, lf = find(text, "\n\r", at, true), find(text, "\n\n", at, true)
  if lf and (not cr or lf < cr) then return lf + 1, lf end
  return cr and find(text, "\n", cr + 1, true), cr
end

local NO_VERSION = "the answer has an HTTP version that is unknown"
local NO_STATUS = "the answer has a status that is none"

-- "HTTP/2 200", "HTTP/2200": what a server says that has no version after a dot.
local function dotless_status(line)
  local status = match(line, "^HTTP/2%s*%+?(%d+)")
  if not status then return nil, NO_VERSION end
  status = tonumber(status)
  if status < 100 or status >= 2 ^ 31 then return nil, NO_STATUS end
  return status, 20
end

-- A status line that is not "HTTP/1.1 200 …", as scanf reads it in libcurl:
-- status, version (10, 11, 20); or nil, and why not.
local function odd_status(line)
  local major, rest = match(line, "^HTTP/%s*(%d)(.*)")
  if not major then
    if match(line, "^HTTP/%s*$") then return nil, NO_VERSION end
    return 200, 10 -- a relic of servers that knew no numbers
  end
  if sub(rest, 1, 1) ~= "." then return dotless_status(line) end
  local minor, separator, code = match(rest, "^%.%s*(%d)(.)%s*([%+%-]?%d+)")
  if not code or separator ~= " " then return nil, NO_VERSION end
  if not match(code, "^%d%d%d$") or tonumber(code) < 100 then return nil, NO_STATUS end
  local version = tonumber(major .. minor)
  if version ~= 10 and version ~= 11 and version ~= 20 then return nil, NO_VERSION end
  return tonumber(code), version
end

local function is_digit(c)
  return c >= 48 and c <= 57
end

-- Without a pattern: LuaJIT compiles bytes.
local function read_status(text, at)
  if sub(text, at, at + 8) == "HTTP/1.1 " then
    local a, b, c, after = byte(text, at + 9, at + 12)
    if after and a > 48 and is_digit(a) and is_digit(b) and is_digit(c) and not is_digit(after) then
      return a * 100 + b * 10 + c - 5328, 11
    end
  end
  return odd_status(match(text, "^[^\n]*\n", at))
end

-- The codings in a Content-Encoding or Transfer-Encoding: adds to `frame`.
local function read_codings(frame, value, is_transfer)
  for item in value:gmatch "[^,]+" do
    local name = lower(match(item, "^[ \t]*(.-)%s*$"))
    if is_transfer and name == "chunked" then
      frame.chunked = true
    elseif name ~= "" then
      frame.codings = frame.codings + 1
      if frame.codings > MOST_CODINGS then return "the answer has too many encodings" end
      if name ~= "identity" and name ~= "none" then frame.coded = name end
    end
  end
  return nil
end

-- The lines that say how long the body is, and whether the connection stays:
-- each takes the frame and the value, and may answer what is wrong.
local READ = {}

-- " 123\r", as nearly everybody writes it; nil for anything else.
local function plain_length(value)
  local length = 0
  for i = 2, #value - 1 do
    local c = byte(value, i)
    if not is_digit(c) then return nil end
    length = length * 10 + c - 48
  end
  local first, last = byte(value, 1, 1), byte(value, #value)
  return first == SPACE and last == CR and #value > 2 and #value < 16 and length or nil
end

READ["content-length"] = function(frame, value)
  if frame.bodyless then return nil end
  frame.length = plain_length(value)
  if frame.length then return nil end
  local digits = match(value, "^[ \t]*%+?(%d+)")
  if not digits then return "the answer has a length that is none" end
  local length = tonumber(digits)
  frame.length = length < HUGE and length or math.huge
  return nil
end

READ["transfer-encoding"] = function(frame, value)
  if frame.bodyless then return nil end
  local problem = read_codings(frame, value, true)
  if not frame.chunked then frame.to_end = true end
  return problem
end

READ["content-encoding"] = function(frame, value)
  if frame.bodyless then return nil end
  return read_codings(frame, value, false)
end

READ["connection"] = function(frame, value)
  value = lower(value)
  if frame.version == 10 and find(value, "keep-alive", 1, true) then
    frame.keep = true
  elseif find(value, "close", 1, true) then
    frame.keep = false
  end
  return nil
end

-- Reads the header lines from `at` to `last`; nil, or what is wrong.
local function read_lines(frame, text, at, last)
  local first = at
  while at <= last do
    local stop, colon = find(text, "\n", at, true), find(text, ":", at, true)
    local cr = find(text, "\r", at, true)
    local letter = byte(text, at)
    if letter == SPACE or letter == TAB then -- goes on from the line before
      if at == first then return "the answer's first header line has no name" end
    elseif not colon or colon > stop or (cr and cr < colon) then
      return "the answer has a header line without a colon"
    else
      letter = letter >= 97 and letter - 32 or letter
      local read = (letter == C or letter == T) and READ[lower(sub(text, at, colon - 1))]
      local problem = read and read(frame, sub(text, colon + 1, stop - 1))
      if problem then return problem end
    end
    at = stop + 1
  end
  return nil
end

-- The frame of a whole head; nil and what is wrong with it.
local function parse(text, at, stop, last)
  local nul = find(text, "\0", at, true)
  if nul and nul <= last then return nil, "the answer has a NUL in its header lines" end
  local status, version = read_status(text, at)
  if not status then return nil, version end
  local frame = {
    status = status, size = stop - at + 1, version = version, keep = version == 11,
    length = false, chunked = false, to_end = false, coded = false, codings = 0,
    bodyless = status < 200 or status == 204 or status == 304,
  }
  local problem = read_lines(frame, text, find(text, "\n", at, true) + 1, last)
  if problem then return nil, problem end
  if frame.bodyless then
    frame.length = 0
  elseif frame.chunked or frame.to_end then
    frame.length = false
  end
  if not (frame.length or frame.chunked) then frame.keep = false end
  return frame
end

-- A busy server sends the same head thousands of times, until its Date changes.
local frames, count = {}, 0

local function remember(text, frame)
  if count == MOST_REMEMBERED then frames, count = {}, 0 end
  frames[text], count = frame, count + 1
end

--- Reads a head.
-- @tparam string text what has come so far
-- @tparam number at where in it the head begins
-- @treturn[1] table a frame, not to be changed: `status`; `size` of the head in bytes;
--   `length` of the body (false: it ends with the connection, or as `chunked`
--   says), `chunked`, `coded` (false, or an encoding that is not undone), `keep`
--   (the connection outlives the body)
-- @treturn[2] nil more has to come
-- @treturn[3] nil
-- @treturn[3] string what is wrong
function head.read(text, at)
  if lower(sub(text, at, at + 4)) ~= sub("http/", 1, #text - at + 1) then return nil, NO_HTTP end
  local stop, last = end_of(text, at)
  if not stop then return nil end
  if stop - at > MOST_REMEMBERED_BYTES then return parse(text, at, stop, last) end
  local whole = sub(text, at, stop)
  if frames[whole] then return frames[whole] end
  local frame, problem = parse(text, at, stop, last)
  if frame then remember(whole, frame) end
  return frame, problem
end

return head
