local challenge = require "scalekit.mcp.challenge"

describe("mcp.challenge", function()
  it("reads tokens and quoted strings in any order and case", function()
    assert.same({ {
      scheme = "bearer", realm = "a, b", error = "invalid_token",
      error_description = 'say "no"', resource_metadata = "https://x.example/.well-known/y",
    } }, challenge.parse(
      [[BEARER Realm="a, b" , error=invalid_token,error_description="say \"no\"",]]
      .. [[ resource_metadata = "https://x.example/.well-known/y"]]))
  end)

  it("tells several challenges apart", function()
    assert.same({
      { scheme = "basic", realm = "x" },
      { scheme = "negotiate" },
      { scheme = "ntlm", token68 = "YWJj=" },
      { scheme = "bearer", scope = "mcp:call" },
      { scheme = "dpop" },
    }, challenge.parse [[Basic realm="x", Negotiate, NTLM YWJj=, Bearer scope="mcp:call", DPoP]])
  end)

  it("prefers the challenge for bearer tokens", function()
    assert.equal("bearer", challenge.bearer("Basic realm=x, Bearer error=invalid_token").scheme)
    assert.equal("basic", challenge.bearer("Basic realm=x").scheme)
    assert.is_nil(challenge.bearer(nil))
    assert.is_nil(challenge.bearer "")
  end)

  it("keeps the first of a repeated parameter, and its own scheme", function()
    assert.same({ { scheme = "bearer", error = "a" } },
      challenge.parse "Bearer error=a, error=b, scheme=evil")
  end)

  it("stops at what is malformed and never hangs", function()
    for _, text in ipairs {
      ",,,", "=", '"', "Bearer realm=", 'Bearer realm="open', 'Bearer realm="esc\\', "Bearer =x",
      "Bearer a=b c=d", "\1\2", ("a "):rep(9000), ("Bearer a=b,"):rep(3000),
    } do
      assert.is_table(challenge.parse(text))
    end
    assert.same({ { scheme = "bearer" } }, challenge.parse 'Bearer realm="open')
  end)
end)
