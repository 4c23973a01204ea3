--- What an account authorizes with: the `authorization_details` of the API. Demo providers issue
-- theirs on the spot; an application may bring its own.
local json = require "scalekit.json"
local moment = require "scalekit.moment"

local ids = require "scalekit.vmcp.ids"

local grants = {}

local ACCESS_SECONDS = 3600
-- so long before its end a token is renewed
local EARLY_SECONDS = 300

-- the member of the details for each way to authorize; what is not here has none
local KIND = {
  OAUTH = "oauth_token", OAUTH_M2M = "oauth_token", SMART_FHIR = "oauth_token",
  TRELLO_OAUTH1 = "oauth_token", GOOGLE_DWD = "google_dwd", TRUSTED_IDP = "trusted_idp",
  API_KEY = "static_auth", BEARER_TOKEN = "static_auth", BASIC = "static_auth",
  BASIC_AUTH = "static_auth", CUSTOM = "static_auth",
}

local function access_token()
  return "demo_at_" .. ids.opaque()
end

local function expiry(app)
  return moment.format(app:now() + ACCESS_SECONDS)
end

--- Gives an account what its demo provider would issue.
function grants.issue(app, connection, account)
  local kind = KIND[connection.authorization_type]
  account.token_expires_at = nil
  if kind == "oauth_token" then
    account.authorization_details = { oauth_token = {
      access_token = access_token(),
      refresh_token = "demo_rt_" .. ids.opaque(),
      scopes = json.array(connection.scopes),
    } }
    account.token_expires_at = expiry(app)
  elseif kind == "static_auth" then
    account.authorization_details = {
      static_auth = { details = { api_key = "demo_key_" .. ids.opaque() } },
    }
  end
end

--- Whether an account authorizes with OAuth.
function grants.is_oauth(connection)
  return KIND[connection.authorization_type] == "oauth_token"
end

local function merge(base, changes)
  for name, value in pairs(changes or {}) do base[name] = value end
  return base
end

--- Changes the details that are given; another kind of them replaces what was there.
-- @tparam table account
-- @tparam table given `authorization_details`
function grants.change(account, given)
  local kind, changes = next(given)
  if not kind then return end
  local details = (account.authorization_details or {})[kind] or {}
  if kind == "static_auth" then
    -- the credential's own fields are fields, too: a new password does not lose the user's name
    details.details = merge(details.details or {}, changes.details)
  else
    merge(details, changes)
  end
  account.authorization_details = { [kind] = details }
  -- nobody has told when tokens that came from outside expire
  account.token_expires_at = nil
end

--- Whether the access token of a usable account is over, or nearly so.
function grants.is_stale(app, account)
  local expires = account.status == "ACTIVE" and account.token_expires_at
    and moment.parse(account.token_expires_at)
  return expires and expires - EARLY_SECONDS <= app:now()
end

--- Gets an account a new access token, as its demo provider would.
-- @treturn boolean false when the account has nothing to ask for one with
function grants.renew(app, account)
  local token = (account.authorization_details or {}).oauth_token
  if not token or (token.refresh_token or "") == "" then return false end
  token.access_token, account.token_expires_at = access_token(), expiry(app)
  return true
end

return grants
