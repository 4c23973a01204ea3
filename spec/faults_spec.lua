-- Every fault of spec/faults/table.lua, on every driver: the caller hears what
-- the table says, in time, and nothing is left behind (spec/helper.lua counts
-- what lives in C).
local case = require "spec.support.fault_case"
local drivers = require "spec.support.fault_drivers"
local errors = require "scalekit.error"
local fault_server = require "spec.support.fault_server"

local rows = require "spec.faults.table"

-- Which of the encodings this libcurl undoes.
local function encodings(server)
  local known = {}
  for name, fault in pairs { gzip = "gzip-not", br = "br-not", zstd = "zstd-not" } do
    local response, err = server.send { url = server:url "plain" .. "/fault/" .. fault .. "/" }
    local message = err and err.message or response.body
    known[name] = not message:find "Unrecognized"
  end
  return known
end

local function describe_result(result)
  local err = result.err
  if not err then return "success" end
  return ("%s, outcome %s, status %s: %s"):format(err.kind, err.outcome, tostring(err.status), err.message)
end

local function check_error(err, expect, seen)
  assert.is_true(errors.is(err), seen)
  if expect.kind then assert.equal(expect.kind, err.kind, seen) end
  if expect.outcome then assert.equal(expect.outcome, err.outcome, seen) end
  if expect.status then assert.equal(expect.status, err.status, seen) end
  if expect.says then assert.matches(expect.says, err.message) end
  if expect.retry_after then -- a date has whole seconds, and some may have passed
    assert.is_true(math.abs(err.retry_after - expect.retry_after) <= 2, seen)
  end
  if expect.pieces then assert.equal(expect.pieces, err.pieces) end
  assert.not_matches("s3cr3t", tostring(err))
end

local function check_value(value, expect, seen)
  assert.is_table(value, seen)
  if expect.status then assert.equal(expect.status, value.status) end
  if expect.token then assert.equal(expect.token, value.token) end
  if expect.pieces then assert.equal(expect.pieces, value.pieces) end
end

local function check(result, expect)
  local seen, stats = "it was: " .. describe_result(result), result.stats
  if expect.kind or expect.outcome then
    check_error(result.err, expect, seen)
  else
    check_value(result.value, expect, seen)
  end
  for _, name in ipairs { "requests", "tokens", "connections" } do
    if expect[name] then assert.equal(expect[name], stats[name], name .. " at the server; " .. seen) end
  end
  assert.equal(0, stats.strayed, "credentials went elsewhere")
  assert.equal(0, stats.open, "connections left")
  assert.equal(0, result.left, "descriptors left")
end

describe("faults #faults", function()
  local server, known

  setup(function()
    server = fault_server.start()
    known = encodings(server)
  end)

  teardown(function()
    server:stop()
  end)

  it("are at least sixty", function()
    assert.is_true(#rows >= 60)
  end)

  for _, driver in ipairs(drivers.names) do
    describe("under " .. driver, function()
      local run = drivers.run[driver]
      if not run then
        pending("needs the Lua module " .. driver)
        return
      end

      setup(function() -- what an event loop opens once is not left behind
        case.run(server, { fault = "good" }, run)
      end)

      for _, row in ipairs(rows) do
        local name, request, expect = row[1], row[2], row[3]
        it(name, function()
          if request.needs and not known[request.needs] then return end
          check(case.run(server, request, run), expect)
        end)
      end
    end)
  end
end)
