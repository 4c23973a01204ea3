--- The URL of an environment: what may be one, and what would send secrets, or
-- fetch keys, over a line that anybody can read or forge.
-- @module scalekit.address

local address = {}

local LOOPBACK = { localhost = true, ["[::1]"] = true }

--- What is wrong with a URL, or nil. The URL is not repeated: what is wrong
-- with it may be a password inside.
-- @tparam string url
-- @tparam[opt=false] boolean allow_insecure plain http to another machine
-- @treturn ?string
function address.fault(url, allow_insecure)
  local scheme, authority, rest = url:match "^(%a+)://([^/?#]+)(.*)$"
  scheme = scheme and scheme:lower()
  if scheme ~= "https" and scheme ~= "http" then
    return "must be a URL such as https://name.scalekit.dev"
  end
  if authority:find "@" then return "must not hold credentials" end
  if url:find "[%s%c\\]" then return "must not hold white space or backslashes" end
  if rest:find "[?#]" then return "must not have a query or a fragment" end
  local host = (authority:match "^(%[[%x:.]+%])" or authority:match "^[^:]+" or ""):lower()
  if scheme == "http" and not LOOPBACK[host] and not host:find "^127%.%d+%.%d+%.%d+$"
    and not allow_insecure then
    return ("would send secrets in clear to %s; use https, or say allow_insecure_http = true")
      :format(host)
  end
  return nil
end

--- The URL without the slashes at its end.
-- @tparam string url
-- @treturn string
function address.trim(url)
  return (url:gsub("/+$", ""))
end

return address
