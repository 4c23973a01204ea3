local answer = require "scalekit.edge.answer"
local cache = require "scalekit.edge.cache"
local edge = require "scalekit.edge"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local origins = require "scalekit.edge.origins"

describe("a cache with bounds", function()
  it("gives what it was given", function()
    local one = cache.new(10, 60)
    one:set("a", 1, 0)
    assert.same({ 1, nil }, { one:get("a", 0), (one:get("b", 0)) })
    one:drop "a"
    assert.is_nil(one:get("a", 0))
  end)

  it("never holds more than it may", function()
    local one = cache.new(10, 60)
    for i = 1, 1000 do one:set("key " .. i, i, 0) end
    local count = 0
    for i = 1, 1000 do
      if one:get("key " .. i, 0) then count = count + 1 end
    end
    assert.is_true(count > 0 and count <= 10)
  end)

  it("keeps what is asked for", function()
    local one = cache.new(10, 60)
    one:set("a", 1, 0)
    for i = 1, 1000 do
      one:set("key " .. i, i, 0)
      assert.equal(1, one:get("a", 0))
    end
  end)

  it("forgets what nobody has asked for within its time", function()
    local one = cache.new(10, 60)
    one:set("a", 1, 0)
    one:set("b", 2, 0)
    assert.equal(1, one:get("a", 50))
    assert.equal(1, one:get("a", 70))
    assert.equal(1, one:get("a", 130))
    assert.is_nil(one:get("b", 190))
    assert.is_nil(one:get("a", 1000))
  end)
end)

describe("who may call", function()
  it("is everybody without an origin, and the origins that are allowed", function()
    local set = origins.set { "https://App.example.com" }
    for origin, allowed in pairs {
      ["https://app.example.com"] = true, ["HTTPS://APP.example.com"] = true,
      ["http://app.example.com"] = false, ["https://app.example.com:8443"] = false,
      ["null"] = false, [""] = false, ["https://app.example.com.evil.example"] = false,
    } do
      assert.equal(allowed, origins.allows(set, origin), origin)
    end
    assert.is_true(origins.allows(set, nil))
  end)

  it("is no page at all by default", function()
    assert.is_false(origins.allows(origins.set(nil), "https://app.example.com"))
  end)
end)

describe("what the edge answers by itself", function()
  local function id_of(body)
    return json.decode(answer.rpc(404, "not_found", "no", body).body).id
  end

  it("has the id of the request, whatever it is", function()
    assert.equal("a\"b", id_of '{"jsonrpc":"2.0","method":"x","id":"a\\"b"}')
    assert.equal(-12, id_of '{"id":-12}')
  end)

  it("has no id where none can be read", function()
    for _, body in ipairs { "", "{", "[]", '{"id":null}', '{"id":{}}', '{"id":true}', '{"x":1}', "1" } do
      assert.is_nil(id_of(body), body)
    end
    assert.is_nil(id_of(nil))
  end)

  it("tells what is the asker's business, and keeps to itself what is ours", function()
    for kind, status in pairs {
      bad_request = 400, not_found = 404, rate_limited = 503, unavailable = 503, network = 503,
      cancelled = 503, timeout = 504, unauthorized = 502, forbidden = 502, configuration = 502,
      protocol = 502, tls = 502, internal = 502, conflict = 502, outcome_unknown = 502,
    } do
      local response, is_ours = answer.of_error(errors.new { kind = kind, message = "inner words" })
      local is_theirs = status == 400 or status == 404
      assert.same({ status, not is_theirs }, { response.status, is_ours }, kind)
      assert.equal(is_theirs, response.body:find "inner words" ~= nil)
    end
  end)

  it("says when to ask again", function()
    local response = answer.of_error(errors.new { kind = "rate_limited", message = "x", retry_after = 6.2 })
    assert.equal("7", response.headers["retry-after"])
  end)
end)

describe("the edge outside nginx", function()
  for _, name in ipairs { "agents", "guard", "portal", "doctor" } do
    it("makes no " .. name, function()
      local ok, problem = pcall(function() edge[name] {} end)
      assert.is_false(ok)
      assert.matches("edge_spec.lua:%d+: scalekit.edge: this is not nginx", problem)
    end)
  end
end)
