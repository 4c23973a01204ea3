-- Every fault of spec/faults/table.lua, on every driver: the caller hears what
-- the table says, in time, and nothing is left behind (spec/helper.lua counts
-- what lives in C).
local case = require "spec.support.fault_case"
local check = require "spec.support.fault_check"
local drivers = require "spec.support.fault_drivers"
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

-- Whether a row is about a call of a client that has its token, which goes the short way.
local function may_be_short(row, driver)
  local asked = row.ask or "mint"
  return (asked == "mint" or asked == "get") and (driver == "block" or driver == "step")
    and not (row.fault or ""):find "^token"
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

        if may_be_short(request, driver) then
          it(name .. ", the short way", function()
            if request.needs and not known[request.needs] then return end
            check(case.run(server, request, run, true), expect)
          end)
        end
      end
    end)
  end
end)
