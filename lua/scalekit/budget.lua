--- The time that something of several calls may take: each call gets what is
-- left, and so does each pause between them.
-- @module scalekit.budget

local errors = require "scalekit.error"

local budget = {}
budget.__index = budget

--- @tparam table client
-- @tparam number seconds
-- @tparam string operation for its errors
function budget.new(client, seconds, operation)
  return setmetatable({
    client = client,
    deadline = client:host().now() + seconds,
    operation = operation,
  }, budget)
end

--- Seconds that are left; below 0 when it is over.
function budget:left()
  return self.deadline - self.client:host().now()
end

--- What the next call may take: the client's usual timeout, or what is left.
-- @treturn[1] number seconds
-- @treturn[2] nil
-- @treturn[2] table error, kind "timeout"
function budget:timeout()
  local left = self:left()
  if left > 0 then return math.min(left, self.client.timeout) end
  return nil, errors.new {
    kind = "timeout", operation = self.operation, message = "the time given has passed",
  }
end

--- Waits, unless that would take too long.
-- @tparam number seconds
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] table error, kind "timeout" or "cancelled"
function budget:sleep(seconds)
  if seconds >= self:left() then
    return nil, errors.new {
      kind = "timeout", operation = self.operation, message = "the time given would not suffice",
    }
  end
  if self.client:host().sleep(seconds) then return true end
  return nil, errors.new {
    kind = "cancelled", operation = self.operation, message = "the waiting task was cancelled",
  }
end

return budget
