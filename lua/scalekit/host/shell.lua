--- Running other programs through the shell, which is all that plain Lua has for it, and the files
-- they leave.
local shell = {}

--- One word of a shell command, whatever is in it.
function shell.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Runs a command and waits for it.
-- @tparam string command
-- @treturn boolean whether it succeeded
-- @treturn string what it wrote, errors included
function shell.run(command)
  -- popen of 5.1 does not tell the exit status, so the shell prints it
  local pipe, err = io.popen("{ " .. command .. "\n} 2>&1 </dev/null; echo \"=$?\"", "r")
  if not pipe then return false, err end
  local output = pipe:read "*a"
  pipe:close()
  local text, status = output:match "^(.*)=(%d+)\n$"
  return status == "0", text or output
end

--- The contents of a file.
-- @treturn string|nil
-- @treturn string why not
function shell.read(path)
  local file, err = io.open(path, "rb")
  if not file then return nil, err end
  local text = file:read "*a"
  file:close()
  return text
end

--- Replaces the contents of a file.
-- @treturn boolean|nil true
-- @treturn string why not
function shell.write(path, text)
  local file, err = io.open(path, "wb")
  if not file then return nil, err end
  local ok
  ok, err = file:write(text)
  file:close()
  return ok and true, err
end

--- Whether a file can be opened.
function shell.exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

return shell
