--- The text of an HTTP request, and of the answer what a webhook needs: its status.
local http = {}

local PORTS = { http = 80, https = 443 }

--- Takes a URL apart.
-- @treturn table|nil { tls, host, address (what to connect to), port, authority, path }
function http.target(url)
  local scheme, authority, path = url:match "^(https?)://([^/?#]+)([^#]*)"
  if not scheme then return nil end
  local host, port = authority:match "^(%[[%x:.]+%]):?(%d*)$"
  if not host then host, port = authority:match "^([^:@]+):?(%d*)$" end
  if not host then return nil end
  if path:sub(1, 1) ~= "/" then path = "/" .. path end
  return {
    tls = scheme == "https",
    host = host,
    -- nameservers do not know it
    address = host:lower() == "localhost" and "127.0.0.1" or host,
    port = tonumber(port) or PORTS[scheme],
    authority = authority,
    path = path,
  }
end

--- The text of a request.
-- @tparam string method
-- @tparam table target as `http.target` gives it
-- @tparam table headers
-- @tparam string body
function http.request(method, target, headers, body)
  local lines = { ("%s %s HTTP/1.1"):format(method, target.path), "host: " .. target.authority }
  for name, value in pairs(headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  lines[#lines + 1] = ("content-length: %d"):format(#body)
  lines[#lines + 1] = "connection: close\r\n\r\n"
  return table.concat(lines, "\r\n") .. body
end

--- The status in the first line of an answer.
-- @treturn number|nil
-- @treturn string what is wrong
function http.status(line)
  local status = line:match "^HTTP/1%.%d (%d%d%d)"
  if not status then return nil, "the answer is not HTTP" end
  return tonumber(status)
end

return http
