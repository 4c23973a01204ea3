local memory = require "scalekit.vmcp.store.memory"
local roster = require "scalekit.vmcp.roster"

describe("a roster", function()
  local app

  before_each(function()
    app = { store = memory.new() }
  end)

  local function fill(count)
    local places = {}
    for i = 1, count do places[i] = roster.add(app, "list", "key " .. i) end
    return places
  end

  it("is empty at first", function()
    assert.same({}, roster.keys(app, "list"))
  end)

  it("keeps keys in the order of their entry, however many", function()
    fill(250)
    local keys = roster.keys(app, "list")
    assert.equal(250, #keys)
    for i, key in ipairs(keys) do assert.equal("key " .. i, key) end
  end)

  it("rewrites a bounded text for an entry", function()
    fill(1000)
    local longest = 0
    for _, item in pairs(app.store.items) do longest = math.max(longest, #item.text) end
    assert.is_true(longest < 2000)
  end)

  it("loses what is taken out, and nothing else", function()
    local places = fill(250)
    for i = 1, 250 do
      if i % 3 ~= 0 then roster.remove(app, "list", places[i], "key " .. i) end
    end
    local keys = roster.keys(app, "list")
    assert.equal(83, #keys)
    for i, key in ipairs(keys) do assert.equal("key " .. 3 * i, key) end
  end)

  it("leaves nothing behind but the number of its last chunk", function()
    for i, place in ipairs(fill(250)) do roster.remove(app, "list", place, "key " .. i) end
    assert.same({}, roster.keys(app, "list"))
    assert.equal(1, app.store.count)
    fill(1)
    assert.same({ "key 1" }, roster.keys(app, "list"))
  end)

  it("is unmoved by what it does not hold", function()
    local places = fill(2)
    assert.is_true(roster.remove(app, "list", places[1], "other"))
    assert.is_true(roster.remove(app, "list", 7, "key 1"))
    assert.equal(2, #roster.keys(app, "list"))
  end)

  it("says when there is no memory left", function()
    app.store = memory.new { max_items = 0 }
    local place, refusal = roster.add(app, "list", "key")
    assert.is_nil(place)
    assert.equal(503, refusal.status)
  end)
end)
