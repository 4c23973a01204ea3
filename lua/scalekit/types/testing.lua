---@meta scalekit.testing
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---An environment inside the test: a client, the service it talks to, and switches
---for what is hard to wait for. No sockets, no account, no real time.
---
---    local testing = require "scalekit.testing"
---
---    it("asks the user to sign in again", function()
---      local env = testing.new()
---      env:authorize { identifier = "ada" }
---      env:account { identifier = "ada", connection_name = "gmail", status = "EXPIRED" }
---      local ok, err = my_script.run(env.client, "ada")
---      assert.equal("authorization_required", err.kind)
---    end)
---
---The environment has the demo connections of `scalekit dev`, gmail and
---googlecalendar, unless it is given others. Times are the environment's own:
---whatever `env.client` waits for passes at once, and `env:advance` lets tokens
---and links run out.
---@class scalekit.testing
local testing = {}

---@class scalekit.testing.new.options
---@field connections? table as for `scalekit.vmcp`, default the demo connections
---@field user_verification? string "custom": the app verifies its users
---@field now? number|string Unix seconds or a timestamp: where its clock starts, default the present
---@field latency? number|string of each request: seconds or a text (default 0)
---@field client? table further options of `scalekit.new`: `timeout`, hooks …

---Makes an environment.
---@param opts? scalekit.testing.new.options
---@return scalekit.testing.env # `client`, a client of the environment; `transport`, for `scalekit.mcp.connect`; `url`; `app`, the service (see `scalekit.vmcp`); `requests`, what was sent so far: `{ method, path, operation, status }`; `deliveries`, the webhooks it has sent: `{ headers, body, event }`, signed with `webhook_secret`
function testing.new(opts) end

return testing
