--- The process that runs this: its two halves, and the libraries that it has loaded.
-- @module scalekit.doctor.process

local core = require "scalekit.core"
local shell = require "scalekit.host.shell"
local version = require "scalekit.version"

local process = {}

--- The files of OpenSSL among those that a process has mapped.
-- @tparam string maps as in `/proc/self/maps`
-- @treturn table list of paths, without those that belong together
function process.openssls(maps)
  local seen, list = {}, {}
  for path in maps:gmatch "[^\n]-(/[^\n]*)" do
    local directory, name, suffix = path:match "^(.*/)(lib%a+)%.so([%d.]*)"
    if (name == "libssl" or name == "libcrypto") and not seen[directory .. suffix] then
      seen[directory .. suffix] = true
      list[#list + 1] = path
    end
  end
  return list
end

-- The version numbers that the parts of this process name.
local function versions(others)
  local libraries, seen, list = core.libraries(), {}, {}
  local named = {
    { "the C module", libraries.crypt }, { "libcurl", libraries.http:match "OpenSSL/%S+" },
  }
  for _, other in ipairs(others) do named[#named + 1] = other end
  for _, pair in ipairs(named) do
    local number = pair[2] and pair[2]:match "OpenSSL[ /]([%w.]+)"
    if number and not seen[number] then
      seen[number] = true
      list[#list + 1] = ("%s has OpenSSL %s"):format(pair[1], number)
    end
  end
  return list
end

local ONE_OPENSSL = "use an nginx, a libcurl and a build of the rock that stand on the same"
  .. " OpenSSL, such as all of them from the distribution"

--- Adds what there is to say.
-- @tparam table findings
-- @tparam[opt] table others `{ { who, version text }, … }`: who else speaks of an OpenSSL
function process.examine(findings, others)
  if core.version == version then
    findings:ok("versions", ("scalekit %s on %s, %s"):format(
      version, rawget(_G, "jit") and "LuaJIT" or _VERSION, core.libraries().http:match "^%S+"))
  else
    findings:fail("versions",
      ("the Lua half is %s, the C half %s"):format(version, tostring(core.version)),
      "install both from one rock, and look for an old copy in package.path and package.cpath")
  end
  local maps = shell.read "/proc/self/maps"
  local files, named = maps and process.openssls(maps) or {}, versions(others or {})
  if #files > 1 then
    findings:fail("OpenSSL", "this process has two: " .. table.concat(files, ", "), ONE_OPENSSL)
  elseif #named > 1 then
    findings:fail("OpenSSL", "this process has two: " .. table.concat(named, ", "), ONE_OPENSSL)
  else
    findings:ok("OpenSSL", core.libraries().crypt)
  end
end

return process
