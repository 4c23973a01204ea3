--- What a server may ask of its client, and the answers: `ping`, elicitation
-- and sampling, as far as the caller has given callbacks for them. The older
-- era asks on our streams, the modern one in `input_required` results.
-- @module scalekit.mcp.input

local json = require "scalekit.json"

local input = {}

local METHOD_NOT_FOUND, INVALID_PARAMS, REJECTED = -32601, -32602, -1

--- The names of the callbacks that this module knows.
input.CALLBACKS = { "on_elicitation", "on_url", "on_sampling" }

--- The capabilities that callbacks amount to. Each is said only where somebody
-- answers: a server asks nobody else then.
-- @tparam table callbacks
-- @treturn table
function input.capabilities(callbacks)
  local form, url = callbacks.on_elicitation ~= nil, callbacks.on_url ~= nil
  local elicitation
  if form and url then
    elicitation = { form = {}, url = {} }
  elseif url then
    elicitation = { url = {} }
  elseif form then
    elicitation = {} -- means forms, in every revision
  end
  return { elicitation = elicitation, sampling = callbacks.on_sampling and {} or nil }
end

local function refusal(code, message)
  return nil, { code = code, message = message }
end

-- The answers of a form, with the defaults of the schema where none was given.
local function with_defaults(content, schema)
  local all = {}
  for name, value in pairs(content or {}) do
    if value ~= json.null then all[name] = value end
  end
  local properties = json.is_object(schema) and schema.properties
  for name, property in pairs(json.is_object(properties) and properties or {}) do
    local default = json.is_object(property) and property.default
    if default ~= nil and default ~= json.null and (content or {})[name] == nil then
      all[name] = default
    end
  end
  return all
end

local ACTIONS = { accept = true, decline = true, cancel = true }

-- A mistake of the callback is the program's.
local function misuse(name, text)
  error(name .. ": " .. text, 0)
end

local function elicit(callbacks, params)
  local is_url = params.mode == "url"
  local name = is_url and "on_url" or "on_elicitation"
  local callback = callbacks[name]
  if not callback then
    local code = (callbacks.on_elicitation or callbacks.on_url) and INVALID_PARAMS
      or METHOD_NOT_FOUND
    return refusal(code, "this client does not offer this kind of elicitation")
  elseif not is_url and params.mode ~= nil and params.mode ~= "form" then
    return refusal(INVALID_PARAMS, "unknown mode of elicitation")
  end
  local answer = callback(params)
  if answer == nil then return { action = "cancel" } end
  if not json.is_object(answer) or not ACTIONS[answer.action] then
    misuse(name, "must return nil, or a table with action \"accept\", \"decline\" or \"cancel\"")
  end
  local content
  if answer.action == "accept" and not is_url then
    if answer.content ~= nil and not json.is_object(answer.content) then
      misuse(name, "content must be a table of named values")
    end
    content = with_defaults(answer.content, params.requestedSchema)
  end
  return { action = answer.action, content = content }
end

local function sample(callbacks, params)
  if not callbacks.on_sampling then
    return refusal(METHOD_NOT_FOUND, "this client does not offer sampling")
  elseif params.tools ~= nil or params.toolChoice ~= nil then
    return refusal(INVALID_PARAMS, "this client does not offer sampling with tools")
  end
  local answer = callbacks.on_sampling(params)
  if answer == nil then return refusal(REJECTED, "the user rejected the sampling request") end
  if not json.is_object(answer) or type(answer.role) ~= "string"
    or type(answer.model) ~= "string" or type(answer.content) ~= "table" then
    misuse("on_sampling", "must return nil, or a table with role, content and model")
  end
  return answer
end

--- Answers a request of a server. Runs a callback, which may wait.
-- @tparam table callbacks
-- @tparam string method
-- @tparam table params
-- @treturn[1] table result
-- @treturn[2] nil
-- @treturn[2] table `{ code, message }`
function input.answer(callbacks, method, params)
  if method == "elicitation/create" then
    return elicit(callbacks, params)
  elseif method == "sampling/createMessage" then
    return sample(callbacks, params)
  end
  return refusal(METHOD_NOT_FOUND, "this client offers no such method")
end

return input
