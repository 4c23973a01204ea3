--- The version of both halves, Lua and C; the build reads this line.
local VERSION = "0.1.0"

return VERSION
