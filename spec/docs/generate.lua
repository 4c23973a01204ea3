-- Writes what is made of the program's own descriptions:
--
--   lua spec/docs/generate.lua types        lua/scalekit/types, for editors
--   lua spec/docs/generate.lua ldoc DIR     the operations, as LDoc reads them
local shell = require "scalekit.host.shell"

local makers = {
  types = function()
    local types = require "spec.docs.types"
    return types.FOLDER, types.make()
  end,
  ldoc = function(folder)
    return assert(folder, "where to?"), require("spec.docs.ldoc").make()
  end,
}

local make = makers[arg[1]] or error "usage: generate.lua types | generate.lua ldoc DIR"
local folder, files = make(arg[2])
assert(shell.run("mkdir -p " .. shell.quote(folder)))
for name, text in pairs(files) do assert(shell.write(folder .. "/" .. name, text)) end
