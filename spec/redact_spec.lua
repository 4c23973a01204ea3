local errors = require "scalekit.error"
local json = require "scalekit.json"
local redact = require "scalekit.redact"

-- What of `raw` an error still tells after a request with that password has failed.
local function raw_after(password, raw)
  local err = errors.new { kind = "internal", message = "no", raw = raw }
  redact.error(err, {}, json.encode { password = password })
  return err.raw
end

describe("an error that repeats a secret", function()
  it("hides it as it stands", function()
    assert.equal("no: [secret].", raw_after("pass-word", "no: pass-word."))
    assert.equal("no: [secret]", raw_after("pass-word", "no: pass-wo"))
  end)

  it("hides it however JSON spells it", function()
    for password, spellings in pairs {
      ["pa&ss<word>"] = { [[pa\u0026ss\u003cword\u003e]], [[pa\u0026ss\u003Cword\u003E]] },
      ['pa"ss\\w/ord'] = { [[pa\"ss\\w/ord]], [[pa\"ss\\w\/ord]], [[pa\u0022ss\u005cw\/ord]] },
      ["p\195\164ss\226\130\172w\240\159\152\128rd"] = { [[p\u00e4ss\u20ACw\ud83d\ude00rd]] },
      ["pass\tword\n"] = { [[pass\tword\n]], [[pass\u0009word\u000a]] },
    } do
      for _, spelling in ipairs(spellings) do
        assert.equal('{"m":"not [secret]."}',
          raw_after(password, ('{"m":"not %s."}'):format(spelling)))
      end
    end
  end)

  it("hides it in JSON within JSON", function()
    local inner = json.encode { password = 'pa"ss\\word' }
    assert.equal([[{"message":"{\"password\":\"[secret]\"}"}]],
      raw_after('pa"ss\\word', json.encode { message = inner }))
  end)

  it("hides it where the text was cut off within an escape", function()
    assert.equal('{"m":"[secret]', raw_after("pass&wo&rd", [[{"m":"pass\u0026wo\u00]]))
  end)

  it("leaves escapes alone where there is no secret", function()
    assert.equal([[{"m":"a\u0026b\n"}]], raw_after("pass-word", [[{"m":"a\u0026b\n"}]]))
  end)
end)
