--- Which version of TLS a handshake has come to: nginx does not say, the session
-- that it hands out does.
-- @module scalekit.transport.cosocket.tls

local ffi = require "ffi"

local tls = {
  --- The numbers of the versions, as on the wire.
  VERSIONS = { ["1.2"] = 0x0303, ["1.3"] = 0x0304 },
}

ffi.cdef "int SSL_SESSION_get_protocol_version(const void *session);"

local known, get_version = pcall(function() return ffi.C.SSL_SESSION_get_protocol_version end)

--- Whether this nginx lets us ask.
tls.known = known

--- The version of a session, or nil where it cannot be known.
function tls.version(session)
  if not known or session == nil then return nil end
  return get_version(session)
end

return tls
