local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"
local launch = require "scalekit.host.launch"
local memory = require "scalekit.vmcp.store.memory"
local support = require "spec.support.env"
local store_app = require "spec.support.store_app"

local MEMORY = 1024 * 1024

-- how to reach a store: start() → run(call) → results, and stop()
local BACKENDS = {
  memory = function()
    local store = memory.new { clock = core.now, max_bytes = MEMORY }
    return function(call)
      return store_app.run(store, call)
    end, function() end
  end,
  ["shdict in #nginx"] = function()
    local server = assert(launch.start {
      app = "spec.support.store_app", lua_path = "?.lua", workers = 4, memory = "1m",
    })
    local send = curl.new()
    return function(call)
      local response = assert(send { method = "POST", url = server.url .. "/", body = json.encode(call) })
      local results = json.decode(response.body)
      for i = 1, 4 do
        if results[i] == json.null then
          results[i] = nil
        end
      end
      return results
    end, function() server:stop() end
  end,
}

for name, start in pairs(BACKENDS) do
  describe("the store in " .. name, function()
    local run, stop

    setup(function()
      run, stop = start()
    end)

    teardown(function()
      stop()
    end)

    local function get(key)
      return run { op = "get", key = key }[1]
    end

    local function set(key, text, ttl)
      return run { op = "set", key = key, text = text, ttl = ttl }[1]
    end

    it("keeps what it is given", function()
      assert.is_nil(get "a")
      assert.is_true(set("a", "one"))
      assert.equal("one", get "a")
      assert.is_true(set("a", "two \0 \195\171"))
      assert.equal("two \0 \195\171", get "a")
      assert.is_true(set("empty", ""))
      assert.equal("", get "empty")
    end)

    it("adds only what is not there", function()
      assert.is_true(run({ op = "add", key = "b", text = "one" })[1])
      assert.is_false(run({ op = "add", key = "b", text = "two" })[1])
      assert.equal("one", get "b")
    end)

    it("deletes, and does not mind deleting again", function()
      set("c", "one")
      run { op = "delete", key = "c" }
      run { op = "delete", key = "c" }
      assert.is_nil(get "c")
      assert.is_true(run({ op = "add", key = "c", text = "two" })[1])
    end)

    it("gives a taken text away once", function()
      set("d", "one")
      assert.equal("one", run({ op = "take", key = "d" })[1])
      assert.is_nil(run({ op = "take", key = "d" })[1])
      assert.is_nil(get "d")
    end)

    it("updates with what is there, and passes values through", function()
      assert.same({ true, true, nil }, run { op = "update", key = "e", change = "append", argument = "x" })
      local results = run { op = "update", key = "e", change = "append", argument = "y" }
      assert.equal("x", results[3])
      assert.equal("xy", get "e")
      results = run { op = "update", key = "e", change = "keep" }
      assert.equal("xy", results[3])
      assert.equal("xy", get "e")
      results = run { op = "update", key = "e", change = "delete" }
      assert.equal("xy", results[3])
      assert.equal("second", results[4])
      assert.is_nil(get "e")
    end)

    it("holds no lock after a change that failed", function()
      local results = run { op = "update", key = "f", change = "fail" }
      assert.is_false(results[1])
      assert.equal("the change failed", results[2])
      assert.is_true(run({ op = "update", key = "f", change = "append", argument = "x" })[2])
    end)

    it("forgets what has expired", function()
      set("g", "one", 0.05)
      run { op = "update", key = "h", change = "append", argument = "x", ttl = 0.05 }
      assert.equal("one", get "g")
      local until_then = core.now() + 0.1
      repeat until core.now() > until_then
      assert.is_nil(get "g")
      assert.is_nil(get "h")
      assert.is_true(run({ op = "add", key = "g", text = "two" })[1])
    end)

    it("keeps the old text when a new one has no room, and every other text", function()
      local large = ("x"):rep(100000)
      assert.is_true(set("old", "kept"))
      assert.is_true(set("other", large))
      local count, last = 0
      repeat
        count = count + 1
        last = run { op = "set", key = "fill" .. count, text = large }
      until last[1] ~= true
      assert.same({ nil, "no memory" }, last)
      assert.is_true(count > 3)
      for _, key in ipairs { "old", "other" } do
        local before = get(key)
        local results = run { op = "update", key = key, change = "append", argument = large:rep(2) }
        assert.same({ true, nil, "no memory" }, results)
        assert.equal(before, get(key))
        assert.same({ nil, "no memory" }, run { op = "set", key = key, text = large:rep(3) })
        assert.equal(before, get(key))
      end
      -- what does not grow fits, however full the store is
      assert.is_true(set("other", large:gsub("x", "y")))
      assert.is_true(set("other", large:sub(2)))
      assert.is_true(set("other", ""))
      assert.equal("", get "other")
      assert.is_true(set("old", "KEPT"))
      assert.equal("KEPT", get "old")
      for i = 1, count do run { op = "delete", key = "fill" .. i } end
      assert.is_true(set("other", large:rep(2)))
      assert.equal(large:rep(2), get "other")
      assert.equal("KEPT", get "old")
      run { op = "delete", key = "other" }
    end)

    it("takes no key for the hiding place of another's text", function()
      set("a", "1")
      set("a", "2")
      for _, key in ipairs { "aa", "ba", "=a", "a#a", "a#b", "a#", "b" } do
        run { op = "delete", key = key }
        assert.is_nil(get(key))
        set(key, "other")
      end
      assert.equal("2", get "a")
      set("a", "3")
      assert.equal("3", get "a")
    end)

    it("is never without a text that is being replaced", function()
      set("turn", "0")
      local last
      support.together(40, function(i)
        if i % 2 == 0 then return run { op = "set", key = "turn", text = ("x"):rep(i) } end
        last = get "turn"
        assert(last ~= nil, "the text was gone for a moment")
      end)
      assert.is_string(last)
    end)

    if name ~= "memory" then
      it("loses no update of many that run at once in several workers", function()
        support.together(40, function()
          return run { op = "update", key = "n", change = "count" }
        end)
        assert.equal("40", get "n")
      end)
    end
  end)
end

describe("the store in memory", function()
  it("says when it is full, and makes room for itself where it can", function()
    local now = 0
    local store = memory.new { max_items = 2, clock = function() return now end }
    assert.is_true(store:set("a", "1"))
    assert.is_true(store:set("b", "2", 10))
    assert.same({ nil, "no memory" }, { store:set("c", "3") })
    assert.is_true(store:set("a", "4"))
    now = 10
    assert.is_true(store:set("c", "3"))
    assert.is_nil(store:get "b")
    assert.same({ nil, "no memory" }, { store:update("d", function() return "x" end) })
  end)

  it("bounds keys and texts together, and counts them right", function()
    local now = 0
    local store = memory.new { max_bytes = 10, clock = function() return now end }
    assert.is_true(store:set("a", "12345"))
    assert.same({ nil, "no memory" }, { store:set("b", "1234") })
    assert.is_true(store:set("b", "123", 5))
    assert.same({ nil, "no memory" }, { store:set("a", "123456") })
    now = 5
    assert.is_true(store:set("a", "123456789"))
    assert.equal("123456789", store:take "a")
    assert.is_true(store:add("c", "123456789"))
    store:delete "c"
    assert.is_true(store:update("d", function() return "123456789" end))
    assert.is_true(store:update("d", function() return false end))
    assert.same({ 0, 0 }, { store.bytes, store.count })
  end)

  it("sweeps what nobody asks for again", function()
    local now = 0
    local store = memory.new { clock = function() return now end }
    for i = 1, 600 do
      now = i
      store:set("k" .. i, "x", 1)
    end
    assert.is_true(store.count < 120)
  end)
end)

describe("the store in shared memory, when it is full", function()
  local send

  setup(function()
    send = curl.new()
  end)

  it("#nginx refuses new entries and keeps the old ones", function()
    local server = assert(launch.start { app = "spec.support.store_app", lua_path = "?.lua", memory = "1m" })
    finally(function() server:stop() end)
    local function run(call)
      return json.decode(assert(send {
        method = "POST", url = server.url .. "/", body = json.encode(call),
      }).body)
    end
    assert.is_true(run({ op = "set", key = "first", text = "kept" })[1])
    local large, last = ("x"):rep(100000), nil
    for i = 1, 20 do
      last = run { op = "set", key = "k" .. i, text = large }
      if last[1] ~= true then
        break
      end
    end
    assert.equal("no memory", last[2])
    assert.equal("kept", run({ op = "get", key = "first" })[1])
  end)
end)
