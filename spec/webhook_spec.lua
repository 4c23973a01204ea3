local core = require "scalekit.core"
local errors = require "scalekit.error"
local webhook = require "scalekit.webhook"

local SECRET = "whsec_dGVzdHNlY3JldA=="
local NOW = 1700000000
local BODY = '{"test":"data"}'

-- Signed by the service's rules, elsewhere.
local VECTORS = {
  { "msg_1", BODY, "v1,YbYd/ILugzNo06fwcv1z8iW7KbnkUBNk6Rp3XzzonlE=" },
  { "msg_2", "", "v1,fnTM2RN+fhwvYIylmG9rdkkGAmNbI6xeU/hllPv1PsI=" },
  { "msg_3", '{"identifier":"zoë@例え.jp"}', "v1,WiV7DOxpvU/4eodSL0Y9UXJodhmbX/3tYFF/V/Wb8EY=" },
}
local SIGNATURE = VECTORS[1][3]

local function headers(changes)
  local all = {
    ["webhook-id"] = "msg_1", ["webhook-timestamp"] = tostring(NOW),
    ["webhook-signature"] = SIGNATURE,
  }
  for name, value in pairs(changes or {}) do all[name] = value or nil end
  return all
end

local function verify(changes)
  local opts = { secret = SECRET, headers = headers(), body = BODY, now = NOW }
  for name, value in pairs(changes or {}) do opts[name] = value end
  local event, err = webhook.verify(opts) -- no tail call: errors are to name this line
  return event, err
end

local function assert_refused(code, event, err)
  assert.is_nil(event)
  assert.is_true(errors.is(err))
  assert.same({ "unauthorized", code }, { err.kind, err.code })
end

describe("a webhook's signature", function()
  it("W01 is that of the service's vectors", function()
    for _, vector in ipairs(VECTORS) do
      assert.equal(vector[3], webhook.sign(SECRET, vector[1], NOW, vector[2]))
      assert.is_true(webhook.authenticate {
        secret = SECRET, body = vector[2], now = NOW,
        headers = headers { ["webhook-id"] = vector[1], ["webhook-signature"] = vector[3] },
      })
    end
  end)

  it("W01 lets the event through, decoded", function()
    assert.same({ test = "data" }, verify())
  end)

  it("W02 holds for 300 seconds before and after, and no longer", function()
    assert.is_table(verify { now = NOW + 300 })
    assert_refused("too_old", verify { now = NOW + 301 })
    assert.is_table(verify { now = NOW - 300 })
    assert_refused("too_new", verify { now = NOW - 301 })
    assert.is_table(verify { now = NOW + 5, tolerance = 5 })
    assert_refused("too_old", verify { now = NOW + 6, tolerance = 5 })
    assert_refused("too_old", verify { now = NOW + 1, tolerance = 0 })
    assert.is_table(verify { now = NOW + 600, tolerance = "10m" })
  end)

  it("W02 is checked against the clock where no time is given", function()
    assert_refused("too_old", webhook.verify { secret = SECRET, headers = headers(), body = BODY })
  end)

  it("W04 needs all three headers", function()
    for _, name in ipairs { "webhook-id", "webhook-timestamp", "webhook-signature" } do
      local event, err = verify { headers = headers { [name] = false } }
      assert_refused("missing_header", event, err)
      assert.truthy(err.message:find(name, 1, true))
    end
    assert_refused("missing_header", verify { headers = {} })
    assert_refused("missing_header", verify { headers = headers { ["webhook-id"] = "" } })
    assert_refused("missing_header", verify { headers = headers { ["webhook-id"] = 5 } })
  end)

  it("W04 refuses a timestamp that is no number of seconds", function()
    for _, stamp in ipairs { "abc", "-1", "1.7e9", "1700000000.0", "0x6553F100", " 1700000000",
      ("9"):rep(40) } do
      assert_refused("bad_timestamp", verify { headers = headers { ["webhook-timestamp"] = stamp } })
    end
  end)

  it("W04 says what is wrong with a secret, without saying it", function()
    for _, secret in ipairs { "nounderscore", "whsec_", "whsec_****", "whsec_dGVz_dHNl", "",
      "whsec_" .. ("A"):rep(2000) } do
      local event, err = verify { secret = secret }
      assert.is_nil(event)
      assert.same({ "configuration", "bad_secret" }, { err.kind, err.code })
      assert.is_true(secret == "" or not tostring(err):find(secret, 1, true))
      assert.equal("configuration", select(2, webhook.sign(secret, "msg_1", NOW, BODY)).kind)
    end
    assert.equal("bad_secret", select(2, verify { secret = {} }).code)
  end)

  it("W05 takes header names in any case", function()
    assert.is_table(verify { headers = {
      ["Webhook-Id"] = "msg_1", ["WEBHOOK-TIMESTAMP"] = tostring(NOW),
      ["webhook-Signature"] = SIGNATURE,
    } })
  end)

  it("W05 refuses a body that was written anew", function()
    assert_refused("bad_signature", verify { body = '{"test": "data"}' })
    assert_refused("bad_signature", verify { body = "" })
  end)

  it("covers the id and the time", function()
    assert_refused("bad_signature", verify { headers = headers { ["webhook-id"] = "msg_2" } })
    assert_refused("bad_signature", verify {
      headers = headers { ["webhook-timestamp"] = tostring(NOW + 1) },
    })
    assert_refused("bad_signature", verify {
      headers = headers { ["webhook-timestamp"] = "0" .. NOW },
    })
  end)

  it("may be one of several, of other versions and lengths too", function()
    for _, list in ipairs {
      "v1,AAAA " .. SIGNATURE, SIGNATURE .. " v1,AAAA", "v2,x  v1a,y " .. SIGNATURE, " " .. SIGNATURE,
    } do
      assert.is_table(verify { headers = headers { ["webhook-signature"] = list } })
    end
    assert.is_table(verify { headers = headers { ["webhook-signature"] = { "v1,A", SIGNATURE } } })
    for _, list in ipairs {
      " ", "v1", "v1,", "v2" .. SIGNATURE:sub(3), SIGNATURE:sub(4), SIGNATURE:sub(1, -2),
      SIGNATURE .. "=", SIGNATURE:upper(), SIGNATURE .. "," .. SIGNATURE,
    } do
      assert_refused("bad_signature", verify { headers = headers { ["webhook-signature"] = list } })
    end
  end)

  it("refuses a header that comes twice", function()
    assert_refused("missing_header", verify {
      headers = headers { ["webhook-id"] = { "msg_1", "msg_2" } },
    })
    assert_refused("missing_header", verify { headers = headers { ["Webhook-Id"] = "msg_2" } })
  end)

  it("is that of any of several secrets, while they are rotated", function()
    assert.is_table(verify { secret = { "whsec_b3RoZXI=", SECRET } })
    assert.is_table(verify { secret = { SECRET, "whsec_b3RoZXI=" } })
    assert_refused("bad_signature", verify { secret = { "whsec_b3RoZXI=" } })
  end)

  it("takes secrets that Lua cannot read", function()
    assert.is_table(verify { secret = core.secret(SECRET) })
    assert.is_table(verify { secret = { core.secret "whsec_b3RoZXI=", core.secret(SECRET) } })
    assert.equal(SIGNATURE, webhook.sign(core.secret(SECRET), "msg_1", NOW, BODY))
  end)

  it("does not make an event of what is no JSON object", function()
    for _, body in ipairs { "", "[]", "1", "{", "null", '{"a":1}x' } do
      local event, err = verify {
        body = body,
        headers = headers { ["webhook-signature"] = webhook.sign(SECRET, "msg_1", NOW, body) },
      }
      assert.is_nil(event)
      assert.equal("protocol", err.kind)
    end
  end)

  it("raises at the caller's line for what the program does wrong", function()
    for _, case in ipairs {
      { { secert = SECRET }, "did you mean 'secret'" },
      { { body = {} }, "option 'body' must be a string" },
      { { secret = 5 }, "option 'secret' must be a string or secret or table" },
      { { secret = { 5 } }, "option 'secret' must hold strings" },
      { { headers = "x" }, "option 'headers' must be a table" },
      { { tolerance = -1 }, "tolerance" }, { { tolerance = 0 / 0 }, "tolerance" },
      { { now = 0 / 0 }, "now" },
    } do
      local ok, message = pcall(verify, case[1])
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
      assert.truthy(message:find("webhook_spec.lua", 1, true), message)
    end
    for _, name in ipairs { "secret", "headers", "body" } do
      local opts = { secret = SECRET, headers = headers(), body = BODY }
      opts[name] = nil
      local ok, message = pcall(function() webhook.verify(opts) end)
      assert.is_false(ok)
      assert.matches("webhook_spec.*option '" .. name .. "' is required", message)
    end
    for _, arguments in ipairs { { "", NOW, "" }, { "m", 1.5, "" }, { "m", NOW, {} }, { "m", "1", "" } } do
      local ok, message = pcall(function()
        webhook.sign(SECRET, arguments[1], arguments[2], arguments[3])
      end)
      assert.is_false(ok)
      assert.matches("webhook_spec.*webhook.sign", message)
    end
  end)
end)
