-- Every case of the contract has a test that bears its id. A server's case is one of the specs that
-- run in-process and through nginx; a client's is anywhere; a case of both is in both places.
local CASES = {
  both = [[
    A01 A02 M01 M11 M14 M19 M22 M23 T08 T16 T17 T19 K01 K02 K05 K13 K16 K20 K22 K23 K25 K26
    L01 L05 X01 X05 X07 P01 P04 P05 R14 W01 W02 W04 W05 ]],
  client = [[
    A05 A07 A08 A10 A11 A14 A17 A19 A20 M02 M20 M34 M35 M37 T07 T14 T20 T23 T28 T29 K19 K31
    K32 L02 L07 X02 X08 R01 R02 R04 R05 R07 R08 V01 V02 ]],
  server = [[
    A04 A13 A16 M04 M05 M07 M08 M10 M13 M16 M17 M25 M26 M28 M29 M31 M32 T01 T02 T04 T05 T10
    T11 T13 T22 T25 T26 K04 K07 K08 K10 K11 K14 K17 K28 K29 L04 X04 P02 R10 R11 R13 W07 ]],
}

local DISAGREEMENTS = 20

local function files()
  local list = {}
  local find = assert(io.popen "find spec -name '*_spec.lua' | sort")
  for path in find:lines() do list[#list + 1] = path end
  find:close()
  return list
end

-- id → whether a server's spec, and whether another one, has a test of that name
local function read_titles()
  local server, other = {}, {}
  for _, path in ipairs(files()) do
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    local is_server = path:find "^spec/contract/" and not path:find "/client_[%w_]*spec%.lua$"
      and text:find("support.both(", 1, true)
    for title in text:gmatch '[^%w]it%(?%s*"([^"\n]+)"' do
      for id in title:gmatch "%f[%w](%u%d%d?)%f[%W]" do
        (is_server and server or other)[id] = true
      end
    end
  end
  return server, other
end

describe("the cases of the contract", function()
  local server, other = read_titles()

  local function missing(ids, is_there)
    local list = {}
    for id in ids:gmatch "%S+" do
      if not is_there(id) then list[#list + 1] = id end
    end
    return table.concat(list, " ")
  end

  it("for a server run over our server, in-process and through nginx", function()
    assert.equal("", missing(CASES.server .. CASES.both, function(id) return server[id] end))
  end)

  it("for a client run over our client", function()
    assert.equal("", missing(CASES.both, function(id) return other[id] end))
    assert.equal("", missing(CASES.client, function(id) return other[id] or server[id] end))
  end)

  it("are complete, and so are the answers to where its sources disagree", function()
    local count = 0
    for _, ids in pairs(CASES) do count = count + select(2, ids:gsub("%S+", "")) end
    assert.equal(113, count)
    for i = 1, DISAGREEMENTS do
      local id = ("D%d"):format(i)
      assert.is_true(server[id] or other[id], id)
    end
  end)
end)
