--- The request at hand and its answer, for the recipes of `scalekit.edge`. All
-- that they know of nginx is here.
-- @module scalekit.host.edge

local core = require "scalekit.core"
local ffi = require "ffi"

ffi.cdef "const char *OpenSSL_version(int what);"

local find, gsub, lower, sub = string.find, string.gsub, string.lower, string.sub
local clear_header, get_headers, set_header =
  ngx.req.clear_header, ngx.req.get_headers, ngx.req.set_header

local edge = {}

function edge.method()
  return ngx.req.get_method()
end

--- A header of the request, in lower case with underscores; the first where there
-- are several.
function edge.header(name)
  return ngx.var["http_" .. name]
end

--- The request's target, as it was sent.
function edge.target()
  return ngx.var.request_uri
end

--- The body of the request; nil where nginx has put it into a file.
function edge.body()
  ngx.req.read_body()
  return ngx.req.get_body_data()
end

--- Unix seconds, as of the last time that nginx has looked at a clock.
function edge.time()
  return ngx.time()
end

--- A variable of nginx; the configuration has to `set` it first.
function edge.variable(name)
  return ngx.var[name]
end

function edge.set_variable(name, value)
  ngx.var[name] = value
end

--- Sets a header of the request, for whom it is passed on to.
function edge.set_header(name, value)
  set_header(name, value)
end

--- Takes a header out of the request.
function edge.clear_header(name)
  clear_header(name)
end

-- lua-resty-core's way to the headers, in its own types, but without a table for them:
-- that would be most of what a request costs here. Where there are more than `FAST` its
-- buffer is not a lasting one, so those go the slow way.
local FAST = 100

local function fast_list()
  local base = require "resty.core.base"
  local C, cast = ffi.C, ffi.cast
  local pair, size = ffi.typeof "ngx_http_lua_ffi_table_elt_t*",
    ffi.sizeof "ngx_http_lua_ffi_table_elt_t"
  local truncated = ffi.new "int[1]"
  local request_of, room = base.get_request, base.get_string_buf
  assert(C.ngx_http_lua_ffi_req_get_headers_count and C.ngx_http_lua_ffi_req_get_headers)
  assert(FAST * size <= base.get_string_buf_size())
  return function()
    local request = request_of()
    local count = C.ngx_http_lua_ffi_req_get_headers_count(request, 0, truncated)
    if count < 0 or count > FAST then return -1 end
    local list = cast(pair, room(FAST * size))
    if count > 0 and C.ngx_http_lua_ffi_req_get_headers(request, list, count, 0) ~= 0 then
      return -1
    end
    return count, list
  end
end

-- How many headers there are, and a list of them, from 0, with names in lower case; -1
-- where it has to be done slowly.
local is_fast, list_headers = pcall(fast_list)
if not is_fast then list_headers = function() return -1 end end

local text_of = ffi.string

--- What to look for with `look`.
-- @tparam table names of headers, with hyphens
function edge.watch(names)
  local watched = { names = {}, lengths = { [#"origin"] = true, [#"authorization"] = true } }
  for i = 1, #names do
    watched.names[lower(names[i])], watched.lengths[#names[i]] = true, true
  end
  return watched
end

-- `gsub` is what LuaJIT does not compile.
local function is_watched(watched, name)
  if watched.names[name] then return true end
  return find(name, "_", 1, true) ~= nil and watched.names[gsub(name, "_", "-")] ~= nil
end

local function add(list, item)
  list = list or {}
  list[#list + 1] = item
  return list
end

local function first(value)
  return type(value) == "table" and value[1] or value
end

local function look_slowly(watched)
  local headers, found = get_headers(0), nil
  for name in pairs(headers) do
    if is_watched(watched, name) then found = add(found, name) end
  end
  return first(headers.authorization), headers.origin, found
end

--- What a request shows in its headers.
-- @tparam table watched of `watch`
-- @treturn ?string its `Authorization`
-- @return its `Origin`; where it has several that is none of them
-- @treturn ?table the names that are watched, or that a server may take for one: many
-- cannot tell `X_User` from `X-User`; nil where there is none
function edge.look(watched)
  local count, list = list_headers()
  if count < 0 then return look_slowly(watched) end
  local lengths, authorization, origin, found = watched.lengths, nil, nil, nil
  for i = 0, count - 1 do
    local key, value = list[i].key, list[i].value
    if lengths[key.len] then
      local name = text_of(key.data, key.len)
      if name == "authorization" then
        authorization = authorization or text_of(value.data, value.len)
      elseif name == "origin" then
        local one = text_of(value.data, value.len)
        origin = origin and origin .. ", " .. one or one
      elseif is_watched(watched, name) then
        found = add(found, name)
      end
    end
  end
  return authorization, origin, found
end

-- Headers of a request that say something to an MCP server. What an agent shows to
-- this nginx, above all how it authenticates, is nobody else's business. (`Host` nginx
-- writes anew by itself.)
local PASSED = {
  host = true,
  accept = true, ["content-type"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
  ["last-event-id"] = true, ["user-agent"] = true, traceparent = true, tracestate = true,
}

local function judge(name)
  if not PASSED[name] and sub(name, 1, 4) ~= "mcp-" then clear_header(name) end
end

local function pass_slowly()
  for name in pairs(get_headers(0)) do judge(name) end
end

--- Takes every header out of the request that is not MCP's.
function edge.pass_mcp_headers()
  local count, list = list_headers()
  if count < 0 then return pass_slowly() end
  for i = 0, count - 1 do
    local key = list[i].key
    judge(text_of(key.data, key.len))
  end
end

--- Takes a header out of the answer, or changes its status, before it is sent.
function edge.drop_answer_header(name)
  ngx.header[name] = nil
end

function edge.answer_status()
  return ngx.status
end

function edge.set_answer_status(status)
  ngx.status = status
end

--- Answers the request, and ends it.
-- @tparam table response `status`, `headers`, `body`
function edge.answer(response)
  ngx.status = response.status
  for name, value in pairs(response.headers) do ngx.header[name] = value end
  if response.status ~= 204 then ngx.header["content-length"] = #response.body end
  ngx.print(response.body)
  return ngx.exit(ngx.OK)
end

--- Answers with events, each sent `pause` seconds after the one before.
function edge.stream(events, pause)
  ngx.header["content-type"], ngx.header["cache-control"] = "text/event-stream", "no-store"
  for i, event in ipairs(events) do
    if i > 1 then ngx.sleep(pause) end
    ngx.print(event)
    ngx.flush(true)
  end
  return ngx.exit(ngx.OK)
end

--- Bytes that are free in a shared dict; nil where there is none of that name.
function edge.free_space(name)
  local dict = ngx.shared[name]
  return dict and dict:free_space()
end

--- The OpenSSL that nginx itself has, as it says; nil where that cannot be known.
function edge.openssl()
  local known, text = pcall(function()
    return ffi.string(ffi.C.OpenSSL_version(0))
  end)
  return known and text or nil
end

--- What the operator should know.
function edge.log(...)
  ngx.log(ngx.ERR, "scalekit: ", ...)
end

--- A text that is fit for a header value: whatever is not visible ASCII, and the
-- percent sign, is percent-encoded.
function edge.visible(text)
  return (gsub(text, "[^!-$&-~]", core.percent))
end

return edge
