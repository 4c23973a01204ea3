--- Takes our secrets out of what others say: servers repeat what they were sent.
-- @module scalekit.redact

local core = require "scalekit.core"
local json = require "scalekit.json"

local redact = {}

local MARK = "[secret]"
local LEAST = 6 -- bytes; what is shorter is as likely a word of the message
local MAX_DEPTH = 16

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

-- The same, also where the text was cut off within the secret.
local function hide_all(text, plains)
  for _, plain in ipairs(plains) do
    text = redact.hide(text, plain)
    for length = math.min(#plain - 1, #text), LEAST, -1 do
      if text:sub(-length) == plain:sub(1, length) then
        text = text:sub(1, -length - 1) .. MARK
        break
      end
    end
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
