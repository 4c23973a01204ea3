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
end)
