--- Authorization links made one by one, and the confirmation of who used them.
local moment = require "scalekit.moment"

local accounts = require "scalekit.vmcp.accounts"
local links = require "scalekit.vmcp.links"
local problem = require "scalekit.vmcp.problem"
local selector = require "scalekit.vmcp.selector"
local url = require "scalekit.vmcp.url"

local handler = {}

local function given(value)
  return value ~= nil and value ~= ""
end

-- The account that a link is for, created when it is missing and there is something to authorize.
local function select_account(app, body)
  if not given(body.id) then
    local connection, refusal = selector.target(app, body)
    if not connection then return nil, refusal end
    if connection.keyless then
      return nil, problem.precondition("CONNECTION_WITHOUT_KEY",
        ("Connection '%s' has nothing to authorize"):format(connection.name))
    end
  end
  return selector.reach(app, body)
end

function handler.GetMagicLinkForConnectedAccount(app, call)
  local body = call.body
  -- it ends up in a Location header, and its origin in a page's policy
  if given(body.user_verify_url) and not url.is_plain(body.user_verify_url) then
    return nil, problem.violation(
      "user_verify_url", "is not an http or https URL", "string.pattern")
  end
  local account, connection = select_account(app, body)
  if not account then return nil, connection end
  local link, expires = links.issue(app, {
    connection = connection,
    account = account,
    seconds = links.API_LINK_SECONDS,
    user_verify_url = given(body.user_verify_url) and body.user_verify_url or nil,
    state = body.state,
  })
  if not link then return nil, expires end
  return { link = link, expiry = moment.format(expires) }
end

function handler.VerifyConnectedAccountUser(app, call)
  local request, refusal = links.verify(app, call.body.auth_request_id, call.body.identifier)
  if not request then return nil, refusal end
  local connection = app.catalogue:connection(request.connection_name)
  local account
  account, refusal = accounts.authorize(
    app, connection, request.identifier, "PENDING_VERIFICATION")
  if not account then
    return nil, refusal or problem.not_found("The account no longer waits for verification")
  end
  return { post_user_verify_redirect_url = app.base_url .. "/connected" }
end

return handler
