-- Answers that are read piece by piece: who reads slowly holds the sender back,
-- and nothing piles up in between.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local drivers = require "spec.support.fault_drivers"
local fault_server = require "spec.support.fault_server"

local MIB = 1024 * 1024
local UNBOUNDED = 1e12

describe("a stream #faults", function()
  local server, loop, send

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loop = core.loop {}
    send = curl.new { loop = loop, ca_file = server.ca_file }
  end)

  after_each(function() loop:close() end)

  local function open(fault, mode, more)
    local request = {
      url = server:url "plain" .. "/fault/" .. fault .. "/", stream = mode, max_body = UNBOUNDED,
      deadline = core.now() + 60,
    }
    for name, value in pairs(more or {}) do request[name] = value end
    local response = assert(send(request))
    return response.chunks or response.events
  end

  it("may be closed by a finalizer while it is read", function()
    if _VERSION ~= "Lua 5.4" then return end
    local stream, expected = open("events-endless", true), nil
    for i = 1, 20 do
      expected = assert(stream:read()).data
      if i == 10 then
        collectgarbage "generational" -- whose every step runs what finalizers there are
        collectgarbage "stop"
        setmetatable({}, { __gc = function() stream:close() end })
        collectgarbage "restart"
      end
      if not stream.transfer then break end
    end
    collectgarbage "incremental"
    assert.is_nil(stream.transfer)
    assert.equal("and another one, of a length that events have", expected)
  end)

  -- Does not read, but works: the loop turns, so that only the pause holds the sender.
  local function busy(times)
    for _ = 1, times do
      assert(send { url = server:url "plain" .. "/fault/late/", deadline = core.now() + 10 })
    end
  end

  local function sent()
    return server:stats().bytes_out
  end

  -- The timer of a connection of ours, as the kernel shows it.
  local function timer_to(port)
    for line in io.lines "/proc/self/net/tcp" do
      local remote, timer = line:match "^%s*%d+: %S+ %x+:(%x+) 01 %S+ (%x+):"
      if remote and tonumber(remote, 16) == tonumber(port) then return timer end
    end
  end

  it("lets TCP find out that its peer is gone", function()
    local stream = open("events-held", true)
    local timer
    for _ = 1, 100 do -- what was sent has to be acknowledged first
      timer = timer_to(server.ports.plain)
      if timer == "02" then break end
      core.sleep(0.01)
    end
    stream:close()
    assert.equal("02", timer) -- keepalive
  end)

  for _, driver in ipairs(drivers.names) do
    local run = drivers.run[driver]
    if run then
      describe("under " .. driver, function()
        for mode, fault in pairs { chunks = "flood", events = "events-endless" } do
          it("of " .. mode .. " stops its sender while nobody reads", function()
            run(function()
              local stream = open(fault, mode == "chunks" and "chunks" or true)
              assert(stream:read())
              local before, stands = sent(), false
              for _ = 1, 40 do -- sockets fill up first
                busy(2)
                local now = sent()
                -- two small answers and the statistics in between, nothing of the stream
                stands = now - before < 8192
                before = now
                if stands then break end
              end
              assert.is_true(stands, "it went on sending")
              -- what sockets hold is for the kernel to decide; the flood is 256 MiB
              assert.is_true(before < 64 * MIB, ("it sent %d bytes"):format(before))
              for _ = 1, 50 do assert(stream:read()) end
              stream:close()
            end)
            loop:close()
            assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
          end)
        end

        it("comes whole through many pauses", function()
          local total, pieces, others = 0, 0, true
          run(function()
            local stream = open("large", "chunks")
            local piece, err = stream:read()
            while piece do
              total, pieces = total + #piece, pieces + 1
              others = others and not piece:find "[^l]"
              if pieces % 100 == 0 then busy(1) end
              piece, err = stream:read()
            end
            assert.is_nil(err)
          end)
          assert.equal(16 * MIB, total)
          assert.is_true(others)
        end)

        it("is not idle while its reader is", function()
          run(function()
            local stream = open("flood", "chunks", { idle_timeout = 0.15 })
            assert(stream:read())
            busy(5) -- each takes 0.06 s
            for _ = 1, 20 do
              local piece, err = stream:read()
              assert.is_nil(err, tostring(err))
              assert.is_string(piece)
            end
            stream:close()
          end)
        end)

        it("may be waited for until a deadline, and then goes on", function()
          run(function()
            local stream = open("events-drip", true)
            local event, err
            repeat event, err = stream:read(core.now() + 0.01) until event or err.kind ~= "timeout"
            assert.is_table(event, tostring(err))
            while event do event, err = stream:read(core.now() + 0.005) end
            assert.equal("timeout", err.kind)
            stream:close()
          end)
          loop:close()
          assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
        end)

        it("whose head does not come is given up by its own deadline", function()
          run(function()
            local response, err = send {
              url = server:url "plain" .. "/fault/silence/", stream = true,
              head_deadline = core.now() + 0.05,
            }
            assert.is_nil(response)
            assert.equal("timeout", err.kind)
            assert.equal("unknown", err.outcome)
          end)
          assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
        end)

        it("that is closed twice is closed", function()
          run(function()
            local stream = open("flood", "chunks")
            assert(stream:read())
            stream:close()
            stream:close()
            assert.is_nil((stream:read()))
          end)
          assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
        end)

        if driver == "block" then return end -- nothing runs beside

        it("can be broken off by another coroutine, before and after its head", function()
          local handle, stream = {}, nil
          local first, second, third
          run(function()
            local current = require("scalekit.driver").current()
            current.spawn(function()
              current.sleep(0.03)
              handle.abort()
              while not stream do current.sleep(0.01) end
              current.sleep(0.03)
              stream:close()
            end)
            first, second = send {
              url = server:url "plain" .. "/fault/silence/", stream = true, handle = handle,
            }
            stream = open("events-held", true)
            repeat local event, err = stream:read() third = err until not event
          end)
          assert.is_nil(first)
          assert.equal("cancelled", second.kind)
          assert.equal("cancelled", third.kind)
          assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
        end)
      end)
    end
  end
end)
