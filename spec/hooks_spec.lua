local errors = require "scalekit.error"
local scalekit = require "scalekit"
local support = require "spec.support.peer"

local peer, answer, client_of, refusal, with_fake_sleep =
  support.peer, support.answer, support.client_of, support.refusal, support.with_fake_sleep

local CONFIGS = "https://env.example.test/api/v1/mcp/configs"
local TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
local OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-00"

-- A client whose hooks write down what they get → client, the notes.
local function watched(server, options)
  local notes = {}
  local opts = {}
  for _, name in ipairs { "on_request", "on_response", "on_retry" } do
    opts[name] = function(event)
      local copy = { hook = name }
      for field, value in pairs(event) do copy[field] = value end
      notes[#notes + 1] = copy
    end
  end
  for name, value in pairs(options or {}) do opts[name] = value end
  return client_of(server, opts), notes
end

local function of_operation(notes, operation)
  local list = {}
  for _, note in ipairs(notes) do
    if note.operation == operation then list[#list + 1] = note end
  end
  return list
end

-- What is written to standard error while `fn` runs.
local function capture(fn)
  local real, written = io.stderr, {}
  io.stderr = { write = function(_, ...) -- luacheck: ignore 122
    for _, text in ipairs { ... } do written[#written + 1] = text end
  end }
  local ok, problem = pcall(fn)
  io.stderr = real -- luacheck: ignore 122
  if not ok then error(problem, 0) end
  return table.concat(written)
end

describe("hooks", function()
  it("see each request and each answer of a call", function()
    local server = peer(function() return answer(200, {}, { ["x-request-id"] = "req_1" }) end)
    local client, notes = watched(server)
    scalekit.check(client.mcp:list_configs { filter_name = "agent" })
    local seen = of_operation(notes, "list_configs")
    assert.equal(2, #seen)
    assert.same({ hook = "on_request", operation = "list_configs", method = "GET", url = CONFIGS,
      attempt = 1 }, seen[1])
    assert.is_number(seen[2].time)
    seen[2].time = nil
    assert.same({ hook = "on_response", operation = "list_configs", method = "GET", url = CONFIGS,
      attempt = 1, status = 200, request_id = "req_1" }, seen[2])
  end)

  it("see the client fetch its token", function()
    local client, notes = watched(peer(function() return answer(200, {}) end))
    client.mcp:list_configs()
    local seen = of_operation(notes, "oauth/token")
    assert.same({ "on_request", "on_response" }, { seen[1].hook, seen[2].hook })
    assert.same({ "POST", "https://env.example.test/oauth/token", 200 },
      { seen[2].method, seen[2].url, seen[2].status })
  end)

  it("see the client fetch its environment's keys", function()
    local client, notes = watched(peer(function() return answer(200, { keys = {} }) end))
    -- a header that names a key, so that it is looked for
    client:validate_access_token "eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AAAA"
    assert.equal(200, of_operation(notes, "keys")[2].status)
  end)

  it("see why a call is repeated, and when it will be", function()
    local server = peer(function(_, n)
      if n == 1 then return answer(503, { message = "busy" }) end
      return answer(200, {})
    end)
    local client, notes = watched(server)
    with_fake_sleep(function() scalekit.check(client.mcp:list_configs()) end)
    local seen = of_operation(notes, "list_configs")
    local order = {}
    for i, note in ipairs(seen) do order[i] = note.hook .. " " .. ("%d"):format(note.attempt) end
    assert.same({ "on_request 1", "on_response 1", "on_retry 1", "on_request 2", "on_response 2" },
      order)
    assert.same({ 503, "unavailable", 0.5 }, { seen[3].status, seen[3].kind, seen[3].delay })
    assert.same({ 200, nil }, { seen[5].status, seen[5].kind })
  end)

  it("see the second request after a 401", function()
    local server = peer(function(_, n)
      return n == 1 and refusal(401, "UNAUTHENTICATED") or answer(200, {})
    end)
    local client, notes = watched(server)
    scalekit.check(client.mcp:list_configs())
    local seen = of_operation(notes, "list_configs")
    assert.same({ 4, 401, "unauthorized", 2, 200 },
      { #seen, seen[2].status, seen[2].kind, seen[4].attempt, seen[4].status })
  end)

  it("see the kind of what went wrong without an answer", function()
    local client, notes = watched(peer(function()
      return nil, errors.new { kind = "tls", message = "no trust" }
    end))
    client.mcp:list_configs()
    local seen = of_operation(notes, "list_configs")
    assert.same({ "tls", nil }, { seen[2].kind, seen[2].status })
  end)

  it("see the retry of a token that could not be fetched", function()
    local server = peer(function() return answer(200, {}) end)
    server.on_grant = function()
      server.on_grant = nil
      return answer(503, "")
    end
    local client, notes = watched(server)
    with_fake_sleep(function() client.mcp:list_configs() end)
    assert.equal("on_retry", of_operation(notes, "list_configs")[1].hook)
  end)

  it("find in an event what an earlier hook has left there", function()
    local span = {}
    local found
    local client = client_of(peer(function() return answer(200, {}) end), {
      on_request = function(event) event.span = span end,
      on_response = function(event) found = event.span end,
    })
    client.mcp:list_configs()
    assert.equal(span, found)
  end)

  it("run in the task that makes the call", function()
    local client, threads
    client = client_of(peer(function() return answer(200, {}) end), {
      on_response = function() threads[coroutine.running()] = true end,
    })
    threads = {}
    local thread
    scalekit.run(function()
      thread = coroutine.running()
      client.mcp:list_configs()
    end)
    assert.same({ [thread] = true }, threads)
  end)

  it("break no call when they throw, and say so once", function()
    local client = client_of(peer(function() return answer(200, {}) end), {
      on_request = function() error("bug in a hook", 0) end,
      on_response = function() error(setmetatable({}, { __tostring = error })) end,
    })
    local written = capture(function()
      for _ = 1, 3 do scalekit.check(client.mcp:list_configs()) end
    end)
    assert.equal("scalekit: on_request has failed: bug in a hook\n"
      .. "scalekit: on_response has failed: ?\n", written)
  end)

  it("are functions", function()
    local ok, message = pcall(function() client_of(peer(error), { on_request = "x" }) end)
    assert.is_false(ok)
    assert.matches("'on_request' must be a function", message)
  end)
end)

describe("traceparent", function()
  it("is sent with every request, and shown to hooks", function()
    local server = peer(function() return answer(200, {}) end)
    local client, notes = watched(server, { traceparent = TRACE })
    client.mcp:list_configs()
    assert.same({ TRACE, TRACE }, {
      server.requests[1].headers.traceparent, server.grant_request.headers.traceparent,
    })
    assert.is_nil(server.requests[1].ready_headers)
    assert.equal("application/json", server.requests[1].headers.accept)
    for _, note in ipairs(notes) do assert.equal(TRACE, note.traceparent) end
  end)

  it("may come from a function, for each request anew", function()
    local server = peer(function(_, n)
      return n == 1 and refusal(401, "UNAUTHENTICATED") or answer(200, {})
    end)
    local given = { TRACE, OTHER }
    local client = client_of(server, {
      traceparent = function(event)
        return event.operation == "list_configs" and given[event.attempt] or nil
      end,
    })
    client.mcp:list_configs()
    client.mcp:list_configs()
    client.mcp:get_config { config_id = "x" }
    local sent = {}
    for i, request in ipairs(server.requests) do sent[i] = request.headers.traceparent or "none" end
    assert.same({ TRACE, OTHER, TRACE, "none" }, sent)
  end)

  it("is not sent to a later request by one that had it", function()
    local server = peer(function(_, n)
      return n == 1 and refusal(401, "UNAUTHENTICATED") or answer(200, {})
    end)
    local client = client_of(server, {
      traceparent = function(event) return event.attempt == 1 and TRACE or nil end,
    })
    client.mcp:list_configs()
    assert.is_nil(server.requests[2].headers.traceparent)
  end)

  it("is refused where it is none", function()
    for _, value in ipairs {
      "", "x", TRACE .. "-", TRACE:upper(), "ff" .. TRACE:sub(3), TRACE:sub(1, -2),
      "00-" .. ("0"):rep(32) .. "-00f067aa0ba902b7-01", TRACE:sub(1, 36) .. ("0"):rep(16) .. "-01",
      TRACE .. "\r\nx: y", "00-" .. ("a"):rep(31) .. "-" .. ("a"):rep(17) .. "-01",
    } do
      local ok, message = pcall(function() client_of(peer(error), { traceparent = value }) end)
      assert.is_false(ok, value)
      assert.matches("traceparent", message)
    end
  end)

  it("from a function that fails, or returns nonsense, is left out", function()
    for _, fn in ipairs { function() return "x\r\ny: z" end, function() error("bug", 0) end,
      function() return 5 end } do
      local server = peer(function() return answer(200, {}) end)
      local client = client_of(server, { traceparent = fn })
      local written = capture(function() scalekit.check(client.mcp:list_configs()) end)
      assert.is_nil(server.requests[1].headers.traceparent)
      assert.matches("^scalekit: traceparent has failed: [^\n]+\n$", written)
    end
  end)
end)
