--- Running other programs through the shell, which is all that plain Lua has for it.
local M = {}

--- One word of a shell command, whatever is in it.
function M.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a command and waits for it.
-- @tparam string command
-- @treturn boolean whether it succeeded
-- @treturn string what it wrote, errors included
function M.run(command)
  -- popen of 5.1 does not tell the exit status, so the shell prints it
  local pipe, err = io.popen("{ " .. command .. "\n} 2>&1 </dev/null; echo \"=$?\"", "r")
  if not pipe then
    return false, err
  end
  local output = pipe:read "*a"
  pipe:close()
  local text, status = output:match "^(.*)=(%d+)\n$"
  return status == "0", text or output
end

--- Whether a file can be read.
function M.exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

return M
