--- Which config a session is for: from an id, a name, or a config as it came.
-- @module scalekit.session.target

local errors = require "scalekit.error"

local target = {}

local function fail(time, kind, message)
  return nil, errors.new { kind = kind, operation = time.operation, message = message }
end

local function by_id(mcp, id, time)
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local response, err = mcp:get_config { config_id = id, timeout = timeout }
  if not response then return nil, err end
  if not response.config then
    return fail(time, "protocol", "the service's answer holds no config")
  end
  return response.config
end

local function by_name(mcp, name, time)
  local timeout, spent = time:timeout()
  if not timeout then return nil, spent end
  local page, err = mcp:list_configs { filter_name = name, timeout = timeout }
  if not page then return nil, err end
  for _, config in ipairs(page.configs or {}) do
    if config.name == name:lower() then return config end
  end
  return fail(time, "not_found", ("there is no config named '%s'"):format(name))
end

-- A name may look like an id.
local function look_up(mcp, text, time)
  if not text:find "^cfg_" then return by_name(mcp, text, time) end
  local config, err = by_id(mcp, text, time)
  if config or err.kind ~= "not_found" then return config, err end
  local named = by_name(mcp, text, time)
  return named, not named and err or nil
end

--- Whether a value can say which config is meant.
function target.is(config)
  if type(config) == "string" then return config ~= "" end
  return type(config) == "table" and type(config.id) == "string" and config.id ~= ""
end

--- The config, with a URL.
-- @tparam table mcp the client's resource
-- @tparam string|table config
-- @tparam scalekit.budget time
-- @treturn[1] table `id`, `name`, `mcp_server_url`
-- @treturn[2] nil
-- @treturn[2] table error; kind "configuration" where the environment gives no URLs
function target.resolve(mcp, config, time)
  local found, err = config, nil
  if type(config) == "string" then
    found, err = look_up(mcp, config, time)
  elseif type(config.mcp_server_url) ~= "string" then
    found, err = by_id(mcp, config.id, time)
  end
  if not found then return nil, err end
  if not found.id then return fail(time, "protocol", "the service's config has no id") end
  if (found.mcp_server_url or "") == "" then
    return fail(time, "configuration",
      "the config has no URL: the environment does not serve Virtual MCP servers")
  end
  return { id = found.id, name = found.name, mcp_server_url = found.mcp_server_url }
end

return target
