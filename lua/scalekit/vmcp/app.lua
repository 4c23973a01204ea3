--- The one place that decides who answers a request.
local options = require "scalekit.options"

local accounts = require "scalekit.vmcp.accounts"
local discovery = require "scalekit.vmcp.discovery"
local endpoint = require "scalekit.vmcp.endpoint"
local oauth = require "scalekit.vmcp.oauth"
local page = require "scalekit.vmcp.page"
local problem = require "scalekit.vmcp.problem"
local rest = require "scalekit.vmcp.rest"
local switches = require "scalekit.vmcp.switches"

local app = {}

local App = {}
local mt = { __index = App, __name = "scalekit.vmcp.app" }

local UUID = "(%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x)"

-- pattern of the path → methods → handler(app, request, capture)
local ROUTES = {
  { "^/healthz$", { GET = discovery.health } },
  { "^/oauth/token$", { POST = oauth.token } },
  { "^/keys$", { GET = discovery.keys } },
  { "^/%.well%-known/openid%-configuration$", { GET = discovery.openid } },
  { "^/%.well%-known/oauth%-authorization%-server$", { GET = discovery.openid } },
  { "^/%.well%-known/oauth%-protected%-resource/mcp/v3/servers/" .. UUID .. "$",
    { GET = discovery.resource } },
  { "^/magicLink/([%w_-]+)$", { GET = page.show, POST = page.decide } },
  { "^/connected$", { GET = page.connected } },
  { "^/mcp/v3/servers/" .. UUID .. "$", { POST = endpoint.post } },
}

--- @tparam table self what `vmcp.app` made of its options
function app.new(self)
  return setmetatable(self, mt)
end

--- Unix seconds, moved by the clock switch where switches are on.
function App:now()
  return self.wall_clock() + (self.switches and switches.offset(self) or 0)
end

--- Where a config's MCP endpoint is.
function App:server_url(uuid)
  return self.base_url .. "/mcp/v3/servers/" .. uuid
end

--- Makes a user's account ACTIVE, as if the user had opened a link and allowed it: for tests that
-- have the app in their own process.
-- @tparam table opts `connection_name`, `identifier`
-- @treturn table|nil account
-- @treturn string why not
function App:authorize(opts)
  opts = options.check("app:authorize", opts, { connection_name = "string", identifier = "string" })
  local connection = self.catalogue:connection(opts.connection_name)
  if not self.is_local then
    error("app:authorize: only a local environment (base_url on loopback) does without users", 2)
  elseif not connection then
    error(("app:authorize: there is no connection named '%s'"):format(
      tostring(opts.connection_name)), 2)
  elseif not opts.identifier or opts.identifier == "" then
    error("app:authorize: option 'identifier' is required", 2)
  end
  local account, refusal = accounts.set_status(self, connection, opts.identifier, "ACTIVE")
  return account, refusal and refusal.message
end

-- A page of another site must not reach a server on the user's own machine through the user's
-- browser: neither under a foreign name (Host) nor by a cross-site request (Origin).
local function trusted(self, headers)
  local host, origin = headers.host, headers.origin
  return (not host or self.hosts[host:lower()])
    and (not origin or self.origins[origin])
end

local function names_of(methods)
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  return names
end

local function find(path)
  for _, route in ipairs(ROUTES) do
    local capture = path:match(route[1])
    if capture then return route[2], capture end
  end
end

--- Answers one request.
-- @tparam table request
-- @treturn table response
function App:handle(request)
  if not trusted(self, request.headers) then
    return problem.response(problem.forbidden "Host or Origin is not one this server answers to")
  end
  local path = request.path
  if path:sub(1, 8) == "/api/v1/" then
    return rest.handle(self, request)
  elseif self.switches and path:sub(1, 10) == "/switches/" then
    return switches.handle(self, request)
  end
  local methods, capture = find(path)
  if not methods then
    return problem.response(problem.not_found("Nothing is served at this path"))
  end
  local method = request.method == "HEAD" and "GET" or request.method
  if not methods[method] then
    return problem.response(problem.method_not_allowed(names_of(methods)))
  end
  return methods[method](self, request, capture)
end

return app
