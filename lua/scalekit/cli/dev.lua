--- `scalekit dev`: a local environment, for as long as it is looked at or a command runs in it.
local driver = require "scalekit.driver"
local launch = require "scalekit.host.launch"
local shell = require "scalekit.host.shell"
local url = require "scalekit.vmcp.url"
local webhook = require "scalekit.webhook"

local dev = {}

local LOOK_EVERY = 0.2
local INTERRUPTED = "interrupted!"
local USAGE_ERROR = 2

-- Reads the value of a numeric option.
local function number(name)
  local wanted = launch.NUMBERS[name]
  return function(text)
    local value = tonumber(text)
    if value and value % 1 == 0 and value >= 1 and value <= wanted.most then return value end
    return nil, ("option '--%s' takes %s from 1 to %d, not '%s'"):format(
      name, wanted.what, wanted.most, text)
  end
end

local function webhook_url(text)
  if url.is_plain(text) then return text end
  return nil, ("option '--webhook-url' takes an http or https URL, not '%s'"):format(text)
end

local function webhook_secret(text)
  if webhook.sign(text, "evt_1", 0, "") then return text end
  return nil, "option '--webhook-secret' takes whsec_<base64>"
end

--- Adds the command to the parser.
function dev.declare(parser)
  local command = parser:command("dev", "Start a local environment with demo connections.")
  command:option("--port", "The port to listen on (default: a free one)."):convert(number "port")
  command:option("--workers", "How many nginx workers to run (default: 2).")
    :convert(number "workers")
  command:option("--user-verification", "How users are verified after they authorize.")
    :choices { "custom" }
  command:option("--webhook-url", "Where to send what happens to connected accounts.")
    :convert(webhook_url)
  command:option("--webhook-secret", "What signs it, whsec_<base64>; better given as the variable"
    .. " SCALEKIT_WEBHOOK_SECRET (default: a fresh one)."):convert(webhook_secret)
  command:argument("program", "Run this with the environment's variables set, then stop."
    .. " Put it behind --."):args "*"
end

--- What to say beside the parser's complaint about an unknown option, or nil.
-- @tparam table arguments
function dev.hint(arguments)
  local program
  for _, word in ipairs(arguments) do
    if word == "--" then return nil end
    if program and word:find "^%-" then
      return ("put the program behind --: scalekit dev -- %s %s …"):format(program, word)
    end
    program = not word:find "^%-" and word ~= "dev" and word or program
  end
end

local function fail(err, code)
  io.stderr:write("scalekit dev: ", err, "\n")
  return code or 1
end

local function variables(env)
  local list = {
    { "SCALEKIT_ENV_URL", env.url },
    { "SCALEKIT_CLIENT_ID", env.client_id },
    { "SCALEKIT_CLIENT_SECRET", env.client_secret },
  }
  if env.webhook_secret then list[4] = { "SCALEKIT_WEBHOOK_SECRET", env.webhook_secret } end
  return list
end

local function exports(env, quote)
  local lines = {}
  for i, variable in ipairs(variables(env)) do
    lines[i] = ("export %s=%s\n"):format(variable[1], quote(variable[2]))
  end
  return table.concat(lines)
end

-- The exit code in what os.execute returns: a wait status on 5.1, three values later.
local function exit_code(first, how, code)
  if type(first) == "number" then
    local signal = first % 128
    return signal ~= 0 and 128 + signal or math.floor(first / 256) % 256
  end
  return how == "signal" and 128 + code or code
end

-- The secret goes through a file: a command line can be read by everybody on the machine.
local function run_program(env, program)
  local path = env.dir .. "/env.sh"
  local ok, err = shell.write(path, exports(env, shell.quote))
  if not ok then return fail(err) end
  local words = {}
  for i, word in ipairs(program) do words[i] = shell.quote(word) end
  return exit_code(os.execute(". " .. shell.quote(path) .. "; exec " .. table.concat(words, " ")))
end

-- "2026-01-31T09:00:00+00:00 200 0.002 POST /path note" → a line for people. What opens a link is
-- not for screens.
local function readable(line)
  local time, status, seconds, method, target, note =
    line:match "^%d+%-%d+%-%d+T(%d+:%d+:%d+)%S* (%d+) ([%d.]+) (%S+) (%S+) ?(.*)$"
  if not time then return line end
  target = target:gsub("^(/magicLink/)[%w_-]+", "%1…"):gsub("^(/mcp/instances/)[%w_-]+", "%1…")
    :gsub("%?.*", "?…")
  return ("%s  %s  %-6s %s  %s  (%d ms)"):format(
    time, status, method, target, note, math.floor(seconds * 1000 + 0.5))
end

-- → a function that shows what the log has gained since its last call
local function log_reader(env)
  local log, shown = assert(io.open(env.dir .. "/access.log", "rb")), 0
  return function()
    log:seek("set", shown)
    for line in (log:read "*a" or ""):gmatch "([^\n]*)\n" do
      io.stderr:write(readable(line), "\n")
      shown = shown + #line + 1 -- last, for an interrupt may come at any point
    end
  end
end

local function follow(env, show)
  while env:running() do
    show()
    driver.current().sleep(LOOK_EVERY)
  end
end

local function as_is(value)
  return value
end

local function serve(env)
  io.stderr:write("A Virtual MCP environment with demo data, on this machine only: ", env.url,
    "\n\n")
  -- in one piece, wherever it goes
  io.stdout:write("# In another terminal:\n", exports(env, as_is))
  io.stdout:flush()
  io.stderr:write "\nCtrl-C stops it; nothing is kept.\n\n"
  local show = log_reader(env)
  -- this is the main program, nobody is waiting above: an interrupt arrives as an error
  local ok, err = pcall(follow, env, show)
  local errors = env:errors()
  env:stop() -- from here on nothing is logged; the log is gone, but not for who has it open
  show()
  if not ok and tostring(err):find(INTERRUPTED, 1, true) then
    io.stderr:write "\nStopped.\n"
    return 0
  end
  return fail(ok and "nginx has gone away\n" .. errors or tostring(err))
end

-- → what signs events, or nil and what is wrong
local function find_secret(options)
  if not options.webhook_url then
    return nil, options.webhook_secret and "--webhook-secret is of no use without --webhook-url"
  end
  local secret = options.webhook_secret or os.getenv "SCALEKIT_WEBHOOK_SECRET"
  if secret and not webhook.sign(secret, "evt_1", 0, "") then
    return nil, "SCALEKIT_WEBHOOK_SECRET must be whsec_<base64>"
  end
  return secret
end

--- Runs the command.
-- @treturn number exit code
function dev.run(options)
  local secret, wrong = find_secret(options)
  if wrong then return fail(wrong, USAGE_ERROR) end
  local env, err = launch.start {
    port = options.port,
    workers = options.workers,
    user_verification = options.user_verification,
    webhook_url = options.webhook_url,
    webhook_secret = secret,
  }
  if not env then return fail(err) end
  local run = #options.program > 0 and run_program or serve
  local code = run(env, options.program)
  env:stop()
  return code
end

return dev
