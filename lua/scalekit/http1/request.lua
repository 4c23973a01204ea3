--- The head of a request, checked byte by byte: nothing that is put in here can
-- become another header, another host or another request.
-- @module scalekit.http1.request

local core = require "scalekit.core"

local find = string.find

local request = {}

-- The transport sets these itself: they say where the request ends.
local OWN = { ["content-length"] = true, ["transfer-encoding"] = true }

local BAD_HEADER = "a header has a byte that headers cannot carry"

--- Whether a text is a token (RFC 9110 5.6.2): a method, a header's name.
function request.is_token(text)
  return text ~= "" and not find(text, "[^%w!#$%%&'*+%-.^_`|~]")
end

--- Header lines.
-- @tparam table|nil headers name → string or secret
-- @treturn[1] string
-- @treturn[1] boolean whether there is a Host among them
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function request.lines(headers)
  local lines, has_host = {}, false
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" then error("scalekit: header names are strings", 0) end
    value = core.reveal(value)
    local known = name:lower()
    if OWN[known] then
      return nil, ("the header %s is set by the transport itself"):format(name)
    elseif not request.is_token(name) or find((value:gsub("\t", " ")), "%c") then
      return nil, BAD_HEADER
    end
    has_host = has_host or known == "host"
    lines[#lines + 1] = ("%s: %s\r\n"):format(name, value)
  end
  return table.concat(lines), has_host
end

--- The header line of a bearer token.
-- @tparam string|userdata token
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function request.bearer(token)
  local text = core.reveal(token)
  if find(text, "[^\33-\126]") then
    return nil, "the bearer token has a byte that headers cannot carry"
  end
  return ("authorization: Bearer %s\r\n"):format(text)
end

return request
