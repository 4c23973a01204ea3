--- Serves an app from inside nginx (lua-nginx-module or OpenResty).
--
-- `init_by_lua`: `require("scalekit.host.nginx").init{…}`; `content_by_lua`: `….serve()`. Body
-- limits, timeouts, TLS and logs are nginx's own and stand in its configuration.
-- @module scalekit.host.nginx
local core = require "scalekit.core"

local problem = require "scalekit.vmcp.problem"
local shdict = require "scalekit.vmcp.store.shdict"
local vmcp = require "scalekit.vmcp"

local M = {}

local ZONE = "scalekit"

-- one per Lua VM, made before the workers are forked
local app

local function read_file(path)
  local file, err = io.open(path, "rb")
  if not file then
    return nil, err
  end
  local text = file:read "*a"
  file:close()
  return text
end

local function load_key(path)
  local pem = assert(read_file(path))
  return assert(core.key_load(pem))
end

--- Builds the app. Call it in `init_by_lua`.
-- @tparam table settings `base_url`, `client_id`, `client_secret`, `key_file` (PEM), optionally
--   `user_verification`, `switches`, and `app`: the name of a module whose function makes an app of
--   the options that `vmcp.app` takes
function M.init(settings)
  local build = settings.app and require(settings.app) or vmcp.app
  app = build {
    base_url = settings.base_url,
    store = shdict.new(ZONE),
    key = load_key(settings.key_file),
    client_id = settings.client_id,
    client_secret = settings.client_secret,
    user_verification = settings.user_verification,
    switches = settings.switches,
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
  if path then
    body = assert(read_file(path))
  end
  return body
end

local function send(response)
  local body = response.body or ""
  ngx.status = response.status
  for name, value in pairs(response.headers) do
    ngx.header[name] = value
  end
  ngx.header["content-length"] = #body
  if response.note and ngx.var.scalekit_note then
    ngx.var.scalekit_note = response.note
  end
  ngx.print(body)
end

--- Answers the current request. Call it in `content_by_lua`.
function M.serve()
  -- as received: decoding is the router's business, and happens once
  local target = ngx.var.request_uri:gsub("^%a[%w+.-]*://[^/]*", "")
  local path, query = target:match "^([^?]*)%??(.*)$"
  send(app:handle {
    method = ngx.req.get_method(),
    path = path ~= "" and path or "/",
    query = query ~= "" and query or nil,
    headers = read_headers(),
    body = read_body(),
  })
end

--- Answers a request whose body nginx refused for its size.
function M.too_large()
  send(problem.response(problem.too_large "The body is too large"))
end

return M
