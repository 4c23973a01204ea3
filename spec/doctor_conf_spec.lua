local conf = require "scalekit.doctor.conf"

-- Reads `files` (path → text), from the first one named nginx.conf.
local function read(files)
  if type(files) == "string" then files = { ["/etc/nginx/nginx.conf"] = files } end
  return conf.read("/etc/nginx/nginx.conf", function(path) return files[path] end, function(pattern)
    local list, plain = {}, "^" .. pattern:gsub("%p", "%%%0"):gsub("%%%*", "[^/]*") .. "$"
    for path in pairs(files) do
      if path:find(plain) then list[#list + 1] = path end
    end
    table.sort(list)
    return list
  end)
end

-- The tree without what ties it together.
local function plain(node)
  local copy = { node.name }
  for _, word in ipairs(node) do copy[#copy + 1] = word end
  copy.lua = node.lua
  if node.children then
    copy.children = {}
    for i, child in ipairs(node.children) do copy.children[i] = plain(child) end
  end
  return copy
end

local function children_of(text)
  return plain(read(text)).children
end

describe("configurations of nginx", function()
  it("are directives, words and blocks", function()
    assert.same({
      { "worker_processes", "auto" },
      { "http", children = { { "server", children = { { "listen", "80", "ssl" } } } } },
    }, children_of "worker_processes auto; http{server{listen 80 ssl;}}")
  end)

  it("have comments, quotes and escapes", function()
    assert.same({ { "log_format", "a b", 'c"d', "e;f{" }, { "x", "a#b" } }, children_of [[
      # log_format nothing;
      log_format "a b" 'c"d' "e;f{"; # the rest {
      x a#b;
    ]])
  end)

  it("have variables in braces", function()
    assert.same({ { "proxy_pass", "http://${a}b$c/" } }, children_of "proxy_pass http://${a}b$c/;")
  end)

  it("have Lua, whose braces are its own", function()
    local lua = [===[ local t = { "}" } -- }
      local s = '\'}' .. [==[ } ]==] --[[ } ]=] ]] ngx.say(t[1]) ]===]
    assert.same({ { "content_by_lua_block", lua = lua }, { "return", "200" } },
      children_of("content_by_lua_block {" .. lua .. "} return 200;"))
  end)

  it("say where they stand", function()
    local root = read "a 1;\n\n  b 2;"
    assert.equal("/etc/nginx/nginx.conf:3", conf.place(root.children[2]))
  end)

  it("include others, by name and by pattern", function()
    local root, missing = read {
      ["/etc/nginx/nginx.conf"] = "http { include conf.d/*.conf; include /opt/x.conf; include mime.types; }",
      ["/etc/nginx/conf.d/b.conf"] = "b 1;", ["/etc/nginx/conf.d/a.conf"] = "a 1; include ../c.conf;",
      ["/opt/x.conf"] = "x 1;",
    }
    local names = {}
    conf.walk(root, function(node) names[#names + 1] = node.name end)
    assert.same({ "http", "include", "a", "include", "b", "include", "x", "include" }, names)
    assert.same({}, missing) -- patterns that fit nothing are no files
  end)

  it("that include themselves have an end", function()
    local root, missing = read { ["/etc/nginx/nginx.conf"] = "include nginx.conf;" }
    assert.equal("include", root.children[1].name)
    assert.is_true(#missing > 0)
  end)

  it("that cannot be read are nil", function()
    assert.is_nil(read {})
  end)

  it("that are cut off are read as far as they go", function()
    for _, text in ipairs { "http {", "a 'b", "content_by_lua_block { x", "a b", "}", ";;", "{", "a \\" } do
      assert.is_table(read(text), text)
    end
  end)

  it("inherit from the innermost block that says anything", function()
    local root = read [[
      http {
        proxy_set_header a 1; proxy_set_header b 2; resolver 1.1.1.1;
        server { location / { proxy_set_header c 3; } location /x { } }
      }
    ]]
    local server = root.children[1].children[4]
    local one, other = server.children[1], server.children[2]
    assert.equal(1, #conf.effective(one, "proxy_set_header"))
    assert.equal(2, #conf.effective(other, "proxy_set_header"))
    assert.equal("1.1.1.1", conf.effective(one, "resolver")[1][1])
    assert.same({}, conf.effective(one, "proxy_buffering"))
  end)
end)
