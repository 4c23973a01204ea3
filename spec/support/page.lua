-- Pages of documentation whose blocks of code are run.
local page = {}

local NOT_RUN = "<!-- not run: " -- on the line before a block that only compiles

--- The blocks of a language in order: `{ text, run }`.
function page.blocks(text, language)
  local blocks, last = {}, 1
  for before, code, after in text:gmatch("()```" .. language .. "\n(.-)```()") do
    local between = text:sub(last, before - 1)
    blocks[#blocks + 1] = {
      text = code, run = between:match "[^\n]*\n$":sub(1, #NOT_RUN) ~= NOT_RUN,
    }
    last = after
  end
  return blocks
end

-- luacheck: push ignore 113 143 (5.1 has setfenv and loadstring; 5.2 may have the latter)
--- A function of a text, with the globals that it sees.
function page.compile(text, name, globals)
  if rawget(_G, "setfenv") then
    local chunk, problem = loadstring(text, name)
    return chunk and setfenv(chunk, globals or _G), problem
  end
  return load(text, name, "t", globals or _G)
end
-- luacheck: pop

--- Runs blocks as one program.
-- @tparam table blocks
-- @tparam string name of the page
-- @tparam table globals beside the usual ones
function page.run(blocks, name, globals)
  local program = {}
  for _, block in ipairs(blocks) do
    if block.run then program[#program + 1] = block.text end
  end
  local world = setmetatable(globals, { __index = _G })
  local ok, problem = pcall(assert(page.compile(table.concat(program, "\n"), "=" .. name, world)))
  if not ok then error(tostring(problem), 0) end
end

return page
