local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local shell = require "scalekit.host.shell"

local MAIN = "lua/scalekit/cli/main.lua"

local interpreter, send

-- → exit code, output of both kinds
local function scalekit(arguments)
  interpreter = interpreter or select(2, shell.run "readlink /proc/$PPID/exe"):match "[^\n]+"
  local _, output = shell.run(("%s %s %s; echo \"code=$?\""):format(
    shell.quote(interpreter), MAIN, arguments))
  local text, code = output:match "^(.*)code=(%d+)\n$"
  return tonumber(code), text
end

local function read(path)
  return shell.read(path) or ""
end

local function wait_for(path, pattern)
  local deadline = core.now() + 15
  repeat
    local found = read(path):match(pattern)
    if found then
      return found
    end
    os.execute "sleep 0.05"
  until core.now() > deadline
end

describe("the scalekit command", function()
  setup(function()
    send = curl.new()
  end)

  it("tells its version and its usage", function()
    local code, text = scalekit "--version"
    assert.equal(0, code)
    assert.equal("scalekit " .. require "scalekit.version" .. "\n", text)
    code, text = scalekit "--help"
    assert.equal(0, code)
    assert.truthy(text:find("dev", 1, true))
  end)

  it("exits with 2 when the command line makes no sense", function()
    for _, arguments in ipairs {
      "", "nothing", "dev --bogus", "dev --port x", "dev --port 70000", "dev --user-verification no",
      "dev --webhook-url ftp://x", "dev --webhook-secret whsec_dGVzdA==",
      "dev --webhook-url http://localhost:9 --webhook-secret secret",
    } do
      local code, text = scalekit(arguments)
      assert.equal(2, code, arguments)
      assert.truthy(text:find("scalekit", 1, true))
    end
  end)

  it("says what a wrong option takes, and where a program belongs", function()
    for arguments, words in pairs {
      ["dev --port abc"] = "'--port' takes a port number from 1 to 65535, not 'abc'",
      ["dev --port 99999"] = "'--port' takes a port number from 1 to 65535, not '99999'",
      ["dev --port 1.5"] = "'--port' takes",
      ["dev --workers 0"] = "'--workers' takes a number of workers from 1 to 64, not '0'",
      ["dev --workers 65"] = "'--workers' takes",
      ["dev sh -c true"] = "put the program behind --: scalekit dev -- sh -c …",
    } do
      local code, text = scalekit(arguments)
      assert.equal(2, code, arguments)
      assert.truthy(text:find(words, 1, true), text)
    end
    local _, text = scalekit "dev --bogus"
    assert.is_nil(text:find("behind", 1, true))
  end)

  describe("dev #nginx", function()
    it("runs a program with the three variables, and exits like it", function()
      local program = [['printenv | grep -c ^SCALEKIT_; echo "$0|$1"; exit 7']]
      local code, text = scalekit("dev -- sh -c " .. program .. [[ "a b" "it's"]])
      assert.equal(7, code)
      assert.equal("3\na b|it's\n", text)
      assert.equal(0, (scalekit "dev -- true"))
      assert.equal(143, (scalekit "dev -- sh -c 'kill -TERM $$'"))
    end)

    it("tells a program the secret that signs webhooks, one of its own or the one it was given", function()
      local function secret(arguments)
        return select(2, scalekit("dev --webhook-url http://localhost:9/hook " .. arguments
          .. " -- printenv SCALEKIT_WEBHOOK_SECRET"))
      end
      local own = secret ""
      assert.truthy(own:match "^whsec_[%w+/]+=*\n$", own)
      assert.not_equal(own, secret "")
      assert.equal("whsec_dGVzdHNlY3JldA==\n", secret "--webhook-secret whsec_dGVzdHNlY3JldA==")
    end)

    it("takes the secret that signs webhooks from a variable", function()
      local _, text = shell.run(("SCALEKIT_WEBHOOK_SECRET=whsec_dGVzdA== %s %s dev --webhook-url"
        .. " http://localhost:9 -- printenv SCALEKIT_WEBHOOK_SECRET"):format(interpreter, MAIN))
      assert.equal("whsec_dGVzdA==\n", text)
      local ok
      ok, text = shell.run(("SCALEKIT_WEBHOOK_SECRET=none %s %s dev --webhook-url"
        .. " http://localhost:9 -- true"):format(interpreter, MAIN))
      assert.is_false(ok)
      assert.truthy(text:find("SCALEKIT_WEBHOOK_SECRET must be whsec_<base64>", 1, true))
    end)

    it("is gone when the program is", function()
      local _, text = scalekit "dev -- printenv SCALEKIT_ENV_URL"
      local response, err = send { method = "GET", url = text:match "[^\n]+" .. "/healthz" }
      assert.is_nil(response)
      assert.equal("network", err.kind)
    end)

    it("does not put the secret on a command line", function()
      local list = os.tmpname()
      finally(function() os.remove(list) end)
      local program = ("'cat /proc/*/cmdline >%s 2>/dev/null; printenv SCALEKIT_CLIENT_SECRET'")
        :format(list)
      local _, text = scalekit("dev -- sh -c " .. program)
      local secret = text:match "[^\n]+"
      assert.is_true(#secret > 20)
      assert.is_nil(read(list):find(secret, 1, true))
      assert.truthy(read(list):find(MAIN, 1, true))
    end)

    it("serves until it is interrupted, and shows requests without their secrets", function()
      interpreter = interpreter or select(2, shell.run "readlink /proc/$PPID/exe"):match "[^\n]+"
      local out, log = os.tmpname(), os.tmpname()
      finally(function()
        os.remove(out)
        os.remove(log)
      end)
      -- a background shell ignores SIGINT for its children, so it is restored first
      local _, pid = shell.run(([[setsid sh -c 'trap - INT; exec %s %s dev >%s 2>%s' & echo $!]]):format(
        interpreter, MAIN, out, log))
      local url = wait_for(out, "SCALEKIT_ENV_URL=(%S+)")
      assert.truthy(wait_for(out, "SCALEKIT_CLIENT_SECRET=%S+"))
      -- what goes to another place than the rest is of use there alone
      assert.equal("# In another terminal:", read(out):match "^[^\n]+")
      assert.is_nil(read(log):find("another terminal", 1, true))
      assert(send { method = "GET", url = url .. "/magicLink/abcdef?x=secret" })
      assert.truthy(wait_for(log, "404  GET    /magicLink/…%?…"))
      assert(send { method = "GET", url = url .. "/mcp/instances/abcdef" })
      assert.truthy(wait_for(log, "405  GET    /mcp/instances/…"))
      assert.is_nil(read(log):find("abcdef", 1, true))
      assert(send { method = "GET", url = url .. "/last" })
      shell.run("kill -INT " .. pid:match "%d+")
      assert.truthy(wait_for(log, "404  GET    /last .*Stopped"))
    end)

    it("exits with 1 when it cannot start", function()
      local code, text = scalekit "dev -- sh -c 'true'"
      assert.equal(0, code, text)
      code, text = shell.run("SCALEKIT_NGINX=/no/such/nginx " .. interpreter .. " " .. MAIN .. " dev -- true")
      assert.is_false(code)
      assert.truthy(text:find("/no/such/nginx", 1, true))
    end)
  end)
end)
