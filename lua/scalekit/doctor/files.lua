--- The files of an nginx that runs elsewhere on this machine, for `scalekit.doctor.rules`.
-- @module scalekit.doctor.files

local conf = require "scalekit.doctor.conf"
local find = require "scalekit.host.find"
local rules = require "scalekit.doctor.rules"
local shell = require "scalekit.host.shell"

local files = {}

-- The paths that fit a shell pattern.
local function list(pattern)
  if not pattern:find "[*?%[]" then return { pattern } end
  local words = {}
  for piece, sign in (pattern .. "\0"):gmatch "([^*?%[%]]*)([*?%[%]%z])" do
    words[#words + 1] = piece ~= "" and shell.quote(piece) or ""
    words[#words + 1] = sign ~= "\0" and sign or ""
  end
  local ok, text = shell.run("ls -d -- " .. table.concat(words))
  local paths = {}
  for path in (ok and text or ""):gmatch "[^\n]+" do paths[#paths + 1] = path end
  return paths
end

--- The configuration that nginx reads where nobody says another.
-- @treturn string|nil
-- @treturn string why there is none
function files.default()
  local found, missing = find.nginx(os.getenv "SCALEKIT_NGINX")
  if not found then return nil, missing end
  local _, about = shell.run(shell.quote(found.binary) .. " -V")
  local path = about:match "%-%-conf%-path=(%S+)"
  local prefix = about:match "%-%-prefix=(%S+)"
  path = path or prefix and prefix .. "/conf/nginx.conf"
  return path, not path and found.binary .. " does not say where its configuration is" or nil
end

--- Adds what there is to say about a configuration.
-- @tparam table findings
-- @tparam string path
-- @tparam[opt] string url of the environment
function files.examine(findings, path, url)
  local root, missing = conf.read(path, shell.read, list)
  if not root then
    return findings:fail("nginx", path .. " cannot be read", "run this as a user who may read it")
  end
  for _, name in ipairs(missing) do
    findings:warn("nginx", name .. " cannot be read, and is left out",
      "run this as a user who may read it")
  end
  rules.examine(findings, root, { read = shell.read, exists = shell.exists }, url)
end

return files
