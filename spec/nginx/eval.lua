-- Runs inside nginx: the Lua of a spec, for `host:eval` of spec/support/nginx.lua.
-- The chunk gets the arguments that came with it and answers what it returns.

local json = require "scalekit.json"

local function answer(results)
  local list = json.array {}
  for i = 2, results.n do
    local value = results[i]
    if value == nil then value = json.null end
    list[i - 1] = value
  end
  return json.encode(list)
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Answers `{ code, arguments }`.
return function()
  ngx.req.read_body()
  local wanted = json.decode(ngx.req.get_body_data())
  local chunk, problem = loadstring(wanted.code, "=spec")
  local results = chunk and pack(pcall(chunk, unpack(wanted.arguments))) or pack(false, problem)
  if not results[1] then
    ngx.status = 500
    results[2] = tostring(results[2])
  end
  ngx.print(answer(results))
end
