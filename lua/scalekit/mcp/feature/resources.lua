--- Methods of a connection: resources.
-- @classmod scalekit.mcp.connection

local begin = require "scalekit.mcp.call"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local lists = require "scalekit.mcp.lists"

local methods = {}

--- Lists the resources of the server, all pages of them, as `list_tools` does.
-- @function list_resources
-- @tparam[opt] table opts as for `list_tools`
-- @treturn[1] table array of resources (`uri`, `name`, `mimeType` …, and `raw`)
-- @treturn[2] nil
-- @treturn[2] table error
methods.list_resources = lists.method("list_resources", "resources/list", "resources")

--- Lists the patterns (RFC 6570) of addresses that resources may have.
-- @function list_resource_templates
-- @tparam[opt] table opts as for `list_tools`
-- @treturn[1] table array of templates (`uriTemplate`, `name` …, and `raw`)
-- @treturn[2] nil
-- @treturn[2] table error
methods.list_resource_templates =
  lists.method("list_resource_templates", "resources/templates/list", "resourceTemplates")

local function check_uri(who, uri)
  if type(uri) ~= "string" or uri == "" then
    error(who .. ": the address of the resource must be a string", 3)
  end
end

--- Reads a resource.
-- @tparam string uri
-- @tparam[opt] table opts as for `call_tool`
-- @treturn[1] table result: `contents` (array of `{ uri, mimeType, text or blob }`),
--   and `raw`
-- @treturn[2] nil
-- @treturn[2] table error; `not_found` where there is no such resource
function methods:read_resource(uri, opts)
  check_uri("read_resource", uri)
  local call = begin.begin(self, "read_resource", opts, begin.CALLBACKS)
  local result, raw = self._peer:request("resources/read", { uri = uri }, call)
  if not result then
    -- the modern era has no code of its own for it
    if raw.code == -32602 and json.is_object(raw.data) and raw.data.uri then
      raw.kind = "not_found"
    end
    return nil, raw
  end
  return lists.with_array(result, raw, "contents", "resources/read")
end

local function of_session(name, method)
  return function(self, uri, opts)
    check_uri(name, uri)
    local call = begin.begin(self, name, opts, begin.TIMES)
    if self._peer.era ~= "legacy" then
      return nil, errors.new {
        kind = "unimplemented", operation = method,
        message = "there are no sessions in this era: use listen { resourceSubscriptions = … }",
      }
    end
    local result, err = self._peer:request(method, { uri = uri }, call)
    if not result then return nil, err end
    return true
  end
end

--- Asks for notifications when a resource changes: older era only, where they
-- come to whoever listens. `listen` does the same in both eras.
-- @function subscribe
-- @tparam string uri
-- @tparam[opt] table opts as for `ping`
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
methods.subscribe = of_session("subscribe", "resources/subscribe")

--- Ends what `subscribe` has begun.
-- @function unsubscribe
-- @tparam string uri
-- @tparam[opt] table opts as for `ping`
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error
methods.unsubscribe = of_session("unsubscribe", "resources/unsubscribe")

return methods
