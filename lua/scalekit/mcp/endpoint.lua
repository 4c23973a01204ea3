--- Reads from the options of `connect` where the server is and what every
-- request to it carries. Whatever may be a secret is one from here on.
-- @module scalekit.mcp.endpoint

local core = require "scalekit.core"
local header = require "scalekit.mcp.header"

local endpoint = {}

-- Headers that HTTP or the protocol itself sets.
local OWN = {
  ["accept"] = true, ["content-type"] = true, ["content-length"] = true, ["host"] = true,
  ["transfer-encoding"] = true, ["connection"] = true, ["last-event-id"] = true,
}

local function is_secret(value)
  return type(value) == "userdata" and (pcall(core.reveal, value))
end

--- The mistake in the caller's headers that only a programmer can make, or nil.
function endpoint.mistake(headers, token)
  local seen = {}
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or not header.is_name(name) then
      return "option 'headers' has a name that is none"
    end
    local lower = name:lower()
    if type(value) ~= "string" and not is_secret(value) then
      return ("header '%s' must be a string, got %s"):format(name, type(value))
    elseif OWN[lower] or lower:find "^mcp%-" then
      return ("header '%s' is set by the client itself"):format(name)
    elseif lower == "authorization" and token then
      return "give either 'token' or the header Authorization"
    elseif seen[lower] then
      return ("header '%s' is given twice"):format(name)
    end
    seen[lower] = true
  end
  return nil
end

local function is_loopback(host)
  return host == "localhost" or host == "[::1]" or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

-- What is wrong with a URL, or nil. The URL is not repeated: what is wrong with
-- it may be a password inside.
local function fault_of_url(url, has_secret, allow_insecure_http)
  local scheme, authority = url:match "^(%a+)://([^/?#]+)"
  scheme = scheme and scheme:lower()
  if scheme ~= "https" and scheme ~= "http" or url:find "[%s%c]" then
    return "url must be an absolute http or https URL"
  elseif authority:find("@", 1, true) then
    return "url must not contain a user name or password; use token or headers"
  elseif url:find("#", 1, true) then
    return "url must not have a fragment"
  end
  local host = (authority:match "^(%[.*%])" or authority:match "^[^:]*"):lower()
  if scheme == "http" and has_secret and not allow_insecure_http and not is_loopback(host) then
    return "url would send secrets in clear to another machine;"
      .. " use https, or say allow_insecure_http = true"
  end
  return nil
end

-- A value as a secret, if it is fit for a header.
local function as_secret(value, name)
  local plain = core.reveal(value)
  if plain == "" or not header.is_value(plain) or plain:find "^%s" or plain:find "%s$" then
    return nil, name .. " must not be empty, nor have line breaks or blanks at its ends"
  end
  return core.secret(plain)
end

-- Whether the value of a header deserves to be hidden, going by its name.
local function is_sensitive(name)
  return name:find "auth" or name:find "token" or name:find "key" or name:find "secret"
    or name:find "cookie"
end

-- Adds one header to `spec`; a bearer token becomes its `auth`.
local function add_header(spec, name, value)
  local lower = name:lower()
  if type(value) == "string" and not is_sensitive(lower) then
    if not header.is_value(value) then
      return nil, "header " .. name .. " must not have line breaks or control characters"
    end
    spec.headers[lower] = value
    return true
  end
  local secret, fault = as_secret(value, "header " .. name)
  if not secret then return nil, fault end
  local scheme, credentials = core.reveal(secret):match "^(%S+) +(%S+)$"
  if credentials then credentials = core.secret(credentials) end
  if lower == "authorization" and scheme and scheme:lower() == "bearer" then
    spec.auth = credentials
  else
    spec.headers[lower] = secret
  end
  spec.secrets[#spec.secrets + 1] = credentials or secret
  return true
end

--- Makes a token from outside fit to be sent.
-- @param value string or secret
-- @treturn[1] secret
-- @treturn[2] nil
-- @treturn[2] string what is wrong with it
function endpoint.token(value)
  if type(value) ~= "string" and not is_secret(value) then
    return nil, "the token must be a string, got " .. type(value)
  end
  return as_secret(value, "token")
end

--- Reads the options.
-- @tparam table opts `url`, `token`, `headers`, `allow_insecure_http`
-- @treturn[1] table `url`, `auth` or `source` (a function that returns tokens),
--   `headers` (lower-case names), `secrets` (a list), `accept`
-- @treturn[2] nil
-- @treturn[2] string what is wrong with these values
function endpoint.read(opts)
  local spec = { url = opts.url, headers = {}, secrets = {}, accept = endpoint.token }
  for name, value in pairs(opts.headers or {}) do
    local ok, fault = add_header(spec, name, value)
    if not ok then return nil, fault end
  end
  if type(opts.token) == "function" then
    spec.source = opts.token
  elseif opts.token then
    local secret, fault = as_secret(opts.token, "token")
    if not secret then return nil, fault end
    spec.auth = secret
    spec.secrets[#spec.secrets + 1] = secret
  end
  local has_secret = #spec.secrets > 0 or spec.source ~= nil
  local fault = fault_of_url(spec.url, has_secret, opts.allow_insecure_http)
  if fault then return nil, fault end
  return spec
end

return endpoint
