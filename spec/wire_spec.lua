-- What a request is on the wire, whatever the handle was told for the one before.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local json = require "scalekit.json"
local raw_peer = require "spec.support.raw_peer"

describe("on the wire", function()
  local peer, loop, send

  setup(function() peer = raw_peer.start "echo_peer" end)
  teardown(function() peer:stop() end)
  before_each(function()
    loop = core.loop {}
    send = curl.new { loop = loop, trusted = true } -- its handles are used again
  end)
  after_each(function() loop:close() end)

  -- The lines of a request, the first without the version; the others by lower-case name.
  local function ask(request)
    request.url = peer.url .. (request.path or "/")
    request.deadline = core.now() + 10
    local response, err = send(request)
    assert(response, err and err.message)
    if request.method == "HEAD" then return response end
    local echo = json.decode(response.body)
    local first, lines = echo.head:match "^([^\r]*) HTTP/1.1\r\n(.*)\r\n$"
    local headers, count = {}, {}
    for name, value in lines:gmatch "([^:\r\n]+): *([^\r\n]*)\r\n" do
      name = name:lower()
      headers[name], count[name] = value, (count[name] or 0) + 1
    end
    for name, times in pairs(count) do assert.equal(1, times, name) end
    return first, headers, echo.body
  end

  it("says what it can unpack, once, unless the caller does", function()
    for _ = 1, 2 do
      local _, headers = ask { method = "GET", headers = { accept = "text/plain" } }
      assert.match("gzip", headers["accept-encoding"])
      assert.equal("text/plain", headers.accept)
      _, headers = ask { method = "GET", headers = { ["Accept-Encoding"] = "identity" } }
      assert.equal("identity", headers["accept-encoding"])
    end
  end)

  it("asks nobody whether a body is welcome", function()
    for _, size in ipairs { 0, 10, 1024, 1025, 5000000, 10 } do
      for _, auth in ipairs { false, "t0ken" } do
        local body = ("x"):rep(size)
        local _, headers, got = ask {
          method = "POST", body = body, auth = auth and core.secret(auth) or nil,
        }
        assert.is_nil(headers.expect)
        assert.equal(auth and "Bearer " .. auth or nil, headers.authorization)
        assert.equal(tostring(size), headers["content-length"])
        assert.is_true(body == got)
      end
    end
  end)

  it("knows nothing of the method, the body and the URL before", function()
    local steps = {
      { "POST", "/a", "one" }, { "GET", "/a" }, { "PUT", "/b", "two" }, { "HEAD", "/b" },
      { "POST", "/a?q=1", "three" }, { "DELETE", "/a?q=2" }, { "GET", "/a?q=2" },
      { "PATCH", "/c", "four" }, { "POST", "/c", "" }, { "HEAD", "/c" }, { "GET", "/c" },
      { "DELETE", "/c", "five" }, { "POST", "/c", "five" }, { "GET", "/../d/./e" },
      { "GET", "/%7Eme/\195\164" }, { "GET", "/" },
    }
    local seen = { ["/../d/./e"] = "/d/e", ["/%7Eme/\195\164"] = "/%7eme/%c3%a4" }
    for round = 1, 2 do
      for i = 1, #steps do
        local step = steps[round == 1 and i or #steps + 1 - i]
        local first, _, body = ask { method = step[1], path = step[2], body = step[3] }
        if step[1] ~= "HEAD" then
          first = first:gsub("%%%x%x", string.lower) -- versions differ
          assert.equal(step[1] .. " " .. (seen[step[2]] or step[2]), first)
          assert.equal(step[3] or "", body)
        end
      end
    end
  end)

  it("says of a URL that libcurl cannot parse what libcurl says, and goes on", function()
    for _ = 1, 2 do
      assert.equal("GET /a", (ask { method = "GET", path = "/a" }))
      for _, url in ipairs { "http://127.0.0.1:99999/", "http://[::1/", "http://a b/" } do
        local response, err = send { method = "GET", url = url, deadline = core.now() + 5 }
        assert.is_nil(response)
        assert.equal("none", err.outcome)
      end
    end
  end)

  -- Whether the loop takes it; it is not run.
  local function taken(profile, url, secret)
    local transfer, problem = loop:submit(
      profile, "GET", url, nil, secret and core.secret(secret) or nil)
    if transfer then
      transfer:close()
    else
      assert.is_string(problem)
    end
    return transfer ~= nil
  end

  it("no byte comes through that could end a line, wherever it stands", function()
    local profile = loop:profile {}
    for at = 0, 17 do
      local before, after = ("a"):rep(at), ("z"):rep(17 - at)
      for code = 0, 255 do
        local text = before .. string.char(code) .. after
        local bad = code <= 32 or code == 127
        assert.equal(not bad and code ~= 92, taken(profile, peer.url .. "/" .. text), code)
        assert.equal(not bad and code < 128, taken(profile, peer.url .. "/", text), code)
      end
    end
  end)

  it("a URL is http or https, has a host, and no user", function()
    local profile = loop:profile {}
    local good = {
      "http://h", "HTTPS://h", "hTTp://h/", "http://h?q", "http://h#f", "https://h:1/@", "http://h?@",
      "http://h#@", "http://[::1]:80/",
    }
    local bad = {
      "", "h", "http", "https", "http:", "http:/", "http:/h", "http://", "https://", "https:///",
      "http://?q", "http://#f", "httpx://h", "httpss://h", "ftp://h", "http://u@h", "https://u:p@h/",
      "http://@h", " http://h", "http//h", "file:///etc/passwd",
    }
    for _, url in ipairs(good) do assert.is_true(taken(profile, url), url) end
    for _, url in ipairs(bad) do assert.is_false(taken(profile, url), url) end
  end)
end)
