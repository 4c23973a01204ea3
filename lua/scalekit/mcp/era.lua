--- Finds out which era a server belongs to, and opens it.
--
-- The probe is `server/discover`, which a modern server has to offer and a
-- legacy server cannot know. Only an answer decides: 401 and 403, a server in
-- trouble and a broken connection say nothing about the era.
-- @module scalekit.mcp.era

local failure = require "scalekit.mcp.failure"
local input = require "scalekit.mcp.input"
local json = require "scalekit.json"
local legacy = require "scalekit.mcp.legacy"
local modern = require "scalekit.mcp.modern"
local version = require "scalekit.mcp.version"

local era = {}

local PROBE = "server/discover"

-- Errors that only a modern server gives: our request was wrong, not the era.
local MODERN_ERROR = { [-32020] = true, [-32021] = true }

local function says_nothing(status)
  return status == 401 or status == 403 or status == 408 or status == 429 or status >= 500
end

local function no_common_version(wire, offered)
  local theirs = {}
  for i, one in ipairs(offered) do theirs[i] = tostring(one) end
  local list = failure.words(wire.secrets, table.concat(theirs, ", ")) or "none"
  return failure.protocol(("the server speaks %s; this client speaks %s, %s"):format(
    list, table.concat(version.MODERN, ", "), table.concat(version.LEGACY, ", ")))
end

-- Reads the answer to the probe: "modern"; "legacy" and a version to propose;
-- or nil and an error.
local function verdict(peer, message, err)
  if not message then
    if not err.status or says_nothing(err.status) then return nil, err end
    return "legacy"
  end
  local offered, code = modern.offered(message), message.error and message.error.code
  if says_nothing(message.status) or (MODERN_ERROR[code] and message.status >= 400) then
    return nil, code and failure.rpc(peer.wire, message) or failure.http(peer.wire, message)
  end
  if message.result and json.is_array(message.result.supportedVersions) then
    offered = message.result.supportedVersions
    local best = version.best(version.MODERN, offered)
    if best then
      peer.protocol_version = best
      peer:learn(message.result)
      return "modern"
    end
  end
  if not offered then return "legacy" end
  if version.best(version.MODERN, offered) then return nil, failure.rpc(peer.wire, message) end
  local proposal = version.best(version.LEGACY, offered)
  if proposal then return "legacy", proposal end
  return nil, no_common_version(peer.wire, offered)
end

-- Asks a server what it is, and opens it as that.
local function probe(wire, options, call)
  local peer = modern.new(wire, options)
  local message, err = peer:ask(PROBE, nil, call)
  local found, detail = verdict(peer, message, err)
  if found == "modern" then return peer end
  if not found then
    detail.operation = detail.operation or PROBE
    return nil, detail
  end
  if options.era == "modern" then
    err = err or message.error and failure.rpc(wire, message)
      or failure.protocol "the server does not speak 2026-07-28"
    err.operation = PROBE
    return nil, err
  end
  return legacy.open(wire, options, call, detail)
end

-- Whether a handshake that worked once failed in a way that may mean another era.
local function is_doubtful(err)
  local status = err.status
  if status and says_nothing(status) then return false end
  return status ~= nil or err.code ~= nil or err.kind == "protocol"
end

--- Opens a connection in the era of the server.
-- @tparam table wire
-- @tparam table options `era` ("auto", "modern" or "legacy"), `client_info`,
--   `memory` (of eras) and the callbacks of `scalekit.mcp.input`
-- @tparam table limits `deadline`, `idle_timeout`
-- @treturn[1] table peer: `era`, `protocol_version`, `server_info`, `capabilities`,
--   `instructions`; `request`, `discover`, `ping`, `set_log_level`, `listen`, `close`
-- @treturn[2] nil
-- @treturn[2] table error
function era.open(wire, options, limits)
  local call = { deadline = limits.deadline, idle_timeout = limits.idle_timeout }
  for _, name in ipairs(input.CALLBACKS) do call[name] = options[name] end
  if options.era == "legacy" then return legacy.open(wire, options, call) end
  local memory, url = options.memory, wire.url
  local known, spoken = memory:recall(url)
  if known == "legacy" and options.era == "auto" then
    local peer, err = legacy.open(wire, options, call, spoken)
    if peer or not is_doubtful(err) then return peer, err end
    memory:forget(url)
  end
  local peer, err = probe(wire, options, call)
  if peer then memory:learn(url, peer.era, peer.protocol_version) end
  return peer, err
end

return era
