--- What a URL says about where to connect and what to ask for.
-- @module scalekit.http1.url

local find, lower, match, sub = string.find, string.lower, string.match, string.sub

local url = {}

local REFUSED = "a URL must be http or https, without user name, white space or backslash"
local PORTS = { http = 80, https = 443 }

-- A path without "." and ".." segments (RFC 3986 5.2.4), as libcurl sends it.
local function without_dots(path)
  local kept = {}
  for segment in path:gmatch "/([^/]*)" do
    if segment == ".." then
      kept[#kept] = nil
    elseif segment ~= "." then
      kept[#kept + 1] = segment
    end
  end
  if match(path, "/%.%.?$") then kept[#kept + 1] = "" end
  return "/" .. table.concat(kept, "/")
end

--- What to put into the request line, of all that follows the host.
-- @tparam string rest
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] string what is wrong
function url.target(rest)
  if find(rest, "[%c \\\127]") then return nil, REFUSED end
  local fragment = find(rest, "#", 1, true)
  if fragment then rest = sub(rest, 1, fragment - 1) end
  if sub(rest, 1, 1) ~= "/" then rest = "/" .. rest end
  if not find(rest, "/.", 1, true) then return rest end
  local path, query = match(rest, "^([^?]*)(.*)$")
  return without_dots(path) .. query
end

-- Host and port of an authority; nil where there are none.
local function read_authority(authority)
  local host, port = match(authority, "^(%[[%x:.]+%]):?(%d*)$")
  if not host then host, port = match(authority, "^([%w%-._~]+):?(%d*)$") end
  if not host then return nil end
  port = port ~= "" and tonumber(port) or nil
  if port and (port < 1 or port > 65535) then return nil end
  return lower(host), port
end

--- Reads the part of a URL that says where to connect.
-- @tparam string text an absolute URL
-- @treturn[1] table `scheme`, `host` (lower case; an IPv6 address in brackets),
--   `port`, `authority` (for the Host header), `prefix` (that part of the text)
-- @treturn[2] nil
-- @treturn[2] string what is wrong; the URL is not repeated, it may hold a password
function url.origin(text)
  local scheme, authority = match(text, "^(%a+)://([^/?#]+)")
  local default = scheme and PORTS[lower(scheme)]
  if not default then return nil, REFUSED end
  local host, port = read_authority(authority)
  if not host then
    return nil, find(authority, "[@%s\\%c]") and REFUSED or "the URL's host or port is none"
  end
  scheme = lower(scheme)
  if port == default then port = nil end
  return {
    scheme = scheme, host = host, port = port or default,
    authority = port and ("%s:%d"):format(host, port) or host,
    prefix = sub(text, 1, #scheme + 3 + #authority),
  }
end

return url
