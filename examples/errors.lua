-- What can go wrong, and what a program learns of it.
--
--   scalekit dev -- lua examples/errors.lua
local scalekit = require "scalekit"
local story = require "examples.support.story"
local check = scalekit.check

local client = check(scalekit.new())

-- Prints an error as a program sees it.
local function show(err)
  story.say("%s", tostring(err))
  story.say("kind = %s, retryable = %s, outcome = %s", err.kind, tostring(err.retryable), err.outcome)
  for _, field in ipairs(err.fields or {}) do
    story.say("field %s%s", field.field,
      field.suggestion and " → " .. field.suggestion or ": " .. field.description)
  end
end

story.step "A mistake of the program raises, at its own line"
local ok, message = pcall(function()
  return (client.mcp:list_configs { filter_nmae = "agent" })
end)
story.say("%s", tostring(message):gsub("^.-:%d+: ", ""))
story.expect(not ok, "it raised")

story.step "A value that the service would refuse is an error, before anything is sent"
local _, err = client.mcp:create_config {
  name = "My Agent", connection_tool_mappings = {
    { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
  },
}
show(err)
story.expect(err.kind == "bad_request" and err.status == nil, "nothing was sent")

story.step "A tool that nobody has: the nearest name is at hand"
_, err = client.mcp:ensure_config {
  name = "errors-agent", connection_tool_mappings = {
    { connection_name = "gmail", tools = { "gmail_fetch_mail" } },
  },
}
show(err)

story.step "What is not there"
_, err = client.mcp:get_config { config_id = "cfg_0" }
show(err)
story.expect(err.kind == "not_found", "the service says so with HTTP " .. err.status)

story.step "A user who has to authorize first"
local config = check(client.mcp:ensure_config {
  name = "errors-agent", connection_tool_mappings = {
    { connection_name = "gmail", tools = { "gmail_fetch_mails" } },
  },
}).config
_, err = client.mcp:open_session { config = config, identifier = "nobody_yet" }
show(err)
for _, account in ipairs(err.accounts) do
  story.say("%s: %s", account.connection_name, account.authentication_link)
end
check(client.mcp:delete_config { config_id = config.id })

story.step "Nobody at that address: the request has not been sent, so it may be repeated"
local nowhere = check(scalekit.new {
  env_url = "http://127.0.0.1:1", client_id = "skc_1", client_secret = "none", max_attempts = 1,
})
_, err = nowhere.mcp:list_configs()
show(err)
story.expect(err.kind == "network" and err.outcome == "none", "it did not happen")

story.step "No time: a call never takes longer than it may"
_, err = client.mcp:list_configs { timeout = 0.000001 }
show(err)
story.expect(err.kind == "timeout", "it ended in time")

story.done()
