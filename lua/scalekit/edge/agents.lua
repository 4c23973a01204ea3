--- Mint and inject: agents call `/agents/<config>/mcp` with your app's own
-- authentication, and nginx forwards to the Virtual MCP server with a session token
-- of its own. The agent never sees the token.
--
--     init_by_lua_block {
--       local scalekit = require "scalekit"
--       agents = require("scalekit.edge").agents {
--         client = scalekit.check(scalekit.new()),
--         authenticate = function(config)
--           local user, run = my_app.who_is(ngx.var.http_authorization)
--           return user, run -- or nil: 401
--         end,
--       }
--     }
--
-- `examples/openresty/agents.conf` is the whole configuration.
-- @classmod scalekit.edge.agents

local answer = require "scalekit.edge.answer"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local errors = require "scalekit.error"
local host = require "scalekit.host.edge"
local options = require "scalekit.options"
local origins = require "scalekit.edge.origins"
local runs = require "scalekit.edge.runs"
local urls = require "scalekit.http1.url"

local agents = {}
agents.__index = agents
agents.__name = "scalekit.edge.agents"

local OPTIONS = {
  client = "table", authenticate = "function", upstream = "string", origins = "table",
  expiry = duration.TYPE, idle = duration.TYPE, timeout = duration.TYPE, cache = "number",
  user_verify_url = "string",
}

local WHAT = "edge.agents"
local LONGEST = 1024 -- bytes of an identifier or a run
local METHODS = { POST = true, GET = true, DELETE = true }

--- Makes one; call it in `init_by_lua`.
-- @tparam table opts
-- @tparam scalekit.client opts.client
-- @tparam function opts.authenticate `authenticate(config)` says who the request at hand is
-- from: the user's identifier, and what names this run of the agent (by default a user
-- has one run of a config at a time); nil where it is from nobody, or from somebody
-- who may not use that config. It runs for every request, and may wait.
-- @tparam[opt=3600] number|string opts.expiry 1 minute to 24 hours: how long a token is
-- good. Longer than a run is best; a run that outlasts its token gets another
-- @tparam[opt=900] number|string opts.idle a run that nobody asks for so long is over
-- @tparam[opt=20] number|string opts.timeout for checking accounts and minting
-- @tparam[opt] string opts.upstream where the configuration passes requests on to, such as
-- "https://name.scalekit.dev"; the client's environment by default. A token is never
-- sent to another place
-- @tparam[opt] table opts.origins list of those whose pages may call, "https://app.example.com";
-- none by default: agents are no browsers
-- @tparam[opt] string opts.user_verify_url for environments that have the app verify its users
-- @tparam[opt=10000] number opts.cache how many runs a worker has at hand
-- @treturn[1] scalekit.edge.agents
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "configuration": there is no `lua_shared_dict`
function agents.new(opts)
  opts = options.check(WHAT, opts, OPTIONS)
  for _, name in ipairs { "client", "authenticate" } do
    if not opts[name] then error(("%s: option '%s' is required"):format(WHAT, name), 2) end
  end
  local client = opts.client
  local upstream = urls.origin(opts.upstream or client.env_url)
  if not upstream then error(WHAT .. ": option 'upstream' must be a URL", 2) end
  local self = setmetatable({
    client = client,
    authenticate = opts.authenticate,
    expiry = duration.option(WHAT, opts, "expiry", 3600),
    timeout = duration.option(WHAT, opts, "timeout", client.timeout),
    user_verify_url = opts.user_verify_url,
    upstream = upstream,
    origins = origins.set(opts.origins),
  }, agents)
  local idle = duration.option(WHAT, opts, "idle", 900)
  if not client.vault then
    return nil, errors.new {
      kind = "configuration",
      message = "runs are shared by all workers: set nginx's directive lua_shared_dict scalekit"
        .. " 10m",
    }
  end
  self.runs = runs.new { vault = client.vault, idle = idle, size = opts.cache or 10000 }
  return self
end

function agents:__tostring()
  return "scalekit.edge.agents(" .. self.client.env_url .. ")"
end

-- What follows the origin of the config's URL, if that is where we pass on to.
local function path_of(self, url)
  local origin = urls.origin(url)
  local here = self.upstream
  if origin and origin.scheme == here.scheme and origin.authority == here.authority then
    return urls.target(url:sub(#origin.prefix + 1))
  end
  return nil, errors.new {
    kind = "configuration",
    message = ("the config is served at %s, this nginx passes on to %s; set the option 'upstream'"
      .. " and proxy_pass accordingly"):format(origin and origin.prefix or "no URL", here.prefix),
  }
end

local function open(self, config, identifier, deadline)
  local session, err = self.client.mcp:open_session {
    config = config, identifier = identifier, expiry = self.expiry,
    user_verify_url = self.user_verify_url, timeout = math.max(deadline - core.now(), 0.001),
  }
  if not session then return nil, err end
  local path
  path, err = path_of(self, session.url)
  if not path then return nil, err end
  return path, session.token, self.expiry
end

-- Who asks, as authentication has it; nil where that is nobody.
local function asker(self, config)
  local identifier, run = self.authenticate(config)
  if not identifier then return nil end
  run = run or ""
  if type(identifier) ~= "string" or type(run) ~= "string" or #identifier > LONGEST
    or #run > LONGEST or identifier:find("\0", 1, true) or run:find("\0", 1, true) then
    error("edge.agents: authenticate must return strings without NUL, of 1024 bytes at most", 0)
  end
  return identifier, config .. "\0" .. identifier .. "\0" .. run
end

local function refuse(self, err)
  local refused, is_ours = answer.of_error(err, host.body())
  if is_ours then host.log(tostring(self), ": ", tostring(err)) end
  return host.answer(refused)
end

local function begin(self, config, identifier, key)
  return self.runs:begin(key, core.now() + self.timeout, function(deadline)
    return open(self, config, identifier, deadline)
  end)
end

-- Apart from `begin`: LuaJIT compiles no function that makes closures.
local function run_of(self, config, identifier, key)
  local run = self.runs:find(key)
  if run then return run end
  return begin(self, config, identifier, key)
end

local function pass_on(run, key)
  host.set_variable("scalekit_path", run.path)
  host.set_variable("scalekit_authorization", run.authorization)
  host.set_variable("scalekit_run", key)
  host.pass_mcp_headers()
end

-- The agent is done. Where the server knows its session it is told, too.
local function end_run(self, key)
  local run = host.header "mcp_session_id" and self.runs:find(key)
  self.runs:finish(key)
  if run then return pass_on(run, key) end
  return host.answer(answer.empty(204))
end

-- nginx compiles no Lua that stands in its configuration, so what is read there costs more
-- than here.
local function config_of_location()
  local config = host.variable "agent_config"
  if not config then
    error("agents:access: say which config, or have the location set $agent_config", 0)
  end
  return config
end

--- Decides about a request: `access_by_lua_block { agents:access() }`.
-- Passes on with the variables `$scalekit_path`, `$scalekit_authorization` and
-- `$scalekit_run` set, or answers.
-- @tparam[opt] string config name or id of the config; what the variable `$agent_config`
-- says by default
function agents:access(config)
  config = config or config_of_location()
  local method = host.method()
  if not METHODS[method] then
    return host.answer(answer.empty(405, { allow = "POST, GET, DELETE" }))
  elseif not origins.allows(self.origins, host.header "origin") then
    return host.answer(answer.rpc(403, "forbidden", "the origin is not allowed"))
  end
  local identifier, key = asker(self, config)
  if not identifier then
    local refused = answer.rpc(401, "unauthorized", "authentication is required", host.body())
    refused.headers["www-authenticate"] = "Bearer"
    return host.answer(refused)
  elseif method == "DELETE" then
    return end_run(self, key)
  end
  local run, err = run_of(self, config, identifier, key)
  if not run then return refuse(self, err) end
  return pass_on(run, key)
end

--- The server has refused the token: another one, once. For the location to which
-- `error_page 401` leads: `access_by_lua_block { agents:again() }`.
function agents:again()
  host.drop_answer_header "WWW-Authenticate" -- it is about our token
  if host.method() == "DELETE" then return host.answer(answer.empty(204)) end
  local key = host.variable "scalekit_run"
  local config, identifier = key:match "^(%Z*)%z(%Z*)"
  self.runs:finish(key, host.variable "scalekit_authorization")
  local run, err = run_of(self, config, identifier, key)
  if not run then return refuse(self, err) end
  return pass_on(run, key)
end

--- The server has refused that token, too: this is nothing that the agent could mend.
-- `header_filter_by_lua_block { agents:answered() }` of that location.
function agents.answered(_)
  if host.answer_status() == 401 then host.set_answer_status(502) end
end

--- Ends a run and forgets its token, in all workers. It need not have begun.
-- @tparam string config as in the URL
-- @tparam string identifier
-- @tparam[opt] string run
function agents:finish(config, identifier, run)
  self.runs:finish(config .. "\0" .. identifier .. "\0" .. (run or ""))
end

return agents
