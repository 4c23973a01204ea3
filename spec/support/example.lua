-- Runs a program of `examples/` as a reader would, with the Lua that runs the specs.
local shell = require "scalekit.host.shell"

local example = {}

local interpreter

--- Runs a program to its end.
-- @tparam string path
-- @tparam[opt] table environment name → value
-- @tparam[opt] string argument
-- @treturn string what it wrote, errors included
-- @treturn boolean whether it succeeded
function example.try(path, environment, argument)
  interpreter = interpreter or select(2, shell.run "readlink /proc/$PPID/exe"):match "[^\n]+"
  local words = { "env" }
  for name, value in pairs(environment or {}) do
    words[#words + 1] = shell.quote(name .. "=" .. value)
  end
  words[#words + 1], words[#words + 2] = shell.quote(interpreter), shell.quote(path)
  words[#words + 1] = argument and shell.quote(argument)
  local ok, output = shell.run(table.concat(words, " "))
  return output, ok
end

--- The same, for one that is to succeed.
function example.run(path, environment, argument)
  local output, ok = example.try(path, environment, argument)
  if not ok then error(path .. " has failed:\n" .. output, 0) end
  return output
end

return example
