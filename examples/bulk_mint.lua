-- Session tokens for many users: several at a time, with progress, and nobody lost
-- to the failure of another.
--
--   lua examples/bulk_mint.lua CONFIG users.txt     # one identifier on each line
--
-- With a local environment, `scalekit dev -- lua examples/bulk_mint.lua` makes up a
-- config and users.
local scalekit = require "scalekit"
local check = scalekit.check

local name, file = arg[1], arg[2]

-- A config and users for trying it out: one of them has not authorized anything.
local function make_up(client)
  check(client.mcp:ensure_config {
    name = "bulk-agent",
    connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
  })
  local users = {}
  for i = 1, 100 do
    users[i] = ("user_%03d"):format(i)
    if i ~= 42 then
      check(client.connected_accounts:get_or_create_connected_account {
        connection_name = "gmail", identifier = users[i],
        authorization_details = { oauth_token = { access_token = "made-up" } },
      })
    end
  end
  return "bulk-agent", users
end

local function progress(done, total)
  if done % 25 == 0 then io.stderr:write(("%d of %s\n"):format(done, total or "?")) end
end

local function main()
  local client = check(scalekit.new())
  local identifiers
  if name then
    identifiers = io.lines(file) -- an iterator: the file is read as there is room
  else
    name, identifiers = make_up(client)
  end
  local minted, failed = 0, 0
  for result in check(client.mcp:mint {
    config = name, identifiers = identifiers, expiry = "30m", concurrency = 32,
    on_progress = progress,
  }) do
    if result.session then
      minted = minted + 1 -- result.session:to("generic") is what the user's agent gets
    else
      failed = failed + 1
      print(("%s: %s"):format(result.identifier, result.err.message))
    end
  end
  print(("%d sessions, %d failed"):format(minted, failed))
end

-- In a task the requests go on while the loop is busy with a result.
scalekit.run(main)
