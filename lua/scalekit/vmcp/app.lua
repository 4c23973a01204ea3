--- An app: the one place that decides who answers a request.
-- @classmod scalekit.vmcp.app
local controls = require "scalekit.vmcp.controls"
local discovery = require "scalekit.vmcp.discovery"
local endpoint = require "scalekit.vmcp.endpoint"
local faults = require "scalekit.vmcp.faults"
local oauth = require "scalekit.vmcp.oauth"
local page = require "scalekit.vmcp.page"
local problem = require "scalekit.vmcp.problem"
local proxy = require "scalekit.vmcp.proxy"
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
  { "^/mcp/instances/([%w_-]+)$", { POST = endpoint.post_to_instance } },
}

for name, method in pairs(controls.methods) do App[name] = method end

-- `self` is what `vmcp.app` made of its options.
function app.new(self)
  return setmetatable(self, mt)
end

--- Unix seconds, moved by the clock switch where there are switches.
-- @treturn number
function App:now()
  return self.wall_clock() + (self.has_switches and controls.offset(self) or 0)
end

--- Where a config's MCP endpoint is.
-- @local
function App:server_url(uuid)
  return self.base_url .. "/mcp/v3/servers/" .. uuid
end

--- Where an instance of the older model is.
-- @local
function App:instance_url(opaque)
  return self.base_url .. "/mcp/instances/" .. opaque
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

local function serve(self, request)
  local path = request.path
  if path:sub(1, 8) == "/api/v1/" then
    return rest.handle(self, request)
  elseif path:sub(1, 7) == "/proxy/" then
    return proxy.handle(self, request)
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

--- Answers one request.
-- @tparam table request
-- @treturn table response
function App:handle(request)
  if not trusted(self, request.headers) then
    return problem.response(problem.forbidden "Host or Origin is not one this server answers to")
  end
  local fault = faults.of_request(self, request)
  local response = fault and faults.response(fault) or serve(self, request)
  if fault then
    response.delay, response.lost = fault.seconds, fault.lose
    response.note = "fault " .. (response.note or "")
  end
  return response
end

return app
