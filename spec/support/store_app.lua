-- An app that does nothing but run the operations of a store: it lets one spec try the store of
-- nginx's shared memory from outside.
local json = require "scalekit.json"

local changes = {
  append = function(argument)
    return function(text)
      return (text or "") .. argument, text
    end
  end,
  delete = function()
    return function(text)
      return false, text, "second"
    end
  end,
  keep = function()
    return function(text)
      return nil, text
    end
  end,
  fail = function()
    return function()
      error("the change failed", 0)
    end
  end,
  -- reads, dawdles and writes: without a lock, updates of other workers would get lost in between
  count = function()
    return function(text)
      local number = tonumber(text or 0)
      local until_then = os.clock() + 0.002
      repeat until os.clock() > until_then
      return tostring(number + 1)
    end
  end,
}

local function run(store, call)
  if call.op == "update" then
    local change = changes[call.change](call.argument)
    local fine, ok, first, second = pcall(store.update, store, call.key, change, call.ttl)
    return { fine, ok, first, second }
  end
  local result, err = store[call.op](store, call.key, call.text, call.ttl)
  return { result, err }
end

local store_app = {}

-- Runs one operation; nil comes back as nil.
function store_app.run(store, call)
  return run(store, call)
end

local function encode(results)
  local list = {}
  for i = 1, 4 do
    list[i] = results[i] == nil and json.null or results[i]
  end
  return json.encode(list)
end

local function app(options)
  return {
    handle = function(_, request)
      local call = json.decode(request.body)
      local worker = call.worker and tostring(options.key) or ""
      return {
        status = 200, headers = { ["x-worker"] = worker }, body = encode(run(options.store, call)),
      }
    end,
  }
end

return setmetatable(store_app, {
  __call = function(_, options)
    return app(options)
  end,
})
