---@meta scalekit.jwt
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Signed tokens: RS256 and ES256, nothing else.
---
---The signature work is done in C; here are the claims.
---@class scalekit.jwt
local jwt = {}

---@class scalekit.jwt.sign.options
---@field key userdata a private key of `scalekit.core`; it decides the algorithm
---@field kid string how verifiers find its public half
---@field claims table

---Makes a token.
---@param opts scalekit.jwt.sign.options
---@return string
function jwt.sign(opts) end

---What a token says, for looking only: nobody vouches for any of it.
---@param token string
---@return table? # header
---@return scalekit.error|table # payload
function jwt.parse_unverified(token) end

---@class scalekit.jwt.verify.options
---@field keys table|function a JSON web key set as a table, or a function that is given a kid and returns a key (of `scalekit.core`, or a JSON web key); the function may wait, and its `nil, err` is passed on. A key read from a table is remembered as long as that table lives.
---@field issuer? string
---@field audience? string must be (among) the token's
---@field now? number Unix time in seconds; the clock's by default
---@field leeway? number seconds by which clocks may differ (default 0)

---Verifies a token: its signature, then its times, issuer and audience.
---@param token string
---@param opts scalekit.jwt.verify.options
---@return table? # the claims
---@return scalekit.error? # kind "unauthorized"; its `code` is "malformed_token", "wrong_algorithm", "unknown_key", "bad_signature", "token_expired", "token_not_yet_valid", "wrong_issuer" or "wrong_audience"
function jwt.verify(token, opts) end

return jwt
