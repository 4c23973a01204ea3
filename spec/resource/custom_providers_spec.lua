-- What the client sends about custom providers.
local json = require "scalekit.json"
local support = require "spec.support.peer"

local answer, client_of, peer = support.answer, support.client_of, support.peer

local BASE = "https://env.example.test/api/v1/"

local CURRENT = {
  id = "prv_1", identifier = "ACME:env", is_custom = true, display_name = "Acme",
  description = "Old", auth_patterns = json.array { { type = "BEARER" } },
  proxy_url = "https://a.example", proxy_enabled = true, icon_src = "https://a.example/i.png",
  metadata = { team = "mail" },
}

-- A server that has CURRENT and takes every update.
local function providers_of(list)
  local server = peer(function(request)
    if request.method == "GET" then return answer(200, { providers = list or { CURRENT } }) end
    return answer(200, { provider = json.decode(request.body) })
  end)
  return client_of(server).custom_providers, server.requests
end

local PAYLOAD = { "display_name", "description", "auth_patterns", "proxy_url", "proxy_enabled",
  "icon_src", "metadata" }

-- What must arrive for CURRENT with `changes`.
local function whole(changes)
  local body = {}
  for _, name in ipairs(PAYLOAD) do body[name] = CURRENT[name] end
  for name, value in pairs(changes) do body[name] = value end
  return body
end

describe("client.custom_providers", function()
  it("P05 D10 sends the whole provider, whatever is changed", function()
    local providers, requests = providers_of()
    local reply = assert(providers:update { identifier = "ACME:env", description = "New" })
    assert.equal("New", reply.provider.description)
    assert.same({ "GET", BASE .. "providers?identifier=ACME%3Aenv" },
      { requests[1].method, requests[1].url })
    assert.same({ "PUT", BASE .. "custom-providers/ACME%3Aenv" },
      { requests[2].method, requests[2].url })
    assert.same(whole { description = "New" }, json.decode(requests[2].body))
  end)

  it("P05 reads nothing where everything is given", function()
    local providers, requests = providers_of()
    local args = whole { description = "" }
    args.identifier = "ACME:env"
    assert(providers:update(args))
    assert.same({ 1, "PUT" }, { #requests, requests[1].method })
    assert.same(whole { description = "" }, json.decode(requests[1].body))
  end)

  it("clears with a null what can be empty", function()
    local providers, requests = providers_of()
    assert(providers:update { identifier = "ACME:env", icon_src = json.null, metadata = json.null })
    assert.same(whole { icon_src = "", metadata = {} }, json.decode(requests[2].body))
  end)

  it("keeps what an old server does not tell of at its empty value", function()
    local providers, requests = providers_of { {
      identifier = "ACME:env", display_name = "Acme", auth_patterns = json.array {},
      proxy_url = "https://a.example",
    } }
    assert(providers:update { identifier = "ACME:env", description = "New" })
    assert.same({ display_name = "Acme", description = "New", auth_patterns = {}, metadata = {},
      proxy_url = "https://a.example", proxy_enabled = false, icon_src = "" },
      json.decode(requests[2].body))
  end)

  it("touches no provider of another name", function()
    local providers, requests = providers_of { { identifier = "ACME:env-2" } }
    local _, err = providers:update { identifier = "ACME:env", description = "New" }
    assert.same({ "not_found", 1 }, { err.kind, #requests })
  end)

  it("asks nobody where a value would be refused, and says misuse at the caller's line", function()
    local providers, requests = providers_of()
    local _, err = providers:update { identifier = "ACME:env", display_name = "a_b" }
    assert.equal("display_name", err.fields[1].field)
    _, err = providers:update { description = "New" }
    assert.equal("identifier", err.fields[1].field)
    local ok, message = pcall(function()
      return (providers:update { identifier = "ACME:env", descripton = "New" })
    end)
    assert.is_false(ok)
    assert.matches("spec.lua:%d+: update_custom_provider: unknown option 'descripton' "
      .. "%(did you mean 'description'", message)
    assert.equal(0, #requests)
  end)

  it("P02 takes patterns and metadata within their bounds", function()
    local providers, requests = providers_of()
    local metadata = {}
    for i = 1, 20 do metadata[("key_%02d"):format(i)] = ("v"):rep(256) end
    assert(providers:create { display_name = "A 1", proxy_url = "https://x",
      auth_patterns = {}, metadata = metadata })
    assert.same({}, json.decode(requests[1].body).auth_patterns)
    assert.matches('"auth_patterns":[]', requests[1].body, 1, true)
    metadata.one_more = "v"
    local _, err = providers:create { display_name = "A 1", proxy_url = "https://x",
      auth_patterns = {}, metadata = metadata }
    assert.same({ "metadata", "map.max_pairs" }, { err.fields[1].field, err.fields[1].constraint })
  end)

  it("lists them by kind", function()
    local providers, requests = providers_of()
    assert(providers:list { filter_provider_type = "CUSTOM" })
    assert.equal(BASE .. "providers?filter.provider_type=CUSTOM", requests[1].url)
  end)
end)
