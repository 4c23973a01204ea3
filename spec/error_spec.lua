local errors = require "scalekit.error"

describe("scalekit.error", function()
  it("prints one readable line", function()
    local err = errors.new {
      kind = "conflict", message = "the name is taken", operation = "create_config",
      status = 400, code = "DUPLICATE_IDENTIFIER", request_id = "req_1",
    }
    assert.equal("scalekit: create_config: conflict: the name is taken "
      .. "(HTTP 400, DUPLICATE_IDENTIFIER, request req_1)", tostring(err))
  end)

  it("says when a request may have taken effect", function()
    local err = errors.new { kind = "timeout", message = "too late", outcome = "unknown" }
    assert.equal("scalekit: timeout: too late (it may have taken effect)", tostring(err))
  end)

  it("tells what a tool said, and in which execution", function()
    local err = errors.new {
      kind = "tool_error", message = "tool failed", operation = "execute_tool", status = 429,
      code = "TOOL_ERROR", tool_error_code = "quota", tool_error_message = "slow\ndown",
      execution_id = "exec_1",
    }
    assert.equal("scalekit: execute_tool: tool error: tool failed: slow down "
      .. "(HTTP 429, TOOL_ERROR, quota, execution exec_1)", tostring(err))
    err.message = "slow down"
    assert.matches("tool error: slow down %(", tostring(err))
  end)

  it("prints one line of bounded length, whatever a server says", function()
    local err = errors.new {
      kind = "internal", message = "a\r\n\27[31m" .. ("é"):rep(5000), code = ("X\n"):rep(5000),
      request_id = "\0",
    }
    local line = tostring(err)
    assert.is_nil(line:find "[%c\127]")
    assert.is_true(#line < 1200)
    assert.is_number(require("scalekit.core").utf8_length(line))
  end)

  it("knows its kinds and no other", function()
    assert.has_error(function() errors.new { kind = "oops", message = "" } end)
  end)

  it("calls network troubles retryable and refusals not", function()
    assert.is_true(errors.new { kind = "network", message = "" }.retryable)
    assert.is_false(errors.new { kind = "forbidden", message = "" }.retryable)
  end)

  it("recognises its own", function()
    assert.is_true(errors.is(errors.new { kind = "network", message = "" }))
    assert.is_false(errors.is({ kind = "network" }))
    assert.is_false(errors.is("network"))
  end)

  it("check passes values through and throws the object itself", function()
    assert.same({ 1, 2, 3 }, { errors.check(1, 2, 3) })
    local err = errors.new { kind = "network", message = "gone" }
    local ok, thrown = pcall(errors.check, nil, err)
    assert.is_false(ok)
    assert.equal(err, thrown)
  end)

  describe("assert", function()
    local scalekit_assert = errors.assert

    it("passes values through", function()
      assert.same({ 1, 2, 3 }, { scalekit_assert(1, 2, 3) })
    end)

    it("says what went wrong, on every Lua", function()
      local err = errors.new { kind = "network", message = "gone" }
      local ok, thrown = pcall(scalekit_assert, nil, err)
      assert.is_false(ok)
      assert.equal("scalekit: network: gone", tostring(thrown))
    end)

    it("says other messages as assert does", function()
      assert.matches("plain", select(2, pcall(scalekit_assert, false, "plain")))
      assert.is_false((pcall(scalekit_assert, nil)))
    end)

    it("is what the interpreter can print when nobody catches it", function()
      local lua = arg and arg[-1] or "lua"
      local i = -1
      while arg and arg[i] do lua, i = arg[i], i - 1 end
      local script = "local e = require 'scalekit.error' "
        .. "e.assert(nil, e.new { kind = 'network', message = 'gone' })"
      local pipe = io.popen(('%s -e "%s" 2>&1'):format(lua, script))
      local said = pipe:read "*a"
      pipe:close()
      assert.matches("scalekit: network: gone", said)
    end)
  end)
end)
