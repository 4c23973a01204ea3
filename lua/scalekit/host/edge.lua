--- The request at hand and its answer, for the recipes of `scalekit.edge`. All
-- that they know of nginx is here.
-- @module scalekit.host.edge

local core = require "scalekit.core"
local ffi = require "ffi"

ffi.cdef "const char *OpenSSL_version(int what);"

local find, gsub, lower = string.find, string.gsub, string.lower
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

--- Replaces headers of the request, for whom it is passed on to.
-- @tparam table names
-- @tparam table values in the same order; false takes a header out
function edge.set_headers(names, values)
  for i = 1, #names do
    local value = values[i]
    if value then set_header(names[i], value) else clear_header(names[i]) end
  end
end

-- Headers of a request that say something to an MCP server. What an agent shows to
-- this nginx, above all how it authenticates, is nobody else's business. (`Host` nginx
-- writes anew by itself.)
local PASSED = {
  host = true,
  accept = true, ["content-type"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
  ["last-event-id"] = true, ["user-agent"] = true, traceparent = true, tracestate = true,
}

local MOST_NAMES = 1000
local is_passed, names = {}, 0

local function look_at(name)
  local plain = lower(name)
  local passed = PASSED[plain] or find(plain, "^mcp%-") ~= nil
  if names >= MOST_NAMES then is_passed, names = {}, 0 end
  is_passed[name], names = passed, names + 1
  return passed
end

local function judge(name)
  local passed = is_passed[name]
  if passed == nil then passed = look_at(name) end
  if not passed then clear_header(name) end
end

local function pass_slowly()
  for name in pairs(get_headers(0, true)) do judge(name) end
end

-- The way that lua-resty-core goes in `get_headers`, in its own types, but without a
-- table, and without strings of the values: that is most of what a request costs here.
local function fast_way()
  local base = require "resty.core.base"
  local C, cast, text = ffi.C, ffi.cast, ffi.string
  local pair, size = ffi.typeof "ngx_http_lua_ffi_table_elt_t*",
    ffi.sizeof "ngx_http_lua_ffi_table_elt_t"
  local truncated = ffi.new "int[1]"
  local request_of, room = base.get_request, base.get_string_buf
  assert(C.ngx_http_lua_ffi_req_get_headers_count and C.ngx_http_lua_ffi_req_get_headers)
  return function()
    local request = request_of()
    local count = C.ngx_http_lua_ffi_req_get_headers_count(request, 0, truncated)
    if count <= 0 then return end
    local pairs_of = cast(pair, room(count * size))
    if C.ngx_http_lua_ffi_req_get_headers(request, pairs_of, count, 1) ~= 0 then
      return pass_slowly()
    end
    for i = 0, count - 1 do
      local key = pairs_of[i].key
      judge(text(key.data, key.len))
    end
  end
end

local is_fast, fast = pcall(fast_way)

--- Takes every header out of the request that is not MCP's.
edge.pass_mcp_headers = is_fast and fast or pass_slowly

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
