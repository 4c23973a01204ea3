-- Runs inside nginx: specs, in a timer, where calls may wait as in any handler. For
-- spec/nginx_cases_spec.lua.
local json = require "scalekit.json"
local lfs = require "lfs"

local run = {}

local function load_files(report, files, excluded)
  local busted = require "busted.core"()
  require "busted"(busted)
  busted.subscribe({ "test", "end" }, function(_, _, status)
    if status == "success" then report.success = report.success + 1 end
    return nil, true
  end)
  for _, event in ipairs { "failure", "error" } do
    busted.subscribe({ event }, function(element, parent, message)
      table.insert(report.problems, ("%s, %s: %s"):format(
        parent and parent.name or "", element.name or "", tostring(message)))
      return nil, true
    end)
  end
  require "busted.modules.filter_loader"()(busted, {
    tags = {}, excludeTags = excluded, filter = {}, filterOut = {},
  })
  require "busted.modules.test_file_loader"(busted, { "lua" })(files, { "_spec" }, {
    recursive = true, excludes = {},
  })
  require "busted.execute"(busted)(1, {})
end

--- Runs files or directories; what came of it goes into the file `path`, as JSON.
function run.files(root, files, excluded, path)
  ngx.timer.at(0, function()
    lfs.chdir(root)
    local report = { success = 0, problems = json.array {} }
    local ok, problem = pcall(load_files, report, files, excluded)
    if not ok then table.insert(report.problems, tostring(problem)) end
    local file = assert(io.open(path .. ".part", "w"))
    file:write(json.encode(report))
    file:close()
    os.rename(path .. ".part", path)
  end)
end

return run
