-- Runs inside nginx: a server that tells what it has heard, and does as it is told at
-- /say, for the specs of the recipes. Its state is in the shared dict `seen`.
local json = require "scalekit.json"

local stand_in = {}

local function seen() return ngx.shared.seen end

-- Waits until `fits()`, some seconds at most.
local function await(fits)
  for _ = 1, 500 do
    if fits() then return true end
    ngx.sleep(0.01)
  end
  return false
end

local function say(order)
  if order == "heard" then return seen():get "heard" end
  if order == "wait for the end" then
    await(function() return seen():get "end" end)
    return seen():get "end" or "nothing"
  elseif order == "go on" then
    seen():set("go on", true)
    return "ok"
  end
  seen():flush_all()
  seen():set("order", order)
  return "ok"
end

local function note()
  local headers = ngx.req.get_headers(0)
  setmetatable(headers, nil)
  seen():set("heard", json.encode {
    method = ngx.req.get_method(), path = ngx.var.request_uri, headers = headers,
    body = ngx.req.get_body_data() or "",
  })
end

local function stream()
  ngx.on_abort(function()
    seen():set("end", "aborted")
    ngx.exit(499)
  end)
  ngx.header.content_type = "text/event-stream"
  ngx.say "data: 1\n"
  ngx.flush(true)
  await(function() return seen():get "go on" end)
  ngx.say "data: 2\n"
end

function stand_in.serve()
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ""
  if ngx.var.uri == "/say" then return ngx.print(say(body)) end
  note()
  local order = seen():get "order"
  if order == "stream" then return stream() end
  if order == "refuse" then
    ngx.status = 401
    ngx.header["WWW-Authenticate"] = 'Bearer error="invalid_token"'
  end
  ngx.header.content_type = "application/json"
  ngx.print '{"jsonrpc":"2.0","id":"one","result":{"tools":[]}}'
end

return stand_in
