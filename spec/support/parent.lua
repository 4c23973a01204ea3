-- A program that starts an environment and then does what it is told: "wait", "exit" or "crash".
-- It prints the directory, the port and the ids of nginx's processes first.
local driver = require "scalekit.driver"
local launch = require "scalekit.host.launch"

local WORKERS = 2

local env = assert(launch.start { workers = WORKERS })

local function first_line(path)
  local file = io.open(path)
  local line = file and file:read "*l" or ""
  if file then
    file:close()
  end
  return line
end

local master = first_line(env.dir .. "/nginx.pid")
local workers
repeat
  workers = first_line(("/proc/%s/task/%s/children"):format(master, master))
  local _, count = workers:gsub("%d+", "")
until count == WORKERS
io.stdout:write(env.dir, "\n", ("%d"):format(env.port), "\n", master, " ", workers, "\n")
io.stdout:flush()

if arg[1] == "wait" then
  driver.current().sleep(600)
elseif arg[1] == "crash" then
  error "crashed"
end
