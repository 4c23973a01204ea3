--- What agent platforms want to be told about an MCP server, each in the shape of
-- its public documentation. The token stands in these tables in clear.
-- @module scalekit.platform

local core = require "scalekit.core"
local options = require "scalekit.options"

local platform = {}

local function bearer(server)
  return { Authorization = "Bearer " .. core.reveal(server.token) }
end

-- platform → { options it takes, function(server, opts) → table }
local SHAPES = {}

-- Any MCP client.
SHAPES.generic = { {}, function(server)
  return { url = server.url, headers = bearer(server) }
end }

-- Anthropic Messages API, MCP connector: members of the request's body, to go with
-- the header `anthropic-beta: mcp-client-2025-11-20`.
SHAPES.anthropic = { { name = "string" }, function(server)
  return {
    mcp_servers = { {
      type = "url", name = server.name, url = server.url,
      authorization_token = core.reveal(server.token),
    } },
    tools = { { type = "mcp_toolset", mcp_server_name = server.name } },
  }
end }

-- Claude Managed Agents: `agent` has what an agent is created with, once and without
-- any credential; `credential` creates the user's in a vault, `credential_update`
-- replaces its token in later runs. Tools are called unasked, unless
-- `permission_policy` says otherwise ("always_ask").
SHAPES.claude_managed_agents = { {
  name = "string", display_name = "string", permission_policy = "string",
}, function(server, opts)
  local token = core.reveal(server.token)
  return {
    agent = {
      mcp_servers = { { type = "url", name = server.name, url = server.url } },
      tools = { {
        type = "mcp_toolset", mcp_server_name = server.name,
        default_config = {
          enabled = true,
          permission_policy = { type = opts.permission_policy or "always_allow" },
        },
      } },
    },
    credential = {
      display_name = opts.display_name or server.name .. " for " .. server.identifier,
      auth = { type = "static_bearer", mcp_server_url = server.url, token = token },
    },
    credential_update = { auth = { type = "static_bearer", token = token } },
  }
end }

-- OpenAI Responses API: an entry of `tools`. Without `require_approval` the model
-- asks before each call.
SHAPES.openai = { {
  name = "string", description = "string", require_approval = "string|table",
}, function(server, opts)
  return {
    type = "mcp", server_url = server.url,
    -- a label begins with a letter
    server_label = server.name:find "^%a" and server.name or "mcp-" .. server.name,
    server_description = opts.description, require_approval = opts.require_approval,
    authorization = core.reveal(server.token),
  }
end }

-- LangChain: the argument of `MultiServerMCPClient`.
SHAPES.langchain = { { name = "string" }, function(server)
  return { [server.name] = {
    transport = "streamable_http", url = server.url, headers = bearer(server),
  } }
end }

-- CrewAI: the parameters of `MCPServerAdapter`.
SHAPES.crewai = { {}, function(server)
  return { transport = "streamable-http", url = server.url, headers = bearer(server) }
end }

-- Claude Code and others that read a file of servers: its content.
SHAPES.mcp_json = { { name = "string" }, function(server)
  return { mcpServers = { [server.name] = {
    type = "http", url = server.url, headers = bearer(server),
  } } }
end }

--- The names of the platforms, sorted.
platform.NAMES = {}
for name in pairs(SHAPES) do table.insert(platform.NAMES, name) end
table.sort(platform.NAMES)

--- The shape for a platform.
-- @tparam string what the function's name, for messages
-- @tparam string name of the platform
-- @tparam scalekit.session session that is open
-- @tparam ?table opts `name` of the server there, and what the platform knows besides
-- @tparam number level as for `error`, seen from the caller
-- @treturn table with the token in clear
function platform.shape(what, name, session, opts, level)
  local shape = SHAPES[name]
  if not shape then
    local near = type(name) == "string" and options.nearest(name, platform.NAMES)
    error(("%s: there is no shape for '%s'%s; there are: %s"):format(what, tostring(name),
      near and (" (did you mean '%s'?)"):format(near) or "",
      table.concat(platform.NAMES, ", ")), level + 1)
  end
  opts = options.check(what, opts, shape[1], level + 1)
  return shape[2]({
    url = session.url, token = session.token, identifier = session.identifier,
    name = opts.name or session.config_name or session.config_id,
  }, opts)
end

return platform
