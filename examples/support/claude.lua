-- As much of Claude Managed Agents' HTTP interface as the example needs: JSON
-- there and back, and a session's events as they come.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"

local claude = {}
claude.__index = claude

local VERSION, BETA = "2023-06-01", "managed-agents-2026-04-01"
local TIMEOUT = 60
local SILENCE = 300 -- seconds after which a stream without a byte is given up

--- A client. `base_url` is for a stand-in; the default is the real thing.
function claude.new(opts)
  return setmetatable({
    base_url = (opts.base_url or "https://api.anthropic.com"):gsub("/+$", ""),
    send = curl.new(),
    headers = {
      ["x-api-key"] = core.secret(opts.api_key), -- not to be seen in any message
      ["anthropic-version"] = VERSION, ["anthropic-beta"] = BETA,
      ["content-type"] = "application/json", accept = "application/json",
    },
  }, claude)
end

-- What an answer says, or nil and a sentence.
local function read(response, path)
  local body = json.decode(response.body)
  if response.status >= 200 and response.status < 300 and body then return body end
  local said = type(body) == "table" and body.error
  return nil, ("%s: HTTP %d: %s"):format(path, response.status, said and said.message or "no reason given")
end

--- Posts a table, returns a table.
function claude:post(path, body)
  local response, err = self.send {
    method = "POST", url = self.base_url .. path, headers = self.headers,
    body = json.encode(body), deadline = core.now() + TIMEOUT,
  }
  if not response then return nil, err end
  return read(response, path)
end

local stream = {}
stream.__index = stream

--- The next event; nil at the end; nil and why where the stream broke. A ping
-- and an event without JSON say nothing.
function stream:read()
  while true do
    local event, err = self.events:read()
    if not event then return nil, err end
    local body = json.decode(event.data)
    if json.is_object(body) and body.type ~= "ping" then return body end
  end
end

function stream:close()
  self.events:close()
end

--- The events of a session, from now on.
function claude:stream(session_id)
  local path = "/v1/sessions/" .. session_id .. "/events/stream"
  local response, err = self.send {
    method = "GET", url = self.base_url .. path, headers = self.headers, stream = true,
    idle_timeout = SILENCE,
  }
  if not response then return nil, err end
  if not response.events then return read(response, path) end
  return setmetatable({ events = response.events }, stream)
end

return claude
