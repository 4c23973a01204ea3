-- Tools in the shapes of language model APIs, and their results back.

local json = require "scalekit.json"
local llm = require "scalekit.mcp.llm"
local script = require "spec.support.mcp_script"
local step = require "scalekit.driver.step"

local SCHEMA = '{"type":"object","properties":{ "a":{"type":"integer"}},"required":[],'
  .. '"additionalProperties":false,"x":1.0}'

local function list(...)
  local tools = {}
  for i, name in ipairs { ... } do
    tools[i] = ('{"name":"%s","description":"says %s","inputSchema":%s}'):format(name, name, SCHEMA)
  end
  return script.result('{"tools":[' .. table.concat(tools, ",") .. "]}")
end

local function content(blocks, more)
  return script.result('{"content":[' .. blocks .. "]" .. (more or "") .. "}")
end

local TEXT = '{"type":"text","text":"done"}'
local PNG = '{"type":"image","data":"QUJD","mimeType":"image/png"}'
local SVG = '{"type":"image","data":"QUJD","mimeType":"image/svg+xml"}'
local WAV = '{"type":"audio","data":"QUJD","mimeType":"audio/wav"}'
local PDF = '{"type":"resource","resource":{"uri":"u","blob":"QUJD","mimeType":"application/pdf"}}'
local PAGE = '{"type":"resource","resource":{"uri":"u","text":"words","mimeType":"text/plain"}}'
local LINK = '{"type":"resource_link","uri":"https://a/b","name":"b"}'
local FOR_USER = '{"type":"text","text":"psst","annotations":{"audience":["user"]}}'

-- How each API asks for calls, given `{ { id, name, arguments as text } … }`.
local ASK = {
  anthropic = function(calls)
    local blocks = { { type = "text", text = "hm" } }
    for _, one in ipairs(calls) do
      blocks[#blocks + 1] = { type = "tool_use", id = one[1], name = one[2], input = json.raw(one[3]) }
    end
    return { content = blocks, stop_reason = "tool_use" }
  end,
  openai = function(calls)
    local items = { { type = "reasoning", id = "r" } }
    for _, one in ipairs(calls) do
      items[#items + 1] = { type = "function_call", call_id = one[1], name = one[2], arguments = one[3] }
    end
    return { output = items }
  end,
  openai_chat = function(calls)
    local list_of = {}
    for i, one in ipairs(calls) do
      list_of[i] = { id = one[1], type = "function", ["function"] = { name = one[2], arguments = one[3] } }
    end
    return { choices = { { message = { role = "assistant", tool_calls = list_of } } } }
  end,
  gemini = function(calls)
    local parts = { { text = "hm" } }
    for i, one in ipairs(calls) do
      parts[i + 1] = { functionCall = { id = one[1], name = one[2], args = json.raw(one[3]) } }
    end
    return { candidates = { { content = { role = "model", parts = parts } } } }
  end,
}

local function asked(api, ...)
  return assert(json.decode(json.encode(ASK[api] { ... })))
end

local function plain(value)
  return assert(json.decode(json.encode(value)))
end

describe("tools_for", function()
  it("shapes tools for each API, with their schemas byte for byte", function()
    for api, shape in pairs {
      anthropic = '[{"description":"says add","input_schema":%s,"name":"add"}]',
      openai = '[{"description":"says add","name":"add","parameters":%s,"strict":false,"type":"function"}]',
      openai_chat = '[{"function":{"description":"says add","name":"add","parameters":%s},'
        .. '"type":"function"}]',
      gemini = '[{"functionDeclarations":[{"description":"says add","name":"add",'
        .. '"parametersJsonSchema":%s}]}]',
    } do
      local connection = script.modern { list "add" }
      assert.equal(shape:format(SCHEMA), json.encode(assert(connection:tools_for(api))))
    end
  end)

  it("makes an array of no tools", function()
    for api in pairs(ASK) do
      local connection = script.modern { list() }
      assert.equal("[]", json.encode(assert(connection:tools_for(api))))
    end
  end)

  it("takes a choice of tools", function()
    local connection, peer = script.modern { list("a", "b") }
    local tools = assert(connection:list_tools())
    assert.equal("b", assert(connection:tools_for("anthropic", { tools = { tools[2] } }))[1].name)
    assert.equal(2, peer:count())
  end)

  it("gives names that the APIs accept, and each its own", function()
    local long = ("x"):rep(70)
    local connection = script.modern { list("a/b", "a_b", "a.b", long .. "1", long .. "2", "1st", "-x") }
    local names = {}
    for i, tool in ipairs(assert(connection:tools_for "openai")) do names[i] = tool.name end
    assert.same({ "a_b_2", "a_b", "a_b_3", long:sub(1, 64), long:sub(1, 62) .. "_2", "_1st", "_-x" }, names)
  end)

  it("does not know every API", function()
    local connection = script.modern {}
    local ok, message = pcall(connection.tools_for, connection, "openia")
    assert.is_false(ok)
    assert.is_truthy(message:find("did you mean 'openai'", 1, true))
    assert.has_error(function() connection:results_for("x", {}) end)
    assert.has_error(function() connection:results_for("openai", "x") end)
  end)

  it("hands on what the server says", function()
    local connection = script.modern { script.http(401) }
    local tools, err = connection:tools_for "gemini"
    assert.is_nil(tools)
    assert.equal("unauthorized", err.kind)
  end)
end)

-- The messages after one call that is answered with `step`, per API.
local function results(api, step_of, arguments)
  local connection, peer = script.modern { list "add", step_of }
  assert(connection:tools_for(api))
  local messages, err = connection:results_for(api, asked(api, { "c1", "add", arguments or '{"a":1}' }))
  return messages and plain(messages), err, peer
end

describe("results_for", function()
  it("calls what the model asks for and tells it what came of it", function()
    for api, expected in pairs {
      anthropic = { { role = "user", content = { { type = "tool_result", tool_use_id = "c1",
        content = { { type = "text", text = "done" } } } } } },
      openai = { { type = "function_call_output", call_id = "c1", output = "done" } },
      openai_chat = { { role = "tool", tool_call_id = "c1", content = "done" } },
      gemini = { { role = "user", parts = { { functionResponse = { id = "c1", name = "add",
        response = { output = "done" } } } } } },
    } do
      local messages, _, peer = results(api, content(TEXT))
      assert.same(expected, messages)
      assert.same({ name = "add", arguments = { a = 1 } }, {
        name = peer.log[3].message.params.name, arguments = peer.log[3].message.params.arguments })
    end
  end)

  it("says that a tool failed", function()
    for api, where in pairs {
      anthropic = function(messages) return messages[1].content[1].is_error end,
      openai = function(messages) return messages[1].output == "Error: done" end,
      openai_chat = function(messages) return messages[1].content == "Error: done" end,
      gemini = function(messages) return messages[1].parts[1].functionResponse.response.error == "done" end,
    } do
      assert.is_true(where(results(api, content(TEXT, ',"isError":true'))))
    end
  end)

  it("tells the model what went wrong with a call", function()
    local messages = results("openai", script.fault(-32602, "Unknown tool: add"))
    assert.equal("Error: Unknown tool: add", messages[1].output)
    messages = results("openai", script.broken "network")
    assert.equal("Error: scripted (it may have taken effect all the same)", messages[1].output)
  end)

  it("keeps to itself what no model can help", function()
    for _, step_of in ipairs { script.http(401), script.http(403), script.fault(-32042, "sign in") } do
      local messages, err = results("anthropic", step_of)
      assert.is_nil(messages)
      assert.is_table(err)
    end
  end)

  it("answers nonsense of the model without asking the server", function()
    for _, arguments in ipairs { "{", "[]", "3", '"x"' } do
      local messages, _, peer = results("openai", nil, arguments)
      assert.matches("^Error: the arguments are not a JSON object", messages[1].output)
      assert.equal(2, peer:count())
    end
    local connection = script.modern { list "add" }
    assert(connection:tools_for "openai_chat")
    local messages = assert(connection:results_for("openai_chat", asked("openai_chat", { "c", "sub", "{}" })))
    assert.equal("Error: there is no tool sub", messages[1].content)
  end)

  it("takes empty arguments for none", function()
    local _, _, peer = results("openai", content(TEXT), "")
    assert.is_truthy(peer.log[3].body:find('"arguments":{}', 1, true))
  end)

  it("returns nothing where the model asks for nothing", function()
    local connection = script.modern { list "add" }
    assert(connection:tools_for "anthropic")
    for api in pairs(ASK) do
      assert.same({}, connection:results_for(api, asked(api)))
      assert.same({}, connection:results_for(api, {}))
    end
  end)

  it("calls tools by their own names", function()
    local connection, peer = script.modern { list "a/b", content(TEXT) }
    assert(connection:tools_for "gemini")
    assert(connection:results_for("gemini", asked("gemini", { "1", "a_b", "{}" })))
    assert.equal("a/b", peer.log[3].message.params.name)
  end)

  it("keeps the order of calls that run side by side", function()
    local function slow(seen)
      step.sleep(seen.message.params.arguments.n == 1 and 0.03 or 0)
      return content('{"type":"text","text":"' .. seen.message.params.arguments.n .. '"}')(seen)
    end
    local connection = script.modern { list "add", slow, slow, slow }
    step.run(function()
      assert(connection:tools_for "openai")
      local messages = assert(connection:results_for("openai", asked("openai",
        { "c1", "add", '{"n":1}' }, { "c2", "add", '{"n":2}' }, { "c3", "add", '{"n":3}' })))
      for i = 1, 3 do
        assert.equal("c" .. i, messages[i].call_id)
        assert.equal(tostring(i), messages[i].output)
      end
    end)
  end)

  it("passes images on, where the API can take them", function()
    local blocks = results("anthropic", content(TEXT .. "," .. PNG))[1].content[1].content
    assert.same({ type = "image", source = { type = "base64", media_type = "image/png", data = "QUJD" } },
      blocks[2])
    local items = results("openai", content(TEXT .. "," .. PNG))[1].output
    assert.same({ type = "input_text", text = "done" }, items[1])
    assert.same({ type = "input_image", image_url = "data:image/png;base64,QUJD" }, items[2])
    local messages = results("openai_chat", content(TEXT .. "," .. PNG))
    assert.equal("tool", messages[1].role)
    assert.equal("user", messages[2].role)
    assert.same({ type = "image_url", image_url = { url = "data:image/png;base64,QUJD" } },
      messages[2].content[2])
    local answered = results("gemini", content(TEXT .. "," .. PNG))[1].parts[1].functionResponse
    assert.same({ { inlineData = { mimeType = "image/png", data = "QUJD" } } }, answered.parts)
  end)

  it("passes sound on, where the API can take it", function()
    local parts = results("gemini", content(WAV))[1].parts
    assert.is_nil(parts[1].functionResponse.parts)
    assert.same({ inlineData = { mimeType = "audio/wav", data = "QUJD" } }, parts[2])
    local messages = results("openai_chat", content(WAV))
    assert.same({ type = "input_audio", input_audio = { data = "QUJD", format = "wav" } },
      messages[2].content[2])
    for _, api in ipairs { "anthropic", "openai" } do
      assert.matches("audio/wav of 3 bytes", json.encode(results(api, content(WAV))))
    end
  end)

  it("passes documents on", function()
    assert.same({ type = "document",
      source = { type = "base64", media_type = "application/pdf", data = "QUJD" } },
      results("anthropic", content(PDF))[1].content[1].content[1])
    assert.equal("data:application/pdf;base64,QUJD", results("openai", content(PDF))[1].output[1].file_data)
    assert.equal("application/pdf",
      results("gemini", content(PDF))[1].parts[1].functionResponse.parts[1].inlineData.mimeType)
    assert.equal("file", results("openai_chat", content(PDF))[2].content[2].type)
  end)

  it("turns the rest into text", function()
    for blocks, text in pairs {
      [PAGE] = "words", [LINK] = "b\nhttps://a/b",
      [SVG] = "[image/svg+xml of 3 bytes, which cannot be shown here]",
      [""] = "(no output)", ['{"type":"new"}'] = "(no output)", ['{"type":"text","text":""}'] = "(no output)",
      ["3"] = "(no output)", [FOR_USER] = "(no output)", [FOR_USER .. "," .. TEXT] = "done",
      [TEXT .. "," .. TEXT] = "done\ndone",
    } do
      assert.equal(text, results("openai", content(blocks))[1].output)
    end
  end)

  it("shows what is structured where there is nothing else", function()
    local structured = ',"structuredContent":{"n":1.0,"l":[]}'
    assert.equal('{"n":1.0,"l":[]}', results("openai", content("", structured))[1].output)
    assert.equal("done", results("openai", content(TEXT, structured))[1].output)
  end)
end)

describe("scalekit.mcp.llm", function()
  it("brings the tools of several servers together", function()
    local a, b = script.modern { list "x" }, script.modern { list "y" }
    local all = {}
    for _, connection in ipairs { a, b } do
      for _, tool in ipairs(assert(connection:list_tools())) do all[#all + 1] = tool end
    end
    local tools, original = llm.tools("anthropic", all)
    assert.equal(2, #tools)
    assert.equal("y", original.y)
    local calls = llm.calls("anthropic", asked("anthropic", { "1", "x", '{"a":[]}' }))
    assert.same({ { id = "1", name = "x", arguments = { a = {} } } }, calls)
    local messages = llm.messages("anthropic", { { call = calls[1], err = "not today" } })
    assert.same({ { type = "text", text = "not today" } }, plain(messages)[1].content[1].content)
  end)
end)
