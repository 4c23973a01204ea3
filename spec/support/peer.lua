-- A transport that answers as it is told, and a client on it.
local core = require "scalekit.core"
local json = require "scalekit.json"
local scalekit = require "scalekit"

local SECRET = "s3cr3t-a+b&c=d%/é"

-- Answers token requests with token-1, token-2 …; hands the others to `serve`.
local function peer(serve)
  local self = { requests = {}, grants = 0 }
  function self.send(request)
    if request.url:find "/oauth/token$" then
      self.grants = self.grants + 1
      self.form = core.reveal(request.body)
      self.grant_request = request
      if self.on_grant then return self.on_grant(request) end
      local body = json.encode { access_token = "token-" .. self.grants, token_type = "Bearer" }
      return { status = 200, headers = {}, body = core.secret(body) }
    end
    request.bearer = request.auth and core.reveal(request.auth)
    local copy = {}
    for name, value in pairs(request) do copy[name] = value end
    table.insert(self.requests, copy)
    return serve(request, #self.requests)
  end
  return self
end

local function answer(status, body, headers)
  if type(body) == "table" then body = json.encode(body) end
  return { status = status, headers = headers or {}, body = body or "" }
end

local function client_of(server, options)
  local opts = {
    env_url = "https://env.example.test", client_id = "skc_1", client_secret = SECRET,
    transport = server.send,
  }
  for name, value in pairs(options or {}) do opts[name] = value end
  local client = scalekit.check(scalekit.new(opts))
  client.random = function() return 0 end
  return client
end

-- Sleeps pass at once and are written down.
local function with_fake_sleep(fn)
  local slept, block = {}, require "scalekit.driver.block"
  local sleep = block.sleep
  block.sleep = function(seconds)
    slept[#slept + 1] = seconds
    return true
  end
  local ok, problem = pcall(fn, slept)
  block.sleep = sleep
  if not ok then error(problem, 0) end
end

local function refusal(status, error_code)
  return answer(status, { code = 16, message = "no", details = json.array { {
    ["@type"] = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo",
    error_code = error_code,
    tool_error_info = error_code == "TOOL_ERROR" and {
      execution_id = "exec_1", tool_error_code = "expired", tool_error_message = "sign in",
    } or nil,
  } } })
end

local CREATE = {
  name = "email-agent",
  connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
}

return {
  peer = peer, answer = answer, client_of = client_of, refusal = refusal,
  with_fake_sleep = with_fake_sleep, CREATE = CREATE,
}
