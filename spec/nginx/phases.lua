-- Runs inside nginx: one call in every phase, for spec/nginx_driver_spec.lua.

local scalekit = require "scalekit"

local phases = {}

local client

--- Notes in the shared dict `seen` what became of a call in a phase.
function phases.try(name)
  client = client or scalekit.check(scalekit.new {
    env_url = phases.url, client_id = "skc_1", client_secret = "s3cr3t", timeout = 5,
  })
  local page, err
  local ok, problem = pcall(function() page, err = client.mcp:list_configs() end)
  ngx.shared.seen:set(name, not ok and problem or page and "a page" or tostring(err))
end

return phases
