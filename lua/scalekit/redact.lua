--- Takes our secrets out of what others say: servers repeat what they were sent.
-- @module scalekit.redact

local core = require "scalekit.core"
local json = require "scalekit.json"

local redact = {}

local MARK = "[secret]"
local LEAST = 6 -- bytes; what is shorter is as likely a word of the message
local MAX_DEPTH = 16
local MAX_NESTED = 3 -- JSON within JSON within JSON

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

local NAMED = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function character(code)
  local low = 128 + code % 64
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), low) end
  local middle = 128 + math.floor(code / 64) % 64
  if code < 0x10000 then return string.char(0xE0 + math.floor(code / 4096), middle, low) end
  return string.char(0xF0 + math.floor(code / 262144), 128 + math.floor(code / 4096) % 64,
    middle, low)
end

local function pair(high, low)
  return character(0x10000 + (tonumber(high, 16) - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00)
end

local function escape(name, hex)
  if name == "u" and #hex == 4 then return character(tonumber(hex, 16)) end
  return (NAMED[name] or name) .. hex
end

-- JSON's escapes as what they mean, without one that was cut off.
local function unescape(text)
  text = text:gsub("\\u?%x?%x?%x?$", "")
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", pair)
  text = text:gsub("\\(.)(%x?%x?%x?%x?)", escape)
  return text
end

-- The same for many, also where the text was cut off within one.
local function hide_plain(text, plains)
  for _, plain in ipairs(plains) do
    text = redact.hide(text, plain)
    local beginning = plain:sub(1, LEAST)
    local at = text:find(beginning, math.max(1, #text - #plain + 2), true)
    while at and text:sub(at) ~= plain:sub(1, #text - at + 1) do
      at = text:find(beginning, at + 1, true)
    end
    if at then text = text:sub(1, at - 1) .. MARK end
  end
  return text
end

-- The same, also where the text is JSON and spells them with escapes.
local function hide_all(text, plains)
  text = hide_plain(text, plains)
  local bare = text
  for _ = 1, MAX_NESTED do
    if not bare:find("\\", 1, true) then break end
    bare = unescape(bare)
    local hidden = hide_plain(bare, plains)
    if hidden ~= bare then text, bare = hidden, hidden end
  end
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

--- Takes the secrets of a request out of the error that came of it.
-- @tparam table err
-- @tparam table secrets a list of strings and secrets
-- @tparam[opt] string body the JSON that was sent
function redact.error(err, secrets, body)
  local plains = {}
  local function add(plain)
    if #plain < LEAST then return end
    plains[#plains + 1] = plain
    local encoded = core.percent(plain) -- as a form has it
    if encoded ~= plain then plains[#plains + 1] = encoded end
  end
  for _, secret in ipairs(secrets) do add(core.reveal(secret)) end
  local sent = type(body) == "string" and json.decode(body)
  if json.is_object(sent) then
    local list = {}
    gather(sent, list, false, 1)
    for _, text in ipairs(list) do add(text) end
  end
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
