--- Portal: a page that shows users their connections, each with a link to connect what
-- is not connected.
--
--     init_by_lua_block {
--       local scalekit = require "scalekit"
--       portal = require("scalekit.edge").portal {
--         client = scalekit.check(scalekit.new()),
--         authenticate = function() return my_app.user_of(ngx.var.cookie_session) end,
--         configs = { "mail-agent" },
--       }
--     }
--     location = /connections { content_by_lua_block { portal:serve() } }
--
-- Links work once, within a minute; so the page's own lead back to it, and from there to
-- one that was made that moment. `examples/openresty/portal.conf` is the whole
-- configuration.
-- @classmod scalekit.edge.portal

local accounts = require "scalekit.session.accounts"
local budget = require "scalekit.budget"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local host = require "scalekit.host.edge"
local html = require "scalekit.vmcp.html"
local options = require "scalekit.options"
local route = require "scalekit.route"
local session = require "scalekit.session"
local target = require "scalekit.session.target"

local escape = html.escape

local portal = {}
portal.__index = portal
portal.__name = "scalekit.edge.portal"

local WHAT = "edge.portal"
local REMEMBERED = 60 -- seconds that the id of a config is

local OPTIONS = {
  client = "table", authenticate = "function", configs = "table", title = "string",
  names = "table", user_verify_url = "string", timeout = duration.TYPE,
}

--- Makes one; call it in `init_by_lua`.
-- @tparam table opts
-- @tparam scalekit.client opts.client
-- @tparam function opts.authenticate says who looks at the page: the user's identifier, or nil.
-- It may wait, and may answer by itself (`ngx.redirect` to a login)
-- @tparam table opts.configs a list of names or ids: whose connections are shown
-- @tparam[opt="Your connections"] string opts.title
-- @tparam[opt] table opts.names what people call a connection: its name → text
-- @tparam[opt] string opts.user_verify_url the URL of the page, in environments that have the app
-- verify its users: who comes back from a link is confirmed here
-- @tparam[opt=20] number|string opts.timeout
-- @treturn scalekit.edge.portal
function portal.new(opts)
  opts = options.check(WHAT, opts, OPTIONS)
  for _, name in ipairs { "client", "authenticate", "configs" } do
    if not opts[name] then error(("%s: option '%s' is required"):format(WHAT, name), 2) end
  end
  for _, config in ipairs(opts.configs) do
    if not target.is(config) then
      error(WHAT .. ": option 'configs' must be a list of names or ids", 2)
    end
  end
  return setmetatable({
    client = opts.client,
    authenticate = opts.authenticate,
    configs = opts.configs,
    title = opts.title or "Your connections",
    names = opts.names or {},
    user_verify_url = opts.user_verify_url,
    timeout = duration.option(WHAT, opts, "timeout", opts.client.timeout),
    known = {},
  }, portal)
end

function portal:__tostring()
  return "scalekit.edge.portal(" .. self.client.env_url .. ")"
end

-- --- what it shows -----------------------------------------------------------------

local STATES = {
  ACTIVE = "connected", EXPIRED = "needs to be connected again",
  PENDING_VERIFICATION = "not confirmed yet", DISCONNECTED = "disconnected",
}

local function item(self, path, account)
  local name = account.connection_name
  local state = (account.connected_account_status or ""):upper()
  local text = ('<li><strong class="wrap">%s</strong> <span class="soft">%s</span>'):format(
    escape(self.names[name] or name), STATES[state] or "not connected")
  if state == "ACTIVE" then return text .. "</li>" end
  return text .. (' <a href="%s?connect=%s" rel="nofollow">Connect</a></li>'):format(
    escape(path), escape(core.percent(name)))
end

local function show(self, path, identifier, list)
  local items = {}
  for i, account in ipairs(list) do items[i] = item(self, path, account) end
  local content = #items > 0 and "<ul>\n" .. table.concat(items, "\n") .. "\n</ul>"
    or "<p>There is nothing to connect.</p>"
  local who = '<p class="soft">Signed in as <span class="wrap">%s</span>.</p>'
  return html.page(200, self.title, content .. "\n" .. who:format(escape(identifier)))
end

local function back(path)
  return ('<p><a href="%s">Back to your connections</a></p>'):format(escape(path))
end

local function failed(self, path, err)
  host.log(tostring(self), ": ", tostring(err))
  return html.page(err.kind == "timeout" and 504 or 502, "Please try again",
    "<p>Your connections cannot be shown at the moment.</p>" .. back(path))
end

local function redirect(url)
  return { status = 303, headers = { location = url, ["cache-control"] = "no-store" }, body = "" }
end

-- --- what it asks ------------------------------------------------------------------

-- The config, whose id is remembered for a while.
local function config_of(self, wanted, time)
  local known, now = self.known[wanted], core.now()
  if known and now < known.till then return known.config end
  local config, err = target.resolve(self.client.mcp, wanted, time)
  if not config then return nil, err end
  self.known[wanted] = { config = config, till = now + REMEMBERED }
  return config
end

-- Calls `fn(session)` for each config, until it returns something; or nil and an error.
local function each_config(self, identifier, fn)
  local time = budget.new(self.client, self.timeout, WHAT)
  for _, wanted in ipairs(self.configs) do
    local config, err = config_of(self, wanted, time)
    if not config then return nil, err end
    local one = session.new(self.client.mcp, config, identifier, {
      user_verify_url = self.user_verify_url,
    })
    local result
    result, err = fn(one, time)
    if err then
      self.known[wanted] = nil -- it may have been replaced by another of that name
      return nil, err
    elseif result then
      return result
    end
  end
  return false
end

-- The connections of all configs, each once.
local function connections(self, identifier)
  local list, seen = {}, {}
  local _, err = each_config(self, identifier, function(one, time)
    local all, problem = accounts.all(one, time)
    if not all then return nil, problem end
    for _, account in ipairs(all) do
      if not seen[account.connection_name] then
        seen[account.connection_name] = true
        list[#list + 1] = account
      end
    end
  end)
  if err then return nil, err end
  return list
end

-- A fresh link for a connection; false where there is nothing to connect.
local function link_of(self, identifier, name)
  return each_config(self, identifier, function(one, time)
    local pending, problem = accounts.links(one, time)
    if not pending then return nil, problem end
    for _, account in ipairs(pending) do
      if account.connection_name == name then return account.authentication_link end
    end
  end)
end

-- --- serving -----------------------------------------------------------------------

local function query_of(text)
  local values = {}
  for _, pair in ipairs(route.pairs(text) or {}) do values[pair[1]] = pair[2] end
  return values
end

local function connect(self, path, identifier, name)
  local link, err = link_of(self, identifier, name)
  if err then return failed(self, path, err) end
  return redirect(link or path)
end

-- How the service says that a link is used up, or was somebody else's.
local NOT_THEIRS = { not_found = true, bad_request = true, forbidden = true, conflict = true }

-- Who comes back from a link, where the app says whether it is the right one.
local function confirm(self, path, identifier, id)
  local ok, err = self.client.connected_accounts:verify_connected_account_user {
    auth_request_id = id, identifier = identifier, timeout = self.timeout,
  }
  if ok then return redirect(path) end
  if NOT_THEIRS[err.kind] then
    return html.page(400, "This could not be confirmed",
      "<p>The link was used before, or it was made for somebody else.</p>" .. back(path))
  end
  return failed(self, path, err)
end

-- Another site may lead here, but not make links in the user's name.
local function is_foreign()
  local from = host.header "sec_fetch_site"
  return from == "cross-site" or from == "same-site"
end

local function respond(self)
  local path, text = host.target():match "^([^?]*)%??(.*)$"
  local identifier = self.authenticate()
  if not identifier then
    return html.page(401, "Please sign in", "<p>Sign in to see your connections.</p>")
  end
  local query = query_of(text)
  if query.auth_request_id and self.user_verify_url then
    return confirm(self, path, identifier, query.auth_request_id)
  elseif query.connect and not is_foreign() then
    return connect(self, path, identifier, query.connect)
  end
  local list, err = connections(self, identifier)
  if not list then return failed(self, path, err) end
  return show(self, path, identifier, list)
end

--- Answers: `content_by_lua_block { portal:serve() }`.
function portal:serve()
  local method = host.method()
  if method ~= "GET" and method ~= "HEAD" then
    return host.answer { status = 405, headers = { allow = "GET, HEAD" }, body = "" }
  end
  return host.answer(respond(self))
end

return portal
