-- Values for the fields of a model: right ones as its rules tell, and all others.
local json = require "scalekit.json"
local schema = require "scalekit.schema"

local samples = {}

local POOL = {
  "", "a", "gmail", "ca_1", "conn_1", "user@example.com", "zoë \"\\\n\127 🙂", "\255", ("sample "):rep(9),
  ("another"):rep(70), "90s", "1h30m", "2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "https://x.example/a",
  "12", "-9007199254740992", 0, 1, 65, 90.5, 3600, -1, 2 ^ 53, 2 ^ 60, 1e300, 0 / 0, true, false,
  json.null, json.array {}, json.array { "a", "b" }, { "a" }, { 1, nil, 3 }, {}, { a = "b" },
  { a = { 1, { b = json.null } }, c = {}, d = false }, { [1] = "a", b = "c" }, { [true] = 1 },
  json.raw "[1.0]", { { json.raw "{}" } }, print, json.array { json.null }, { { {} } },
}

-- The words of an enum, as its violation tells them.
local function words(model, name)
  local _, violations = model:check({ [name] = "?" }, "receive", json)
  local list = {}
  for _, violation in ipairs(violations or {}) do
    local told = violation.field == name and violation.description:match "^must be one of (.*)$"
    for word in (told or ""):gmatch "[%w_]+" do list[#list + 1] = word end
  end
  return list
end

local function is_right(model, name, value)
  local _, violations = model:check({ [name] = value }, "send", json)
  for _, violation in ipairs(violations or {}) do
    if violation.field:match "^[%w_]+" == name and violation.constraint ~= "unknown" then
      return false
    end
  end
  return true
end

local known = {}

-- By field, the values of the pool that are right.
local function pools(model)
  if known[model] then return known[model] end
  local by_name = {}
  for name, kind in pairs(schema.kinds[model]) do
    local list = {}
    local function try(value)
      if is_right(model, name, value) then list[#list + 1] = value end
    end
    for i = 1, #POOL do try(POOL[i]) end
    for _, word in ipairs(kind.type == "enum" and words(model, name) or {}) do
      try(kind.repeated and { word } or word)
    end
    by_name[name] = list
  end
  known[model] = by_name
  return by_name
end

--- A value for a model. `odds`: how many in a hundred members are left to chance.
function samples.object(model, random, odds, depth)
  depth = depth or 0
  local value, by_name, names = {}, pools(model), {}
  for name in pairs(schema.kinds[model]) do names[#names + 1] = name end
  table.sort(names)
  local share = random(0, 100)
  for _, name in ipairs(names) do
    local kind, list = schema.kinds[model][name], by_name[name]
    if is_right(model, name, nil) and random(100) > share then
      value[name] = nil
    elseif random(100) <= odds then
      value[name] = POOL[random(#POOL)]
    elseif type(kind.type) == "userdata" and depth < 4 then
      local items = json.array {}
      for i = 1, random(kind.repeated and 3 or 1) do
        items[i] = samples.object(kind.type, random, odds, depth + 1)
      end
      value[name] = kind.repeated and items or items[1]
    elseif #list > 0 then
      value[name] = list[random(#list)]
    end
  end
  return value
end

--- The same every time, on every Lua: a generator of its own.
function samples.generator(seed)
  return function(low, high)
    if not high then low, high = 1, low end
    seed = (seed * 16807) % 2147483647
    return low + seed % (high - low + 1)
  end
end

return samples
