-- The one rockspec lists exactly what there is.
local version = require "scalekit.version"

local function load_rockspec()
  local spec = {}
  local chunk
  if setfenv then -- luacheck: ignore 113
    chunk = assert(loadfile "scalekit-scm-1.rockspec")
    setfenv(chunk, spec) -- luacheck: ignore 113
  else
    chunk = assert(loadfile("scalekit-scm-1.rockspec", "t", spec)) -- luacheck: ignore
  end
  chunk()
  return spec
end

local function files(pattern, folder)
  local list = {}
  local find = assert(io.popen(("find %s -name '%s' | sort"):format(folder, pattern)))
  for line in find:lines() do list[#list + 1] = line end
  find:close()
  return list
end

describe("the rockspec", function()
  local spec = load_rockspec()

  it("lists every Lua module under its own name", function()
    local expected = {}
    for _, path in ipairs(files("*.lua", "lua")) do
      local name = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
      expected[name] = path
    end
    local listed = {}
    for name, where in pairs(spec.build.modules) do
      if type(where) == "string" then listed[name] = where end
    end
    assert.same(expected, listed)
  end)

  it("builds every C file into one module", function()
    local sources = {}
    for i, path in ipairs(spec.build.modules["scalekit.core"].sources) do sources[i] = path end
    table.sort(sources)
    assert.same(files("*.c", "csrc"), sources)
  end)

  it("gives the C half the version of the Lua half", function()
    local found
    for _, define in ipairs(spec.build.modules["scalekit.core"].defines) do
      found = found or define:match '^SK_VERSION="(.*)"$'
    end
    assert.equal(version, found)
  end)
end)
