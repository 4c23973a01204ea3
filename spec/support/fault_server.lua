-- The server in spec/faults. It ends with this process, or when it is
-- stopped, because that closes its standard input.

local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"
local lfs = require "lfs"

local fault_server = {}

local PROGRAM = "build/faults/server"

-- As the Makefile does it; here so that a spec can be run by hand.
local BUILD = [[
  p=build/faults/server
  if [ ! -x $p ] || [ -n "$(find spec/faults -name '*.[ch]' -newer $p)" ]; then
    mkdir -p build/faults &&
    ${CC:-cc} -O2 -g -std=c11 -Wall -Wextra -Werror -Wpedantic -Wshadow -D_GNU_SOURCE \
      -o $p.$$ spec/faults/*.c -lssl -lcrypto -lpthread && mv -f $p.$$ $p
  fi
]]

local function succeeded(result) -- 5.1 answers with a number
  return result == true or result == 0
end

local function read_file(path)
  local file = io.open(path)
  if not file then return "" end
  local text = file:read "*a"
  file:close()
  return text
end

local function temporary_directory()
  local pipe = assert(io.popen "mktemp -d")
  local path = pipe:read "*l"
  pipe:close()
  return path
end

local server = {}
server.__index = server

--- Starts a server of its own for the caller.
function fault_server.start()
  assert(succeeded(os.execute(BUILD)), "the fault server does not compile")
  local dir = temporary_directory()
  local self = setmetatable({
    dir = dir, ca_file = dir .. "/ca.pem", ports = {},
    pipe = assert(io.popen(("exec %s %s >%s/ports"):format(PROGRAM, dir, dir), "w")),
  }, server)
  for _ = 1, 500 do
    local text = read_file(dir .. "/ports")
    if text:find "\nready\n" then
      for name, port in text:gmatch "(%S+) (%d+)\n" do self.ports[name] = port end
      self.loop = core.loop {}
      self.send = curl.new { loop = self.loop }
      return self
    end
    core.sleep(0.02)
  end
  self.pipe:close()
  error "the fault server did not start"
end

--- The address of a port: "http://127.0.0.1:1234".
function server:url(name, scheme)
  local port = assert(self.ports[name], name)
  scheme = scheme or (name:find "^tls" or name:find "^h2") and "https" or "http"
  return ("%s://127.0.0.1:%s"):format(scheme, port)
end

local function control(self, path)
  local response = assert(self.send {
    url = self:url "control" .. path, deadline = core.now() + 10,
  })
  return assert(json.decode(response.body))
end

--- What it has seen since the last reset.
function server:stats()
  return control(self, "/stats")
end

function server:reset()
  return control(self, "/reset")
end

--- Waits until the statistics are as wanted, a few seconds at most; returns them.
function server:until_stats(wanted)
  local stats
  for _ = 1, 250 do
    stats = self:stats()
    if wanted(stats) then break end
    core.sleep(0.02)
  end
  return stats
end

function server:stop()
  self.loop:close()
  self.pipe:close()
  os.execute("rm -rf " .. self.dir)
end

--- The number of open descriptors of this process.
function fault_server.descriptors()
  local count = 0
  for _ in lfs.dir "/proc/self/fd" do count = count + 1 end
  return count
end

return fault_server
