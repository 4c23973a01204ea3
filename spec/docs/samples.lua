-- Objects to compare the documentation with.
local later = require "scalekit.later"
local scalekit = require "scalekit"
local testing = require "scalekit.testing"

local samples = {}

local USER, CONFIG = "ada", "docs"

--- One of each object that can be had without a socket: class → object.
function samples.make()
  local env = testing.new()
  local client = env.client
  local config = assert(client.mcp:ensure_config {
    name = CONFIG,
    connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
  }).config
  env:authorize { identifier = USER }
  local session = assert(client.mcp:open_session { config = config, identifier = USER })
  local task
  scalekit.run(function() task = scalekit.spawn(function() end) end)
  local subscription = require "scalekit.mcp.subscription"
  local tokens = require "scalekit.tokens"
  client:validate_access_token "" -- makes the client's validator
  return {
    ["scalekit.client"] = client,
    ["scalekit.session"] = session,
    ["scalekit.mcp.connection"] = assert(session:connect()),
    ["scalekit.mcp.subscription"] = subscription.new({ acknowledged = {} }, session.url),
    ["scalekit.pages"] = client.mcp:each_config(),
    ["scalekit.batch"] = client.mcp:mint { config = config, identifiers = { USER } },
    ["scalekit.tokens.validator"] = assert(tokens.new { env_url = env.url, transport = env.transport }),
    ["scalekit.task"] = task,
    ["scalekit.testing.env"] = env,
    ["scalekit.vmcp.app"] = env.app,
  }
end

-- The methods of an object, also of one that looks them up with a function.
local function methods_of(object)
  local index, at = getmetatable(object).__index, 0
  while type(index) == "function" do
    at = at + 1
    local name, value = debug.getupvalue(index, at)
    if name == "methods" then index = value end
  end
  return later.all(index)
end

--- The names of all methods: class → set, those that are for insiders left out.
function samples.methods()
  local names = {}
  for class, object in pairs(samples.make()) do
    names[class] = {}
    for name, value in pairs(methods_of(object)) do
      local is_public = type(value) == "function" and not name:find "^_" and name ~= "new"
      if is_public then names[class][name] = true end
    end
  end
  return names
end

return samples
