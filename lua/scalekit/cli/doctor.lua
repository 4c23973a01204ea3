--- `scalekit doctor`: what is missing on this machine, at the environment, and in an nginx; each
-- with its fix.
local doctor = require "scalekit.doctor"
local environment = require "scalekit.doctor.environment"
local files = require "scalekit.doctor.files"
local process = require "scalekit.doctor.process"

local command = {}

--- Adds the command to the parser.
function command.declare(parser)
  local declared = parser:command("doctor",
    "Find out what keeps scalekit from working here, and name the fix.")
  declared:flag("--json", "Say it as JSON: { ok, findings }.")
  declared:option("--nginx", "Look at the configuration of an nginx, too: at this file, or the"
    .. " one that nginx reads by itself."):args "?":argname "<file>"
end

--- No hints beside the parser's complaints.
function command.hint() end

local function examine_nginx(findings, given)
  local path, missing = given, nil
  if not path then path, missing = files.default() end
  if not path then
    return findings:fail("nginx", missing, "name its configuration: --nginx FILE")
  end
  files.examine(findings, path, os.getenv "SCALEKIT_ENV_URL")
end

--- Runs the command.
-- @treturn number 0 where there is no problem, 1 where there is one
function command.run(options)
  local findings = doctor.findings()
  process.examine(findings)
  environment.examine(findings)
  if options.nginx then examine_nginx(findings, options.nginx[1]) end
  io.stdout:write(options.json and doctor.json(findings) .. "\n" or doctor.text(findings))
  return doctor.is_well(findings) and 0 or 1
end

return command
