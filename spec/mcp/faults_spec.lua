-- The fault table of the engine, applied to MCP: over real sockets, in both eras,
-- under every driver. Whatever a server does, a call ends by its deadline, says
-- whether it may have taken effect, and leaves nothing behind.

local drivers = require "spec.support.fault_drivers"
local errors = require "scalekit.error"
local mcp = require "scalekit.mcp"
local raw_peer = require "spec.support.raw_peer"
local step = require "scalekit.driver.step"

local PATHS = { modern = "/modern/x", legacy = "/legacy/2025-11-25" }
-- Seconds: of calls that only a deadline ends, of silence that looks dead, of others.
local DEADLINE, IDLE, FAR = 0.16, 0.08, 20

-- The events and the whole HTTP answer of spec/support/fault_peer_main.lua; longer
-- where an id is.
local STREAM_LENGTH, ANSWER_LENGTH = 178, 148

-- The first event of a stream that can be taken up again, and all of them.
local FIRST_EVENT, ALL_EVENTS = 25, 226

-- What only a deadline ends, and what an idle time ends earlier.
local SILENT = { "silence", "stream-silence", "body-silence", "stream-stops" }
local BUSY = { "endless-notices", "endless-comments" }

local TOO_MUCH = { "endless-line", "endless-body", "endless-head" }

describe("mcp faults #faults", function()
  local peer

  setup(function() peer = raw_peer.start "fault_peer" end)
  teardown(function() peer:stop() end)

  local function connect(path, opts)
    local given = { url = peer.url .. path, timeout = FAR }
    for name, value in pairs(opts or {}) do given[name] = value end
    return assert(mcp.connect(given))
  end

  local function check(kind, result, err)
    assert.is_nil(result)
    assert.is_true(errors.is(err))
    assert.equal(kind, err.kind, tostring(err))
    assert.equal("unknown", err.outcome, tostring(err))
  end

  for era, path in pairs(PATHS) do
    for _, driver in ipairs(drivers.names) do
      local run = drivers.run[driver]
      if run then
        describe(era .. ", under " .. driver .. ",", function()
          -- Runs `fn(connection)` and closes the connection.
          local function with(opts, fn)
            run(function()
              local connection = connect(path, opts)
              fn(connection)
              connection:close()
            end)
          end

          -- One cut after the other, on one connection that goes on.
          local function cut(tool, from, to)
            with({}, function(connection)
              for n = from, to do
                check("network", connection:call_tool(tool, { n = n }))
              end
              assert(connection:call_tool "good")
            end)
          end

          it("a stream cut at any byte is no answer", function()
            cut("cut-stream", 1, STREAM_LENGTH)
          end)

          it("a head or a body cut at any byte is no answer", function()
            cut("cut-body", 1, ANSWER_LENGTH)
          end)

          it("of two answers the first one counts", function()
            with({}, function(connection)
              for _ = 1, 3 do
                assert.equal("first", assert(connection:call_tool "twice").content[1].text)
              end
            end)
          end)

          it("answers to other requests are none", function()
            with({}, function(connection)
              check("timeout", connection:call_tool("silence", {}, { timeout = DEADLINE }))
              for n = 1, 9 do -- the one that was given up is among them
                assert.equal("done", assert(connection:call_tool("foreign", { n = n + 90 })).content[1].text)
              end
              check("network", connection:call_tool "only-foreign")
            end)
          end)

          for _, tool in ipairs(SILENT) do
            it(tool .. " ends by the deadline, or earlier when it looks dead", function()
              with({}, function(connection)
                check("timeout", connection:call_tool(tool, {}, { timeout = DEADLINE }))
                check("timeout", connection:call_tool(tool, {}, { idle_timeout = IDLE }))
                assert(connection:call_tool "good")
              end)
            end)
          end

          for _, tool in ipairs(BUSY) do
            it(tool .. " ends by the deadline; it does not look dead", function()
              with({}, function(connection)
                check("timeout", connection:call_tool(tool, {},
                  { timeout = DEADLINE, idle_timeout = IDLE }))
                assert(connection:call_tool "good")
              end)
            end)
          end

          for _, tool in ipairs(TOO_MUCH) do
            it(tool .. " ends at the limit", function()
              with({ max_body = 4 * 1024 * 1024 }, function(connection)
                check("protocol", connection:call_tool(tool))
                assert(connection:call_tool "good")
              end)
            end)
          end

          it("31 MB are too much", function()
            with({}, function(connection)
              check("protocol", connection:call_tool "large")
              check("protocol", connection:call_tool "large-stream")
              assert(connection:call_tool "good")
            end)
          end)

          it("batches are no answer", function()
            with({}, function(connection)
              for _, tool in ipairs { "batch", "batch-stream", "batch-empty", "batch-deep" } do
                check("protocol", connection:call_tool(tool))
              end
            end)
          end)

          it("a connection that is closed at once is no answer", function()
            with({}, function(connection)
              check("network", connection:call_tool "reset")
              assert(connection:call_tool "good")
            end)
          end)
        end)
      end
    end

    it(era .. ", 31 MB come where they are allowed", function()
      local connection = connect(path, { max_body = 40 * 1024 * 1024 })
      for _, tool in ipairs { "large", "large-stream" } do
        assert.equal(31 * 1024 * 1024, #assert(connection:call_tool(tool)).content[1].text)
      end
      connection:close()
    end)

    describe(era .. ", side by side,", function()
      it("calls that fail in every way do not disturb those that work", function()
        local tools = { "reset", "only-foreign", "batch", "endless-line", "cut-body", "silence",
          "endless-notices", "stream-stops" }
        step.run(function()
          local connection = connect(path)
          local calls = {}
          for i = 1, 64 do
            calls[i] = function()
              local tool = i % 2 == 0 and "good" or tools[(i - 1) / 2 % #tools + 1]
              return connection:call_tool(tool, { n = 1 }, { timeout = tool ~= "good" and 1 or nil })
            end
          end
          local results, errs = step.all(calls)
          for i = 1, 64 do
            if i % 2 == 0 then
              assert.equal("done", results[i].content[1].text)
            else
              assert.is_nil(results[i])
              assert.equal("unknown", errs[i].outcome)
            end
          end
          connection:close()
        end)
      end)

      it("a cancelled call is cancelled at the server", function()
        step.run(function()
          local connection = connect(path)
          for _, tool in ipairs { "silence", "stream-silence", "endless-notices" } do
            local before = #peer:log()
            local task = step.spawn(function() return connection:call_tool(tool) end)
            step.sleep(0.05)
            task:cancel()
            local result, err = task:join()
            assert.is_nil(result)
            assert.equal("cancelled", err.kind)
            local gone, told = false, false
            for _ = 1, 100 do
              for i, line in ipairs(peer:log()) do
                if i > before then
                  gone = gone or line == "closed " .. path
                  told = told or line:find "notifications/cancelled$" ~= nil
                end
              end
              if gone and (told or era == "modern") then break end
              step.sleep(0.02)
            end
            assert.is_true(gone)
            assert.equal(era == "legacy", told)
          end
          connection:close()
        end)
      end)
    end)
  end

  it("a stream with ids that is cut at any byte goes on where it was", function()
    step.run(function()
      local connection = connect(PATHS.legacy)
      local calls = {}
      for n = FIRST_EVENT, ALL_EVENTS do
        calls[#calls + 1] = function() return connection:call_tool("cut-resumable", { n = n }) end
      end
      local results, errs = step.all(calls)
      for i in ipairs(calls) do
        assert.equal("done", results[i] and results[i].content[1].text, tostring(errs[i]))
      end
      for n = 1, FIRST_EVENT - 1 do -- before there is an id to name
        check("network", connection:call_tool("cut-resumable", { n = n }))
      end
      connection:close()
    end)
  end)

  it("a stream with ids whose peer falls silent is taken up elsewhere", function()
    local connection = connect(PATHS.legacy)
    local result = assert(connection:call_tool("silent-resumable", { n = 1 }, { idle_timeout = IDLE }))
    assert.equal("done", result.content[1].text)
    connection:close()
  end)

  it("batches are for 2025-03-26", function()
    local connection = connect "/legacy/2025-03-26"
    for _, tool in ipairs { "batch", "batch-stream" } do
      assert.equal("done", assert(connection:call_tool(tool)).content[1].text)
    end
    for _, tool in ipairs { "batch-empty", "batch-deep" } do check("protocol", connection:call_tool(tool)) end
    connection:close()
  end)
end)
