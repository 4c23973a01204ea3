-- What servers should not do, and what they may do but seldom do: every answer
-- of spec/support/odd_peer_main.lua, over real HTTP, in both eras.

local mcp = require "scalekit.mcp"
local odd_peer = require "spec.support.odd_peer"

-- Odd, but an answer.
local ANSWERS = {
  "charset", "shouting", "shouting-stream", "untyped", "newline", "gzip", "gzip-stream", "http-1.0",
  "continue", "hints", "bom-stream", "cr-stream", "crlf-stream", "lines-stream", "foreign-stream",
  "open-stream",
}

-- No answer; whether the tool has run, nobody knows.
local NONSENSE = {
  "bom", "html", "empty", "accepted", "accepted-answer", "no-content", "reset-content", "twice",
  "batch", "stream-as-json", "string-id", "other-id", "huge-id", "no-id", "both", "doubled-member",
  "result-array", "result-null", "result-text", "result-number", "result-yes",
  "content-object", "content-text", "content-null", "content-number",
  "error-text", "error-null", "error-without-code", "error-code-text",
}

local CUT = { "half-stream", "empty-stream", "json-as-stream" }

local REDIRECTS = { 300, 301, 302, 303, 307, 308 }

describe("mcp and an odd server", function()
  local peer

  setup(function() peer = odd_peer.start() end)
  teardown(function() peer:stop() end)

  for _, era in ipairs { "modern", "legacy" } do
    describe("of the " .. era .. " era", function()
      local function call(kind)
        local connection = assert(mcp.connect {
          url = ("%s/%s/%s"):format(peer.url, era, kind), token = "s3cr3t-1", timeout = 5,
        })
        assert.equal(era, connection.era)
        local result, err = connection:call_tool("x", { a = 1 })
        connection:close()
        return result, err
      end

      for _, kind in ipairs(ANSWERS) do
        it("reads the answer: " .. kind, function()
          assert.equal("done", assert(call(kind)).content[1].text)
        end)
      end

      for _, kind in ipairs(NONSENSE) do
        it("sees no answer: " .. kind, function()
          local result, err = call(kind)
          assert.is_nil(result)
          assert.equal("protocol", err.kind)
          assert.equal("unknown", err.outcome)
          assert.equal("tools/call", err.operation)
        end)
      end

      for _, kind in ipairs(CUT) do
        it("sees a stream that ends too early: " .. kind, function()
          local result, err = call(kind)
          assert.is_nil(result)
          assert.equal("network", err.kind)
          assert.equal("unknown", err.outcome)
        end)
      end

      for _, status in ipairs(REDIRECTS) do
        it("does not follow " .. status, function()
          local result, err = call("redirect-" .. status)
          assert.is_nil(result)
          assert.equal("protocol", err.kind)
          assert.equal(status, err.status)
          for _, line in ipairs(peer:log()) do assert.is_nil(line:find "stolen") end
        end)
      end

      it("reports an error however it is worded", function()
        for kind, code in pairs {
          ["message-object"] = -32603, ["code-huge"] = 1e300, ["code-half"] = 0.5,
        } do
          local result, err = call("error-" .. kind)
          assert.is_nil(result)
          assert.equal("internal", err.kind)
          assert.equal(code, err.code)
        end
      end)
    end)
  end
end)
