--- Calls to a provider's own API through the service, which adds the user's
-- credentials: `client.actions:request{…}`.
-- @module scalekit.resource.proxy

local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local options = require "scalekit.options"
local reply = require "scalekit.reply"
local resource = require "scalekit.resource"
local version = require "scalekit.version"

local proxy = {}

local NAME = "request"

local OPTIONS = {
  connection_name = "string", identifier = "string", path = "string", method = "string",
  query_params = "table", body = "string|table", form_data = "table", headers = "table",
  timeout = duration.TYPE,
}

-- What the client sets itself; the names of headers are not told apart by case.
local OURS = { authorization = true, connection_name = true, identifier = true,
  ["user-agent"] = true, host = true, ["content-length"] = true }

local function violation(field, description)
  return { field = field, description = description, constraint = "string.pattern" }
end

-- What may stand in a header, or nil and what is wrong with it.
local function header_fault(field, value)
  if value == nil or value == "" then
    return { field = field, description = "is required", constraint = "required" }
  elseif value:find "%c" then
    return violation(field, "must not hold control characters")
  end
  return nil
end

-- A path that a server might read as one outside the proxy would take the
-- user's credentials, or ours, elsewhere: no dots for segments in any spelling.
local function path_fault(path)
  if not path or path == "" then
    return { field = "path", description = "is required", constraint = "required" }
  elseif path:find "[%c%s\\#\128-\255]" then
    return violation("path", "must be percent-encoded, without white space, '\\' and '#'")
  end
  local decoded, before = core.unpercent(path:match "^[^?]*"), nil
  if not decoded then return violation("path", "has a malformed escape") end
  while decoded and decoded ~= before do -- escaped twice, for a server that decodes twice
    before, decoded = decoded, core.unpercent(decoded)
  end
  for segment in before:gsub("\\", "/"):gmatch "[^/]+" do
    segment = segment:match "^[^;]*" -- some servers look no further
    if segment == "." or segment == ".." then
      return violation("path", "must not hold '.' or '..' as a segment")
    end
  end
  return nil
end

local function scalar(value)
  return type(value) == "string" or type(value) == "boolean"
    or (type(value) == "number" and value - value == 0)
end

local function text(value)
  if type(value) == "number" and value % 1 == 0 and value >= -2 ^ 53 and value <= 2 ^ 53 then
    return ("%d"):format(value)
  end
  return tostring(value)
end

-- "a=1&b=2&b=3": names in the order of the alphabet, a list repeats its name.
local function urlencode(option, fields)
  local names, parts = {}, {}
  for name in pairs(fields) do
    if type(name) ~= "string" then
      return nil, ("%s: option '%s' must have names"):format(NAME, option)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    for _, value in ipairs(type(fields[name]) == "table" and fields[name] or { fields[name] }) do
      if not scalar(value) then
        return nil, ("%s: %s.%s must be text, a number, a boolean, or a list of them")
          :format(NAME, option, name)
      end
      parts[#parts + 1] = core.percent(name) .. "=" .. core.percent(text(value))
    end
  end
  return table.concat(parts, "&")
end

-- The headers of the request, or nil and what is misuse.
local function headers_of(args, content_type)
  local headers = { accept = "*/*", ["content-type"] = content_type }
  for name, value in pairs(args.headers or {}) do
    local lower = type(name) == "string" and name:lower()
    local is_text = type(value) == "string" or tostring(value) == "scalekit.secret"
    if not lower or not is_text then
      return nil, NAME .. ": headers must be text by name"
    elseif OURS[lower] then
      return nil, ("%s: header '%s' is set by the client"):format(NAME, name)
    end
    headers[lower] = value
  end
  headers["user-agent"] = ("scalekit-lua/%s (%s)"):format(version, _VERSION)
  headers.connection_name, headers.identifier = args.connection_name, args.identifier
  return headers
end

local function body_of(args)
  if args.body ~= nil and args.form_data ~= nil then
    return nil, nil, NAME .. ": give either body or form_data"
  elseif args.form_data then
    local form, misuse = urlencode("form_data", args.form_data)
    return form, "application/x-www-form-urlencoded", misuse
  elseif type(args.body) == "table" then
    return json.encode(args.body), "application/json"
  elseif args.body then
    return args.body, "application/octet-stream"
  end
  return nil, nil
end

-- What the provider said is the caller's to judge, whatever its status. What
-- the service itself refuses says so in its own words.
local function read(response)
  local refusal = reply.refusal(response, NAME)
  if refusal then return nil, refusal end
  if response.status ~= 401 then return response end
  local err = reply.failure(response, NAME)
  err.response = response -- taken for ours once; then it is the provider's
  return nil, err
end

local SAFE = { GET = true, HEAD = true, OPTIONS = true }

-- The request and its operation; or nil, an error; or nil, nil, misuse.
local function prepare(args, timeout)
  local violations = {}
  for _, bad in pairs {
    header_fault("connection_name", args.connection_name) or false,
    header_fault("identifier", args.identifier) or false,
    path_fault(args.path) or false,
  } do
    violations[#violations + 1] = bad or nil
  end
  local method = (args.method or "GET"):upper()
  if not method:find "^%u+$" then violations[#violations + 1] = violation("method", "is no method") end
  local query, body, content_type, headers, misuse
  query, misuse = urlencode("query_params", args.query_params or {})
  if misuse then return nil, nil, misuse end
  body, content_type, misuse = body_of(args)
  if misuse then return nil, nil, misuse end
  headers, misuse = headers_of(args, content_type)
  if misuse then return nil, nil, misuse end
  if #violations > 0 then return nil, errors.invalid(violations, NAME) end
  local path, inside = args.path:match "^/*([^?]*)%??(.*)$"
  if inside ~= "" and query ~= "" then inside = inside .. "&" end
  local op = { label = NAME, method = method, safe = SAFE[method] or false, runs_tool = true,
    read = read }
  return { path = "/proxy/" .. path, query = inside .. query, body = body, headers = headers,
    timeout = timeout }, op
end

--- Calls the API behind a connection with the user's credentials.
--
-- Whatever the provider answers is returned, also a refusal: look at `status`.
-- `nil, err` means that the service refused, or that no answer came. A refusal
-- of our access token (401) is tried once more with a new one; a request that
-- may have arrived is repeated only for GET, HEAD and OPTIONS.
-- @function client.actions:request
-- @tparam table args
-- @tparam string args.connection_name
-- @tparam string args.identifier of the user
-- @tparam string args.path the provider's path, perhaps with a query, encoded
-- @tparam[opt="GET"] string args.method
-- @tparam[opt] table args.query_params name → text, number, boolean, or a list
-- @tparam[opt] string|table args.body a table is sent as JSON
-- @tparam[opt] table args.form_data as `query_params`; sent as a form
-- @tparam[opt] table args.headers name → text or secret
-- @tparam[opt=60] number|string args.timeout seconds, or a text such as "90s"
-- @treturn[1] table `status`, `headers` (lower-case names), `body` (a string)
-- @treturn[2] nil
-- @treturn[2] table error
function proxy.request(self, args)
  if not resource.is(self) then error(NAME .. ": call it with a colon", 2) end
  args = options.check(NAME, args, OPTIONS)
  local timeout = duration.option(NAME, args, "timeout")
  local request, op, misuse = prepare(args, timeout)
  if misuse then error(misuse, 2) end
  if not request then return nil, op end
  local response, err = self.client:call(op, request)
  if response then return response end
  if err.response then return err.response end
  return nil, err
end

return proxy
