-- An answer's value in one step: just what the long way makes of it, or nothing.
local core = require "scalekit.core"
local json = require "scalekit.json"
local message = require "scalekit.schema.message"
local ops = require "scalekit.ops"
local reply = require "scalekit.reply"
local samples = require "spec.support.samples"

local number_type = rawget(math, "type") or type

local function new(model)
  return core.answer_reader(model, json.null, json.array_mt)
end

local function results(...) return select("#", ...), ... end

-- Whether two values are the same, to the marks of lists and the kinds of numbers.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return rawequal(a, b) or (a == b and number_type(a) == number_type(b))
  end
  if getmetatable(a) ~= getmetatable(b) then return false end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function long_way(model, text)
  if text == "" then return nil end
  local op = { reply = model, reader = { read = function() return nil end } }
  return (reply.value({ status = 200, body = text, headers = {} }, op, "x"))
end

-- Whether it could be read.
local function compare(reader, model, text)
  local expected = long_way(model, text)
  local count, value = results(reader:read(text))
  assert.equal(expected == nil and 0 or 1, count, text)
  assert.is_true(same(expected, value), text)
  return count == 1
end

local Leaf = message.model("Leaf", {
  { "name", "string" }, { "tags", "string", repeated = true }, { "at", "timestamp" },
  { "size", "int" },
})
local Root = message.model("Root", {
  { "text", "string" }, { "flag", "bool" }, { "whole", "int" }, { "count", "uint32" },
  { "real", "double" }, { "span", "duration" }, { "moment", "timestamp" }, { "object", "struct" },
  { "items", "list" }, { "any", "any" }, { "labels", "map" },
  { "state", "enum", values = { "STATE_UNSPECIFIED", "STATE_ON", "STATE_OFF" } },
  { "states", "enum", values = { "STATE_UNSPECIFIED", "STATE_ON" }, repeated = true },
  { "numbers", "int", repeated = true },
  { "leaf", Leaf }, { "leaves", Leaf, repeated = true }, { "things", "struct", repeated = true },
})

local Moments = message.model("Moments", { { "at", "timestamp", repeated = true } })

-- Texts that may stand where any value may.
local VALUES = {
  "null", "true", "false", "0", "-7", "1.5", "12e2", '"65"', '"-3"', '"text"', '""', '"state_on"',
  '"STATE_OFF"', '"zo\\u00eb \\" \\\\ \\ud83d\\ude42"', '"zoë 🙂"', '"0001-01-01T00:00:00Z"',
  '"0001-01-01T01:00:00+01:00"', '"0001-01-02T00:00:00Z"', '"2026-01-31T12:00:00Z"', "{}", "[]",
  '{"a":null}', "[null]", '["a","b"]', "[1,\"2\",3.0]", '["0001-01-01T00:00:00Z","x"]', '[["a"]]',
  '[{"a":1}]', '{"name":"n","new":[]}', '{"name":7}', '[{"name":"n"},{"tags":["x"]}]', '[{},null]',
  '[{"name":7}]', '{"tags":{}}', '{"tags":{"a":1}}', '{"tags":null,"at":"0001-01-01T00:00:00Z"}',
  '{"size":"12","tags":"x"}', "9007199254740993", "123456789012345678901234567890", "1e400", "2",
  '["STATE_ON",1,"state_on",7,null]', '"' .. ("x"):rep(300) .. '"', '"' .. ("x"):rep(300) .. '\\n"',
}

local function members(model)
  local names = { "new", "" }
  for name in pairs(message.kinds[model]) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local SPACES = { "", "", "", " ", "\n\t", "  \r\n" }

describe("an answer reader", function()
  it("reads every value of every field as the long way does", function()
    local reader = new(Root)
    for _, name in ipairs(members(Root)) do
      for _, value in ipairs(VALUES) do
        compare(reader, Root, ('{"%s":%s}'):format(name, value))
        compare(reader, Root, (' { "text" : "t" , "%s.." : 1, "%s" : %s , "last" : [ ] } ')
          :format(name, name == "text" and "text2" or name, value))
      end
    end
  end)

  it("reads generated answers of every operation as the long way does", function()
    local random, read, refused = samples.generator(1), 0, 0
    for _, op in ipairs(ops) do
      local reader, names = new(op.reply), members(op.reply)
      for i = 1, 40 do
        local text
        if i % 2 == 0 then
          local value = samples.object(op.reply, random, 0)
          local good, encoded = pcall(json.encode, value)
          text = good and encoded or "{}"
        else
          local parts, seen = {}, {}
          for _ = 1, random(0, 6) do
            local name = names[random(#names)]
            if not seen[name] then
              seen[name] = true
              parts[#parts + 1] = SPACES[random(6)] .. '"' .. name .. '"' .. SPACES[random(6)] .. ":"
                .. SPACES[random(6)] .. VALUES[random(#VALUES)] .. SPACES[random(6)]
            end
          end
          text = "{" .. table.concat(parts, ",") .. SPACES[random(6)] .. "}"
        end
        if compare(reader, op.reply, text) then read = read + 1 else refused = refused + 1 end
      end
    end
    assert.is_true(read > 300 and refused > 100, read .. " read, " .. refused .. " not")
  end)

  it("reads nothing where a text, an object or a list is something else", function()
    local reader = new(Root)
    for _, text in ipairs {
      '{"text":7}', '{"moment":7}', '{"leaf":[]}', '{"leaf":"x"}', '{"leaf":{"name":{}}}',
      '{"leaves":{"a":1}}', '{"leaves":"x"}', '{"leaves":[1]}', '{"leaves":[{"tags":[7]}]}',
      '{"numbers":7}', '{"states":{"a":1}}',
    } do
      assert.is_nil(long_way(Root, text))
      assert.equal(0, (results(reader:read(text))))
    end
  end)

  it("leaves a list with a hole in it to the long way", function()
    local model = Moments
    local never, day = '"0001-01-01T00:00:00Z"', '"2026-01-31T12:00:00Z"'
    assert.same({ { at = json.array { nil, "2026-01-31T12:00:00Z" } } },
      { long_way(model, '{"at":[' .. never .. "," .. day .. "]}") })
    assert.equal(0, (results(new(model):read('{"at":[' .. never .. "," .. day .. "]}"))))
    assert.is_true(compare(new(model), model, '{"at":[' .. day .. "," .. day .. "]}"))
    assert.is_false(compare(new(model), model, '{"at":[null]}'))
  end)

  it("reads nothing where there is no object", function()
    local reader = new(Root)
    for _, text in ipairs {
      "", " ", "null", "7", '"x"', "[]", "[{}]", "<html>", "{", '{"a":1', '{"a":1}}', "{}\0", '{"a":1,}',
      '{"a":1,"a":2}', '{"text":"a","\\u0074ext":"b"}', '{"text":"\255"}', '{"text":"\31"}',
      '{"a":"\\ud800"}', '{"a":1e400}', "\239\187\191{}",
      '{"a":' .. ("["):rep(64) .. ("]"):rep(64) .. "}",
    } do
      compare(reader, Root, text)
      assert.equal(0, (results(reader:read(text))))
    end
    compare(reader, Root, '{"a":' .. ("["):rep(63) .. ("]"):rep(63) .. "}")
  end)

  it("reads nothing of an answer that ends too early, wherever that is", function()
    local text = '{"text":"a\\n\\u00e9é","leaf":{"name":"x","tags":["y", null]},"whole":"12","n":-1.5e3,'
      .. '"leaves":[{},{"name":"' .. ("z"):rep(70) .. '"}],"things":[{"a":true}],"state":1}'
    local reader = new(Root)
    for i = 1, #text - 1 do assert.equal(0, (results(reader:read(text:sub(1, i))))) end
    compare(reader, Root, text)
    text = text:gsub("y\", null", "y\"")
    assert.is_true(compare(reader, Root, text))
    for i = 1, #text do -- one byte that does not belong
      for _, byte in ipairs { "\0", "\255", '"', "\\", "}", "x" } do
        compare(reader, Root, text:sub(1, i - 1) .. byte .. text:sub(i + 1))
      end
    end
  end)

  it("knows a name however it is spelt", function()
    local reader = new(Root)
    assert.is_true(compare(reader, Root, '{"te\\u0078t":"a","\\u0077hole":"5","lea\\u0076es":[]}'))
    assert.is_true(compare(reader, Root, '{"a\\"b":1,"a\\\\":2,"\\\\":3,"text":"\\\\"}'))
    assert.same(0, (results(reader:read '{"te\\u0078t":7}')))
  end)

  it("reads strings of every length with anything anywhere", function()
    local reader, odd = new(Root), { '\\"', "\\\\", "é", "🙂", "\127", "\\u0000" }
    for length = 0, 70 do
      for i = 1, #odd do
        local at = (length * 7 + i) % (length + 1)
        local inner = ("x"):rep(at) .. odd[i] .. ("y"):rep(length - at)
        assert.is_true(compare(reader, Root, '{"text":"' .. inner .. '","' .. inner .. '":1}'))
      end
    end
  end)

  it("reads many members and many items", function()
    local parts = {}
    for i = 1, 300 do parts[i] = ('"m%d":[%d,{"a":%d}]'):format(i, i, i) end
    assert.is_true(compare(new(Root), Root, "{" .. table.concat(parts, ",") .. "}"))
    for i = 1, 300 do parts[i] = ('{"name":"n%d","size":"%d"}'):format(i, i) end
    assert.is_true(compare(new(Root), Root, '{"leaves":[' .. table.concat(parts, ",") .. "]}"))
  end)

  it("is not disturbed by finalisers that read with it", function()
    if _VERSION < "Lua 5.4" then return end
    local reader, parts, inner = new(Root), {}, 0
    for i = 1, 300 do parts[i] = ('{"name":"n%d","tags":["%d"]}'):format(i, i) end
    local text = '{"leaves":[' .. table.concat(parts, ",") .. "]}"
    local function trap()
      setmetatable({}, { __gc = function()
        if reader:read('{"text":"in"}').text == "in" then inner = inner + 1 end
        trap()
      end })
    end
    trap()
    collectgarbage "generational"
    for _ = 1, 20 do assert.is_true(compare(reader, Root, text)) end
    collectgarbage "incremental"
    assert.is_true(inner > 0)
    function trap() end
  end)

  it("is made of what makes sense", function()
    for _, args in ipairs {
      {}, { "x", json.null, {} }, { Root, nil, {} }, { Root, "null", {} }, { Root, {}, {} },
      { Root, json.null }, { Root, json.null, "x" },
    } do
      assert.has_error(function() core.answer_reader(args[1], args[2], args[3]) end)
    end
    assert.has_error(function() new(Root):read() end)
    assert.has_error(function() new(Root).read({}, "{}") end)
  end)
end)
