--- The handshake of the older era: a version to agree on, what each side can
-- do, perhaps the id of a session. (2025-11-25, "Lifecycle")
-- @module scalekit.mcp.handshake

local core = require "scalekit.core"
local answer = require "scalekit.mcp.answer"
local failure = require "scalekit.mcp.failure"
local input = require "scalekit.mcp.input"
local json = require "scalekit.json"
local version = require "scalekit.mcp.version"

local handshake = {}

local MAX_SESSION_ID = 1024

local function session_of(message)
  local text = message.headers["mcp-session-id"]
  if text == nil then return nil end
  if #text > MAX_SESSION_ID or not text:find "^[\33-\126]+$" then
    return nil, failure.protocol "the server sent a malformed session id"
  end
  return core.secret(text)
end

-- A version that a refusal of the handshake offers instead of ours.
local function offered(message, proposal)
  local data = message and message.error and message.error.data
  local supported = json.is_object(data) and data.supported
  local best = json.is_array(supported) and version.best(version.LEGACY, supported)
  return best ~= proposal and best or nil
end

-- Proposes a version; once more if the server names another one.
local function propose(peer, ask)
  local function once(proposal)
    return ask("initialize", {
      protocolVersion = proposal,
      capabilities = input.capabilities(peer.callbacks),
      clientInfo = peer.client_info,
    })
  end
  local message, err = once(peer.proposal)
  local other = offered(message, peer.proposal)
  if not other then return message, err end
  peer.proposal = other
  return once(other)
end

--- Agrees with a server.
-- @tparam table peer `wire`, `proposal`, `callbacks`, `client_info`; gets `session`,
--   `protocol_version`, `result` and `raw` (the answer and its exact text),
--   `server_info`, `capabilities`, `instructions`
-- @tparam function ask `ask(method, params)` → message, or nil and an error
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
function handshake.agree(peer, ask)
  local message, err = propose(peer, ask)
  local result, raw = answer.settle(peer.wire, "initialize", message, err)
  if not result then return nil, raw end
  local spoken = version.best(version.LEGACY, { result.protocolVersion })
  if not spoken then
    return nil, failure.protocol("the server speaks only "
      .. (failure.words(peer.wire.secrets, result.protocolVersion) or "an unnamed version"))
  end
  local session
  session, err = session_of(message)
  if err then return nil, err end
  peer.session, peer.protocol_version, peer.result, peer.raw = session, spoken, result, raw
  peer.server_info = json.is_object(result.serverInfo) and result.serverInfo or nil
  peer.capabilities = json.is_object(result.capabilities) and result.capabilities or {}
  peer.instructions = type(result.instructions) == "string" and result.instructions or nil
  return true
end

return handshake
