-- The client under every way to wait, over real HTTP: callbacks that wait
-- themselves, many connections, many calls on each.

local driver = require "scalekit.driver"
local drivers = require "spec.support.fault_drivers"
local mcp = require "scalekit.mcp"
local raw_peer = require "spec.support.raw_peer"

local PATHS = { modern = "/modern/x", legacy = "/legacy/2025-11-25" }
local CONNECTIONS, CALLS = 20, 5

local function pause()
  assert(driver.current().sleep(0.02))
end

-- Runs functions side by side where that can be; one after the other elsewhere.
local function all(functions)
  local current = driver.current()
  if not current.spawn then
    for _, fn in ipairs(functions) do fn() end
    return
  end
  local left, signal = #functions, current.signal()
  for _, fn in ipairs(functions) do
    current.spawn(function()
      fn()
      left = left - 1
      if left == 0 then signal:set() end
    end)
  end
  assert(signal:wait(require("scalekit.core").now() + 20))
end

describe("mcp under every driver #faults", function()
  local peer

  setup(function() peer = raw_peer.start "fault_peer" end)
  teardown(function() peer:stop() end)

  for era, path in pairs(PATHS) do
    for _, name in ipairs(drivers.names) do
      local run = drivers.run[name]
      if run then
        describe(name .. ", " .. era .. ",", function()
          local function connect(opts)
            local given = { url = peer.url .. path, era = era }
            for option, value in pairs(opts or {}) do given[option] = value end
            return assert(mcp.connect(given))
          end

          it("callbacks may wait", function()
            local steps = {}
            run(function()
              local connection = connect {
                on_elicitation = function()
                  pause()
                  return { action = "accept", content = { name = "Ada" } }
                end,
                on_progress = function(params)
                  pause()
                  steps[#steps + 1] = params.progress
                end,
              }
              assert.equal("Ada", assert(connection:call_tool "ask").content[1].text)
              assert(connection:call_tool("count", { n = 3 }))
              connection:close()
            end)
            assert.same({ 1, 2, 3 }, steps)
          end)

          it("callbacks may call tools", function()
            local inner
            run(function()
              local connection
              connection = connect {
                on_elicitation = function()
                  inner = assert(connection:call_tool "good").content[1].text
                  return { action = "accept", content = { name = inner } }
                end,
              }
              assert.equal("done", assert(connection:call_tool "ask").content[1].text)
              connection:close()
            end)
            assert.equal("done", inner)
          end)

          it("many connections have many calls at once", function()
            local answered = 0
            run(function()
              local connections, calls = {}, {}
              for i = 1, CONNECTIONS do
                connections[i] = connect { on_elicitation = function()
                  return { action = "accept", content = { name = "n" .. i } }
                end }
                for j = 1, CALLS do
                  calls[#calls + 1] = function()
                    local tool = j % 2 == 0 and "ask" or "good"
                    local text = assert(connections[i]:call_tool(tool)).content[1].text
                    assert.equal(tool == "ask" and "n" .. i or "done", text)
                    answered = answered + 1
                  end
                end
              end
              all(calls)
              for _, connection in ipairs(connections) do connection:close() end
            end)
            assert.equal(CONNECTIONS * CALLS, answered)
          end)
        end)
      end
    end
  end
end)
