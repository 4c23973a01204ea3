--- What a user still has to authorize for a config, and the links to do it with.
-- @module scalekit.session.accounts

local errors = require "scalekit.error"
local moment = require "scalekit.moment"

local accounts = {}

-- How long the links of `list_mcp_connected_accounts` are good; the answer does
-- not say it, the service's SDK does.
local LINK_LIFE = 60

local function is_active(account)
  return tostring(account.connected_account_status):upper() == "ACTIVE" -- perhaps a number
end

local function list(session, with_links, time)
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local response, err = session._mcp:list_mcp_connected_accounts {
    config_id = session.config_id, identifier = session.identifier,
    include_auth_link = with_links, timeout = timeout,
  }
  if not response then return nil, err end
  for _, account in ipairs(response.connected_accounts) do
    if not account.connection_name then
      return nil, errors.new {
        kind = "protocol", operation = time.operation,
        message = "the service's answer holds an account of no connection",
      }
    end
  end
  return response.connected_accounts
end

-- Those that are not ACTIVE; but not those of a connection that turned out to have
-- nothing to authorize.
local function pending_of(session, all)
  local pending = {}
  for _, account in ipairs(all) do
    if not is_active(account) and not session._linkless[account.connection_name] then
      if account.authentication_link == "" then account.authentication_link = nil end
      pending[#pending + 1] = account
    end
  end
  return pending
end

--- The accounts as they are, a list; creates nothing.
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] table error
function accounts.all(session, time)
  local all, err = list(session, false, time)
  return all, err
end

--- The state of the accounts; creates nothing.
-- @treturn[1] table those that the user has to authorize
-- @treturn[2] nil
-- @treturn[2] table error
function accounts.pending(session, time)
  local all, err = list(session, false, time)
  if not all then return nil, err end
  return pending_of(session, all)
end

-- A link that leads the user back to the app.
local function verified_link(session, account, time)
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local response, err = session._mcp.client.connected_accounts:get_authorization_link {
    connection_name = account.connection_name, identifier = session.identifier,
    user_verify_url = session._user_verify_url, state = session._state, timeout = timeout,
  }
  if not response then return nil, err end
  account.authentication_link = response.link
  account.link_expires_at = response.expiry
  return (moment.parse(response.expiry or ""))
end

--- A fresh link for every account that needs one. Accounts that are missing are
-- created. A connection without a link has nothing to authorize, and whether a
-- session does without it the service decides.
-- @treturn[1] table the accounts that the user has to authorize, each with
-- `authentication_link` and `link_expires`, Unix seconds
-- @treturn[2] nil
-- @treturn[2] table error
function accounts.links(session, time)
  local all, err = list(session, true, time)
  if not all then return nil, err end
  local pending, now = {}, session:_now()
  for _, account in ipairs(pending_of(session, all)) do
    if not account.authentication_link then
      session._linkless[account.connection_name] = true
    else
      account.link_expires = now + LINK_LIFE
      if session._user_verify_url then
        local expires, problem = verified_link(session, account, time)
        if problem then return nil, problem end
        account.link_expires = expires or account.link_expires
      end
      pending[#pending + 1] = account
    end
  end
  return pending
end

--- The error that says who has to authorize what.
-- @tparam scalekit.session session
-- @tparam table pending
-- @tparam string operation
-- @tparam[opt] boolean late whether a time given for it has passed
function accounts.required(session, pending, operation, late)
  local parts = {}
  for i, account in ipairs(pending) do
    local status = account.connected_account_status or ""
    parts[i] = ("%s (%s)"):format(account.connection_name, status ~= "" and status or "no account")
  end
  return errors.new {
    kind = late and "timeout" or "authorization_required",
    operation = operation,
    message = (late and "in the time given, %s did not authorize %s" or "%s has to authorize %s")
      :format(session.identifier, table.concat(parts, ", ")),
    accounts = pending,
    session = session,
  }
end

return accounts
