--- Takes our secrets out of what others say: servers repeat what they were sent.
-- @module scalekit.redact

local core = require "scalekit.core"
local json = require "scalekit.json"

local redact = {}

local MARK = "[secret]"
local LEAST = 6 -- bytes; what is shorter is as likely a word of the message
local MAX_DEPTH = 16
local ESCAPED_AT_MOST = 2 -- times

-- Members of a request that hold a credential.
local NAMES = {
  access_token = true, refresh_token = true, id_token = true, token = true, client_secret = true,
  password = true, api_key = true, secret = true,
}

-- Members of an error that are ours, not the server's words.
local OURS = { kind = true, operation = true, outcome = true, cause = true }

--- A text in which one secret is replaced.
-- @tparam string text
-- @tparam string plain the secret
-- @treturn string
function redact.hide(text, plain)
  if plain == "" or not text:find(plain, 1, true) then return text end
  local parts, at = {}, 1
  while true do
    local first, last = text:find(plain, at, true)
    if not first then break end
    parts[#parts + 1] = text:sub(at, first - 1)
    at = last + 1
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts, MARK)
end

-- Adds where a secret stands in a text, also where the text was cut off within it. Of a text
-- that was unescaped `first` and `last` say which bytes its own come from; `stop` is the last
-- byte there is.
local function add_spans(spans, text, plain, stop, first, last)
  local function add(from, upto)
    spans[#spans + 1] = { first and first[from] or from, last and last[upto] or upto }
  end
  local at = 1
  while true do
    local from, upto = text:find(plain, at, true)
    if not from then break end
    add(from, upto)
    at = upto + 1
  end
  for length = math.min(#plain - 1, #text - at + 1), LEAST, -1 do
    if text:sub(-length) == plain:sub(1, length) then
      local from = #text - length + 1
      spans[#spans + 1] = { first and first[from] or from, stop }
      return
    end
  end
end

-- What an escape of JSON stands for, and its last byte; nil where it is none. One that was
-- cut off stands for nothing.
local function read_escape(text, at)
  if text:find("^\\u?%x*$", at) then return "", #text end
  local _, last = text:find("^\\u[Dd][89ABab]%x%x\\u[Dd][C-Fc-f]%x%x", at)
  if not last then _, last = text:find("^\\u%x%x%x%x", at) end
  if not last then _, last = text:find('^\\["\\/bfnrt]', at) end
  local value = last and json.decode('"' .. text:sub(at, last) .. '"')
  return value, last
end

-- A text with its escapes undone, and for each of its bytes the bytes it comes from.
local function unescape(text)
  local parts, first, last, at, size = {}, {}, {}, 1, 0
  while at <= #text do
    local byte, stop = text:sub(at, at), at
    if byte == "\\" then
      local value, upto = read_escape(text, at)
      if value then byte, stop = value, upto end
    end
    for i = size + 1, size + #byte do first[i], last[i] = at, stop end
    parts[#parts + 1], size, at = byte, size + #byte, stop + 1
  end
  return table.concat(parts), first, last
end

local function replace(text, spans)
  table.sort(spans, function(one, other) return one[1] < other[1] end)
  local parts, at = {}, 1
  for _, span in ipairs(spans) do
    if span[1] >= at then parts[#parts + 1] = text:sub(at, span[1] - 1) .. MARK end
    at = math.max(at, span[2] + 1)
  end
  parts[#parts + 1] = text:sub(at)
  return table.concat(parts)
end

-- A text without a secret, whichever way its characters are escaped: as they are, within
-- the text of a JSON document, or within one that is itself within one.
local function hide_everywhere(text, plain)
  local spans, decoded, first, last = {}, text, nil, nil
  add_spans(spans, text, plain, #text)
  for _ = 1, ESCAPED_AT_MOST do
    if not decoded:find("\\", 1, true) then break end
    local from, upto = first, last
    decoded, first, last = unescape(decoded)
    for i = 1, from and #decoded or 0 do first[i], last[i] = from[first[i]], upto[last[i]] end
    add_spans(spans, decoded, plain, #text, first, last)
  end
  return #spans > 0 and replace(text, spans) or text
end

local function hide_all(text, plains)
  for _, plain in ipairs(plains) do text = hide_everywhere(text, plain) end
  return text
end

-- The credentials in the JSON body of a request; all text in `static_auth` is one.
local function gather(value, list, all, depth)
  for name, item in next, value do
    if type(item) == "string" then
      if all or NAMES[name] then list[#list + 1] = item end
    elseif type(item) == "table" and depth < MAX_DEPTH then
      gather(item, list, all or name == "static_auth", depth + 1)
    end
  end
end

-- The credentials in a form.
local function gather_form(text, list)
  for name, value in text:gmatch "([^&=]+)=([^&]*)" do
    if NAMES[core.unpercent(name) or name] then list[#list + 1] = core.unpercent(value) end
  end
end

--- Takes the secrets of a request out of the error that came of it.
-- @tparam table err
-- @tparam table secrets a list of strings and secrets
-- @tparam[opt] string body the JSON, or the form, that was sent
function redact.error(err, secrets, body)
  local plains = {}
  local function add(plain)
    if #plain < LEAST then return end
    plains[#plains + 1] = plain
    local encoded = core.percent(plain) -- as a form has it
    if encoded ~= plain then plains[#plains + 1] = encoded end
  end
  for _, secret in ipairs(secrets) do add(core.reveal(secret)) end
  local sent, list = type(body) == "string" and json.decode(body), {}
  if type(sent) == "table" then
    gather(sent, list, false, 1)
  elseif type(body) == "string" then
    gather_form(body, list)
  end
  for _, text in ipairs(list) do add(text) end
  for name, value in pairs(err) do
    if type(value) == "string" and not OURS[name] then err[name] = hide_all(value, plains) end
  end
  for _, field in ipairs(err.fields or {}) do
    for name, value in pairs(field) do
      if type(value) == "string" then field[name] = hide_all(value, plains) end
    end
  end
end

return redact
