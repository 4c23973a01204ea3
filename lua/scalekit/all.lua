--- Says openly that a mapping exposes every tool of its connection: `scalekit.ALL`.
-- @module scalekit.all
return setmetatable({}, { __tostring = function() return "scalekit.ALL" end })
