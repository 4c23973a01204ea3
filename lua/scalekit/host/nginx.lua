--- Serves an app from inside nginx (lua-nginx-module or OpenResty).
--
-- `init_by_lua`: `require("scalekit.host.nginx").init{…}`; `content_by_lua`: `….serve()`. Body
-- limits, timeouts, TLS and logs are nginx's own and stand in its configuration.
-- @module scalekit.host.nginx
local core = require "scalekit.core"
local transport = require "scalekit.transport"

local shell = require "scalekit.host.shell"

local events = require "scalekit.vmcp.events"
local problem = require "scalekit.vmcp.problem"
local shdict = require "scalekit.vmcp.store.shdict"
local vmcp = require "scalekit.vmcp"

local nginx = {}

local ZONE = "scalekit"
local POST_TIMEOUT = 30       -- seconds
local MAX_ANSWER = 64 * 1024

-- one of each per Lua VM, made before the workers are forked
local app, carry

local function load_key(path)
  return assert(core.key_load(assert(shell.read(path))))
end

-- Sends an event → the status of the answer, or nil and what went wrong.
local function post(delivery)
  local response, err = carry {
    method = "POST", url = delivery.url, headers = delivery.headers, body = delivery.body,
    deadline = core.now() + POST_TIMEOUT, max_body = MAX_ANSWER,
  }
  if not response then return nil, err.message end
  return response.status
end

-- One attempt at a delivery, in a timer of its own; a failed one sets the next.
local function attempt(premature, delivery)
  if premature then return end
  events.sign(app, delivery)
  local status, err = post(delivery)
  if status and status >= 200 and status < 300 then return end
  local wait = events.again(app, delivery)
  if wait and ngx.timer.at(wait, attempt, delivery) then return end
  ngx.log(ngx.ERR, "scalekit: webhook event ", delivery.id, " was not delivered: ",
    err or "status " .. status)
end

-- The request that caused an event does not wait for its delivery.
local function deliver(delivery)
  local ok, err = ngx.timer.at(0, attempt, delivery)
  if not ok then
    ngx.log(ngx.ERR, "scalekit: webhook event ", delivery.id, " was not delivered: ", err)
  end
end

--- Builds the app. Call it in `init_by_lua`.
-- @tparam table settings `base_url`, `client_id`, `client_secret`, `key_file` (PEM), optionally
--   `user_verification`, `switches`, `webhook_url`, `webhook_secret`, `webhook_retries`, and `app`:
--   the name of a module whose function makes an app of the options that `vmcp.app` takes
function nginx.init(settings)
  local build = settings.app and require(settings.app) or vmcp.app
  carry = transport.default()
  app = build {
    base_url = settings.base_url,
    store = shdict.new(ZONE),
    key = load_key(settings.key_file),
    client_id = settings.client_id,
    client_secret = settings.client_secret,
    user_verification = settings.user_verification,
    switches = settings.switches,
    webhook_url = settings.webhook_url,
    webhook_secret = settings.webhook_secret,
    webhook_retries = settings.webhook_retries,
    deliver = settings.webhook_url and deliver or nil,
    clock = ngx.now,
  }
end

-- Headers sent twice arrive as one value, as if a proxy had joined them.
local function read_headers()
  local headers = {}
  -- nginx bounds the size of all headers together, so their number needs no bound
  for name, value in pairs(ngx.req.get_headers(0)) do
    if type(value) == "table" then
      for i, part in ipairs(value) do
        value[i] = tostring(part)
      end
      value = table.concat(value, ", ")
    end
    headers[name] = value == true and "" or value
  end
  return headers
end

-- A body larger than nginx's buffer lies in a file.
local function read_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  local path = not body and ngx.req.get_body_file()
  return path and assert(shell.read(path)) or body
end

local function send(response)
  local body = response.body or ""
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  if response.status ~= 204 then ngx.header["content-length"] = #body end
  if response.note and ngx.var.scalekit_note then ngx.var.scalekit_note = response.note end
  ngx.print(body)
end

--- Answers the current request. Call it in `content_by_lua`.
function nginx.serve()
  -- as received: decoding is the router's business, and happens once
  local target = ngx.var.request_uri:gsub("^%a[%w+.-]*://[^/]*", "")
  local path, query = target:match "^([^?]*)%??(.*)$"
  local request = {
    method = ngx.req.get_method(),
    path = path ~= "" and path or "/",
    query = query ~= "" and query or nil,
    headers = read_headers(),
    body = read_body(),
  }
  -- on LuaJIT a coroutine may wait inside pcall
  local fine, response = xpcall(function() return app:handle(request) end, debug.traceback)
  if not fine then
    ngx.log(ngx.ERR, "scalekit: ", response)
    response = problem.response(problem.internal())
  end
  if response.delay then ngx.sleep(response.delay) end
  if response.lost then return ngx.exit(444) end -- closes the connection, says nothing
  send(response)
end

--- Answers a request that nginx refused by itself: one that is too large or no HTTP.
function nginx.refused()
  send(problem.response(problem.of_status(ngx.status)))
end

return nginx
