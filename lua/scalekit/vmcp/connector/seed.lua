--- Data that looks alive and is the same for the same user every time.
local core = require "scalekit.core"

local seed = {}

local Dice = {}
local mt = { __index = Dice }

--- Dice whose throws follow from `text`.
function seed.dice(text)
  return setmetatable({ seed = text, throws = 0, bytes = "" }, mt)
end

--- A whole number from `low` to `high`, at most 65536 apart.
function Dice:throw(low, high)
  if #self.bytes < 2 then
    self.throws = self.throws + 1
    self.bytes = core.sha256(("%d:%s"):format(self.throws, self.seed))
  end
  local a, b = self.bytes:byte(1, 2)
  self.bytes = self.bytes:sub(3)
  return low + (a * 256 + b) % (high - low + 1)
end

--- `count` different items of a list, in the list's order.
function Dice:pick(list, count)
  local open, picked = {}, {}
  for i = 1, #list do
    open[i] = i
  end
  while #open > count do
    table.remove(open, self:throw(1, #open))
  end
  for i, at in ipairs(open) do
    picked[i] = list[at]
  end
  return picked
end

--- Sixteen hexadecimal digits that follow from the parts.
function seed.hex(...)
  local digest = core.sha256(table.concat({ ... }, "\0"))
  return (digest:sub(1, 8):gsub(".", function(char)
    return ("%02x"):format(char:byte())
  end))
end

--- The address a user has in the demo data.
function seed.address(identifier)
  if identifier:match "^[%w._+-]+@[%w.-]+$" then return identifier end
  return identifier:gsub("[^%w._+-]", "-") .. "@example.com"
end

return seed
