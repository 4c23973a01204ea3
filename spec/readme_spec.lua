-- README.md is true: its program runs, and what it names is there.
local errors = require "scalekit.error"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local operations = require "spec.docs.operations"
local page = require "spec.support.page"
local platform = require "scalekit.platform"
local samples = require "spec.docs.samples"
local scalekit = require "scalekit"
local script = require "spec.support.mcp_script"
local shell = require "scalekit.host.shell"
local testing = require "scalekit.testing"
local types = require "spec.docs.types"
local webhook = require "scalekit.webhook"

local PAGE = "README.md"
local SECRET = "whsec_dGVzdHNlY3JldA=="

local text = assert(shell.read(PAGE))
local blocks = page.blocks(text, "lua")

-- What stands in backticks, in all its places: set.
local function named()
  local names = {}
  for code in text:gsub("```.-```", ""):gmatch "`([^`\n]+)`" do
    names[code] = true
    names[code:match "^client%.(.+)$" or code] = true
    names[code:match ":([%w_]+)$" or code] = true
  end
  return names
end

local function missing_of(wanted)
  local names, missing = named(), {}
  for name in pairs(wanted) do
    if not names[name] then missing[#missing + 1] = name end
  end
  table.sort(missing)
  return missing
end

-- The fields of a class in the definition files.
local function fields_of(class)
  local fields, inside = {}, false
  for _, file in pairs(types.make()) do
    for line in file:gmatch "[^\n]+" do
      local name = line:match "^%-%-%-@class ([%w_.]+)"
      if name then inside = name == class end
      local field = inside and line:match "^%-%-%-@field ([%w_]+)"
      if field then fields[field] = true end
    end
  end
  assert(next(fields), class)
  return fields
end

-- --- the server in the part about MCP ---------------------------------------------

local QUESTION = [[{"resultType":"input_required","requestState":"s","inputRequests":{"sure":
  {"method":"elicitation/create","params":{"message":"Rebuild all of it?",
  "requestedSchema":{"type":"object","properties":{"sure":{"type":"boolean"}}}}}}}]]

local ANSWERS = {
  ["server/discover"] = script.result(script.DISCOVERED),
  ["resources/list"] = script.result '{"resources":[{"uri":"docs://guide","name":"Guide"}]}',
  ["resources/read"] = script.result '{"contents":[{"uri":"docs://guide","text":"Read me."}]}',
  ["prompts/get"] =
    script.result '{"messages":[{"role":"user","content":{"type":"text","text":"In short:"}}]}',
  ["subscriptions/listen"] = script.stream(function(seen)
    local notification = '{"jsonrpc":"2.0","method":"notifications/%s","params":{"notifications":'
      .. '{"resourcesListChanged":true},"_meta":{"io.modelcontextprotocol/subscriptionId":%d}}}'
    return {
      notification:format("subscriptions/acknowledged", seen.message.id),
      notification:format("resources/list_changed", seen.message.id),
    }
  end),
}

ANSWERS["tools/call"] = function(seen, peer)
  local asked = seen.message.params.inputResponses
  local answer = asked and '{"content":[{"type":"text","text":"built"}]}' or QUESTION
  peer.sure = asked and asked.sure.content.sure
  return script.result(answer)(seen, peer)
end

local function docs_server()
  return script.new(setmetatable({}, { __index = function()
    return function(seen, peer) return ANSWERS[seen.message.method](seen, peer) end
  end }))
end

-- --- the model in the part about agents -------------------------------------------

local function model()
  local asked = {}
  return function(request)
    asked[#asked + 1] = json.decode(json.encode(request))
    if #asked > 1 then return { content = json.array { { type = "text", text = "None." } } } end
    return { content = json.array {
      { type = "tool_use", id = "t1", name = "gmail_fetch_mails", input = { max_results = 1 } },
    } }
  end, asked
end

-- --- the program -------------------------------------------------------------------

local function run()
  local env, peer = testing.new(), docs_server()
  local seen = { env = env, peer = peer, printed = {} }
  local body = '{"type":"connected_account.created"}'
  seen.ask, seen.asked = model()
  local modules = {
    scalekit = setmetatable({ new = function() return env.client end }, { __index = scalekit }),
    ["scalekit.mcp"] = setmetatable({ connect = function(opts)
      opts.transport, opts.token = peer.send, "secret-of-docs"
      return mcp.connect(opts)
    end }, { __index = mcp }),
  }
  page.run(blocks, PAGE, {
    require = function(name) return modules[name] or require(name) end,
    print = function(...)
      for i = 1, select("#", ...) do
        local value = tostring((select(i, ...)))
        if value:find "/magicLink/" then assert(env:allow(value)) end
        seen.printed[value] = true
      end
    end,
    ask = seen.ask, token = "no token", secret = SECRET, body = body,
    headers = {
      ["webhook-id"] = "m", ["webhook-timestamp"] = ("%d"):format(os.time()),
      ["webhook-signature"] = webhook.sign(SECRET, "m", os.time(), body),
    },
  })
  return seen
end

describe("README.md", function()
  it("has Lua that compiles", function()
    for i, block in ipairs(blocks) do
      assert(page.compile(block.text, ("=%s, block %d"):format(PAGE, i)))
    end
  end)

  it("is one program that does what it says", function()
    local seen = run()
    local printed = seen.printed
    assert.is_true(printed.gmail_fetch_mails and printed.googlecalendar_list_events)
    assert.is_true(printed["Please open, to connect gmail"])
    assert.is_true(printed["ada has to authorize gmail (no account), googlecalendar (no account)"])
    assert.is_true(printed["Rebuild all of it?"] and seen.peer.sure)
    assert.is_true(printed["Read me."] and printed["In short:"])
    assert.is_true(printed["notifications/resources/list_changed"])
    assert.is_true(printed["connected_account.created"] and printed.malformed_token)
  end)

  it("hands the model its tools, and their results", function()
    local asked = run().asked
    assert.equal(2, #asked)
    assert.equal("gmail_fetch_mails", asked[1].tools[1].name)
    assert.equal(3, #asked[2].messages)
    assert.equal("t1", asked[2].messages[3].content[1].tool_use_id)
  end)

  it("lists every kind of error, and no other", function()
    local listed = {}
    for row in text:match "## Errors(.-)\n## ":gmatch "\n| (`[^|]*)|" do
      for kind in row:gmatch "`([%w_]+)`" do listed[kind] = true end
    end
    assert.same(errors.KINDS, listed)
  end)

  it("names in its table methods and options that there are", function()
    local methods, siblings, rows = {}, {}, 0
    local function add(where, name, options)
      methods[where .. ":" .. name] = options
      siblings[where] = siblings[where] or {}
      siblings[where][name] = true
    end
    for _, op in ipairs((operations.read())) do
      add(op.where, op.name, fields_of(types.options_class(op)))
    end
    for where, list in pairs(types.refined()) do
      for _, item in ipairs(list) do
        add(where, item.name, #item.params > 1 and fields_of(
          ("scalekit.%s.%s.options"):format(where, item.name)) or {})
      end
    end
    for method, rest in text:gmatch "\n| `(client%.[%w_]+:[%w_]+)` |([^\n]*)|" do
      rows = rows + 1
      assert.is_table(methods[method], method)
      for name in rest:gmatch "`([%l_]+)`" do
        local is_there = methods[method][name] or siblings[method:match "^[^:]*"][name]
        assert.is_true(is_there, method .. ": " .. name)
      end
    end
    assert.is_true(rows >= 15)
  end)

  it("names every operation, and every iterator over pages", function()
    local wanted = {}
    for _, op in ipairs((operations.read())) do
      wanted[op.name] = true
      if op.each then wanted[op.each] = true end
    end
    for _, list in pairs(types.refined()) do
      for _, item in ipairs(list) do wanted[item.name] = true end
    end
    assert.same({}, missing_of(wanted))
  end)

  it("names every option of scalekit.new and of mcp.connect", function()
    assert.same({}, missing_of(fields_of "scalekit.new.options"))
    assert.same({}, missing_of(fields_of "scalekit.mcp.connect.options"))
  end)

  it("names every method of a connection", function()
    assert.same({}, missing_of(samples.methods()["scalekit.mcp.connection"]))
  end)

  it("names every platform", function()
    local wanted = {}
    for _, name in ipairs(platform.NAMES) do wanted[name] = true end
    assert.same({}, missing_of(wanted))
  end)

  it("tells the defaults that the program has", function()
    local compared = 0
    for _, item in ipairs((types.functions("init.lua", "scalekit"))) do
      for _, param in ipairs(item.name == "new" and item.params or {}) do
        local told = text:match("`" .. param.name:match "[%w_]+$" .. "`%s%(`?(\"?[%w.]+\"?)")
        if param.default and told then
          assert.equal(param.default, told, param.name)
          compared = compared + 1
        end
      end
    end
    assert.equal(5, compared)
  end)

  it("links to files that there are", function()
    for path in text:gmatch "%]%(([^)#]+)%)" do assert.is_true(shell.exists(path), path) end
  end)
end)

describe("examples/README.md", function()
  it("lists the examples, all of them", function()
    local listed, there = {}, {}
    for path in assert(shell.read "examples/README.md"):gmatch "%]%(([^)]+)%)" do
      listed[path] = true
    end
    local _, files = shell.run "ls -p examples"
    for name in files:gmatch "[^\n]+" do
      local is_example = name ~= "README.md" and name ~= "support/"
      if is_example then there[name] = true end
    end
    assert.same(there, listed)
  end)
end)
