--- Identifiers: opaque, random, shaped like the service's own.
local core = require "scalekit.core"

local ids = {}

--- `prefix` and 18 decimal digits, e.g. `cfg_104829384756102938`.
function ids.new(prefix)
  local digits = {}
  while #digits < 18 do
    for byte in core.random(32):gmatch(".") do
      local value = byte:byte()
      -- 250 is the largest multiple of ten in a byte: above it the last digit would be biased
      if value < 250 and #digits < 18 then
        digits[#digits + 1] = ("%d"):format(value % 10)
      end
    end
  end
  return prefix .. table.concat(digits)
end

--- Digits that depend on `text` alone, for ids which several processes must agree on.
function ids.derived(prefix, text)
  local digits = {}
  for byte in core.sha256(text):sub(1, 18):gmatch(".") do
    digits[#digits + 1] = ("%d"):format(byte:byte() % 10)
  end
  return prefix .. table.concat(digits)
end

--- A random UUID (version 4), lower case.
function ids.uuid()
  local bytes = { core.random(16):byte(1, 16) }
  bytes[7] = 0x40 + bytes[7] % 0x10
  bytes[9] = 0x80 + bytes[9] % 0x40
  for i, value in ipairs(bytes) do
    bytes[i] = ("%02x"):format(value)
  end
  local hex = table.concat(bytes)
  return table.concat({
    hex:sub(1, 8), hex:sub(9, 12), hex:sub(13, 16), hex:sub(17, 20), hex:sub(21),
  }, "-")
end

--- A secret name nobody can guess: 256 bits, safe in a URL path.
function ids.opaque()
  return core.base64url(core.random(32))
end

return ids
