--- Magic links and verification requests: short-lived, used once.
local core = require "scalekit.core"
local json = require "scalekit.json"

local accounts = require "scalekit.vmcp.accounts"
local events = require "scalekit.vmcp.events"
local ids = require "scalekit.vmcp.ids"
local problem = require "scalekit.vmcp.problem"

local links = {}

local LINK, REQUEST = "link/", "verify/"

--- How long a link opens its page, in seconds.
links.CONFIG_LINK_SECONDS = 60
links.API_LINK_SECONDS = 600
-- Who opened the page in time may take this long to read it. The form's nonce, which only the page
-- shows, is the proof.
local DECIDE_SECONDS = 300
-- A dead link is remembered a while, so that its page can say why it is dead.
local REMEMBER_SECONDS = 3600
local REQUEST_SECONDS = 600

--- Creates a link for one account. An account that was disconnected waits for its user from then on;
-- any other keeps its state until the link is used.
-- @tparam table app
-- @tparam table spec { connection, account, seconds, config_id?, user_verify_url?, state? }
-- @treturn string|nil url
-- @treturn number|table when it expires (Unix seconds), or a problem
function links.issue(app, spec)
  local connection, account = spec.connection, spec.account
  if account.status == "DISCONNECTED" then
    local _, refusal = accounts.set_status(
      app, connection, account.identifier, "PENDING_AUTH", "DISCONNECTED")
    if refusal then return nil, refusal end
  end
  local opaque = ids.opaque()
  local expires = math.floor(app:now()) + spec.seconds
  local ok, err = app.store:set(LINK .. opaque, json.encode {
    connection_name = connection.name,
    identifier = account.identifier,
    config_id = spec.config_id,
    user_verify_url = spec.user_verify_url,
    state = spec.state,
    nonce = ids.opaque(),
    expires = expires,
  }, spec.seconds + REMEMBER_SECONDS)
  if not ok then return nil, problem.store(err) end
  events.tell(app, "magic_link_generated", connection, account)
  return app.base_url .. "/magicLink/" .. opaque, expires
end

local function reason_dead(app, link, grace)
  if link.used then
    return "used"
  elseif app:now() >= link.expires + grace then
    return "expired"
  end
end

--- The link behind a page that is being opened.
-- @treturn table|nil link
-- @treturn string "unknown", "used" or "expired"
function links.open(app, opaque)
  local text = app.store:get(LINK .. opaque)
  if not text then return nil, "unknown" end
  local link = json.decode(text)
  local dead = reason_dead(app, link, 0)
  if dead then return nil, dead end
  return link
end

--- Uses a link up; of several attempts exactly one gets it.
-- @treturn table|nil link
-- @treturn string|table "unknown", "used", "expired" or "forged" (the nonce is not the page's), or
--   a problem
function links.consume(app, opaque, nonce)
  local ok, link, dead = app.store:update(LINK .. opaque, function(text)
    if not text then return nil, nil, "unknown" end
    local link = json.decode(text)
    local dead = reason_dead(app, link, DECIDE_SECONDS)
    if not dead and not core.equal(nonce, link.nonce) then
      dead = "forged"
    end
    if dead then return nil, nil, dead end
    link.used = true
    return json.encode(link), link
  end, REMEMBER_SECONDS)
  if not ok then return nil, problem.store(link) end
  return link, dead
end

--- Takes the use of a link back: what the user decided could not be done.
function links.release(app, opaque, link)
  link.used = nil
  app.store:set(LINK .. opaque, json.encode(link), REMEMBER_SECONDS)
end

--- Remembers that somebody authorized an account and that the app has yet to say who it was.
-- @treturn string|nil auth_request_id
-- @treturn table problem
function links.request_verification(app, link)
  local id = ids.opaque()
  local ok, err = app.store:set(REQUEST .. id, json.encode {
    connection_name = link.connection_name,
    identifier = link.identifier,
  }, REQUEST_SECONDS)
  if not ok then return nil, problem.store(err) end
  return id
end

--- Takes a verification request if the identifier is the one it was made for.
-- @treturn table|nil request
-- @treturn table problem
function links.verify(app, id, identifier)
  local ok, request, refusal = app.store:update(REQUEST .. id, function(text)
    if not text then
      return nil, nil, problem.not_found("No pending verification request has this id")
    end
    local request = json.decode(text)
    if request.identifier ~= identifier then
      return nil, nil, problem.forbidden("The request was made for another identifier")
    end
    return false, request
  end)
  if not ok then return nil, problem.store(request) end
  return request, refusal
end

return links
