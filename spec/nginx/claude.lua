-- A stand-in for the endpoints of Claude Managed Agents, as an app for nginx with one worker: its
-- state is this table. What it runs as "the agent" is real: with the credential from the vault it
-- connects to the MCP server, lists its tools and calls one.
local core = require "scalekit.core"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"

local BETA = "managed-agents-2026-04-01"

local state = { count = 0, agents = {}, vaults = {}, sessions = {}, log = {} }

local function new_id(prefix)
  state.count = state.count + 1
  return prefix .. core.base64url(core.random(6)):gsub("[-_]", "x") .. ("%d"):format(state.count)
end

local function answer(status, value)
  return {
    status = status, headers = { ["content-type"] = "application/json" }, body = json.encode(value),
  }
end

local function refuse(status, kind, message)
  return answer(status, { type = "error", error = { type = kind, message = message } })
end

local function invalid(message)
  return refuse(400, "invalid_request_error", message)
end

-- --- agents and vaults -----------------------------------------------------------------------------

local function create_agent(body)
  for _, server in ipairs(body.mcp_servers or {}) do
    local sets = 0
    for _, tool in ipairs(body.tools or {}) do
      if tool.type == "mcp_toolset" and tool.mcp_server_name == server.name then sets = sets + 1 end
    end
    if sets ~= 1 then return invalid("mcp_servers: each must be referenced by exactly one mcp_toolset") end
    if server.type ~= "url" or not server.url then return invalid("mcp_servers: type and url") end
  end
  if not body.name or not body.model then return invalid("name and model are required") end
  local id = new_id "agent_"
  state.agents[id] = body
  return answer(200, { id = id, type = "agent", name = body.name, version = 1 })
end

local function create_vault(body)
  local id = new_id "vlt_"
  state.vaults[id] = { display_name = body.display_name, credentials = {} }
  return answer(200, { id = id, type = "vault", display_name = body.display_name })
end

-- Never the token: it is write-only.
local function show(id, credential)
  return {
    id = id, type = "vault_credential", display_name = credential.display_name,
    auth = { type = credential.auth.type, mcp_server_url = credential.auth.mcp_server_url },
  }
end

local function create_credential(body, vault_id)
  local vault = state.vaults[vault_id]
  if not vault then return refuse(404, "not_found_error", "no such vault") end
  local auth = body.auth or {}
  if auth.type ~= "static_bearer" or type(auth.token) ~= "string" or not auth.mcp_server_url then
    return invalid("auth: type static_bearer, token and mcp_server_url are required")
  end
  for _, other in pairs(vault.credentials) do
    if other.auth.mcp_server_url == auth.mcp_server_url then
      return refuse(409, "invalid_request_error", "the vault has a credential for that server")
    end
  end
  local id = new_id "vcrd_"
  vault.credentials[id] = {
    display_name = body.display_name,
    auth = { type = auth.type, mcp_server_url = auth.mcp_server_url, token = auth.token },
  }
  return answer(200, show(id, vault.credentials[id]))
end

local function update_credential(body, vault_id, id)
  local vault = state.vaults[vault_id]
  local credential = vault and vault.credentials[id]
  if not credential then return refuse(404, "not_found_error", "no such credential") end
  local auth = body.auth or {}
  if auth.type ~= credential.auth.type or type(auth.token) ~= "string" then
    return invalid("auth: the type must be that of the credential, and have a token")
  elseif auth.mcp_server_url then
    return invalid("auth.mcp_server_url: cannot be changed")
  end
  credential.auth.token = auth.token
  return answer(200, show(id, credential))
end

-- --- what the agent does ---------------------------------------------------------------------------

local function push(session, event)
  event.id = new_id "sevt_"
  session.events[#session.events + 1] = event
  return event
end

local function say(session, text)
  push(session, { type = "agent.message", content = { { type = "text", text = text } } })
end

local function idle(session, reason)
  push(session, { type = "session.status_idle", stop_reason = reason })
end

local function token_for(session, url)
  for _, id in ipairs(session.vault_ids) do
    for _, credential in pairs(state.vaults[id].credentials) do
      if credential.auth.mcp_server_url == url then return credential.auth.token end
    end
  end
  return nil
end

local function policy_of(agent, server)
  for _, tool in ipairs(agent.tools) do
    if tool.mcp_server_name == server.name then
      return ((tool.default_config or {}).permission_policy or {}).type or "always_ask"
    end
  end
end

local function use_tool(session, connection, server, name)
  local use = push(session, {
    type = "agent.mcp_tool_use", name = name, input = json.raw "{}", mcp_server_name = server.name,
  })
  return function()
    local result, err = connection:call_tool(name)
    push(session, {
      type = "agent.mcp_tool_result", mcp_tool_use_id = use.id,
      content = { { type = "text", text = result and result.content[1].text or tostring(err) } },
      is_error = not result or result.isError == true,
    })
    say(session, result and "I have read your mail." or "That did not work.")
    idle(session, { type = "end_turn" })
  end, use
end

local function work(session, token)
  local agent = state.agents[session.agent]
  local server = agent.mcp_servers[1]
  push(session, { type = "session.status_running" })
  push(session, { type = "something.new", note = "ignore me" })
  local connection, err = mcp.connect {
    url = server.url, token = token or token_for(session, server.url),
  }
  if not connection then
    local kind = err.kind == "unauthorized" and "mcp_authentication_failed_error"
      or "mcp_connection_failed_error"
    push(session, { type = "session.error", error = { type = kind, message = err.message } })
    say(session, "I have no tools.")
    return idle(session, { type = "end_turn" })
  end
  local names = {}
  for i, tool in ipairs(assert(connection:list_tools())) do names[i] = tool.name end
  say(session, "My tools: " .. table.concat(names, ", "))
  local go_on, use = use_tool(session, connection, server, names[1])
  if policy_of(agent, server) == "always_allow" then return go_on() end
  session.waiting = { go_on = go_on, id = use.id }
  return idle(session, { type = "requires_action", event_ids = { use.id } })
end

-- --- sessions --------------------------------------------------------------------------------------

local function create_session(body)
  if not state.agents[body.agent] or not body.environment_id then
    return invalid("agent and environment_id are required")
  end
  for _, id in ipairs(body.vault_ids or {}) do
    if not state.vaults[id] then return invalid("vault_ids: no such vault") end
  end
  local id = new_id "sesn_"
  state.sessions[id] = { agent = body.agent, vault_ids = body.vault_ids or {}, events = {} }
  return answer(200, { id = id, type = "session", status = "idle" })
end

local function take(session, event)
  if event.type == "user.message" then
    -- the switch of this stand-in: as if the token had run out
    work(session, event.content[1].text == "use a bad token" and "bad" or nil)
  elseif event.type == "user.tool_confirmation" then
    local waiting = session.waiting
    if not waiting or waiting.id ~= event.tool_use_id then return false end
    session.waiting = nil
    if event.result == "allow" then
      waiting.go_on()
    else
      say(session, "As you wish.")
      idle(session, { type = "end_turn" })
    end
  end
  return true
end

local function send_events(body, id)
  local session = state.sessions[id]
  if not session then return refuse(404, "not_found_error", "no such session") end
  local accepted = json.array {}
  for i, event in ipairs(body.events or {}) do
    if not take(session, event) then return invalid("events: nobody waits for that") end
    accepted[i] = { id = new_id "sevt_", type = event.type }
  end
  return answer(200, { data = accepted })
end

local function list_events(_, id)
  local session = state.sessions[id]
  if not session then return refuse(404, "not_found_error", "no such session") end
  return answer(200, { data = json.array(session.events), next_page = json.null })
end

-- Each event in pieces, its data in two lines: a reader has to put them together.
local function print_event(event)
  local text = json.encode(event)
  ngx.print("event: ", event.type, "\ndata: {\nda")
  ngx.flush(true)
  ngx.sleep(0.002)
  ngx.print("ta: ", text:sub(2), "\n\n")
  ngx.flush(true)
end

local function stream_events(_, id)
  local session = state.sessions[id]
  if not session then return refuse(404, "not_found_error", "no such session") end
  ngx.header["content-type"] = "text/event-stream"
  ngx.send_headers()
  ngx.print("event: ping\ndata: {\"type\": \"ping\"}\n\n: a comment\n\n")
  ngx.flush(true)
  local at = #session.events
  local listening = true
  while listening do
    while at < #session.events do
      at = at + 1
      print_event(session.events[at])
    end
    ngx.sleep(0.02)
    ngx.print ": nothing new\n\n"
    listening = ngx.flush(true)
  end
  return ngx.exit(ngx.OK)
end

local function archive(_, id)
  return answer(200, { id = id, type = "session", status = "terminated" })
end

-- --- the door --------------------------------------------------------------------------------------

local ROUTES = {
  { "POST", "^/v1/agents$", create_agent },
  { "POST", "^/v1/vaults$", create_vault },
  { "POST", "^/v1/vaults/([^/]+)/credentials$", create_credential },
  { "POST", "^/v1/vaults/([^/]+)/credentials/([^/]+)$", update_credential },
  { "POST", "^/v1/sessions$", create_session },
  { "POST", "^/v1/sessions/([^/]+)/events$", send_events },
  { "GET", "^/v1/sessions/([^/]+)/events$", list_events },
  { "GET", "^/v1/sessions/([^/]+)/events/stream$", stream_events },
  { "POST", "^/v1/sessions/([^/]+)/archive$", archive },
}

local function route(request)
  local body = request.body and json.decode(request.body)
  if request.method == "POST" and not json.is_object(body) then return invalid("no JSON object") end
  state.log[#state.log + 1] = { method = request.method, path = request.path, body = body }
  for _, row in ipairs(ROUTES) do
    local first, second = request.path:match(row[2])
    if first and row[1] == request.method then return row[3](body, first, second) end
  end
  return refuse(404, "not_found_error", "no such endpoint")
end

return function(options)
  return {
    handle = function(_, request)
      -- for the specs: what came
      if request.path == "/log" then return answer(200, json.array(state.log)) end
      local headers = request.headers
      if headers["x-api-key"] ~= options.client_secret then
        return refuse(401, "authentication_error", "invalid x-api-key")
      elseif headers["anthropic-beta"] ~= BETA or not headers["anthropic-version"] then
        return invalid("anthropic-version and anthropic-beta are required")
      end
      return route(request)
    end,
  }
end
