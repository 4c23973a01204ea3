-- A call's URL and body in one step: the same bytes as the long way, or nothing.
local core = require "scalekit.core"
local json = require "scalekit.json"
local models = require "spec.support.models"
local ops = require "scalekit.ops"
local route = require "scalekit.route"
local samples = require "spec.support.samples"
local schema = require "scalekit.schema"

local has_cjson, cjson = pcall(require, "cjson")
local BASE = "https://x.example"

-- { "/a/", "id", "/b" }
local function split(path)
  local parts, at = {}, 1
  for before, name, after in path:gmatch "()({[%w_]+})()" do
    parts[#parts + 1] = path:sub(at, before - 1)
    parts[#parts + 1] = name:sub(2, -2)
    at = after
  end
  parts[#parts + 1] = path:sub(at)
  return parts
end

local function new(path, model, body)
  return core.request_writer {
    path = split(path), model = model, body = body, null = json.null, array_mt = json.array_mt,
    raw_mt = json.raw_mt, empty_array = has_cjson and cjson.empty_array or nil,
  }
end

local function writer_of(op)
  return new(op.path, op.body or op.query or schema.Empty, op.body ~= nil)
end

-- What scalekit.arguments makes of names that are the contract's; nil where it objects.
local function long_way(op, args)
  local aside = { timeout = true }
  for _, name in ipairs(op.path_params) do
    if args[name] ~= nil and type(args[name]) ~= "string" then return nil end
    aside[name] = true
  end
  local path = route.path(op, args)
  local checked = (op.body or op.query or schema.Empty):check(args, "send", json, aside)
  if not path or not checked then return nil end
  return BASE .. path, op.body and json.encode(checked), op.query and next(checked) ~= nil
end

local function results(...) return select("#", ...), ... end

local function is_plain(op, args)
  for _, name in ipairs(op.path_params) do
    if not tostring(args[name]):find "^[%w%-_~]+$" then return false end
  end
  return true
end

describe("a request writer", function()
  it("writes what the long way writes, or nothing, for every operation", function()
    local random, written, refused = samples.generator(20260601), 0, 0
    for _, op in ipairs(ops) do
      local writer, model = writer_of(op), op.body or op.query or schema.Empty
      for i = 1, 60 do
        local args = samples.object(model, random, i % 3 == 0 and 20 or 0)
        for _, name in ipairs(op.path_params) do
          args[name] = ({ "cfg_1", "A-z~9", "a.b", "zoë", "", 7 })[random(i % 2 == 0 and 2 or 6)]
        end
        if i % 20 == 0 then args.colour = "red" end
        local url, body, has_query = long_way(op, args)
        local count, got_url, got_body = results(writer:write(BASE, args))
        if url and is_plain(op, args) and not has_query then
          if count ~= (op.body and 2 or 1) then
            -- a field without a body may be one that the long way drops
            assert.is_true(op.query ~= nil and next(args) ~= nil, op.id)
          else
            assert.equal(url, got_url)
            assert.equal(body or nil, got_body)
            written = written + 1
          end
        else
          assert.equal(0, count, op.id)
          refused = refused + 1
        end
      end
    end
    assert.is_true(written > 300 and refused > 300, written .. " written, " .. refused .. " not")
  end)

  local function everything(args)
    return select(2, new("/x", models.everything, true):write("", args))
  end

  it("writes values of every type", function()
    for _, args in ipairs {
      {}, { text = "" }, { text = ("é\0\"\\/\31\127"):rep(40) }, { flag = false, whole = -5, real = 0.1 },
      { count = 4294967295, whole = 2 ^ 53 }, { whole = -2 ^ 53, real = 1e300 }, { real = -0.0 },
      { span = "1.5h" }, { span = 60.5 }, { span = "250ms" }, { span = "-0.000000001s" }, { span = 0 },
      { moment = "2026-01-31T12:00:00Z" }, { moment = 1790000000.123 }, { state = "STATE_ON" },
      { object = {} }, { object = { a = { b = json.array {} } } }, { items = {} }, { items = { 1, {} } },
      { any = 5 }, { any = "x" }, { any = json.raw "[ 1.0 ]" }, { labels = { a = "b", c = "" } },
      { labels = {} }, { any = json.null, text = json.null }, { any = false },
    } do
      assert.equal(json.encode(models.everything:check(args, "send", json)), everything(args))
    end
  end)

  it("puts members into the order of their names, nested ones too", function()
    local body = select(2, new("/x", models.config, true):write("", {
      name = "a", tool_maps = { { tools = { "t" }, link_name = "x" } }, main = { link_name = "y" },
    }))
    assert.equal('{"main":{"link_name":"y"},"name":"a","tool_maps":[{"link_name":"x","tools":["t"]}]}',
      body)
  end)

  it("answers nothing to what breaks a rule", function()
    local loop, deep = {}, {}
    loop.loop = loop
    for _ = 1, 70 do deep = { deep } end
    for _, args in ipairs {
      { text = 5 }, { text = "\255" }, { flag = "true" }, { whole = 1.5 }, { whole = "1" },
      { count = -1 }, { count = 2 ^ 32 }, { real = "1" }, { real = 1 / 0 }, { span = "soon" },
      { span = true }, { moment = "soon" }, { moment = 1e15 }, { state = "OFF" }, { state = 1 },
      { object = { 1 } }, { object = 5 }, { items = { a = 1 } }, { items = { 1, nil, 3 } },
      { any = print }, { any = loop }, { any = deep }, { any = { ["\255"] = 1 } }, { any = 0 / 0 },
      { labels = { a = 1 } }, { labels = { "a" } }, { colour = 1 }, { [1] = "x" }, { [true] = 1 },
      { timeout = 5 }, setmetatable({ text = "x" }, {}), setmetatable({}, { __index = { text = "x" } }),
    } do
      assert.equal(0, (results(new("/x", models.everything, true):write("", args))))
    end
    local config = new("/x", models.config, true)
    for _, args in ipairs {
      {}, { name = "a" }, { name = "a", tool_maps = {} }, { name = "A", tool_maps = { { link_name = "x" } } },
      { name = "a", tool_maps = { {} } }, { name = "a", tool_maps = { { link_name = "x", tool = 1 } } },
      { name = ("a"):rep(11), tool_maps = { { link_name = "x" } } },
    } do
      assert.equal(0, (results(config:write("", args))))
    end
    assert.equal(0, (results(config:write("", nil))))
    assert.equal(0, (results(config:write("", "x"))))
  end)

  it("drops read-only members and nulls", function()
    local body = select(2, new("/x", models.config, true):write("", {
      id = 42, name = "a", main = json.null, tool_maps = { { link_name = "x", account_id = {} } },
    }))
    assert.equal('{"name":"a","tool_maps":[{"link_name":"x"}]}', body)
  end)

  it("takes one field of a oneof, not two", function()
    local model = core.model("Choice", {
      { "a", "string", oneof = "which" }, { "b", "any", oneof = "which" }, { "c", "string" },
      { "d", "string", oneof = "which", read_only = true },
    })
    local writer = new("/x", model, true)
    assert.equal('{"b":{},"c":"y"}', select(2, writer:write("", { b = {}, c = "y", a = json.null })))
    assert.equal('{"a":"x"}', select(2, writer:write("", { a = "x", d = "y" })))
    assert.equal(0, (results(writer:write("", { a = "x", b = "y" }))))
  end)

  it("takes a parameter of the path that is a field too for both", function()
    local model = core.model("Both", { { "id", "string" }, { "x", "string" } })
    local url, body = new("/a/{id}/{other}:do", model, true):write("b", { id = "1", other = "2" })
    assert.same({ "b/a/1/2:do", '{"id":"1"}' }, { url, body })
  end)

  it("writes a URL alone where there is no body", function()
    local writer = new("/a/{id}", schema.Empty, false)
    assert.same({ 1, "b/a/x" }, { results(writer:write("b", { id = "x" })) })
    for _, id in ipairs { "", ".", "..", "a.b", "a/b", "a b", "a\0", "é", "\255", 7, json.null } do
      assert.equal(0, (results(writer:write("b", { id = id }))))
    end
    assert.equal(0, (results(writer:write("b", {}))))
    local query = new("/a", core.model("Query", { { "page", "int" } }), false)
    assert.equal("b/a", query:write("b", {}))
    assert.equal(0, (results(query:write("b", { page = 1 }))))
    local demanding = new("/a", core.model("Query", { { "page", "int", required = true } }), false)
    assert.equal(0, (results(demanding:write("b", {}))))
  end)

  it("runs no metamethod and changes nothing", function()
    local function never() error "a metamethod ran" end
    local trap = { __index = never, __newindex = never, __len = never, __pairs = never }
    local value = setmetatable({ a = setmetatable({ 1 }, trap) }, trap)
    assert.equal('{"any":{"a":[1]},"object":{"a":[1]}}', everything { any = value, object = value })
    assert.equal(trap, getmetatable(value))
  end)

  it("knows any mark for null", function()
    local null = io.stdout
    local writer = core.request_writer {
      path = { "/x" }, model = models.everything, body = true, null = null, array_mt = json.array_mt,
      raw_mt = json.raw_mt,
    }
    assert.equal('{"any":[null],"text":"a"}',
      select(2, writer:write("", { text = "a", flag = null, any = { null } })))
  end)

  it("is written into by nobody else while it writes", function()
    if _VERSION < "Lua 5.4" then return end -- where a table has a finaliser
    local writer, model = new("/x/{id}", models.everything, true), models.everything
    local args = { id = "a", text = ("x"):rep(100), any = {} }
    for i = 1, 300 do args.any[i] = { name = ("y"):rep(i) } end
    local expected = json.encode(model:check({ text = args.text, any = args.any }, "send", json))
    local inner = 0
    local function trap()
      setmetatable({}, { __gc = function()
        local url, body = writer:write("in", { id = "b", text = "z", object = {} })
        if url == "in/x/b" and body == '{"object":{},"text":"z"}' then inner = inner + 1 end
        trap()
      end })
    end
    trap()
    collectgarbage "generational"
    for _ = 1, 20 do
      local url, body = writer:write("out", args)
      assert.same({ "out/x/a", expected }, { url, body })
    end
    collectgarbage "incremental"
    assert.is_true(inner > 0)
    function trap() end
  end)

  it("is made of what makes sense", function()
    local good = { path = { "/x/", "id", "" }, model = models.config, body = true, null = json.null,
      array_mt = {}, raw_mt = {} }
    assert.is_userdata(core.request_writer(good))
    for name, values in pairs {
      path = { false, "x", {}, { "a", "b" }, { 1 }, { "a", 2, "c" }, { "a", {}, "c" } },
      model = { false, "x", {}, core.secret "x" },
      null = { false, "null", 5, {} },
      array_mt = { false, "x" }, raw_mt = { false, 5 },
    } do
      for _, value in ipairs(values) do
        local spec = {}
        for key, part in pairs(good) do spec[key] = part end
        spec[name] = value or nil
        assert.has_error(function() core.request_writer(spec) end)
      end
    end
    local long = {}
    for i = 1, 41 do long[i] = "p" .. i end
    good.path = long
    assert.has_error(function() core.request_writer(good) end)
    assert.has_error(function() core.request_writer(nil) end)
    assert.has_error(function() core.request_writer(good).write({}, "", {}) end)
    assert.has_error(function() new("/x", schema.Empty, false):write(nil, {}) end)
  end)
end)
