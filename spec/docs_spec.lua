-- The documentation says what the program does: no method, option or field is missing or stale.
local comments = require "spec.docs.comments"
local faults = require "scalekit.vmcp.faults"
local later = require "scalekit.later"
local luals = require "spec.docs.luals"
local operations = require "spec.docs.operations"
local public = require "spec.docs.public"
local samples = require "spec.docs.samples"
local shell = require "scalekit.host.shell"
local taken = require "spec.docs.taken"
local types = require "spec.docs.types"
local words = require "spec.docs.words"

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- Files with the comments of each receiver: `{ file, receiver, name }`, modules and classes.
local function sources()
  local list = {}
  for _, module in ipairs(public.modules) do list[#list + 1] = module end
  for _, class in ipairs(public.classes) do
    if class.file then list[#list + 1] = class end
    for _, one in ipairs(class.lent or {}) do
      list[#list + 1] = { file = one.file, receiver = one.receiver, name = class.name }
    end
  end
  return list
end

-- The fields of the classes in the definition files: class → set.
local function fields_of_classes()
  local classes, current = {}, ""
  for _, text in pairs(types.make()) do
    for line in text:gmatch "[^\n]+" do
      local class, field = line:match "^%-%-%-@class ([%w_.]+)", line:match "^%-%-%-@field ([%w_]+)"
      if class then
        classes[class], current = {}, class
      elseif field then
        classes[current][field] = true
      end
    end
  end
  return classes
end

local function option_names(item)
  local names = {}
  for _, param in ipairs(item.params) do
    local name = param.name:match "^%w+%.([%w_]+)$"
    if name then names[name] = true end
  end
  return names
end

describe("the comments", function()
  it("stand before every function that is public", function()
    local missing = {}
    for _, source in ipairs(sources()) do
      local _, blocks, defined = comments.read("lua/scalekit/" .. source.file)
      local documented = {}
      for _, item in ipairs(blocks) do
        if item.receiver then documented[item.receiver .. "." .. item.name] = true end
      end
      for _, fn in ipairs(defined) do
        local is_internal = fn.name:find "^_" or fn.name == "new" and source.name ~= "scalekit"
        if fn.receiver == source.receiver and not is_internal
          and not documented[fn.receiver .. "." .. fn.name] then
          missing[#missing + 1] = source.file .. ": " .. fn.name
        end
      end
    end
    assert.same({}, missing)
  end)

  it("stand before every method that an object has", function()
    local documented = {} -- class → name → true
    for _, source in ipairs(sources()) do
      local _, blocks = comments.read("lua/scalekit/" .. source.file)
      local names = documented[source.name] or {}
      for _, item in ipairs(blocks) do names[item.name or ""] = true end
      documented[source.name] = names
    end
    for class, names in pairs(samples.methods()) do
      local missing = {}
      for name in pairs(names) do
        if not documented[class][name] then missing[#missing + 1] = name end
      end
      assert.same({}, missing, class)
    end
  end)

  it("say what type every parameter has", function()
    local missing = {}
    for _, source in ipairs(sources()) do
      for _, item in ipairs((types.functions(source.file, source.receiver))) do
        local documented = {}
        for _, param in ipairs(item.params) do documented[param.name] = param.type end
        for _, arg in ipairs(item.args or {}) do
          local kind = documented[arg]
          if arg ~= "self" and arg ~= "..." and (not kind or kind == "") then
            missing[#missing + 1] = ("%s: %s: %s"):format(source.file, item.name, arg)
          end
        end
        if item.text == "" then missing[#missing + 1] = source.file .. ": " .. item.name end
      end
    end
    assert.same({}, missing)
  end)

  it("are about functions that are there", function()
    for _, module in ipairs(public.modules) do
      for _, item in ipairs((types.functions(module.file, module.receiver))) do
        assert.is_function(require(module.name)[item.name], module.name .. "." .. item.name)
      end
    end
    local objects = samples.make()
    for _, class in ipairs(public.classes) do
      local object = objects[class.name]
      local files = { class.file and class }
      for _, one in ipairs(class.lent or {}) do files[#files + 1] = one end
      for _, source in ipairs(object and files or {}) do
        for _, item in ipairs((types.functions(source.file, source.receiver))) do
          assert.is_function(object[item.name], class.name .. ":" .. item.name)
        end
      end
    end
  end)

  it("leave out no function of a module", function()
    for _, module in ipairs(public.modules) do
      local _, blocks = comments.read("lua/scalekit/" .. module.file)
      local documented, missing = {}, {}
      for _, item in ipairs(blocks) do documented[item.name or ""] = true end
      for name, value in pairs(require(module.name)) do
        if type(value) == "function" and not documented[name] then missing[#missing + 1] = name end
      end
      assert.same({}, missing, module.name)
    end
  end)

  it("name what is in every table of options", function()
    local missing = {}
    for _, source in ipairs(sources()) do
      for _, item in ipairs((types.functions(source.file, source.receiver))) do
        for _, param in ipairs(luals.parameters(item)) do
          local are_options = param.name == "opts" or param.name == "args"
          if are_options and not luals.class_of(source.name, item, param) then
            missing[#missing + 1] = ("%s: %s: %s"):format(source.file, item.name, param.name)
          end
        end
      end
    end
    assert.same({}, missing)
  end)

  it("name the options that a function takes, no more and no fewer", function()
    local objects, classes, compared = samples.make(), fields_of_classes(), 0
    local function compare(owner, source, item, place, class)
      local known = taken.of(source.name, owner, item, place)
      local documented, what = classes[class], source.name .. ": " .. item.name
      if not known and source.name == "scalekit.vmcp.app" then -- faults: any member of one will do
        for name in pairs(documented) do assert.is_table(faults.FIELDS[name], what .. ": " .. name) end
      else
        assert.is_table(known, what .. ": checks no options")
        assert.same(sorted(known), sorted(documented), what)
      end
      compared = compared + 1
    end
    for _, source in ipairs(sources()) do
      local owner = objects[source.name]
      for _, module in ipairs(public.modules) do
        if module == source then owner = require(module.name) end
      end
      for _, item in ipairs(owner and types.functions(source.file, source.receiver) or {}) do
        for place, param in ipairs((luals.parameters(item))) do
          local class = luals.class_of(source.name, item, param)
          if class then compare(owner, source, item, place, class) end
        end
      end
    end
    assert.is_true(compared >= 48)
  end)

  it("name the options of the methods beside the operations", function()
    local client = samples.make()["scalekit.client"]
    local compared = 0
    for where, list in pairs(types.refined()) do
      local resource = client[where:match "^client%.(.*)$"]
      for _, item in ipairs(list) do
        local documented = option_names(item)
        if next(documented) then
          local given = {}
          local known = taken.by(function() resource[item.name](resource, given) end, given)
          assert.same(sorted(known), sorted(documented), item.name)
          compared = compared + 1
        end
      end
    end
    assert.equal(4, compared)
  end)
end)

describe("the documented operations", function()
  local list = operations.read()

  it("have words, and no words are left over", function()
    local ids = {}
    for _, op in ipairs(list) do
      ids[op.id] = true
      assert.is_table(op.words, op.id)
    end
    for id in pairs(words) do assert.is_true(ids[id], id) end
  end)

  it("and the methods beside them are all that a client has", function()
    local client = samples.make()["scalekit.client"]
    local refined = types.refined()
    for _, resource in ipairs { "mcp", "connected_accounts", "tools", "custom_providers" } do
      local documented, there = {}, {}
      for _, op in ipairs(list) do
        if op.where == "client." .. resource then
          documented[op.name] = true
          for _, name in ipairs(op.also) do documented[name] = true end
          if op.each then documented[op.each] = true end
        end
      end
      for _, item in ipairs(refined["client." .. resource] or {}) do
        documented[item.name] = true
        for _, name in ipairs(item.also) do documented[name] = true end
      end
      for name in pairs(later.all(getmetatable(client[resource]).__index)) do there[name] = true end
      assert.same(sorted(there), sorted(documented), resource)
    end
  end)

  it("are also under the names of the service's own SDKs", function()
    local actions = samples.make()["scalekit.client"].actions
    local text = types.make()["operations.lua"]
    local documented, there = {}, {}
    for name in text:gmatch "function actions:([%w_]+)" do documented[name] = true end
    for name in pairs(later.all(getmetatable(actions).__index)) do there[name] = true end
    assert.same(sorted(there), sorted(documented))
  end)

  it("take each option that they are said to take", function()
    local client = samples.make()["scalekit.client"]
    for _, op in ipairs(list) do
      local resource = client[op.where:match "^client%.(.*)$"]
      for _, one in ipairs(op.options) do
        local _, problem = pcall(resource[op.name], resource, { [one.name] = print })
        assert.is_nil(tostring(problem):find("unknown option", 1, true), op.name .. ": " .. one.name)
      end
    end
  end)
end)

describe("the documented members", function()
  it("of objects are there", function()
    for name, object in pairs(samples.make()) do
      for _, class in ipairs(public.classes) do
        for _, field in ipairs(class.name == name and class.fields or {}) do
          local may_be_nil = field.type:sub(-1) == "?"
          assert.is_true(may_be_nil or object[field.name] ~= nil, name .. "." .. field.name)
        end
      end
    end
  end)

  it("of a session are all that it shows", function()
    local session, documented = samples.make()["scalekit.session"], {}
    for _, class in ipairs(public.classes) do
      if class.name == "scalekit.session" then
        for _, field in ipairs(class.fields) do documented[field.name] = true end
      end
    end
    for name in pairs(session) do
      assert.is_true(documented[name] or name:sub(1, 1) == "_", name)
    end
  end)

  it("of modules are there", function()
    for _, module in ipairs(public.modules) do
      local fields = {}
      for _, field in ipairs(module.fields or {}) do
        fields[field.name] = true
        assert.is_not_nil(require(module.name)[field.name], module.name .. "." .. field.name)
      end
      for name, value in pairs(require(module.name)) do
        assert.is_true(type(value) == "function" or fields[name] == true, module.name .. "." .. name)
      end
    end
  end)
end)

describe("the definition files for editors", function()
  it("are what is made of the comments and the tables", function()
    local files = types.make()
    for name, text in pairs(files) do
      local there = shell.read(types.FOLDER .. "/" .. name)
      assert.is_true(text == there, name .. ": run make types")
    end
    local _, listing = shell.run("ls " .. types.FOLDER)
    for name in listing:gmatch "[^\n]+" do assert.is_string(files[name], "stale: " .. name) end
  end)

  it("use no type that they do not define", function()
    local text = {}
    for _, file in pairs(types.make()) do text[#text + 1] = file end
    text = table.concat(text, "\n")
    local defined, unknown = {}, {}
    for name in text:gmatch "%-%-%-@class ([%w_.]+)" do defined[name] = true end
    for name in text:gmatch "%-%-%-@alias ([%w_.]+)" do defined[name] = true end
    for line in text:gmatch "%-%-%-@[fpr]%l+ ([^\n]*)" do
      for name in line:gsub("`[^`]*`", ""):gmatch "%f[%w.]scalekit%.[%w_.]*[%w_]" do
        if not defined[name] then unknown[name] = true end
      end
    end
    assert.same({}, sorted(unknown))
  end)

  it("are Lua that does nothing", function()
    for name in pairs(types.make()) do
      assert(loadfile(types.FOLDER .. "/" .. name))()
    end
  end)
end)

describe("the reference", function()
  it("is made without a complaint", function()
    if not shell.run "command -v ldoc" then return pending "needs LDoc" end
    local _, interpreter = shell.run "readlink /proc/$PPID/exe"
    local ok, output = shell.run("LUA=" .. interpreter:match "[^\n]+" .. " spec/docs/build")
    assert.is_true(ok, output)
    assert.is_true(shell.exists "build/doc/html/modules/client.mcp.html")
  end)
end)
