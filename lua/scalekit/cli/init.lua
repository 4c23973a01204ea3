--- The command line: finds the command and runs it.
--
-- Exit codes: 0 all went well; 1 it could not be done; 2 the command line makes no sense;
-- `scalekit dev -- command` exits with the command's own.
-- @module scalekit.cli
local version = require "scalekit.version"

local cli = {}

local COMMANDS = { "dev", "doctor" }

local USAGE_ERROR = 2

local function new_parser()
  local found, argparse = pcall(require, "argparse")
  if not found then
    return nil, "the scalekit command needs argparse: luarocks install argparse"
  end
  local parser = argparse("scalekit", "Virtual MCP servers from the command line.")
  parser:command_target "command"
  parser:require_command(true)
  parser:flag("--version", "Show the version and exit."):action(function()
    print("scalekit " .. version)
    os.exit(0)
  end)
  for _, name in ipairs(COMMANDS) do
    require("scalekit.cli." .. name).declare(parser)
  end
  return parser
end

--- Runs the command that the arguments name.
-- @tparam table arguments as in the global `arg`
-- @treturn number exit code
function cli.run(arguments)
  local parser, missing = new_parser()
  if not parser then
    io.stderr:write("scalekit: ", missing, "\n")
    return 1
  end
  local ok, options = parser:pparse(arguments)
  if not ok then
    local command = package.loaded["scalekit.cli." .. tostring(arguments[1])]
    local hint = options:find "^unknown option" and command and command.hint(arguments)
    if hint then options = options .. "; " .. hint end
    io.stderr:write(parser:get_usage(), "\n\nscalekit: ", options, "\n")
    return USAGE_ERROR
  end
  return require("scalekit.cli." .. options.command).run(options)
end

return cli
