-- Runs inside nginx: a mint upstream for each request, through the client and
-- through the transport alone.
local core = require "scalekit.core"
local scalekit = require "scalekit"
local transport = require "scalekit.transport"

local bench = {}

local ARGUMENTS = { mcp_config_id = "cfg_1", identifier = "user_0000000001", expiry = "1h" }
local BODY = '{"expiry":"3600s","identifier":"user_0000000001","mcp_config_id":"cfg_1"}'
local HEADERS = { ["content-type"] = "application/json", accept = "application/json" }
local READY, TOKEN = core.headers(HEADERS), core.secret "eyJ0.eyJ1.c2ln"

local clients = {}

local function client_of(url)
  local client = clients[url]
  if not client then
    client = scalekit.check(scalekit.new { env_url = url, client_id = "skc_1", client_secret = "s" })
    clients[url] = client
  end
  return client
end

--- The whole client: checks, token, request, answer decoded and shaped.
function bench.client(url)
  local token = scalekit.check(client_of(url).mcp:create_session_token(ARGUMENTS))
  if #token.token < 700 then error "short token" end
  ngx.print(token.token)
end

--- The transport alone.
function bench.transport(url)
  local response = scalekit.check(transport.default() {
    method = "POST", url = url .. "/api/v1/mcp/configs/cfg_1/tokens", body = BODY, headers = HEADERS,
    ready_headers = READY, auth = TOKEN, deadline = core.now() + 20,
  })
  ngx.print(response.body)
end

return bench
