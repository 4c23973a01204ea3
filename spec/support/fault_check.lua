-- Whether the caller has heard what a row of spec/faults/table.lua says.

local assert = require "luassert"

local function describe_result(result)
  local err = result.err
  if not err then return "success" end
  return ("%s, outcome %s, status %s: %s"):format(err.kind, err.outcome, tostring(err.status), err.message)
end

local function check_error(result, expect, seen)
  local err = result.err
  assert.is_true(result.is_error, seen)
  if expect.kind then assert.equal(expect.kind, err.kind, seen) end
  if expect.outcome then assert.equal(expect.outcome, err.outcome, seen) end
  if expect.status then assert.equal(expect.status, err.status, seen) end
  if expect.says then assert.matches(expect.says, err.message) end
  if expect.retry_after then -- a date has whole seconds, and some may have passed
    assert.is_true(math.abs(err.retry_after - expect.retry_after) <= 2, seen)
  end
  if expect.pieces then assert.equal(expect.pieces, err.pieces) end
  assert.not_matches("s3cr3t", result.text)
end

local function check_value(value, expect, seen)
  assert.is_table(value, seen)
  if expect.status then assert.equal(expect.status, value.status) end
  if expect.token then assert.equal(expect.token, value.token) end
  if expect.pieces then assert.equal(expect.pieces, value.pieces) end
end

--- Holds what came of a row against what the table says.
-- @tparam table result `value`, `err`, `is_error` and `text` (what `errors.is` and
--   `tostring` say of it), `stats` of the server, `left` (descriptors)
return function(result, expect)
  local seen, stats = "it was: " .. describe_result(result), result.stats
  if expect.kind or expect.outcome then
    check_error(result, expect, seen)
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
