--- Reads `WWW-Authenticate` (RFC 9110 section 11.6.1): one or more challenges,
-- comma-joined, each a scheme with parameters or with one opaque token.
-- @module scalekit.mcp.challenge

local challenge = {}

local MAX_LENGTH = 16384
local TOKEN = "[%w!#$%%&'*+%-.^_`|~]+"

-- A parameter at `at`: its name, value and the position after it.
local function parameter(text, at)
  local name, after = text:match("^(" .. TOKEN .. ")[ \t]*=[ \t]*()", at)
  if not name then return nil end
  if text:sub(after, after) ~= '"' then
    local value, past = text:match("^(" .. TOKEN .. ")()", after)
    return value and name, value, past
  end
  local parts, from = {}, after + 1
  while true do
    local stop = text:find('["\\]', from)
    if not stop then return nil end
    parts[#parts + 1] = text:sub(from, stop - 1)
    if text:sub(stop, stop) == '"' then return name, table.concat(parts), stop + 1 end
    parts[#parts + 1] = text:sub(stop + 1, stop + 1)
    from = stop + 2
  end
end

--- Parses a header value. What follows a malformed part is left out.
-- @tparam ?string text repeated headers joined with ", "
-- @treturn table array of challenges: `scheme` in lower case, each parameter
--   under its lower-case name (`realm`, `error`, `error_description`, `scope`,
--   `resource_metadata` …), and `token68` where a scheme carries one
function challenge.parse(text)
  local list, at = {}, 1
  text = (text or ""):sub(1, MAX_LENGTH)
  while true do
    at = text:match("^[ \t,]*()", at)
    local name, value, after = parameter(text, at)
    local current = list[#list]
    if name and current then
      name = name:lower()
      if name ~= "scheme" and current[name] == nil then current[name] = value end
    else
      local scheme
      scheme, after = text:match("^(" .. TOKEN .. ")()", at)
      if not scheme or text:find("^[ \t]*=", after) then return list end
      current = { scheme = scheme:lower() }
      list[#list + 1] = current
      local start = text:match("^ +()", after)
      if start and not parameter(text, start) then
        local token, past = text:match("^([%w%-._~+/]+=*)[ \t]*()", start)
        local next_char = past and text:sub(past, past)
        if next_char == "" or next_char == "," then
          current.token68, after = token, past
        end
      end
    end
    at = after
  end
end

--- The challenge that concerns a bearer token, else the first one.
-- @tparam ?string text
-- @treturn ?table as in @{parse}
function challenge.bearer(text)
  local list = challenge.parse(text)
  for _, one in ipairs(list) do
    if one.scheme == "bearer" then return one end
  end
  return list[1]
end

return challenge
