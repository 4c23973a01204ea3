--- Lists of keys in the order of their entry, which may grow long. They are kept in chunks, so that
-- an entry rewrites a small text and not the whole list.
--
-- `<name>/last` is the number of the newest chunk, `<name>/<number>` one chunk. A chunk is filled
-- once; what is taken out of it leaves no gap in the reading, and an empty chunk no text.
local json = require "scalekit.json"

local problem = require "scalekit.vmcp.problem"

local roster = {}

local CHUNK = 100

local function last_of(app, name)
  return tonumber(app.store:get(name .. "/last") or 1)
end

local function chunk_of(name, number)
  return ("%s/%d"):format(name, number)
end

local function read(text)
  return text and json.decode(text) or json.array {}
end

-- → true, or false when the chunk is full, or nil and what the store said
local function append(app, name, number, key)
  local ok, entered = app.store:update(chunk_of(name, number), function(text)
    local keys = read(text)
    if #keys >= CHUNK then return nil, false end
    keys[#keys + 1] = key
    return json.encode(keys), true
  end)
  if not ok then return nil, entered end
  return entered
end

--- Enters a key.
-- @treturn number|nil its place, for `remove`
-- @treturn table problem
function roster.add(app, name, key)
  while true do
    local number = last_of(app, name)
    local entered, err = append(app, name, number, key)
    if entered then return number end
    local ok = entered == false
    if ok then
      -- of all who found it full, the first opens the next one
      ok, err = app.store:update(name .. "/last", function(text)
        return tonumber(text or 1) == number and ("%d"):format(number + 1) or nil
      end)
    end
    if not ok then return nil, problem.store(err) end
  end
end

--- Takes a key out.
-- @tparam table app
-- @tparam string name
-- @tparam number place where `add` put it
-- @tparam string key
-- @treturn boolean|nil true
-- @treturn table problem
function roster.remove(app, name, place, key)
  local ok, err = app.store:update(chunk_of(name, place), function(text)
    local keys = read(text)
    for i, one in ipairs(keys) do
      if one == key then
        table.remove(keys, i)
        return #keys > 0 and json.encode(keys)
      end
    end
    return nil
  end)
  if not ok then return nil, problem.store(err) end
  return true
end

--- All keys, oldest first. A key may be there before what it leads to, and after.
function roster.keys(app, name)
  local list = {}
  for number = 1, last_of(app, name) do
    for _, key in ipairs(read(app.store:get(chunk_of(name, number)))) do list[#list + 1] = key end
  end
  return list
end

return roster
