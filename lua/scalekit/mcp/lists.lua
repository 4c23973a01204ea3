--- What the lists of a server have in common, tools aside.
-- @module scalekit.mcp.lists

local begin = require "scalekit.mcp.call"
local failure = require "scalekit.mcp.failure"
local json = require "scalekit.json"
local pages = require "scalekit.mcp.pages"

local lists = {}

local OPTIONS = begin.with(begin.TIMES, { refresh = "boolean" })

--- A copy of an array, so that a caller can change it.
function lists.copy(list)
  local copy = {}
  for i, item in ipairs(list) do copy[i] = item end
  return copy
end

--- Makes a method that lists something.
-- @tparam string name of the method
-- @tparam string method of the protocol
-- @tparam string member that holds the items
-- @treturn function
function lists.method(name, method, member)
  return function(self, opts)
    local call = begin.begin(self, name, opts, OPTIONS)
    local list = not (opts and opts.refresh) and self._cache:get(method)
    if list then return lists.copy(list) end
    local stamp = self._cache:stamp(method)
    local fetched, err = pages.fetch(self._peer, method, member, call, self._wire.max_body)
    if not fetched then return nil, err end
    list = {}
    for i, item in ipairs(fetched.values) do
      if json.is_object(item) then
        item.raw = fetched.texts[i]
        list[#list + 1] = item
      end
    end
    self._cache:put(method, list, fetched.till, stamp)
    return lists.copy(list)
  end
end

--- Makes sure that a result has the list it should have.
-- @tparam table result
-- @tparam string raw
-- @tparam string member
-- @tparam string method
-- @treturn[1] table the result, with `raw`
-- @treturn[2] nil
-- @treturn[2] table error
function lists.with_array(result, raw, member, method)
  if not json.is_array(result[member]) then
    local err = failure.protocol("the server sent a result without a list of " .. member)
    err.operation = method
    return nil, err
  end
  result.raw = raw
  return result
end

return lists
