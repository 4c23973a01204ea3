-- The same bytes for libcurl and for our parser: where libcurl accepts, we agree
-- with it; where it refuses, so do we. The bytes come from a seed and are served,
-- verbatim, by a server of plain TCP. FUZZ_SEED and FUZZ_CASES make it others.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local fault_server = require "spec.support.fault_server"
local fuzz = require "spec.support.http1_fuzz"
local json = require "scalekit.json"
local nginx = require "spec.support.nginx"

local SEED = tonumber(os.getenv "FUZZ_SEED") or 1
local CASES = tonumber(os.getenv "FUZZ_CASES") or 1500
local BATCH = 50

local function escape(text)
  return (text:gsub("[^\32-\126]", function(c) return ("\\x%02x"):format(c:byte()) end))
end

-- What is compared: all that a caller sees.
local function describe_answer(response)
  if not response then return "refused" end
  local lines = {}
  for name, value in pairs(response.headers) do lines[#lines + 1] = name .. ": " .. value end
  table.sort(lines)
  return ("%d\n%s\n\n%s"):format(response.status, table.concat(lines, "\n"), response.body)
end

describe("HTTP/1 answers #faults", function()
  local server, host, cases

  setup(function()
    server = fault_server.start()
    host = nginx.start { log = "crit" }
    local random = fuzz.random(SEED)
    cases = {}
    for _, text in ipairs(fuzz.seeds) do cases[#cases + 1] = text end
    while #cases < CASES do cases[#cases + 1] = fuzz.make(random) end
  end)

  teardown(function()
    host:stop()
    server:stop()
  end)

  -- Nothing of an earlier case is left: what libcurl does with a kept connection is
  -- not what is compared.
  local function ask_libcurl(text)
    local loop = core.loop {}
    local response = curl.new { loop = loop, http1 = true } {
      method = "POST", url = server:url "plain" .. "/fault/verbatim/", body = text,
      deadline = core.now() + 10,
    }
    local seen = describe_answer(response)
    loop:close()
    return seen
  end

  local function compare(ask_others, texts)
    local compared = 0
    for at = 1, #texts, BATCH do
      local batch = {}
      for i = at, math.min(at + BATCH - 1, #texts) do
        if not fuzz.is_moot(texts[i]) then batch[#batch + 1] = texts[i] end
      end
      local others = ask_others(batch)
      for i, text in ipairs(batch) do
        compared = compared + 1
        assert.equal(ask_libcurl(text), others[i], escape(text))
      end
    end
    assert.is_true(compared > #texts * 0.9, "most cases can be compared")
  end

  it("are read by our parser as by libcurl", function()
    compare(function(batch)
      local list = {}
      for i, text in ipairs(batch) do
        list[i] = describe_answer((fuzz.parse(text ~= "" and { text } or {})))
      end
      return list
    end, cases)
  end)

  it("are read alike in whatever pieces they come", function()
    local random = fuzz.random(SEED + 1)
    for _, text in ipairs(cases) do
      local whole, whole_kind = fuzz.parse(text ~= "" and { text } or {})
      local pieces, kind = fuzz.parse(fuzz.split(text, random))
      assert.same({ describe_answer(whole), whole_kind }, { describe_answer(pieces), kind },
        escape(text))
      if whole and whole.keep then assert.is_true(pieces.keep) end
    end
  end)

  it("are read by the cosocket transport as by libcurl #nginx", function()
    local some = {}
    for i = 1, #cases, 3 do some[#some + 1] = cases[i] end
    compare(function(batch)
      local encoded = json.array {}
      for i, text in ipairs(batch) do encoded[i] = core.base64(text) end
      local list = host:eval([[
        local url, texts = ...
        local core = require "scalekit.core"
        local send = require "scalekit.transport.cosocket".new()
        local list = {}
        for i, text in ipairs(texts) do
          text = core.unbase64(text)
          local response = send {
            method = "POST", url = url .. math.floor(i % 40), body = text, deadline = core.now() + 10,
            once = false, -- the server closes connections without a word
          }
          list[i] = not response and "refused"
            or { response.status, core.base64(response.head), core.base64(response.body) }
        end
        return list
      ]], server:url "plain" .. "/fault/verbatim/", encoded)
      for i, seen in ipairs(list) do
        if seen ~= "refused" then
          list[i] = describe_answer {
            status = seen[1], headers = core.parse_headers(core.unbase64(seen[2])),
            body = core.unbase64(seen[3]),
          }
        end
      end
      return list
    end, some)
  end)
end)
