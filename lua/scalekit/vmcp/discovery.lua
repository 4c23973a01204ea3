--- The public documents: keys, issuer metadata, protected resource metadata, health.
local json = require "scalekit.json"

local configs = require "scalekit.vmcp.configs"
local problem = require "scalekit.vmcp.problem"

local discovery = {}

local function document(value)
  return {
    status = 200,
    headers = { ["content-type"] = "application/json", ["cache-control"] = "max-age=300" },
    body = json.encode(value),
  }
end

function discovery.health()
  return { status = 200, headers = { ["content-type"] = "text/plain" }, body = "ok\n" }
end

--- The JSON Web Key Set that verifies every token of this environment.
function discovery.keys(app)
  local jwk = app.key:jwk()
  jwk.kid, jwk.alg, jwk.use = app.kid, app.key:alg(), "sig"
  return document { keys = json.array { jwk } }
end

function discovery.openid(app)
  return document {
    issuer = app.base_url,
    jwks_uri = app.base_url .. "/keys",
    token_endpoint = app.base_url .. "/oauth/token",
    grant_types_supported = json.array { "client_credentials" },
    response_types_supported = json.array {},
    subject_types_supported = json.array { "public" },
    id_token_signing_alg_values_supported = json.array { "RS256" },
    token_endpoint_auth_methods_supported = json.array {
      "client_secret_post", "client_secret_basic",
    },
  }
end

--- Where RFC 9728 puts the metadata of one Virtual MCP server.
function discovery.resource_url(app, uuid)
  return app.base_url .. "/.well-known/oauth-protected-resource/mcp/v3/servers/" .. uuid
end

--- RFC 9728: each Virtual MCP server is a resource of its own.
function discovery.resource(app, _, uuid)
  local config = configs.by_uuid(app, uuid)
  if not config then
    return problem.response(problem.not_found("No such MCP server"))
  end
  return document {
    resource = app:server_url(uuid),
    resource_name = config.name,
    authorization_servers = json.array { app.base_url },
    bearer_methods_supported = json.array { "header" },
  }
end

return discovery
