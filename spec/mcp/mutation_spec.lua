-- A server whose every answer is sane but for a few members that are replaced
-- by nonsense: whatever it says, the client returns a value or an error object,
-- and never raises, hangs or forgets a stream.

local core = require "scalekit.core"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"

local TURNS = 400

local list, null = json.array, json.null

local HINTS = { resultType = "complete", ttlMs = 5, cacheScope = "private" }

local function with_hints(result)
  for name, value in pairs(HINTS) do result[name] = value end
  return result
end

local SCHEMA = {
  type = "object", required = list { "a" },
  properties = {
    a = { type = "string", ["x-mcp-header"] = "A" },
    b = { type = "object", properties = { c = { type = "integer", ["x-mcp-header"] = "C" } } },
  },
}

local RESULTS = {
  ["server/discover"] = with_hints {
    supportedVersions = list { "2026-07-28" }, instructions = "x",
    capabilities = { tools = { listChanged = true }, resources = { subscribe = true } },
    _meta = { ["io.modelcontextprotocol/serverInfo"] = { name = "n", version = "1" } },
  },
  ["initialize"] = {
    protocolVersion = "2025-11-25", serverInfo = { name = "n", version = "1" },
    capabilities = { tools = { listChanged = true }, resources = { subscribe = true } },
  },
  ["tools/list"] = with_hints {
    tools = list { { name = "t", inputSchema = SCHEMA }, { name = "u", inputSchema = SCHEMA } },
  },
  ["tools/call"] = {
    resultType = "complete", isError = false, structuredContent = { a = 1 },
    content = list {
      { type = "text", text = "x" }, { type = "image", data = "aGk=", mimeType = "image/png" },
      { type = "resource", resource = { uri = "a:b", text = "t" } },
    },
  },
  ["resources/list"] = with_hints { resources = list { { uri = "a:b", name = "n" } } },
  ["resources/templates/list"] = with_hints {
    resourceTemplates = list { { uriTemplate = "a:{b}" } },
  },
  ["resources/read"] = with_hints { contents = list { { uri = "a:b", text = "n" } } },
  ["prompts/list"] = with_hints { prompts = list { { name = "p" } } },
  ["prompts/get"] = {
    messages = list { { role = "user", content = { type = "text", text = "t" } } },
  },
  ["completion/complete"] = { completion = { values = list { "a" }, total = 1 } },
}

local FORM = {
  method = "elicitation/create",
  params = {
    message = "m",
    requestedSchema = { type = "object", properties = { x = { type = "string", default = "d" } } },
  },
}

local INPUT = { resultType = "input_required", requestState = "s", inputRequests = { a = FORM } }

local QUESTION = { jsonrpc = "2.0", id = "q", method = FORM.method, params = FORM.params }

local NOTICES = {
  { jsonrpc = "2.0", method = "notifications/progress",
    params = { progressToken = 3, progress = 1 } },
  { jsonrpc = "2.0", method = "notifications/message", params = { level = "info", data = "x" } },
  { jsonrpc = "2.0", method = "notifications/tools/list_changed" },
  { jsonrpc = "2.0", method = "notifications/subscriptions/acknowledged",
    params = { notifications = { toolsListChanged = true } } },
}

local JUNK = {
  null, true, false, 0, -1, 1.5, 1e300, "", "\0", ("x"):rep(300), "complete", "input_required",
  list {}, {}, list { list {} }, { a = {} }, json.raw "12345678901234567890",
  list { null, 1, "x", {} },
}

local CODES = { -32603, -32602, -32601, -32020, -32021, -32022, -32042, -1, 0 }
local STATUSES = { 202, 204, 302, 400, 401, 403, 404, 405, 409, 429, 500, 503 }

-- The same numbers on every Lua, in every run.
local function dice(seed)
  return function(n)
    seed = (seed * 16807) % 2147483647
    return seed % n + 1
  end
end

local function copy(value)
  if type(value) ~= "table" or getmetatable(value) == json.raw_mt then return value end
  local made = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do made[key] = copy(item) end
  return made
end

local function places(value, key, parent, found)
  found[#found + 1] = { parent, key }
  if type(value) == "table" and getmetatable(value) ~= json.raw_mt then
    local keys = {}
    for one in pairs(value) do keys[#keys + 1] = one end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, one in ipairs(keys) do places(value[one], one, value, found) end
  end
  return found
end

-- The value with a few of its members replaced, or gone.
local function mutate(roll, value)
  local root = { value = copy(value) }
  local found = places(root.value, "value", root, {})
  for _ = 1, roll(3) do
    local place = found[roll(#found)]
    local parent, key = place[1], place[2]
    if roll(5) == 1 and type(key) ~= "number" and key ~= "value" then
      parent[key] = nil
    else
      parent[key] = JUNK[roll(#JUNK)]
    end
  end
  return root.value
end

local function answer(roll, request)
  local method = json.decode(request.body).method
  local asks = (method == "tools/call" or method == "resources/read") and roll(6) == 1
  local message = {
    jsonrpc = "2.0", id = json.raw(core.json_member(request.body, "id")),
    result = copy(asks and INPUT or RESULTS[method] or {}),
  }
  if roll(8) == 1 then
    message.result = nil
    message.error = {
      code = CODES[roll(#CODES)], message = "m", data = { supported = list { "2025-11-25" } },
    }
  end
  if roll(2) == 1 then return json.encode(message) end
  if roll(3) == 1 then return json.encode(mutate(roll, message)) end
  local member = message.result and "result" or "error"
  message[member] = mutate(roll, message[member])
  return json.encode(message)
end

-- A transport; `peer.open` counts streams that nobody has closed.
local function hostile(roll)
  local peer = { open = 0 }
  local function stream(texts)
    local at, closed = 0, false
    peer.open = peer.open + 1
    return {
      read = function()
        at = at + 1
        return texts[at] and { data = texts[at], id = roll(3) == 1 and "7" or nil, retry = roll(3) }
      end,
      close = function()
        if not closed then peer.open, closed = peer.open - 1, true end
      end,
    }
  end
  function peer.send(request)
    local status = roll(4) == 1 and STATUSES[roll(#STATUSES)] or 200
    local headers = {
      ["mcp-session-id"] = roll(2) == 1 and "s" or nil,
      ["retry-after"] = roll(2) == 1 and "x" or nil,
      ["www-authenticate"] = roll(2) == 1 and 'Bearer error="x", scope="a' or nil,
    }
    if request.method ~= "GET" and not (request.body and core.json_member(request.body, "id")) then
      return { status = status, headers = headers, body = "" }
    elseif request.method == "POST" and roll(2) == 1 then
      return { status = status, headers = headers, body = answer(roll, request) }
    end
    local texts = {}
    for i = 1, roll(4) do texts[i] = json.encode(mutate(roll, NOTICES[roll(#NOTICES)])) end
    if roll(4) == 1 then texts[#texts + 1] = json.encode(mutate(roll, QUESTION)) end
    if request.method == "POST" then texts[#texts + 1] = answer(roll, request) end
    return { status = status, headers = headers, events = stream(texts) }
  end
  return peer
end

local CALLS = {
  function(c) return c:list_tools { refresh = true } end,
  function(c) return c:call_tool("t", { a = "x", b = { c = 1 } }) end,
  function(c) return c:list_resources() end,
  function(c) return c:list_resource_templates() end,
  function(c) return c:read_resource "a:b" end,
  function(c) return c:list_prompts() end,
  function(c) return c:get_prompt("p", { n = "x" }) end,
  function(c) return c:complete { prompt = "p", argument = "n" } end,
  function(c) return c:ping() end,
  function(c) return c:discover() end,
  function(c) return c:set_log_level "debug" end,
  function(c) return c:tools_for "anthropic" end,
  function(c) return c:tools_for "gemini" end,
}

local function ignore() end

local function connect(peer, era, turn)
  return mcp.connect {
    url = "http://127.0.0.1:1/" .. turn % 3, transport = peer.send, timeout = 1, era = era,
    on_elicitation = function() return { action = "accept" } end,
    on_progress = ignore, on_message = ignore,
  }
end

local function check(value, err, what)
  assert.is_true(value ~= nil or errors.is(err), what .. " returned neither a value nor an error")
  if err then assert.is_string(tostring(err)) end
end

describe("mcp and a server that talks nonsense", function()
  for _, era in ipairs { "auto", "modern", "legacy" } do
    it("returns values or errors, " .. era, function()
      for turn = 1, TURNS do
        local roll = dice(turn)
        local peer = hostile(roll)
        local connection, err = connect(peer, era, turn)
        check(connection, err, "connect")
        if connection then
          for _ = 1, 4 do
            local which = roll(#CALLS)
            local value
            value, err = CALLS[which](connection)
            check(value, err, "call " .. which)
          end
          connection:close()
        end
        assert.equal(0, peer.open, "streams left open in turn " .. turn)
      end
    end)
  end
end)
