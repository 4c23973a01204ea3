-- What a server asks of us, and what our callbacks may say.

local input = require "scalekit.mcp.input"
local json = require "scalekit.json"

local SCHEMA = {
  type = "object",
  properties = {
    name = { type = "string", default = "John Doe" }, age = { type = "integer", default = 30 },
    score = { type = "number", default = 95.5 }, status = { type = "string", default = "active" },
    verified = { type = "boolean", default = true }, off = { type = "boolean", default = false },
    tags = { type = "array", default = json.array { "a" } }, note = { type = "string" },
    none = { type = "string", default = json.null },
  },
}

local function elicit(callback, params)
  params = params or { message = "?", requestedSchema = SCHEMA }
  return input.answer({ on_elicitation = callback }, "elicitation/create", params)
end

local function answering(value)
  return function() return value end
end

local DEFAULTS = {
  name = "John Doe", age = 30, score = 95.5, status = "active", verified = true, off = false,
  tags = { "a" },
}

describe("mcp.input, elicitation", function()
  it("fills in the defaults of the schema", function()
    assert.same({ action = "accept", content = DEFAULTS }, elicit(answering { action = "accept" }))
    local result = elicit(answering { action = "accept", content = { age = 0, off = true, note = "" } })
    assert.equal(0, result.content.age)
    assert.is_true(result.content.off)
    assert.equal("", result.content.note)
    assert.equal("John Doe", result.content.name)
  end)

  it("leaves out what is null on purpose", function()
    local result = elicit(answering { action = "accept", content = { name = json.null } })
    assert.is_nil(result.content.name)
  end)

  it("changes no table of the callback", function()
    local content = { age = 1 }
    elicit(answering { action = "accept", content = content })
    assert.same({ age = 1 }, content)
  end)

  it("accepts an empty form with an empty object", function()
    for _, schema in ipairs { {}, { properties = json.array {} }, json.null, 3 } do
      local result = elicit(answering { action = "accept" }, { message = "?", requestedSchema = schema })
      assert.equal('{"action":"accept","content":{}}', json.encode(result))
    end
  end)

  it("passes a refusal on, without content", function()
    assert.same({ action = "decline" }, elicit(answering { action = "decline", content = { a = 1 } }))
    assert.same({ action = "cancel" }, elicit(answering { action = "cancel" }))
    assert.same({ action = "cancel" }, elicit(answering(nil)))
  end)

  it("takes a missing mode for a form", function()
    assert.same({ action = "decline" },
      elicit(answering { action = "decline" }, { mode = "form", message = "?" }))
  end)

  it("has a callback of its own for addresses", function()
    local seen
    local result = input.answer({
      on_url = function(request)
        seen = request.url
        return { action = "accept", content = { a = 1 } }
      end,
    }, "elicitation/create", { mode = "url", url = "https://a.example/b", message = "?" })
    assert.equal("https://a.example/b", seen)
    assert.same({ action = "accept" }, result)
  end)

  it("refuses a kind that nobody answers", function()
    for code, callbacks in pairs {
      [-32602] = { on_elicitation = answering {} }, [-32601] = { on_sampling = answering {} },
    } do
      local result, refusal = input.answer(callbacks, "elicitation/create", { mode = "url" })
      assert.is_nil(result)
      assert.equal(code, refusal.code)
    end
  end)

  it("raises what a callback must not return", function()
    for _, value in ipairs {
      "accept", 3, true, {}, { action = "yes" }, { "accept" }, { action = "accept", content = "x" },
      { action = "accept", content = { 1, 2 } },
    } do
      assert.has_error(function() elicit(answering(value)) end)
    end
  end)
end)

describe("mcp.input, sampling", function()
  local GOOD = { role = "assistant", model = "m", content = { type = "text", text = "hi" } }

  local function sample(value, params)
    return input.answer({ on_sampling = answering(value) }, "sampling/createMessage", params or {})
  end

  it("passes the message on", function()
    assert.equal(GOOD, (sample(GOOD)))
  end)

  it("rejects where the callback does", function()
    local result, refusal = sample(nil)
    assert.is_nil(result)
    assert.equal(-1, refusal.code)
  end)

  it("refuses tools, which it does not offer", function()
    local _, refusal = sample(GOOD, { tools = json.array {} })
    assert.equal(-32602, refusal.code)
    _, refusal = sample(GOOD, { toolChoice = { mode = "auto" } })
    assert.equal(-32602, refusal.code)
  end)

  it("raises what a callback must not return", function()
    for _, value in ipairs { "hi", {}, { role = "assistant", content = "hi", model = "m" } } do
      assert.has_error(function() sample(value) end)
    end
  end)
end)
