local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local find = require "scalekit.host.find"
local launch = require "scalekit.host.launch"
local shell = require "scalekit.host.shell"

local PATIENCE = 15

local function eventually(condition)
  local deadline = core.now() + PATIENCE
  while core.now() < deadline do
    if condition() then
      return true
    end
    os.execute "sleep 0.05"
  end
  return false
end

local function output(command)
  local _, text = shell.run(command)
  return text
end

local function exists(path)
  return (shell.run("test -e " .. shell.quote(path)))
end

-- a zombie that nobody has reaped yet is as gone as we can make it
local function runs(pid)
  local state = output("cat /proc/" .. pid .. "/stat"):match "%) (%a)"
  return state ~= nil and state ~= "Z"
end

local function read_lines(path, count)
  local lines = {}
  local file = io.open(path)
  for line in file and file:lines() or function() end do
    lines[#lines + 1] = line
  end
  if file then
    file:close()
  end
  return #lines >= count and lines or nil
end

-- Starts spec/support/parent.lua as a process of its own → { pid, dir, port, pids }
local function start_parent(order)
  local interpreter = output "readlink /proc/$PPID/exe":match "[^\n]+"
  local out = os.tmpname()
  local pid = output(("%s spec/support/parent.lua %s >%s 2>&1 </dev/null & echo $!"):format(
    shell.quote(interpreter), order, shell.quote(out))):match "%d+"
  local lines
  assert(eventually(function()
    lines = read_lines(out, 3)
    return lines
  end), output("cat " .. shell.quote(out)))
  os.remove(out)
  local pids = {}
  for id in lines[3]:gmatch "%d+" do
    pids[#pids + 1] = id
  end
  return { pid = pid, dir = lines[1], port = lines[2], pids = pids }
end

local function is_gone(parent)
  if exists(parent.dir) then
    return false
  end
  for _, pid in ipairs(parent.pids) do
    if runs(pid) then
      return false
    end
  end
  return true
end

describe("launching #nginx", function()
  local send

  setup(function()
    send = curl.new()
  end)

  it("keeps everything in a directory of its own, closed to others", function()
    local env = assert(launch.start {})
    finally(function() env:stop() end)
    assert.equal("700\n", output("stat -c %a " .. shell.quote(env.dir)))
    for _, name in ipairs { "key.pem", "init.lua" } do
      assert.equal("600\n", output("stat -c %a " .. shell.quote(env.dir .. "/" .. name)))
    end
    assert.is_nil(tostring(env):find(env.client_secret, 1, true))
    assert.equal("", env:errors())
  end)

  it("listens on the loopback address alone", function()
    local env = assert(launch.start {})
    finally(function() env:stop() end)
    local port = ("%04X"):format(env.port)
    local found = 0
    for address in output("cat /proc/net/tcp /proc/net/tcp6"):gmatch("(%x+):" .. port .. " %x+:0000 0A") do
      found = found + 1
      assert.equal("0100007F", address)
    end
    assert.equal(1, found)
  end)

  it("leaves nothing behind when it is stopped, and can be stopped again", function()
    local env = assert(launch.start { workers = 1 })
    local pid = output("cat " .. shell.quote(env.dir .. "/nginx.pid")):match "%d+"
    assert.is_true(runs(pid))
    env:stop()
    assert.is_false(exists(env.dir))
    -- nginx removes its pid file, for which the keeper waits, just before it ends
    assert.is_true(eventually(function() return not runs(pid) end))
    env:stop()
    local response, err = send { method = "GET", url = env.url .. "/healthz" }
    assert.is_nil(response)
    assert.equal("network", err.kind)
  end)

  it("leaves nothing behind when its parent is killed", function()
    local parent = start_parent "wait"
    finally(function() shell.run("kill -KILL " .. parent.pid) end)
    for _, pid in ipairs(parent.pids) do
      assert.is_true(runs(pid))
    end
    output("kill -KILL " .. parent.pid)
    assert.is_true(eventually(function() return is_gone(parent) end))
  end)

  it("leaves nothing behind when its parent is terminated, exits or fails", function()
    for _, order in ipairs { "wait", "exit", "crash" } do
      local parent = start_parent(order)
      if order == "wait" then
        output("kill -TERM " .. parent.pid)
      end
      assert.is_true(eventually(function() return is_gone(parent) end), order)
    end
  end)

  it("leaves nothing behind when its master was killed, and kills nobody else", function()
    local env = assert(launch.start {})
    local pid = output("cat " .. shell.quote(env.dir .. "/nginx.pid")):match "%d+"
    output("kill -KILL " .. pid)
    assert.is_true(eventually(function() return not runs(pid) end))
    -- the workers are still there
    assert.equal(200, assert(send { method = "GET", url = env.url .. "/healthz" }).status)
    env:stop()
    assert.is_false(exists(env.dir))
    local response, err = send { method = "GET", url = env.url .. "/healthz" }
    assert.is_nil(response)
    assert.equal("network", err.kind)

    -- a pid file whose number belongs to somebody else by now
    local other = output "setsid sleep 60 >/dev/null 2>&1 & echo $!":match "%d+"
    finally(function() output("kill -KILL " .. other) end)
    env = assert(launch.start {})
    local file = env.dir .. "/nginx.pid"
    local master = output("cat " .. shell.quote(file)):match "%d+"
    output("kill -KILL -" .. master)
    assert(shell.write(file, other .. "\n"))
    env:stop()
    assert.is_true(runs(other))
    assert.is_false(exists(env.dir))
  end)

  it("runs several environments side by side, each with its own secrets", function()
    local one, two = assert(launch.start {}), assert(launch.start {})
    finally(function()
      one:stop()
      two:stop()
    end)
    assert.not_equal(one.port, two.port)
    assert.not_equal(one.client_secret, two.client_secret)
    local keys = {}
    for i, env in ipairs { one, two } do
      keys[i] = assert(send { method = "GET", url = env.url .. "/keys" }).body
    end
    assert.not_equal(keys[1], keys[2])
    one:stop()
    assert.equal(200, assert(send { method = "GET", url = two.url .. "/healthz" }).status)
  end)

  it("says when the port is taken", function()
    local env = assert(launch.start {})
    finally(function() env:stop() end)
    local other, err = launch.start { port = env.port }
    assert.is_nil(other)
    assert.truthy(err:find(("port %d of 127.0.0.1 is in use"):format(env.port), 1, true))
  end)

  it("copes with a directory of any name", function()
    local parent = os.tmpname()
    os.remove(parent)
    parent = parent .. " it's a \"$HOME\" `dir`;"
    assert(shell.run("mkdir " .. shell.quote(parent)))
    finally(function() shell.run("rmdir " .. shell.quote(parent)) end)
    local env = assert(launch.start { dir = parent })
    assert.equal(parent, env.dir:match "^(.*)/scalekit%-[%w_-]+$")
    assert.equal(200, assert(send { method = "GET", url = env.url .. "/healthz" }).status)
    env:stop()
    assert.equal("", output("ls -A " .. shell.quote(parent)))
  end)

  it("names what is missing", function()
    local env, err = launch.start { nginx = "no-such-nginx" }
    assert.is_nil(env)
    assert.truthy(err:find("no-such-nginx", 1, true))
    env, err = launch.start { nginx = "true" }
    assert.is_nil(env)
    assert.truthy(err:find("libnginx-mod-http-lua", 1, true))
    env, err = launch.start { dir = "/no/such/directory" }
    assert.is_nil(env)
    assert.truthy(err:find("/no/such/directory", 1, true))
    env, err = launch.start { app = "no.such.module" }
    assert.is_nil(env)
    assert.truthy(err:find("no.such.module", 1, true))
  end)

  it("refuses a source path that Lua would take for several", function()
    local _, cwd = shell.run "pwd"
    local interpreter = output "readlink /proc/$PPID/exe":match "[^\n]+"
    local parent = os.tmpname()
    os.remove(parent)
    finally(function() shell.run("rm -rf " .. shell.quote(parent)) end)
    for _, name in ipairs { "src;x", "src?x" } do
      local dir = shell.quote(parent .. "/" .. name)
      local text = output(table.concat({
        "mkdir -p " .. dir, "cd " .. dir, ("ln -s %s/lua lua"):format(shell.quote(cwd:match "[^\n]+")),
        ("LUA_PATH='lua/?.lua;;' %s -e %s"):format(shell.quote(interpreter), shell.quote(
          'print(require("scalekit.host.find").lua_root(os.getenv "PWD"))')),
      }, " && "))
      assert.matches("^nil\tLua loads no modules from below a directory with '[;?]' in its name: /", text)
    end
  end)

  it("finds the C module for LuaJIT where it is told to look, and says where it looked", function()
    local _, cwd = shell.run "pwd"
    cwd = cwd:match "[^\n]+"
    assert.equal(cwd .. "/build/jit/?.so", find.core("/nowhere/lua", cwd, "build/jit/?.so"))
    local pattern, err = find.core("/nowhere/lua", "/nowhere", "/nowhere/?.so")
    if not pattern then
      assert.truthy(err:find("make build-jit", 1, true))
      assert.truthy(err:find("luarocks --lua-version 5.1 make", 1, true))
      assert.truthy(err:find("/nowhere/scalekit/core.so", 1, true))
    end
  end)

  it("throws on options that do not exist or cannot be", function()
    assert.error_matches(function() launch.start { ports = 1 } end, "unknown option 'ports'")
    assert.error_matches(function() launch.start { port = "x" } end, "'port' must be a number")
    assert.error_matches(function() launch.start { port = 70000 } end, "port number")
    for words, opts in pairs {
      ["'webhook_url' must be an http"] = { webhook_url = "ftp://x" },
      ["'webhook_url' is missing"] = { webhook_secret = "whsec_dGVzdA==" },
      ["'webhook_secret' must be whsec_"] = {
        webhook_url = "http://localhost:9", webhook_secret = "secret",
      },
    } do
      assert.error_matches(function() launch.start(opts) end, words)
    end
    for _, workers in ipairs { 0, -1, 1.5, 65, 1e9 } do
      assert.error_matches(function() launch.start { workers = workers } end, "'workers' must be")
    end
  end)
end)
