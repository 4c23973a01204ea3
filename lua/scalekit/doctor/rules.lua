--- What a configuration of nginx needs for scalekit to work in it, and what holds it back.
-- @module scalekit.doctor.rules

local conf = require "scalekit.doctor.conf"
local nginx = require "scalekit.driver.nginx"
local ops = require "scalekit.ops"

local rules = {}

-- --- what the configuration is about --------------------------------------------------

-- All nodes of a name.
local function all(root, name)
  local list = {}
  conf.walk(root, function(node)
    if node.name == name then list[#list + 1] = node end
  end)
  return list
end

-- Lua in the configuration, files of Lua that it names included: { node, phase, text }.
local function scripts(root, read)
  local list = {}
  conf.walk(root, function(node)
    local phase, kind = node.name:match "^([%l_]+)_by_lua(.*)$"
    if not phase then return end
    local text = node.lua
    if kind == "_file" then
      text = node[#node] and read(node[#node]) or ""
    elseif kind == "" then
      text = node[#node] or ""
    end
    list[#list + 1] = { node = node, phase = phase, text = text or "" }
  end)
  return list
end

-- Lua without its comments and strings, as far as patterns can take them out.
local function code(text)
  return (text:gsub("%-%-%[(=*)%[.-%]%1%]", ""):gsub("%-%-[^\n]*", "")
    :gsub('"[^"\n]*"', '""'):gsub("'[^'\n]*'", "''"))
end

-- --- phases ---------------------------------------------------------------------------

-- As `ngx.get_phase` calls what a directive runs in.
local PHASES = { ssl_certificate = "ssl_cert" }

-- Methods that ask the environment something, and of the edge those that may.
local CALLS = {
  open_session = true, ensure_config = true, mint = true, connect = true, list_tools = true,
  call_tool = true, wait_authorized = true, renew = true, access = true, again = true, serve = true,
  validate_session_token = true, validate_access_token = true,
}
for _, op in ipairs(ops) do
  CALLS[op.name] = true
  if op.each then CALLS[op.each] = true end
end
for _, name in ipairs {
  "list", "get", "create", "update", "delete", "search", "request", "each",
} do
  CALLS[name] = nil -- everybody has methods of these names
end

local OPENS = { ["function"] = true, ["if"] = true, ["do"] = true }

-- What is called at once; what stands within a function is somebody's to call, a timer's perhaps.
local function misused(text)
  local open, functions = {}, 0
  for colon, name in code(text):gmatch "(:?)([%a_][%w_]*)" do
    if OPENS[name] then
      open[#open + 1] = name
      if name == "function" then functions = functions + 1 end
    elseif name == "end" then
      if table.remove(open) == "function" then functions = functions - 1 end
    elseif colon == ":" and CALLS[name] and functions == 0 then
      return name
    end
  end
end

local function check_phases(findings, list)
  local wrong = false
  for _, script in ipairs(list) do
    local phase = PHASES[script.phase] or script.phase
    local method = not nginx.waits_in(phase) and misused(script.text)
    if method then
      wrong = true
      findings:fail("phases", ("%s: %s_by_lua calls :%s, and nothing can wait there"):format(
        conf.place(script.node), script.phase, method), nginx.way_out(phase))
    end
  end
  if not wrong then findings:ok("phases", "no call where nothing can wait") end
end

-- --- directives -----------------------------------------------------------------------

local function check_resolver(findings, root, needs)
  local list = all(root, "resolver")
  if #list > 0 then
    findings:ok("resolver", table.concat(list[1], " "))
  elseif needs.name then
    findings:fail("resolver", "there is none, so that Lua finds no host by name",
      "resolver 127.0.0.53; (what /etc/resolv.conf says; OpenResty also takes resolver local=on;)")
  else
    findings:ok("resolver", "there is none, and the environment's URL needs none")
  end
end

local function check_authorities(findings, root, needs, exists)
  local list = all(root, "lua_ssl_trusted_certificate")
  if #list == 0 and needs.tls then
    return findings:fail("authorities", "there are none, so that Lua trusts no certificate",
      "lua_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;")
  end
  for _, node in ipairs(list) do
    if not exists(node[1] or "") then
      return findings:fail("authorities",
        ("%s: %s cannot be read"):format(conf.place(node), node[1] or ""),
        "name the file of authorities of this system; Debian's is in the package ca-certificates")
    end
  end
  if needs.tls and #all(root, "lua_ssl_verify_depth") == 0 then
    return findings:warn("authorities",
      "lua_ssl_verify_depth is 1, which longer chains do not pass", "lua_ssl_verify_depth 5;")
  end
  findings:ok("authorities", #list > 0 and list[1][1] or "none are needed")
end

local function check_dict(findings, root, list)
  local dict, needed = false, false
  for _, node in ipairs(all(root, "lua_shared_dict")) do dict = dict or node[1] == "scalekit" end
  for _, script in ipairs(list) do
    needed = needed or script.text:find "edge[%w\"')]*%.agents" ~= nil
  end
  if dict then
    findings:ok("shared dict", "lua_shared_dict scalekit is there")
  elseif needed then
    findings:fail("shared dict", "there is none, and runs of agents are shared by all workers",
      "lua_shared_dict scalekit 10m;")
  else
    findings:warn("shared dict", "there is none: each worker fetches its own access token and keys",
      "lua_shared_dict scalekit 10m;")
  end
end

local function check_cache(findings, root)
  for _, node in ipairs(all(root, "lua_code_cache")) do
    if node[1] == "off" then
      findings:warn("code cache", conf.place(node) .. ": it is off: each request has a new client,"
        .. " which fetches a token", "leave lua_code_cache out, except while writing Lua")
    end
  end
end

-- --- what is passed on ----------------------------------------------------------------

local function first(node, name)
  local list = conf.effective(node, name)
  return list[1] and list[1][1]
end

-- Whether a location passes MCP on: it is named so, or guarded by a recipe.
local function is_mcp(location)
  for _, node in ipairs(location.children) do
    local text = node.name:find "^access_by_lua" and (node.lua or node[1]) or ""
    if text:find ":a%l+%(" then return true end
  end
  return table.concat(location, " "):find "mcp" ~= nil
end

local function check_buffering(findings, location)
  local place = conf.place(location)
  if (first(location, "proxy_buffering") or "on") ~= "off" then
    findings:fail("streaming", place .. ": proxy_buffering holds back events until there are many",
      "proxy_buffering off;")
  elseif (first(location, "proxy_http_version") or "1.0") == "1.0" then
    findings:warn("streaming", place .. ": HTTP/1.0 makes a connection for each request",
      'proxy_http_version 1.1; proxy_set_header Connection "";')
  elseif first(location, "gzip") == "on"
    and table.concat(conf.effective(location, "gzip_types")[1] or {}, " "):find "[%*]" then
    findings:warn("streaming", place .. ": gzip compresses events, and holds them back",
      "name types in gzip_types, without text/event-stream")
  else
    findings:ok("streaming", place .. ": events go through as they come")
  end
end

-- nginx inherits proxy_set_header only where a block has none of its own.
local function check_headers(findings, location)
  local sets = false
  for _, node in ipairs(location.children) do
    sets = sets or node.name == "set" and node[1] == "$scalekit_authorization"
  end
  if not sets then return end
  for _, node in ipairs(conf.effective(location, "proxy_set_header")) do
    local name = (node[1] or ""):lower()
    if name == "authorization" and node[2] == "$scalekit_authorization" then return end
  end
  findings:fail("streaming", conf.place(location) .. ": the session token is not passed on; a"
    .. " proxy_set_header of an inner block hides all of the outer ones",
    "proxy_set_header Authorization $scalekit_authorization; beside the others")
end

local function check_locations(findings, root)
  for _, location in ipairs(all(root, "location")) do
    local passes = false
    for _, node in ipairs(location.children or {}) do
      passes = passes or node.name == "proxy_pass"
    end
    if passes and is_mcp(location) then
      check_buffering(findings, location)
      check_headers(findings, location)
    end
  end
end

--- Adds what there is to say about a configuration.
-- @tparam table findings
-- @tparam table root as `scalekit.doctor.conf` reads it
-- @tparam table host `read(path)` → text or nil, `exists(path)`
-- @tparam[opt] string url of the environment, which may need neither names nor TLS
function rules.examine(findings, root, host, url)
  local list = scripts(root, host.read)
  local uses = false
  for _, script in ipairs(list) do uses = uses or script.text:find("scalekit", 1, true) ~= nil end
  if not uses then
    return findings:skip("nginx", "the configuration does not mention scalekit")
  end
  local name = (url or "https://name"):match "^%a+://%[?([%w%-._]+)" or ""
  local needs = {
    tls = not (url or ""):find "^http:",
    name = name:lower() ~= "localhost" and not name:find "^[%d.]+$",
  }
  check_resolver(findings, root, needs)
  check_authorities(findings, root, needs, host.exists)
  check_dict(findings, root, list)
  check_cache(findings, root)
  check_phases(findings, list)
  check_locations(findings, root)
end

return rules
