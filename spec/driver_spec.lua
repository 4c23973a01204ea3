-- The same cases under every driver, against a real nginx: blocking, the
-- built-in scheduler, cqueues, luv, and a loop that only knows poll.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local driver = require "scalekit.driver"
local launch = require "scalekit.host.launch"
local scalekit = require "scalekit"

local function has(name)
  return (pcall(require, name))
end

-- The recipe of driver.use: coroutines, a list, and poll.
local mine = { list = {}, threads = setmetatable({}, { __mode = "k" }) }

function mine.active()
  local thread = coroutine.running()
  return thread ~= nil and mine.threads[thread] ~= nil
end

function mine.wait(loop, transfer)
  while not transfer:ready() do
    coroutine.yield(loop, loop:timeout())
    loop:step()
  end
  return true
end

function mine.sleep(seconds)
  local till = core.now() + seconds
  while core.now() < till do coroutine.yield(nil, till - core.now()) end
  return true
end

function mine.run(functions)
  for _, fn in ipairs(functions) do
    local thread = coroutine.create(fn)
    mine.threads[thread] = true
    table.insert(mine.list, thread)
  end
  while #mine.list > 0 do
    local loops, seconds, list = {}, 1, mine.list
    mine.list = {}
    for _, thread in ipairs(list) do
      local ok, loop, most = coroutine.resume(thread)
      if not ok then error(loop, 0) end
      if coroutine.status(thread) ~= "dead" then
        table.insert(mine.list, thread)
        loops[1] = loops[1] or loop -- one loop serves all of them
        seconds = math.min(seconds, most or 1)
      end
    end
    if #mine.list > 0 then core.poll(loops, seconds) end
  end
end

-- name → function(list of functions): runs them side by side where it can
local runners = {
  block = function(functions)
    for _, fn in ipairs(functions) do fn() end
  end,
  step = function(functions)
    scalekit.run(function()
      for _, fn in ipairs(functions) do scalekit.spawn(fn) end
    end)
  end,
  mine = mine.run,
}

if has "cqueues" then
  require "scalekit.driver.cqueues"
  function runners.cqueues(functions)
    local controller = require("cqueues").new()
    for _, fn in ipairs(functions) do controller:wrap(fn) end
    assert(controller:loop())
  end
end

if has "luv" then
  local luv = require "scalekit.driver.luv"
  function runners.luv(functions)
    for _, fn in ipairs(functions) do luv.spawn(fn) end
    require("luv").run()
  end
end

local SHARES_TOKENS = { step = true, cqueues = true, luv = true }

describe("a driver", function()
  local env, client

  setup(function()
    driver.use { name = "mine", active = mine.active, wait = mine.wait, sleep = mine.sleep }
    env = assert(launch.start {})
  end)
  teardown(function() env:stop() end)

  local function new_client(options)
    options = options or {}
    options.env_url = options.env_url or env.url
    options.client_id, options.client_secret = env.client_id, env.client_secret
    return scalekit.check(scalekit.new(options))
  end

  for name, run in pairs(runners) do
    describe(name, function()
      it("is the current one", function()
        local seen
        run { function() seen = driver.current().name end }
        assert.equal(name, seen)
      end)

      it("carries one call", function()
        local page
        run { function() page = scalekit.check(new_client().mcp:list_configs()) end }
        assert.equal(0, page.total_size)
      end)

      it("carries many calls at once, each answered once", function()
        client = new_client()
        local done, functions = {}, {}
        for i = 1, 40 do
          functions[i] = function()
            local found = scalekit.check(client.mcp:list_configs { filter_name = "n" .. i })
            done[#done + 1] = found.total_size
          end
        end
        run(functions)
        client = nil
        assert.equal(40, #done)
      end)

      it("fetches one token for all, where coroutines can wait for each other", function()
        local grants, send = 0, curl.new {}
        client = new_client { transport = function(request)
          if request.url:find "/oauth/token$" then grants = grants + 1 end
          return send(request)
        end }
        local functions = {}
        for i = 1, 20 do
          functions[i] = function() scalekit.check(client.mcp:list_configs()) end
        end
        run(functions)
        client = nil
        assert.is_true(grants == 1 or not SHARES_TOKENS[name] and name ~= "block")
      end)

      it("reports a refused connection", function()
        local err
        run { function()
          local _, problem = new_client {
            env_url = "http://127.0.0.1:1", max_attempts = 1,
          }.mcp:list_configs()
          err = problem
        end }
        assert.same({ "network", "none" }, { err.kind, err.outcome })
      end)

      it("keeps a deadline", function()
        local err
        run { function()
          local _, problem = new_client().mcp:list_configs { timeout = 1e-6 }
          err = problem
        end }
        assert.equal("timeout", err.kind)
      end)

      it("sleeps and goes on", function()
        local slept
        run { function() slept = driver.current().sleep(0.01) end }
        assert.is_true(slept)
      end)

      it("lets a stranger's generator block instead of yielding through it", function()
        local yielded
        run { function()
          local generator = coroutine.wrap(function()
            scalekit.check(new_client().mcp:list_configs())
            coroutine.yield "mine"
          end)
          yielded = generator()
        end }
        assert.equal("mine", yielded)
      end)
    end)
  end

  it("that lacks a function is refused", function()
    assert.has_error(function() driver.use { name = "half", active = function() end } end)
  end)
end)

describe("scalekit.run", function()
  local env
  setup(function() env = assert(launch.start {}) end)
  teardown(function() env:stop() end)

  local function new_client()
    return scalekit.check(scalekit.new {
      env_url = env.url, client_id = env.client_id, client_secret = env.client_secret,
    })
  end

  it("goes on with its tasks while one of them blocks in a generator", function()
    local client, done = new_client(), 0
    scalekit.run(function()
      for _ = 1, 10 do
        scalekit.spawn(function()
          scalekit.check(client.mcp:list_configs())
          done = done + 1
        end)
      end
      scalekit.spawn(function()
        coroutine.wrap(function() scalekit.check(client.mcp:list_configs()) end)()
        done = done + 1
      end)
    end)
    assert.equal(11, done)
  end)

  if has "cqueues" and has "luv" then
    it("under luv ends although a dropped controller has taken its calls with it", function()
      local client, done = new_client(), false
      scalekit.check(client.mcp:list_configs()) -- from here on nobody holds on to the calls
      local controller = require("cqueues").new()
      controller:wrap(function() client.mcp:list_configs() end)
      assert(controller:step(0))
      controller = nil -- luacheck: ignore 311
      collectgarbage()
      collectgarbage()
      require("scalekit.driver.luv").spawn(function()
        done = client.mcp:list_configs() ~= nil
      end)
      require("luv").run()
      assert.is_true(done)
    end)
  end

  if has "luv" then
    it("under luv wakes everybody, whatever becomes of the first", function()
      local luv, uv = require "scalekit.driver.luv", require "luv"
      local signal, woken = luv.signal(), false
      luv.spawn(function() signal:wait() error("the first has failed", 0) end)
      luv.spawn(function() signal:wait() woken = true end)
      signal:set()
      assert.is_true(woken)
      uv.walk(function(handle) if not handle:is_closing() then handle:close() end end)
      uv.run() -- which would have ended the program with that error
    end)
  end

  it("serves two loops at once", function()
    local a, b = curl.new { loop = core.loop {} }, curl.new { loop = core.loop {} }
    local statuses = scalekit.run(function()
      return (scalekit.all {
        function() return scalekit.check(a { url = env.url .. "/healthz" }).status end,
        function() return scalekit.check(b { url = env.url .. "/healthz" }).status end,
      })
    end)
    assert.same({ 200, 200 }, statuses)
  end)
end)
