--- One user, one Virtual MCP server, one short-lived token: what an agent gets.
--
--     local session, err = client.mcp:open_session {
--       config = "mail-agent", identifier = "user_123", expiry = "30m",
--     }
--     if session then
--       local agent = check(session:connect())
--     elseif err.kind == "authorization_required" then
--       for _, account in ipairs(err.accounts) do
--         print(account.connection_name, account.authentication_link)
--       end
--       session, err = err.session:wait_authorized { timeout = "10m", on_link = show }
--     end
--
-- Read only: `url`; `headers` (`Authorization`, a secret); `token`, a secret;
-- `expires_at`, as the service wrote it, and `expires`, the same in Unix seconds;
-- `config_id`, `config_name`, `identifier`. Secrets print as nothing; the shapes for
-- agent platforms (`to`, `json`) are where they come to light.
-- @classmod scalekit.session

local budget = require "scalekit.budget"
local client = require "scalekit.client"
local core = require "scalekit.core"
local duration = require "scalekit.duration"
local accounts = require "scalekit.session.accounts"
local json = require "scalekit.json"
local moment = require "scalekit.moment"
local ops = require "scalekit.ops"
local options = require "scalekit.options"
local platform = require "scalekit.platform"
local resource = require "scalekit.resource"
local retry = require "scalekit.retry"
local target = require "scalekit.session.target"
local wait = require "scalekit.session.wait"

local session = {}

local OPEN = "open_session"
local PATIENCE = 600 -- seconds that a user has to authorize, unless told otherwise
local MINT_TRIES = 3

local methods = {}
local session_mt = { __index = methods, __name = "scalekit.session" }

function session_mt:__tostring()
  return ("scalekit.session(%s for %s, %s)"):format(self.config_name or self.config_id,
    self.identifier, self.token and "until " .. tostring(self.expires_at) or "not authorized")
end

local MINT
for _, op in ipairs(ops) do
  if op.name == "create_session_token" then MINT = op end
end

-- Unix seconds by the client's clock.
function methods:_now()
  local time = self._mcp.client.own_time
  return time and time.time() or os.time()
end

-- --- opening -----------------------------------------------------------------------

-- A token that got lost on its way harms nobody, so another one may be asked for.
local function may_repeat(err)
  return err.kind ~= "cancelled" and err.kind ~= "timeout"
    and (err.outcome == "unknown" or err.kind == "unavailable")
end

local function mint(self, time)
  local try = 0
  while true do
    local timeout, spent = time:timeout()
    if not timeout then return nil, spent end
    local token, err = self._mcp:create_session_token {
      mcp_config_id = self.config_id, identifier = self.identifier, expiry = self._expiry,
      timeout = timeout,
    }
    if token then return token end
    try = try + 1
    if try == MINT_TRIES or not may_repeat(err) then return nil, err end
    local pause = err.retry_after or retry.delay(try, self._mcp.client.random())
    local awake, ended = time:sleep(pause)
    if not awake then return nil, ended.kind == "timeout" and err or ended end
  end
end

local function accept(self, response)
  local token = response.token
  self.token = core.secret(token)
  self.headers = { Authorization = core.secret("Bearer " .. token) }
  self.expires_at = response.expires_at
  self.expires = moment.parse(response.expires_at or "")
  self._known = nil
  return self
end

-- The accounts that keep the session from opening; nil where there are none.
local function obstacle(self, time, with_links)
  local pending, err = accounts.pending(self, time)
  if pending and #pending > 0 and with_links then pending, err = accounts.links(self, time) end
  if not pending then return nil, err end
  return #pending > 0 and pending
end

-- Checks the accounts and mints.
local function renew(self, time, with_links)
  for look = 1, 2 do
    local pending, err = obstacle(self, time, with_links)
    if pending == nil then return nil, err end
    if pending then
      self._known = pending
      return nil, accounts.required(self, pending, time.operation)
    end
    local response
    response, err = mint(self, time)
    if response then return accept(self, response) end
    -- an account may have stopped being active between the two
    local refused = err.kind == "authorization_required" or err.kind == "bad_request"
    if look == 2 or not refused then return nil, err end
  end
end

local OPTIONS = {
  config = "string|table", identifier = "string", expiry = duration.TYPE,
  user_verify_url = "string", state = "string", timeout = duration.TYPE,
  wait = duration.TYPE, on_link = "function",
}

--- Checks what sessions are opened with.
-- @local
-- @tparam string what the function's name, for messages
-- @tparam table args checked for types
-- @tparam string identifier
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
-- @treturn[3] nil
-- @treturn[3] nil
-- @treturn[3] string misuse, to be raised at the caller's line
function session.check(what, args, identifier)
  if not target.is(args.config) then
    return nil, nil, what .. ": option 'config' must be an id, a name, or a config with an id"
  end
  local request, err, misuse = client.prepare(MINT, {
    mcp_config_id = "checked", identifier = identifier, expiry = args.expiry,
  })
  if misuse then return nil, nil, (misuse:gsub("^" .. MINT.name, what)) end
  if request then return true end
  err.operation = what
  return nil, err
end

--- A session that is not open yet.
-- @local
-- @tparam table mcp the client's resource
-- @tparam table config `id`, `name`, `mcp_server_url`
-- @tparam string identifier
-- @tparam table args the options of `open_session`
function session.new(mcp, config, identifier, args)
  return setmetatable({
    url = config.mcp_server_url, config_id = config.id, config_name = config.name,
    identifier = identifier,
    _mcp = mcp, _expiry = args.expiry, _user_verify_url = args.user_verify_url,
    _state = args.state, _linkless = {},
  }, session_mt)
end

--- Opens a session: accounts checked, token minted.
-- @local
-- @function session.open
-- @tparam scalekit.session self
-- @tparam scalekit.budget time
-- @tparam boolean with_links whether to make links where something is to authorize
session.open = renew

local function await(self, time, on_link)
  local ok, err = wait.authorized(self, time, on_link)
  if not ok then return nil, err end
  -- the user was in time, so the last step gets what it usually gets
  local of = self._mcp.client
  return renew(self, budget.new(of, 3 * of.timeout, time.operation), true)
end

--- Checks a user's accounts and mints a token: `client.mcp:open_session{…}`.
--
-- Accounts that are not ACTIVE end in `authorization_required`; with `on_link` the
-- call waits for the user instead.
-- @function client.mcp:open_session
-- @tparam table args
-- @tparam string|table args.config its id or name, or the config itself
-- @tparam string args.identifier of the user
-- @tparam[opt=3600] number|string args.expiry 1 minute to 24 hours: seconds or a text
-- @tparam[opt] string args.user_verify_url for environments that have the app verify its
-- users: where the browser is sent
-- @tparam[opt] string args.state comes back there unchanged
-- @tparam[opt=60] number|string args.timeout seconds or a text, for all of it but the waiting
-- @tparam[opt] function args.on_link waits for the user; as for `session:wait_authorized`
-- @tparam[opt=600] number|string args.wait seconds or a text: how long to wait
-- @treturn[1] scalekit.session
-- @treturn[2] nil
-- @treturn[2] scalekit.error With kind "authorization_required": `accounts`, a list with
-- `connection_name`, `connected_account_status`, `authentication_link` (used once, and
-- within a minute) and `link_expires` (Unix seconds); and `session`, which can be
-- waited with. With kind "configuration": the environment has no URL for the config.
local function open_session(self, args)
  if not resource.is(self) then error(OPEN .. ": call it with a colon", 2) end
  args = options.check(OPEN, args, OPTIONS)
  local seconds = duration.option(OPEN, args, "timeout", 3 * self.client.timeout)
  local patience = duration.option(OPEN, args, "wait", PATIENCE)
  if args.wait and not args.on_link then
    error(OPEN .. ": option 'wait' needs 'on_link', which shows the user the links", 2)
  end
  local ok, err, misuse = session.check(OPEN, args, args.identifier)
  if misuse then error(misuse, 2) end
  if not ok then return nil, err end
  local time = budget.new(self.client, seconds, OPEN)
  local config, problem = target.resolve(self, args.config, time)
  if not config then return nil, problem end
  local one = session.new(self, config, args.identifier, args)
  local opened
  opened, err = renew(one, time, true)
  if opened or err.kind ~= "authorization_required" or not args.on_link then return opened, err end
  return await(one, budget.new(self.client, patience, OPEN), args.on_link)
end

resource.refine("mcp", OPEN, function() return open_session end)

-- --- using ---------------------------------------------------------------------------

local ONLY_TIMEOUT = { timeout = duration.TYPE }

local function begin(self, what, opts, known, default)
  opts = options.check(what, opts, known, 3)
  return opts, budget.new(self._mcp.client, duration.option(what, opts, "timeout", default, 3), what)
end

--- Waits until the user has authorized everything, then mints a token. For the
-- session in an `authorization_required`, or one whose accounts have expired.
--
-- Asks after 2 seconds, then ever more rarely, up to every 15. A new link is made
-- when the one before has run out, at first at once, then after growing pauses.
-- @tparam[opt] table opts
-- @tparam[opt=600] number|string opts.timeout seconds or a text
-- @tparam[opt] function opts.on_link is called with each account that needs a link, once
-- for each link, as they stand in `err.accounts`
-- @treturn[1] scalekit.session the same, open
-- @treturn[2] nil
-- @treturn[2] scalekit.error kind "timeout", with `accounts` and `session`, when the time
-- is over; "cancelled" when the task was
function methods:wait_authorized(opts)
  local given, time = begin(self, "wait_authorized", opts,
    { timeout = duration.TYPE, on_link = "function" }, PATIENCE)
  return await(self, time, given.on_link)
end

--- Mints a new token in the place of the old one, which stays valid until it runs out.
-- @tparam[opt] table opts
-- @tparam[opt=60] number|string opts.timeout seconds or a text
-- @treturn[1] scalekit.session the same
-- @treturn[2] nil
-- @treturn[2] scalekit.error as of `open_session`; the old token is kept
function methods:renew(opts)
  local _, time = begin(self, "renew", opts, ONLY_TIMEOUT, 3 * self._mcp.client.timeout)
  return renew(self, time, true)
end

--- Whether the token has run out, or will within a margin.
-- @tparam[opt=0] number|string margin seconds or a text
-- @treturn boolean true also for a session that is not open
function methods:expired(margin)
  local seconds = margin and margin ~= 0
    and duration.option("expired", { margin = margin }, "margin") or 0
  if not self.token then return true end
  return self.expires ~= nil and self:_now() + seconds >= self.expires
end

local function require_open(self, what)
  if not self.token then error(what .. ": the session is not authorized yet", 3) end
end

local CONNECT = {
  timeout = duration.TYPE, headers = "table", era = "string", client_info = "table",
  transport = "function", allow_insecure_http = "boolean", max_body = "number",
}

--- Connects to the server; a token that has run out is renewed first.
-- @tparam[opt] table opts as for `scalekit.mcp.connect`
-- @tparam[opt=30] number|string opts.timeout seconds or a text, for connecting and for each call
-- @tparam[opt] table opts.headers further headers
-- @tparam[opt="auto"] string opts.era "modern" or "legacy" where it is known
-- @tparam[opt] table opts.client_info `{ name, version }` of the program
-- @tparam[opt] function opts.transport how requests travel; the client's own by default
-- @tparam[opt=false] boolean opts.allow_insecure_http allows the token over plain http to
-- another machine
-- @tparam[opt=8388608] number opts.max_body bytes that one message may have
-- @treturn[1] scalekit.mcp.connection
-- @treturn[2] nil
-- @treturn[2] scalekit.error
function methods:connect(opts)
  require_open(self, "connect")
  opts = options.check("connect", opts, CONNECT)
  local of = self._mcp.client
  local settings = { transport = of.mcp_transport or of.send }
  for name, value in pairs(opts) do settings[name] = value end
  if self:expired() then
    local ok, err = self:renew()
    if not ok then return nil, err end
  end
  settings.url, settings.token = self.url, self.token
  return require("scalekit.mcp").connect(settings)
end

--- What an agent platform wants to be told about the server, with the token in clear.
--
-- "generic": `{ url, headers }`. "anthropic": `{ mcp_servers, tools }` of a Messages
-- request. "claude_managed_agents": `{ agent, credential, credential_update }`.
-- "openai": a tool of the Responses API. "langchain", "crewai": what their MCP clients
-- take. "mcp_json": a file of servers, as Claude Code reads it.
-- @tparam string name of the platform
-- @tparam[opt] table opts
-- @tparam[opt] string opts.name of the server on the platform, default the config's
-- @tparam[opt] string|table opts.require_approval "openai" only
-- @tparam[opt] string opts.description "openai" only
-- @tparam[opt] string opts.display_name of the credential; "claude_managed_agents" only
-- @tparam[opt="always_allow"] string opts.permission_policy "claude_managed_agents" only
-- @treturn table
function methods:to(name, opts)
  require_open(self, "to")
  local shape = platform.shape("to", name, self, opts, 2)
  return shape
end

--- The same as JSON, for a program in another language.
-- @tparam string name of the platform
-- @tparam[opt] table opts as for `to`
-- @treturn string
function methods:json(name, opts)
  require_open(self, "json")
  local shape = platform.shape("json", name, self, opts, 2)
  return json.encode(shape)
end

--- `{ url, headers }` for any MCP client, with the token in clear.
-- @treturn table
function methods:mcp_server()
  require_open(self, "mcp_server")
  return self:to "generic"
end

return session
