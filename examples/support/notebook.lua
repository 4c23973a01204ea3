-- What an example remembers from one run to the next: a table in a JSON file.
-- A real program has a database.
local json = require "scalekit.json"

local notebook = {}

--- Reads the file; an empty table where there is none.
function notebook.open(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  local notes = text and json.decode(text)
  return type(notes) == "table" and notes or {}
end

--- Writes the file.
function notebook.save(path, notes)
  local file = assert(io.open(path, "wb"))
  file:write(json.encode(notes), "\n")
  file:close()
end

return notebook
