--- Which transport a program gets that asks for none: cosockets inside nginx,
-- libcurl everywhere else.
-- @module scalekit.transport

local nginx = require "scalekit.driver.nginx"

local transport = {}

local plain -- inside nginx: the one for everybody who has nothing to say about it

--- Makes the transport that belongs here.
-- @tparam[opt] table opts for `scalekit.transport.cosocket` or `scalekit.transport.curl`;
--   the options of the latter are understood by both
-- @treturn[1] function `send(request) → response | nil, err`
-- @treturn[1] nil
-- @treturn[1] ?function `operation`, of libcurl's transport
-- @treturn[2] nil
-- @treturn[2] table error, kind "configuration"
function transport.default(opts)
  if not nginx.present then return require("scalekit.transport.curl").new(opts) end
  local cosocket = require "scalekit.transport.cosocket"
  if opts and next(opts) then return cosocket.new(opts) end
  plain = plain or cosocket.new {}
  return plain
end

return transport
