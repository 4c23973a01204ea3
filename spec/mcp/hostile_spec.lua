-- What servers should not do, and what they may do but seldom do, over real HTTP:
-- every answer of spec/support/odd_peer_main.lua, every conduct of
-- spec/support/live_peer_main.lua.

local core = require "scalekit.core"
local mcp = require "scalekit.mcp"
local raw_peer = require "spec.support.raw_peer"
local script = require "spec.support.mcp_script"
local step = require "scalekit.driver.step"

-- Odd, but an answer.
local ANSWERS = {
  "charset", "shouting", "shouting-stream", "untyped", "newline", "gzip", "gzip-stream", "http-1.0",
  "continue", "hints", "bom-stream", "cr-stream", "crlf-stream", "lines-stream", "foreign-stream",
  "open-stream",
}

-- No answer; whether the tool has run, nobody knows.
local NONSENSE = {
  "bom", "html", "empty", "accepted", "accepted-answer", "no-content", "reset-content", "twice",
  "batch", "stream-as-json", "string-id", "other-id", "huge-id", "no-id", "both", "doubled-member",
  "result-array", "result-null", "result-text", "result-number", "result-yes",
  "content-object", "content-text", "content-null", "content-number",
  "error-text", "error-null", "error-without-code", "error-code-text",
}

local CUT = { "half-stream", "empty-stream", "json-as-stream" }

local REDIRECTS = { 300, 301, 302, 303, 307, 308 }

describe("mcp and an odd server", function()
  local peer

  setup(function() peer = raw_peer.start "odd_peer" end)
  teardown(function() peer:stop() end)

  for _, era in ipairs { "modern", "legacy" } do
    describe("of the " .. era .. " era", function()
      local function call(kind)
        local connection = assert(mcp.connect {
          url = ("%s/%s/%s"):format(peer.url, era, kind), token = "s3cr3t-1", timeout = 5,
        })
        assert.equal(era, connection.era)
        local result, err = connection:call_tool("x", { a = 1 })
        connection:close()
        return result, err
      end

      for _, kind in ipairs(ANSWERS) do
        it("reads the answer: " .. kind, function()
          assert.equal("done", assert(call(kind)).content[1].text)
        end)
      end

      for _, kind in ipairs(NONSENSE) do
        it("sees no answer: " .. kind, function()
          local result, err = call(kind)
          assert.is_nil(result)
          assert.equal("protocol", err.kind)
          assert.equal("unknown", err.outcome)
          assert.equal("tools/call", err.operation)
        end)
      end

      it("says what came instead of JSON", function()
        local _, err = call "html"
        assert.equal("the server answered with something else than JSON: text/html", err.message)
      end)

      for _, kind in ipairs(CUT) do
        it("sees a stream that ends too early: " .. kind, function()
          local result, err = call(kind)
          assert.is_nil(result)
          assert.equal("network", err.kind)
          assert.equal("unknown", err.outcome)
        end)
      end

      for _, status in ipairs(REDIRECTS) do
        it("does not follow " .. status, function()
          local result, err = call("redirect-" .. status)
          assert.is_nil(result)
          assert.equal("protocol", err.kind)
          assert.equal(status, err.status)
          for _, line in ipairs(peer:log()) do assert.is_nil(line:find "stolen") end
        end)
      end

      it("reports an error however it is worded", function()
        for kind, code in pairs {
          ["message-object"] = -32603, ["code-huge"] = 1e300, ["code-half"] = 0.5,
        } do
          local result, err = call("error-" .. kind)
          assert.is_nil(result)
          assert.equal("internal", err.kind)
          assert.equal(code, err.code)
          assert.equal("unknown", err.outcome)
        end
      end)
    end)
  end
end)

describe("mcp and a server in trouble", function()
  it("does not take what comes with 503 for the answer to the probe", function()
    local peer = script.new { function(seen)
      local response = script.result(script.DISCOVERED)(seen)
      response.status = 503
      return response
    end }
    local connection, err = mcp.connect { url = script.URL, transport = peer.send }
    assert.is_nil(connection)
    assert.equal("unavailable", err.kind)
    assert.equal(503, err.status)
  end)
end)

-- PUC-Rio Lua 5.1 cannot catch the error of a coroutine that waits.
local catches = _VERSION ~= "Lua 5.1" or rawget(_G, "jit") ~= nil

local function blocking(fn)
  return fn()
end

-- The ids of questions that the live peer asks on the stream of a call.
local ASKING = {
  ["ask"] = '"q-1"', ["ask-number"] = "7", ["ask-float"] = "0.5",
  ["ask-big"] = "12345678901234567890123", ["ask-escaped"] = [["\u0041\\\/\" \ud83d\ude00"]],
}

describe("mcp and a server that asks", function()
  local peer

  setup(function() peer = raw_peer.start "live_peer" end)
  teardown(function() peer:stop() end)

  local function accept()
    return { action = "accept" }
  end

  local function connect(kind, opts)
    local given = { url = peer.url .. "/legacy/" .. kind, timeout = 5, on_elicitation = accept }
    for name, value in pairs(opts or {}) do given[name] = value end
    return assert(mcp.connect(given))
  end

  -- What the peer got as an answer: it says so in the result.
  local function answer_to(kind)
    local connection = connect(kind)
    local said = assert(connection:call_tool "x").content[1].text
    connection:close()
    return said
  end

  for kind, id in pairs(ASKING) do
    it("gets its answer under the very id: " .. id, function()
      local text = id:gsub('[\\"]', { ['"'] = "'", ["\\"] = "|" })
      assert.equal("{'id':" .. text .. ",'jsonrpc':'2.0','result':"
        .. "{'action':'accept','content':{'a':'b'}}}", answer_to(kind))
    end)
  end

  it("gets its answer on the stream of the session", function()
    assert.is_truthy(answer_to("ask-there"):find "accept")
  end)

  it("gets its answer where that stream broke and is opened anew", function()
    assert.is_truthy(answer_to("ask-later"):find "accept")
  end)

  it("gets its answer where that stream does not begin before the question", function()
    assert.is_truthy(answer_to("ask-mute"):find "accept")
  end)

  it("gets its answer where it has not noticed that the last stream is closed", function()
    assert.is_truthy(answer_to("ask-conflict"):find "accept")
  end)

  it("does not hold up calls that begin together", function()
    local connection = connect("ask-there", { timeout = 0.8 })
    step.run(function()
      local calls = {}
      for i = 1, 10 do calls[i] = function() return connection:call_tool "quick" end end
      local results = step.all(calls)
      for i = 1, 10 do assert.equal("done", results[i].content[1].text) end
    end)
    connection:close()
  end)

  it("ends a call with the error of the callback that was to answer", function()
    if not catches then return end
    for kind in pairs { ["ask"] = true, ["ask-there"] = true } do
      for _, run in ipairs { blocking, step.run } do
        local connection = connect(kind, { on_elicitation = function() error("oops", 0) end })
        local ok, problem = pcall(run, function() return connection:call_tool "x" end)
        assert.is_false(ok)
        assert.equal("oops", problem)
        assert.equal("done", assert(connection:call_tool "quick").content[1].text)
        connection:close()
      end
    end
  end)
end)

for _, era in ipairs { "modern", "legacy" } do
  describe("mcp and a server of the " .. era .. " era that does not come to an end", function()
    local peer

    setup(function() peer = raw_peer.start "live_peer" end)
    teardown(function() peer:stop() end)

    local function connect(kind)
      return assert(mcp.connect { url = ("%s/%s/%s"):format(peer.url, era, kind), timeout = 5 })
    end

    -- Waits until the peer has seen something.
    local function seen(line)
      for _ = 1, 100 do
        for _, one in ipairs(peer:log()) do
          if one == line then return true end
        end
        core.sleep(0.02)
      end
      return false
    end

    for name, run in pairs { ["in a task"] = step.run, ["without one"] = blocking } do
      it("learns that the callback of a call has raised an error, " .. name, function()
        if run == step.run and not catches then return end
        local connection = connect "busy"
        local ok, problem = pcall(run, function()
          return connection:call_tool("x", {}, { on_progress = function() error("oops", 0) end })
        end)
        assert.is_false(ok)
        assert.equal("oops", problem)
        assert.is_true(seen("closed /" .. era .. "/busy"))
        if era == "legacy" then
          assert.is_true(seen "POST /legacy/busy notifications/cancelled")
        end
        assert.equal("done", assert(connection:call_tool "quick").content[1].text)
        connection:close()
      end)
    end

    for _, kind in ipairs { "silent", "head", "alive", "busy" } do
      it("does not hold a call whose connection is closed: " .. kind, function()
        step.run(function()
          local connection = connect(kind)
          local call = step.spawn(function() return connection:call_tool "x" end)
          step.sleep(0.05)
          connection:close()
          local result, err = call:join()
          assert.is_nil(result)
          assert.equal("cancelled", err.kind)
          assert.equal("unknown", err.outcome)
          assert.equal("the connection was closed", err.message)
        end)
        assert.is_true(seen(("closed /%s/%s"):format(era, kind)))
      end)
    end

    it("may be called from a callback", function()
      for _, run in ipairs { blocking, step.run } do
        local connection, steps = connect "steps", {}
        assert.equal("done", run(function()
          return assert(connection:call_tool("x", {}, {
            on_progress = function(params)
              steps[#steps + 1] = params.progress
              assert(connection:call_tool "quick")
            end,
          }))
        end).content[1].text)
        assert.same({ 1, 2, 3 }, steps)
        connection:close()
      end
    end)
  end)
end
