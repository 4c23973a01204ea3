-- Iterators over pages, against servers that page well, badly and not at all.
local json = require "scalekit.json"
local ops = require "scalekit.ops"
local scalekit = require "scalekit"
local step = require "scalekit.driver.step"
local support = require "spec.support.peer"

local answer, client_of, peer = support.answer, support.client_of, support.peer

-- The numbers from `first` to `last` as configs.
local function configs(first, last)
  local list = json.array {}
  for i = first, last do list[#list + 1] = { id = ("cfg_%d"):format(i) } end
  return list
end

-- A server with `count` configs in pages of `size`.
local function lister(count, size)
  return function(request)
    local from = tonumber(request.url:match "page_token=(%d+)" or 0)
    local to = math.min(from + size, count)
    return answer(200, {
      configs = configs(from + 1, to), total_size = count,
      next_page_token = to < count and ("%d"):format(to) or "",
    })
  end
end

local function ids(iterator)
  local list = {}
  for config, err in iterator do list[#list + 1] = config and config.id or err.kind end
  return list
end

local function expected(count)
  local list = {}
  for i = 1, count do list[i] = ("cfg_%d"):format(i) end
  return list
end

describe("an iterator over pages", function()
  it("M23 walks through every page once, in order", function()
    local server = peer(lister(65, 30))
    local all = client_of(server).mcp:each_config()
    assert.same(expected(65), ids(all))
    assert.equal(3, #server.requests)
    assert.equal(65, all.total)
    assert.is_nil(all:resume_token())
  end)

  it("M22 has nothing to say about an empty list", function()
    for _, body in ipairs { "{}", '{"configs":[]}', '{"configs":null,"next_page_token":null}' } do
      assert.same({}, ids(client_of(peer(function() return answer(200, body) end)).mcp:each_config()))
    end
  end)

  it("passes over empty pages that have a next one", function()
    local server = peer(function(_, n)
      return answer(200, { configs = configs(1, n == 3 and 2 or 0),
        next_page_token = n < 3 and "t" .. n or "" })
    end)
    assert.same(expected(2), ids(client_of(server).mcp:each_config()))
  end)

  it("asks for nothing before it is asked", function()
    local server = peer(lister(1, 1))
    client_of(server).mcp:each_config()
    assert.equal(0, #server.requests)
  end)

  it("asks for no further page than it has to", function()
    local server = peer(lister(65, 30))
    for config in client_of(server).mcp:each_config() do
      if config.id == "cfg_30" then break end
    end
    assert.equal(1, #server.requests)
  end)

  it("repeats the filters with each token, and asks for the largest page", function()
    local server = peer(lister(40, 30))
    ids(client_of(server).mcp:each_config { search = "mail" })
    assert.equal("https://env.example.test/api/v1/mcp/configs?page_size=30&page_token=30&search=mail",
      server.requests[2].url)
  end)

  it("leaves a page size that was given, and the caller's table, alone", function()
    local server = peer(lister(4, 2))
    local options = { page_size = 2 }
    ids(client_of(server).mcp:each_config(options))
    assert.same({ page_size = 2 }, options)
    assert.matches("page_size=2&page_token=2$", server.requests[2].url)
  end)

  it("encodes a token's equals signs", function()
    local server = peer(function(_, n)
      return answer(200, { next_page_token = n == 1 and "eyJvZmZzZXQiOjIwfQ==" or "" })
    end)
    ids(client_of(server).mcp:each_config())
    assert.matches("page_token=eyJvZmZzZXQiOjIwfQ%%3D%%3D$", server.requests[2].url)
  end)

  it("gives up on a server that repeats a token", function()
    local server = peer(function(_, n)
      return answer(200, { configs = configs(n, n), next_page_token = n % 2 == 0 and "a" or "b" })
    end)
    local all = client_of(server).mcp:each_config()
    assert.same({ "cfg_1", "cfg_2", "cfg_3", "protocol" }, ids(all))
    assert.equal(3, #server.requests)
  end)

  it("gives up on a server whose first page is its own next one", function()
    local server = peer(function()
      return answer(200, { configs = configs(1, 1), next_page_token = "a" })
    end)
    assert.same({ "cfg_1", "protocol" }, ids(client_of(server).mcp:each_config { page_token = "a" }))
  end)

  it("ends a loop with false and the error, so that half a list is not taken for all", function()
    local server = peer(function(request, n)
      if n == 2 then return support.refusal(403, "PERMISSION_DENIED") end
      return lister(65, 30)(request)
    end)
    local all = client_of(server).mcp:each_config()
    local list = ids(all)
    assert.same({ 31, "unauthorized" }, { #list, list[31] })
    assert.equal(2, #server.requests)
  end)

  it("goes on with the same page after an error", function()
    local server = peer(function(request, n)
      if n == 2 then return support.refusal(403, "PERMISSION_DENIED") end
      return lister(65, 30)(request)
    end)
    local all = client_of(server).mcp:each_config()
    ids(all)
    assert.equal("30", all:resume_token())
    assert.equal("cfg_31", all:next().id)
  end)

  it("answers nil and the error to who asks for the next item", function()
    local server = peer(function() return support.refusal(403, "PERMISSION_DENIED") end)
    local item, err = client_of(server).mcp:each_config():next()
    assert.same({ nil, "unauthorized" }, { item, err.kind })
  end)

  it("says where to go on: the page that holds the next item", function()
    local server = peer(lister(65, 30))
    local client = client_of(server)
    local all = client.mcp:each_config()
    assert.equal("", all:resume_token())
    for _ = 1, 29 do all:next() end
    assert.equal("", all:resume_token())
    all:next()
    assert.equal("30", all:resume_token())
    all:next()
    assert.equal("30", all:resume_token())
    assert.equal("cfg_31", client.mcp:each_config({ page_token = all:resume_token() }):next().id)
  end)

  it("gives whole pages too", function()
    local all = client_of(peer(lister(65, 30))).mcp:each_config()
    local sizes = {}
    for page in function() return all:page() end do sizes[#sizes + 1] = #page.configs end
    assert.same({ 30, 30, 5 }, sizes)
    assert.is_nil(all:next())
  end)

  it("takes nonsense for pages as an error", function()
    for _, body in ipairs { '{"configs":7}', '{"configs":{"a":{"id":"cfg_1"}}}',
      '{"configs":[{"id":"cfg_1"}],"next_page_token":{}}', '{"configs":[],"next_page_token":7}' } do
      local server = peer(function() return answer(200, body) end)
      assert.same({ "protocol" }, ids(client_of(server).mcp:each_config()))
    end
  end)

  it("says a value that would be refused as an error, misuse at the caller's line", function()
    local client = client_of(peer(error))
    assert.same({ "bad_request" }, ids(client.mcp:each_config { search = "ab" }))
    local ok, message = pcall(function() return (client.mcp:each_config { serch = "abc" }) end)
    assert.is_false(ok)
    assert.matches("pages_spec.lua:%d+: list_configs: unknown option 'serch' %(did you mean", message)
    assert.matches("each_config: call it with a colon", select(2, pcall(client.mcp.each_config, {})))
  end)

  it("is there beside every operation that pages", function()
    local client = client_of(peer(function() return answer(200, "{}") end))
    local count = 0
    for _, op in ipairs(ops) do
      if op.items then
        count = count + 1
        local all = client[op.resource][op.each](client[op.resource],
          { identifier = op.path:find "tools/" and "u" or nil,
            query = op.path:find ":search" and "abc" or nil })
        assert.same({}, ids(all))
      end
    end
    assert.equal(8, count)
  end)

  it("L01 gives names where a summary is asked for", function()
    local server = peer(function()
      return answer(200, { tool_names = json.array { "a", "b" }, next_page_token = "" })
    end)
    local names = {}
    for name in client_of(server).tools:each { filter_summary = true } do
      names[#names + 1] = name
    end
    assert.same({ "a", "b" }, names)
  end)

  it("prints as what it is", function()
    assert.equal("scalekit.pages(list_configs)",
      tostring(client_of(peer(error)).mcp:each_config()))
  end)
end)

describe("an iterator over pages in a scheduler", function()
  -- a server whose answers take a turn of the scheduler
  local function slow(count, size)
    local list = lister(count, size)
    return peer(function(request)
      scalekit.sleep(0.001)
      return list(request)
    end)
  end

  it("waits within a for, on every Lua", function()
    local client = client_of(slow(65, 30))
    assert.same(expected(65), scalekit.run(function() return ids(client.mcp:each_config()) end))
  end)

  it("lets the other tasks run meanwhile", function()
    local client = client_of(slow(20, 1))
    local turns, at_end = 0, nil
    scalekit.run(function()
      scalekit.spawn(function()
        while not at_end do
          turns = turns + 1
          scalekit.sleep(0.001)
        end
      end)
      ids(client.mcp:each_config())
      at_end = turns
    end)
    assert.is_true(at_end > 5)
  end)

  it("waits in many tasks at once", function()
    local client, lists = client_of(slow(10, 1)), {}
    scalekit.run(function()
      for i = 1, 20 do
        scalekit.spawn(function() lists[i] = ids(client.mcp:each_config()) end)
      end
    end)
    for i = 1, 20 do assert.same(expected(10), lists[i]) end
  end)

  it("waits in next(), on every Lua", function()
    local client = client_of(slow(3, 1))
    assert.equal(3, scalekit.run(function()
      local all, count = client.mcp:each_config(), 0
      while all:next() do count = count + 1 end
      return count
    end))
  end)

  it("ends with the error when its task is cancelled", function()
    local client, last = client_of(peer(function()
      local ok = step.sleep(60)
      assert(not ok)
      return nil, require("scalekit.error").new { kind = "cancelled", message = "cancelled" }
    end)), nil
    scalekit.run(function()
      local task = scalekit.spawn(function() last = ids(client.mcp:each_config()) end)
      scalekit.sleep(0.001)
      task:cancel()
    end)
    assert.same({ "cancelled" }, last)
  end)

  it("blocks in a coroutine that nobody knows", function()
    local client = client_of(peer(lister(65, 30)))
    local list = coroutine.wrap(function() return ids(client.mcp:each_config()) end)()
    assert.equal(65, #list)
  end)
end)
