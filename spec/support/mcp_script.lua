-- A scripted MCP server as a transport: each request is answered by the next
-- step, so that a spec can say exactly what a peer does, sane or not.

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"

local script = { URL = "https://peer.example/mcp" }

local function plain(value)
  return type(value) == "userdata" and core.reveal(value) or value
end

local script_methods = {}
local script_mt = { __index = script_methods }

-- What a request looks like from the other side.
local function see(request)
  local seen = { method = request.method, url = request.url, headers = {}, body = request.body }
  for name, value in pairs(request.headers) do seen.headers[name:lower()] = plain(value) end
  seen.auth = request.auth and core.reveal(request.auth)
  seen.request = request
  if request.body then seen.message = assert(json.decode(request.body)) end
  return seen
end

--- A peer that takes one step for each request.
function script.new(steps)
  local self = setmetatable({ steps = steps, log = {}, open = 0 }, script_mt)
  self.send = function(request)
    local seen = see(request)
    self.log[#self.log + 1] = seen
    local step = self.steps[#self.log]
    if not step then
      error("the script has no step for " .. (request.body or request.method), 0)
    end
    return step(seen, self)
  end
  return self
end

--- How many requests came.
function script_methods:count()
  return #self.log
end

--- An HTTP answer as it is.
function script.http(status, headers, body)
  return function()
    return { status = status, headers = headers or {}, body = body or "" }
  end
end

local function reply(seen, status, headers, member, text)
  headers = headers or {}
  headers["content-type"] = "application/json"
  return {
    status = status,
    headers = headers,
    body = ('{"jsonrpc":"2.0","id":%s,"%s":%s}'):format(
      core.json_member(seen.body, "id") or "null", member, text),
  }
end

--- The text of a message that answers a request; `result` is a table or a JSON text.
function script.answer(seen, result)
  local text = type(result) == "string" and result or json.encode(result)
  return reply(seen, 200, nil, "result", text).body
end

--- Answers with a result.
function script.result(result, headers)
  return function(seen)
    local text = type(result) == "string" and result or json.encode(result)
    return reply(seen, 200, headers, "result", text)
  end
end

--- Answers with a JSON-RPC error.
function script.fault(code, message, data, status, headers)
  return function(seen)
    local text = json.encode { code = code, message = message, data = data }
    return reply(seen, status or 200, headers, "error", text)
  end
end

--- Answers with an event stream. `make(seen)` returns its events: strings are
-- data, tables are events, and an error ends the stream with it.
function script.stream(make, status, headers)
  return function(seen, self)
    local list, at, closed = make(seen), 0, false
    self.open = self.open + 1
    local events = {}
    function events.read()
      if closed then return nil, errors.new { kind = "network", message = "closed" } end
      at = at + 1
      local event = list[at]
      if errors.is(event) then return nil, event end
      return type(event) == "string" and { data = event } or event
    end
    function events.close()
      if not closed then self.open = self.open - 1 end
      closed = true
    end
    headers = headers or {}
    headers["content-type"] = "text/event-stream"
    return { status = status or 200, headers = headers, events = events }
  end
end

--- A request that does not arrive, or an answer that does not.
function script.broken(kind, outcome)
  return function()
    return nil, errors.new { kind = kind, message = "scripted", outcome = outcome or "unknown" }
  end
end

script.accepted = script.http(202)

script.DISCOVERED = {
  resultType = "complete",
  supportedVersions = { "2026-07-28" },
  capabilities = { tools = {} },
  ttlMs = 0,
  cacheScope = "private",
  _meta = { ["io.modelcontextprotocol/serverInfo"] = { name = "scripted", version = "1" } },
}

local function connect(opts, steps)
  local peer, given = script.new(steps), {}
  for name, value in pairs(opts or {}) do given[name] = value end
  given.url = given.url or script.URL
  given.transport = peer.send
  return assert(mcp.connect(given)), peer
end

--- A connection to a modern peer that goes on with `steps`.
function script.modern(steps, opts)
  local all = { script.result(script.DISCOVERED) }
  for _, step in ipairs(steps) do all[#all + 1] = step end
  return connect(opts, all)
end

--- The two answers of a legacy handshake.
function script.handshake(version, session)
  return script.result({
    protocolVersion = version or "2025-11-25",
    capabilities = { tools = {} },
    serverInfo = { name = "scripted", version = "1" },
  }, { ["mcp-session-id"] = session }), script.accepted
end

--- A connection to a legacy peer that goes on with `steps`. `opts.session` and
-- `opts.version` are what the peer gives.
function script.legacy(steps, opts)
  local given = {}
  for name, value in pairs(opts or {}) do given[name] = value end
  local opening, opened = script.handshake(given.version, given.session)
  given.session, given.version, given.era = nil, nil, "legacy"
  local all = { opening, opened }
  for _, step in ipairs(steps) do all[#all + 1] = step end
  return connect(given, all)
end

return script
