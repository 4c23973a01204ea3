-- examples/openresty/agents.conf in front of our own Virtual MCP server.
local core = require "scalekit.core"
local curl = require "scalekit.transport.curl"
local env = require "spec.support.env"
local json = require "scalekit.json"
local mcp = require "scalekit.mcp"
local recipe = require "spec.support.recipe"

local KEY = "Bearer key-of-adas-agent"

describe("agents.conf,", function()
  env.through("nginx", {}, function(e)
    local host, config

    local function start(more)
      local place = e.url:match "//(.*)$"
      local replace = {
        ["https://scalekit$scalekit_path"] = "http://scalekit$scalekit_path",
        ["server name.scalekit.dev:443"] = "server " .. place,
        ["Host name.scalekit.dev"] = "Host " .. place,
      }
      for what, with in pairs(more or {}) do replace[what] = with end
      return recipe.start("agents.conf", {
        env = {
          SCALEKIT_ENV_URL = e.url, SCALEKIT_CLIENT_ID = e.client_id,
          SCALEKIT_CLIENT_SECRET = e.client_secret,
        },
        replace = replace,
      })
    end

    setup(function()
      host = start()
      config = e:create()
      e:activate(config, "ada")
    end)

    teardown(function() host:stop() end)

    it("works", function()
      local connection = assert(mcp.connect {
        url = host.url .. "/agents/" .. config.name .. "/mcp", transport = host.send,
        headers = { authorization = KEY },
      })
      print(#assert(connection:list_tools()))
      print(host:errors())
    end)
  end)
end)
