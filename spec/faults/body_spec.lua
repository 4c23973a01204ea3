-- Request bodies that a function hands over piece by piece.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local driver_of = require "scalekit.driver"
local drivers = require "spec.support.fault_drivers"
local fault_server = require "spec.support.fault_server"
local json = require "scalekit.json"

-- The server's checksum.
local function checksum(text)
  local sum = 0
  for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 4294967296 end
  return sum
end

-- A producer of `count` pieces, and how often it was asked.
local function producer(piece, count, between)
  local asked = { times = 0 }
  return function()
    if asked.times == count then return nil end
    asked.times = asked.times + 1
    if between then between(asked.times) end
    return piece
  end, asked
end

describe("a body from a function #faults", function()
  local server, loop, send

  setup(function() server = fault_server.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:reset()
    loop = core.loop {}
    send = curl.new { loop = loop, ca_file = server.ca_file }
  end)

  after_each(function() loop:close() end)

  local function post(fault, body, more)
    local request = {
      method = "POST", url = server:url "plain" .. "/fault/" .. fault .. "/", body = body,
      deadline = core.now() + 20,
    }
    for name, value in pairs(more or {}) do request[name] = value end
    return send(request)
  end

  it("that raises an error raises it at the caller, and its request ends", function()
    local before, handle = core.census().transfers, {}
    local function fail() error("no more", 0) end
    assert.error_matches(function() post("good", fail, { handle = handle }) end, "^no more$")
    assert.error_matches(function() post("good", function() return {} end) end, "string expected")
    assert.equal(before, core.census().transfers)
    handle.abort() -- it is too late, and no harm
  end)

  for _, driver in ipairs(drivers.names) do
    local run = drivers.run[driver]
    if run then
      describe("under " .. driver, function()
        local function received(body, more)
          local response = run(function() return assert(post("good", body, more)) end)
          return json.decode(response.body)
        end

        it("arrives whole and in order", function()
          local text = "0123456789abcdef-"
          local seen = received((producer(text, 1000)))
          assert.same({ received = 17000, sum = checksum(text:rep(1000)) }, seen)
        end)

        it("may be empty, have empty pieces, and be put", function()
          assert.equal(0, received(function() return nil end).received)
          local pieces, at = { "a", "", "", "b", "" }, 0
          assert.equal(2, received(function()
            at = at + 1
            return pieces[at]
          end, { method = "PUT" }).received)
        end)

        it("may have pieces of any size", function()
          local sizes, at = { 1, 300000, 2, 70000, 5000000 }, 0
          assert.equal(5370003, received(function()
            at = at + 1
            return sizes[at] and ("x"):rep(sizes[at])
          end).received)
        end)

        it("may take its time", function()
          local seen = received((producer("slow", 10, function()
            driver_of.current().sleep(0.01)
          end)))
          assert.equal(40, seen.received)
        end)

        it("is not idle while its producer is", function()
          local seen = received((producer("slow", 3, function()
            driver_of.current().sleep(0.3)
          end)), { idle_timeout = 0.15 })
          assert.equal(12, seen.received)
        end)

        it("is not asked for more than the peer takes", function()
          local body, asked = producer(("x"):rep(65536), 4096) -- 256 MiB, were it asked for all
          local _, err = run(function()
            return post("never-read", body, { deadline = core.now() + 0.4 })
          end)
          assert.equal("timeout", err.kind)
          assert.is_true(asked.times < 1024, ("asked %d times"):format(asked.times))
        end)

        it("is not asked any more once the answer is here", function()
          local body, asked = producer(("x"):rep(65536), 4096)
          local response = run(function() return assert(post("early-413", body)) end)
          assert.equal(413, response.status)
          assert.is_true(asked.times < 4096)
        end)

        it("goes over HTTP/2 too", function()
          local response = run(function()
            return assert(send {
              method = "POST", url = server:url "h2-good" .. "/", deadline = core.now() + 20,
              body = (producer(("x"):rep(10000), 100)),
            })
          end)
          assert.equal(200, response.status)
          assert.is_true(server:stats().bytes_in > 1000000)
        end)
      end)
    end
  end

  it("that raises an error leaves no connection", function()
    pcall(post, "good", function() error("no more ink", 0) end)
    assert.equal(0, server:until_stats(function(s) return s.open == 0 end).open)
  end)
end)
