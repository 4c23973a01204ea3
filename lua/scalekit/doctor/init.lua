--- What is missing on this machine, in this nginx or at the environment, and how to
-- put it right. Each check gives findings:
--
-- - `check`: what was looked at,
-- - `state`: "ok", "warning" (it works, and will hurt), "problem" (it does not work) or
--   "skipped" (it could not be looked at),
-- - `message`: what was seen,
-- - `fix`: what to do about it.
-- @module scalekit.doctor

local json = require "scalekit.json"

local doctor = {}

local list = {}
list.__index = list

--- A list of findings, to be added to.
function doctor.findings()
  return setmetatable({}, list)
end

local function add(self, state, check, message, fix)
  self[#self + 1] = { check = check, state = state, message = message, fix = fix }
end

function list:ok(check, message) add(self, "ok", check, message) end

function list:skip(check, message) add(self, "skipped", check, message) end

function list:warn(check, message, fix) add(self, "warning", check, message, fix) end

function list:fail(check, message, fix) add(self, "problem", check, message, fix) end

--- Whether nothing is wrong; warnings do not count.
function doctor.is_well(findings)
  for _, finding in ipairs(findings) do
    if finding.state == "problem" then return false end
  end
  return true
end

--- The findings for people.
-- @treturn string
function doctor.text(findings)
  local lines = {}
  for _, finding in ipairs(findings) do
    lines[#lines + 1] = ("%-8s %s: %s"):format(finding.state, finding.check, finding.message)
    if finding.fix then lines[#lines + 1] = "         → " .. finding.fix end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- The findings for programs: `{ ok, findings }`.
-- @treturn string JSON
function doctor.json(findings)
  local plain = json.array {}
  for i, finding in ipairs(findings) do plain[i] = finding end
  return json.encode { ok = doctor.is_well(findings), findings = plain }
end

return doctor
