--- The hosted page behind an authorization link: says which app wants what, takes the user's
-- decision, and leaves the account in the state that follows from it.
local core = require "scalekit.core"
local route = require "scalekit.route"

local accounts = require "scalekit.vmcp.accounts"
local configs = require "scalekit.vmcp.configs"
local events = require "scalekit.vmcp.events"
local html = require "scalekit.vmcp.html"
local links = require "scalekit.vmcp.links"
local toolbox = require "scalekit.vmcp.toolbox"

local page = {}

local escape = html.escape

local DEAD = {
  unknown = { 404, "This link is not valid",
    "<p>Check that the whole link was copied, or ask the app for a new one.</p>" },
  used = { 410, "This link was used already",
    "<p>Each link works once. If you still need to connect, ask the app for a new one.</p>" },
  expired = { 410, "This link has expired",
    "<p>Links are valid for a short time only. Ask the app for a new one.</p>" },
  forged = { 403, "This form cannot be accepted",
    "<p>It did not come from the page of this link. Open the link again.</p>" },
}

local function noted(response, note)
  response.note = note
  return response
end

local function dead_page(reason)
  local dead = DEAD[reason]
  return noted(html.page(dead[1], dead[2], dead[3]), "link " .. reason)
end

-- What could not be done now, for the user's eyes.
local function failed_page(refusal)
  return html.page(refusal.status, "Please try again", "<p>" .. escape(refusal.message) .. ".</p>")
end

local function origin_of(url)
  return url:match "^https?://[^/?#]+"
end

-- The titles of the tools that the config maps from this connection, or of all it has.
local function wishes(config, connection)
  local tools = connection.tools
  for _, mapping in ipairs(config and config.mappings or {}) do
    if mapping.connection_name == connection.name then
      tools = toolbox.mapped(connection, mapping)
    end
  end
  local items = {}
  for i, tool in ipairs(tools) do
    items[i] = ('<li>%s <span class="soft">(%s)</span></li>'):format(
      escape(tool.title), tool.annotations.readOnlyHint and "only reads" or "can change things")
  end
  return table.concat(items, "\n")
end

local CONSENT = [[
<p><strong class="wrap">%s</strong> wants to use the %s account of
<strong class="wrap">%s</strong> for this:</p>
<ul>
%s
</ul>
<form method="post">
<input type="hidden" name="nonce" value="%s">
<div class="row">
<button class="main" type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</div>
</form>
<p class="soft">This is a self-hosted environment with demo data: no account of the provider is
involved and no password is asked for.</p>]]

--- GET: the question. Opening the page changes nothing, so link checkers do no harm.
function page.show(app, _, opaque)
  local link, reason = links.open(app, opaque)
  if not link then return dead_page(reason) end
  local connection = app.catalogue:connection(link.connection_name)
  local config = link.config_id and configs.by_id(app, link.config_id)
  local name = connection.display_name or connection.name
  local asker = config and config.name or "Your application"
  local content = CONSENT:format(escape(asker), escape(name), escape(link.identifier),
    wishes(config, connection), escape(link.nonce))
  -- browsers apply form-action to where the form's answer redirects, too
  return html.page(200, "Connect " .. name, content,
    link.user_verify_url and origin_of(link.user_verify_url))
end

local CONNECTED = "<p>You can close this window and go back to the app.</p>"
local DENIED = "<p>You denied access. Nothing was connected, and you can close this window.</p>"

--- Where a user ends up when all is done.
function page.connected()
  return html.page(200, "Connected", CONNECTED)
end

-- Custom user verification: the account waits until the app has said who came back. → response, or
-- nil and a problem
local function ask_the_app(app, connection, link)
  if not link.user_verify_url then
    return html.page(400, "The account could not be connected",
      "<p>Error: <code>failed_to_exchange</code></p><p>user_verify_url not configured: this"
        .. " environment verifies users through the app, and the link does not say where.</p>")
  end
  local id, refusal = links.request_verification(app, link)
  local account
  if id then
    account, refusal = accounts.set_status(app, connection, link.identifier, "PENDING_VERIFICATION")
  end
  if not account then return nil, refusal end
  events.tell(app, "oauth_tokens_fetched", connection, account)
  local url, fragment = link.user_verify_url:match "^([^#]*)(.*)$"
  local target = url .. (url:find("?", 1, true) and "&" or "?") .. "auth_request_id=" .. id
  if link.state and link.state ~= "" then
    target = target .. "&state=" .. core.percent(link.state)
  end
  return {
    status = 302,
    headers = { location = target .. fragment, ["cache-control"] = "no-store" },
    note = "link allowed, verification pending",
  }
end

-- → response, or nil and a problem
local function allow(app, link)
  local connection = app.catalogue:connection(link.connection_name)
  if app.user_verification == "custom" then return ask_the_app(app, connection, link) end
  local account, refusal = accounts.authorize(app, connection, link.identifier)
  if not account then return nil, refusal end
  return noted(page.connected(), "link allowed")
end

local function read_decision(request)
  local form = {}
  for _, pair in ipairs(route.pairs(request.body) or {}) do
    form[pair[1]] = pair[2]
  end
  local decision = form.decision
  return (decision == "allow" or decision == "deny") and decision, form.nonce or ""
end

--- POST: the answer. It uses the link up, unless it could not be carried out. `app` has refused
-- foreign origins before; the nonce shows that the form is the one of the link's page.
function page.decide(app, request, opaque)
  local decision, nonce = read_decision(request)
  local from = request.headers["sec-fetch-site"]
  if not decision or from and from ~= "same-origin" and from ~= "none" then
    return dead_page "forged"
  end
  local link, reason = links.consume(app, opaque, nonce)
  if not link then return DEAD[reason] and dead_page(reason) or failed_page(reason) end
  if decision == "deny" then
    return noted(html.page(200, "Not connected", DENIED), "link denied")
  end
  local response, refusal = allow(app, link)
  if response then return response end
  links.release(app, opaque, link)
  return failed_page(refusal)
end

return page
