--- `scalekit dev`: a local environment, for as long as it is looked at or a command runs in it.
local driver = require "scalekit.driver"
local launch = require "scalekit.host.launch"
local shell = require "scalekit.host.shell"

local M = {}

local LOOK_EVERY = 0.2
local INTERRUPTED = "interrupted!"

--- Adds the command to the parser.
function M.declare(parser)
  local command = parser:command("dev", "Start a local environment with demo connections.")
  command:option("--port", "The port to listen on (default: a free one)."):convert(tonumber)
  command:option("--workers", "How many nginx workers to run (default: 2)."):convert(tonumber)
  command:option("--user-verification", "How users are verified after they authorize.")
    :choices { "custom" }
  command:argument("program", "Run this with the environment's variables set, then stop."
    .. " Put it behind --."):args "*"
end

local function variables(env)
  return {
    { "SCALEKIT_ENV_URL", env.url },
    { "SCALEKIT_CLIENT_ID", env.client_id },
    { "SCALEKIT_CLIENT_SECRET", env.client_secret },
  }
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
  local file, err = io.open(path, "wb")
  if not file then
    io.stderr:write("scalekit dev: ", err, "\n")
    return 1
  end
  file:write(exports(env, shell.quote))
  file:close()
  local words = {}
  for i, word in ipairs(program) do
    words[i] = shell.quote(word)
  end
  return exit_code(os.execute(". " .. shell.quote(path) .. "; exec " .. table.concat(words, " ")))
end

-- "2026-01-31T09:00:00+00:00 200 0.002 POST /path note" → a line for people. What opens a link is
-- not for screens.
local function readable(line)
  local time, status, seconds, method, target, note =
    line:match "^%d+%-%d+%-%d+T(%d+:%d+:%d+)%S* (%d+) ([%d.]+) (%S+) (%S+) ?(.*)$"
  if not time then
    return line
  end
  target = target:gsub("^(/magicLink/)[%w_-]+", "%1…"):gsub("%?.*", "?…")
  return ("%s  %s  %-6s %s  %s  (%d ms)"):format(
    time, status, method, target, note, math.floor(seconds * 1000 + 0.5))
end

-- Shows the log as it grows, until nginx is gone.
local function follow(env)
  local log = assert(io.open(env.dir .. "/access.log", "rb"))
  local rest = ""
  while env:running() do
    -- seeking makes the file forget that it has seen its end
    log:seek("cur", 0)
    rest = rest .. (log:read "*a" or "")
    for line in rest:gmatch "([^\n]*)\n" do
      io.stderr:write(readable(line), "\n")
    end
    rest = rest:match "[^\n]*$"
    driver.current().sleep(LOOK_EVERY)
  end
end

local function serve(env)
  io.stderr:write("A Virtual MCP environment with demo data, on this machine only: ", env.url,
    "\nIn another terminal:\n\n")
  io.stdout:write(exports(env, function(value)
    return value
  end))
  io.stdout:flush()
  io.stderr:write "\nCtrl-C stops it; nothing is kept.\n\n"
  -- this is the main program, nobody is waiting above: an interrupt arrives as an error
  local ok, err = pcall(follow, env)
  if not ok and tostring(err):find(INTERRUPTED, 1, true) then
    io.stderr:write "\nStopped.\n"
    return 0
  end
  err = ok and "nginx has gone away\n" .. env:errors() or tostring(err)
  io.stderr:write("scalekit dev: ", err, "\n")
  return 1
end

local function is_port(port)
  return port == nil or port % 1 == 0 and port >= 1 and port <= 65535
end

--- Runs the command.
-- @treturn number exit code
function M.run(options)
  if not is_port(options.port) or options.workers and options.workers % 1 ~= 0 then
    io.stderr:write "scalekit dev: --port takes a port number, --workers a whole number\n"
    return 2
  end
  local env, err = launch.start {
    port = options.port,
    workers = options.workers,
    user_verification = options.user_verification,
  }
  if not env then
    io.stderr:write("scalekit dev: ", err, "\n")
    return 1
  end
  local code
  if #options.program > 0 then
    code = run_program(env, options.program)
  else
    code = serve(env)
  end
  env:stop()
  return code
end

return M
