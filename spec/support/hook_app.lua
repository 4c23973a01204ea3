-- An app that takes deliveries of a webhook and shows what came: `POST /hook?fail=N` refuses the
-- first N attempts at each delivery, `GET /deliveries` lists all attempts.
local json = require "scalekit.json"

local function take(store, request)
  local id = request.headers["webhook-id"] or ""
  local fail = tonumber((request.query or ""):match "fail=(%d+)") or 0
  local _, attempt = store:update("attempts/" .. id, function(text)
    local number = tonumber(text or 0) + 1
    return ("%d"):format(number), number
  end)
  store:update("deliveries", function(text)
    local list = text and json.decode(text) or json.array {}
    list[#list + 1] = { headers = request.headers, body = request.body }
    return json.encode(list)
  end)
  return attempt <= fail and 500 or 201
end

return function(options)
  local store = options.store
  return {
    handle = function(_, request)
      if request.method == "POST" then
        return { status = take(store, request), headers = {}, body = "" }
      end
      return {
        status = 200, headers = { ["content-type"] = "application/json" },
        body = store:get "deliveries" or "[]",
      }
    end,
  }
end
