local json = require "scalekit.json"
local reply = require "scalekit.reply"

local INFO = "type.googleapis.com/scalekit.v1.errdetails.ErrorInfo"

local function answer(status, body, headers)
  return {
    status = status,
    headers = headers or {},
    body = type(body) == "table" and json.encode(body) or body or "",
  }
end

local function status_body(code, details)
  return { code = code, message = "no", details = json.array(details or {}) }
end

describe("scalekit.reply", function()
  it("R01 maps each gRPC code to its kind, and exposes both codes", function()
    local rows = {
      { 1, 499, "cancelled" }, { 2, 500, "internal" }, { 3, 400, "bad_request" },
      { 4, 504, "timeout" }, { 5, 404, "not_found" }, { 6, 409, "conflict" },
      { 7, 403, "forbidden" }, { 8, 429, "rate_limited" }, { 9, 400, "bad_request" },
      { 10, 409, "conflict" }, { 11, 400, "bad_request" }, { 12, 501, "unimplemented" },
      { 13, 500, "internal" }, { 14, 503, "unavailable" }, { 15, 500, "internal" },
      { 16, 401, "unauthorized" },
    }
    for _, row in ipairs(rows) do
      local err = reply.failure(answer(row[2], status_body(row[1])))
      assert.same({ row[3], row[1], row[2] }, { err.kind, err.grpc_code, err.status })
    end
  end)

  it("R01 falls back to the HTTP status where the body has no code", function()
    local rows = { [400] = "bad_request", [401] = "unauthorized", [403] = "forbidden",
      [404] = "not_found", [409] = "conflict", [429] = "rate_limited", [500] = "internal",
      [501] = "unimplemented", [502] = "unavailable", [503] = "unavailable", [504] = "timeout",
      [418] = "protocol", [599] = "internal" }
    for status, kind in pairs(rows) do
      assert.equal(kind, reply.failure(answer(status, "<html>")).kind)
    end
  end)

  it("R02 prefers the code of the body", function()
    local err = reply.failure(answer(400, status_body(9)))
    assert.same({ "bad_request", 9 }, { err.kind, err.grpc_code })
  end)

  it("R04 finds the ErrorInfo behind a detail of another type", function()
    local err = reply.failure(answer(404, status_body(5, {
      { ["@type"] = "type.googleapis.com/google.rpc.Help" },
      { ["@type"] = INFO, error_code = "NOT_FOUND" },
    })))
    assert.equal("NOT_FOUND", err.code)
  end)

  it("R05 sees a tool error behind another ErrorInfo", function()
    local err = reply.failure(answer(429, status_body(8, {
      { ["@type"] = INFO, error_code = "RATE_LIMITED" },
      { ["@type"] = INFO, error_code = "TOOL_ERROR", tool_error_info = {
        execution_id = "exec_1", tool_error_code = "quota", tool_error_message = "slow down",
      } },
    })))
    assert.same({ "tool_error", "exec_1", "quota", "slow down" },
      { err.kind, err.execution_id, err.tool_error_code, err.tool_error_message })
  end)

  it("M11 calls a duplicate a conflict whatever the status", function()
    for _, status in ipairs { 400, 409 } do
      local err = reply.failure(answer(status, status_body(3, {
        { ["@type"] = INFO, error_code = "DUPLICATE_IDENTIFIER" },
      })))
      assert.equal("conflict", err.kind)
    end
  end)

  it("reads a bare ErrorInfo, OAuth's shape, and nothing at all", function()
    assert.equal("X_Y", reply.failure(answer(400, { error_code = "X_Y" })).code)
    local oauth = reply.failure(answer(401, { error = "invalid_client", error_description = "no" }))
    assert.same({ "unauthorized", "invalid_client", "no" }, { oauth.kind, oauth.code, oauth.message })
    assert.equal("the server answered with status 503", reply.failure(answer(503)).message)
  end)

  it("X07 exposes Retry-After and the request id", function()
    local err = reply.failure(answer(429, status_body(8), {
      ["retry-after"] = "2", ["x-request-id"] = "req_9",
    }))
    assert.same({ 2, "req_9" }, { err.retry_after, err.request_id })
  end)

  it("A17 says that a redirect is not followed", function()
    local err = reply.failure(answer(302, "", { location = "https://elsewhere.example" }))
    assert.equal("protocol", err.kind)
    assert.matches("redirects", err.message)
  end)

  it("hands on which fields were refused", function()
    local violation = { field = "name", description = "too long", constraint = "string.max_len" }
    local err = reply.failure(answer(400, status_body(3, { {
      ["@type"] = INFO, error_code = "VALIDATION_ERROR",
      validation_error_info = { field_violations = { violation } },
    } })))
    assert.same({ violation }, err.fields)
  end)

  it("keeps of the refused fields what makes sense, and not too many", function()
    local violations = json.array { 7, json.null, { field = 1 }, json.array { 1 },
      { field = "a", description = "b", constraint = 5, other = {} } }
    local function failure(list)
      return reply.failure(answer(400, status_body(3, { {
        error_code = "X", validation_error_info = { field_violations = list },
      } })))
    end
    assert.same({ { field = "", description = "" }, { field = "", description = "" },
      { field = "a", description = "b" } }, failure(violations).fields)
    for i = 1, 100 do violations[i] = { field = "f" .. i } end
    assert.equal(64, #failure(violations).fields)
    assert.is_nil(failure(json.array {}).fields)
    assert.is_nil(failure("x").fields)
  end)

  it("R01 derives the gRPC code from the status where the body has none", function()
    for status, code in pairs { [400] = 3, [401] = 16, [403] = 7, [404] = 5, [409] = 6, [429] = 8,
      [500] = 13, [501] = 12, [503] = 14, [504] = 4, [418] = 2, [502] = 2 } do
      for _, body in ipairs { "<html>", '{"code":0}', '{"code":17}', '{"code":"5"}' } do
        assert.equal(code, reply.failure(answer(status, body)).grpc_code)
      end
    end
  end)

  it("keeps nothing of a success that it cannot read and that may be a secret", function()
    local op = { reply = require("scalekit.schema").CreateMcpSessionTokenReply }
    for _, body in ipairs { '{"token":"eyJhb', '["eyJhb"]', '"eyJhb"', "eyJhb" } do
      local value, err = reply.value(answer(200, body), op, "x")
      assert.same({ nil, "protocol", "unknown" }, { value, err.kind, err.outcome })
      for _, part in pairs(err) do assert.is_nil(tostring(part):find("eyJhb", 1, true)) end
    end
    local _, err = reply.value(answer(200, "<html>a gateway's page"), op, "x")
    assert.equal("<html>a gateway's page", err.raw)
  end)

  it("tells the service's refusal from a provider's", function()
    local ours = answer(403, status_body(7, { { ["@type"] = INFO, error_code = "X" } }))
    assert.equal("forbidden", reply.refusal(ours, "request").kind)
    for _, body in ipairs { "", "<html>", '{"error":{"code":403}}', '{"error_code":"X"}',
      '{"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","error_code":"X"}]}' } do
      assert.is_nil(reply.refusal(answer(403, body), "request"))
    end
    assert.is_nil(reply.refusal(answer(200, ours.body), "request"))
  end)

  it("bounds the raw body it keeps", function()
    assert.equal(4096, #reply.failure(answer(500, ("x"):rep(100000))).raw)
  end)

  it("bounds the texts that it keeps of a body", function()
    local err = reply.failure(answer(500, { message = ("x"):rep(100000) }))
    assert.equal(4096, #err.message)
  end)

  it("survives details of every wrong shape", function()
    for _, body in ipairs { '{"details":7}', '{"details":[1,null,"x"]}', "[]", "null", '"x"',
      '{"details":[{"error_code":5}],"message":{},"code":"3"}' } do
      assert.equal("bad_request", reply.failure(answer(400, body)).kind)
    end
  end)
end)
