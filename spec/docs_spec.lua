-- The documentation says what the program does: no method, option or field is missing or stale.
local comments = require "spec.docs.comments"
local later = require "scalekit.later"
local operations = require "spec.docs.operations"
local options = require "scalekit.options"
local public = require "spec.docs.public"
local scalekit = require "scalekit"
local shell = require "scalekit.host.shell"
local testing = require "scalekit.testing"
local types = require "spec.docs.types"
local words = require "spec.docs.words"

local USER, CONFIG = "ada", "docs"

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

-- One of each object that can be had without a socket.
local function samples()
  local env = testing.new()
  local client = env.client
  local config = assert(client.mcp:ensure_config {
    name = CONFIG,
    connection_tool_mappings = { { connection_name = "gmail", tools = { "gmail_fetch_mails" } } },
  }).config
  env:authorize { identifier = USER }
  local session = assert(client.mcp:open_session { config = config, identifier = USER })
  local task
  scalekit.run(function() task = scalekit.spawn(function() end) end)
  local tokens = require "scalekit.tokens"
  client:validate_access_token "" -- makes the client's validator
  return {
    ["scalekit.client"] = client,
    ["scalekit.session"] = session,
    ["scalekit.mcp.connection"] = assert(session:connect()),
    ["scalekit.pages"] = client.mcp:each_config(),
    ["scalekit.batch"] = client.mcp:mint { config = config, identifiers = { USER } },
    ["scalekit.tokens.validator"] = assert(tokens.new { env_url = env.url, transport = env.transport }),
    ["scalekit.task"] = task,
    ["scalekit.testing.env"] = env,
    ["scalekit.vmcp.app"] = env.app,
  }
end

-- The options that a call knows: what it hands to `options.check`.
local function known_options(call)
  local real, known = options.check, nil
  options.check = function(_, _, spec) -- luacheck: ignore 122
    known = spec
    error(known, 0)
  end
  local ok, problem = pcall(call)
  options.check = real -- luacheck: ignore 122
  if not known then error("no options are checked: " .. tostring(ok or problem), 0) end
  return known
end

-- What has to be there before a function looks at its options.
local GIVEN = { account = { status = "ACTIVE" } }

-- How to call a method so that it comes to its options.
local function caller(owner, item)
  local name, given = item.name, GIVEN[item.name] or {}
  return function()
    if item.separator == "." then return owner[name](given) end
    if #item.args == 1 then return owner[name](owner, given) end
    if #item.args == 2 then return owner[name](owner, "x", given) end
    return owner[name](owner, "x", {}, given)
  end
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
    local objects = samples()
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

  it("name the options that a function takes, no more and no fewer", function()
    local objects, compared = samples(), 0
    for _, source in ipairs(sources()) do
      local owner = objects[source.name]
      for _, module in ipairs(public.modules) do
        if module == source then owner = require(module.name) end
      end
      for _, item in ipairs(owner and types.functions(source.file, source.receiver) or {}) do
        local documented = option_names(item)
        if next(documented) then
          local known = {}
          if source.name == "scalekit.session" and item.name == "to" then
            for _, platform in ipairs(require("scalekit.platform").NAMES) do
              for name in pairs(known_options(function() owner:to(platform, {}) end)) do
                known[name] = true
              end
            end
          else
            known = known_options(caller(owner, item))
          end
          assert.same(sorted(known), sorted(documented), source.name .. ": " .. item.name)
          compared = compared + 1
        end
      end
    end
    assert.is_true(compared >= 25)
  end)

  it("name the options of the methods beside the operations", function()
    local client = samples()["scalekit.client"]
    local compared = 0
    for where, list in pairs(types.refined()) do
      local resource = client[where:match "^client%.(.*)$"]
      for _, item in ipairs(list) do
        local documented = option_names(item)
        if next(documented) then
          local known = known_options(function() resource[item.name](resource, {}) end)
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
    local client = samples()["scalekit.client"]
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
    local actions = samples()["scalekit.client"].actions
    local text = types.make()["operations.lua"]
    local documented, there = {}, {}
    for name in text:gmatch "function actions:([%w_]+)" do documented[name] = true end
    for name in pairs(later.all(getmetatable(actions).__index)) do there[name] = true end
    assert.same(sorted(there), sorted(documented))
  end)

  it("take each option that they are said to take", function()
    local client = samples()["scalekit.client"]
    for _, op in ipairs(list) do
      local resource = client[op.where:match "^client%.(.*)$"]
      for _, one in ipairs(op.options) do
        local _, problem = pcall(resource[op.name], resource, { [one.name] = print })
        assert.is_nil(tostring(problem):find("unknown option", 1, true), op.name .. ": " .. one.name)
      end
    end
  end)
end)

describe("README.md", function()
  -- The operations and the methods beside them, with their options: "client.mcp:get_config" → set.
  local function known()
    local methods = {}
    for _, op in ipairs((operations.read())) do
      local names = {}
      for _, one in ipairs(op.options) do names[one.name] = true end
      methods[op.where .. ":" .. op.name] = names
      for _, name in ipairs(op.also) do
        methods[op.where .. ":" .. name], methods["client.actions:" .. name] = names, names
      end
      methods["client.actions:" .. op.name] = names
    end
    for where, list in pairs(types.refined()) do
      for _, item in ipairs(list) do methods[where .. ":" .. item.name] = option_names(item) end
    end
    return methods
  end

  it("names methods and options that there are", function()
    local methods, rows = known(), 0
    for method, rest in assert(shell.read "README.md"):gmatch "\n| `(client%.[%w_]+:[%w_]+)` |([^\n]*)|" do
      rows = rows + 1
      assert.is_table(methods[method], method)
      for name in rest:gmatch "`([%l_]+)`" do
        assert.is_true(methods[method][name], method .. ": " .. name)
      end
    end
    assert.is_true(rows >= 10)
  end)
end)

describe("the documented members", function()
  it("of objects are there", function()
    for name, object in pairs(samples()) do
      for _, class in ipairs(public.classes) do
        for _, field in ipairs(class.name == name and class.fields or {}) do
          local may_be_nil = field.type:sub(-1) == "?"
          assert.is_true(may_be_nil or object[field.name] ~= nil, name .. "." .. field.name)
        end
      end
    end
  end)

  it("of a session are all that it shows", function()
    local session, documented = samples()["scalekit.session"], {}
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
      assert.is_true(text == there, name .. ": run spec/docs/generate.lua types")
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
