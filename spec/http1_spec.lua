-- The pure half of HTTP/1: answers read, requests written, URLs taken apart. What
-- libcurl makes of the same bytes: spec/http1_fuzz_spec.lua.
local chunks = require "scalekit.http1.chunks"
local core = require "scalekit.core"
local fuzz = require "spec.support.http1_fuzz"
local head = require "scalekit.http1.head"
local requests = require "scalekit.http1.request"
local urls = require "scalekit.http1.url"

local OK = "HTTP/1.1 200 OK\r\n"

local function read(text, method, most)
  return fuzz.parse({ text }, method, most)
end

describe("an answer", function()
  it("has a status, header lines and a body", function()
    local response = read(OK .. "X-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n{}")
    assert.same({ 200, "{}", "1, 2", true },
      { response.status, response.body, response.headers["x-a"], response.keep })
    assert.equal(OK .. "X-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n", response.head)
  end)

  it("may come in any pieces", function()
    local text = "HTTP/1.1 103 Hints\r\nlink: </a>\r\n\r\n" .. OK .. "transfer-encoding: chunked\r\n\r\n"
      .. "a;x=y\r\n0123456789\r\n0\r\nx-late: 1\r\n\r\n"
    for size = 1, #text do
      local pieces = {}
      for at = 1, #text, size do pieces[#pieces + 1] = text:sub(at, at + size - 1) end
      local response = assert(fuzz.parse(pieces))
      assert.same({ 200, "0123456789", nil, true },
        { response.status, response.body, response.headers.link, response.keep })
    end
  end)

  it("without a length ends with the connection, which is not kept", function()
    local response = read(OK .. "\r\nuntil the end")
    assert.same({ "until the end", false }, { response.body, response.keep })
  end)

  it("to HEAD has no body, whatever it says", function()
    for _, lines in ipairs { "content-length: 100\r\n", "transfer-encoding: chunked\r\n" } do
      local response = assert(read(OK .. lines .. "\r\n", "HEAD"))
      assert.same({ "", true }, { response.body, response.keep })
    end
  end)

  it("of 204 and 304 has none either, and what follows is not kept for the next", function()
    for _, status in ipairs { "204 No Content", "304 Not Modified" } do
      local response = assert(read("HTTP/1.1 " .. status .. "\r\ncontent-length: 9\r\n\r\n"))
      assert.same({ "", true }, { response.body, response.keep })
      response = assert(read("HTTP/1.1 " .. status .. "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
      assert.same({ "", false }, { response.body, response.keep })
    end
  end)

  it("says whether the connection stays", function()
    for lines, keep in pairs {
      ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n"] = true,
      ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: Close\r\n"] = false,
      ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\n"] = false,
      ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n"] = true,
      ["HTTP/2 200\r\ncontent-length: 0\r\n"] = false,
    } do
      assert.equal(keep, read(lines .. "\r\n").keep, lines)
    end
  end)

  it("is refused where it makes no sense", function()
    for _, text in ipairs {
      "SSH-2.0-x\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.7 200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n", OK .. "no colon\r\n\r\n", OK .. " folded: first\r\n\r\n",
      OK .. "a\rb: c\r\n\r\n", OK .. "a: \0\r\n\r\n", OK .. "content-length: -1\r\n\r\n",
      OK .. "content-length: x\r\n\r\n", OK .. "content-encoding: x\r\ncontent-length: 1\r\n\r\n.",
      OK .. "content-encoding: " .. ("identity, "):rep(6) .. "\r\n\r\n",
    } do
      local response, kind = read(text)
      assert.same({ nil, "protocol" }, { response, kind }, text)
    end
  end)

  it("that ends too early is a lost connection", function()
    for _, text in ipairs {
      "", "HTTP/1.1 20", OK, OK .. "content-length: 3\r\n\r\nab",
      OK .. "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    } do
      local response, kind = read(text)
      assert.same({ nil, "network" }, { response, kind }, text)
    end
  end)

  it("is refused where it is larger than allowed", function()
    for _, text in ipairs {
      OK .. "content-length: 11\r\n\r\n", OK .. "content-length: 99999999999999999999\r\n\r\n",
      OK .. "\r\n01234567890", OK .. "transfer-encoding: chunked\r\n\r\nb\r\n01234567890",
      OK .. ("x-a: b\r\n"):rep(9000), OK .. "x-long: " .. ("x"):rep(70000),
      ("HTTP/1.1 100 Continue\r\n\r\n"):rep(3000),
      OK .. "transfer-encoding: chunked\r\n\r\n0\r\n" .. ("x-late: so\r\n"):rep(6000),
    } do
      local response, kind, message = read(text, "GET", 10)
      assert.same({ nil, "protocol" }, { response, kind })
      assert.matches("larger than allowed", message)
    end
  end)

  it("may be as large as allowed", function()
    assert.equal("0123456789", read(OK .. "content-length: 10\r\n\r\n0123456789", "GET", 10).body)
  end)
end)

describe("chunks", function()
  local function decode(text, piece)
    local decoder, out = chunks.new(head.MAX), {}
    for at = 1, #text, piece do
      local stop, problem = decoder:feed(text:sub(at, at + piece - 1), out)
      if problem then return nil, problem end
      if stop then return table.concat(out), at + stop - 1 end
    end
    return table.concat(out), decoder:may_end()
  end

  it("tell where they end", function()
    local text = "3\r\nabc\r\n0\r\n\r\nnext"
    for piece = 1, #text do
      assert.same({ "abc", #text - 3 }, { decode(text, piece) })
    end
  end)

  it("may have no more than a size that a number holds", function()
    assert.same({ "", false }, { decode("7fffffffffffffff\r\n", 1) })
    for _, size in ipairs { "8000000000000000", "00000000000000001", "", "-1", "g" } do
      assert.is_nil(decode(size .. "\r\nx", 3))
    end
  end)

  it("may end without their very last byte", function()
    assert.same({ "", true }, { decode("0\r\n\r", 1) })
    assert.same({ "", false }, { decode("0\r\n", 1) })
  end)
end)

describe("a URL", function()
  local function origin(text)
    local seen = urls.origin(text)
    return seen and { seen.scheme, seen.host, seen.port, seen.authority, seen.prefix }
  end

  it("says where to connect", function()
    assert.same({ "https", "name.scalekit.dev", 443, "name.scalekit.dev", "https://name.scalekit.dev" },
      origin "https://name.scalekit.dev/api")
    assert.same({ "http", "localhost", 8080, "localhost:8080", "HTTP://LocalHost:8080" },
      origin "HTTP://LocalHost:8080?x")
    assert.same({ "https", "a", 443, "a", "https://a:443" }, origin "https://a:443")
    assert.same({ "http", "[::1]", 81, "[::1]:81", "http://[::1]:81" }, origin "http://[::1]:81/")
  end)

  it("is refused where it could mean another place", function()
    for _, text in ipairs {
      "ftp://a/", "file:///etc", "//a/", "/a", "http://", "http:///a", "http://a@b/", "http://a:b@c/",
      "http://a b/", "http://a\\b/", "http://a:0/", "http://a:65536/", "http://a:x/", "http://a%41/",
      "http://[::1%25eth0]/", "http://a\0b/",
    } do
      assert.is_nil(origin(text), text)
    end
  end)

  it("says what to ask for", function()
    for rest, target in pairs {
      [""] = "/", ["/"] = "/", ["?a=b"] = "/?a=b", ["/a#b"] = "/a", ["/a/./b/../c"] = "/a/c",
      ["/.."] = "/", ["/a/.."] = "/", ["/a/..?x=/.."] = "/?x=/..", ["/a/...b"] = "/a/...b", ["/a/."] = "/a/",
    } do
      assert.equal(target, urls.target(rest))
    end
    for _, rest in ipairs { "/a b", "/a\r\nb", "/\\", "/\127", "/\0" } do
      assert.is_nil(urls.target(rest))
    end
  end)
end)

describe("a request", function()
  it("has the header lines it was given", function()
    local lines = requests.lines { ["x-a"] = "b", ["X-B"] = core.secret "c" }
    assert.is_true(lines == "x-a: b\r\nX-B: c\r\n" or lines == "X-B: c\r\nx-a: b\r\n")
    assert.same({ "", false }, { requests.lines(nil) })
    assert.same({ "Host: a\r\n", true }, { requests.lines { Host = "a" } })
  end)

  it("is refused where a header could become another", function()
    for name, value in pairs {
      ["x-a"] = "b\r\nc: d", ["x-b"] = "b\nc", ["x-c"] = "b\0", ["x d"] = "b", ["x-e:"] = "b", [""] = "b",
      ["Content-Length"] = "1", ["transfer-encoding"] = "chunked", ["x-f"] = "\127",
    } do
      assert.is_nil((requests.lines { [name] = value }), name)
    end
    for _, token in ipairs { "a b", "a\r\nb", "a\0", "\200" } do
      assert.is_nil((requests.bearer(core.secret(token))))
    end
  end)
end)
