---@meta scalekit.tokens
-- Made by spec/docs/generate.lua of the comments in the modules and of the operation table.
-- luacheck: ignore

---Whether to believe a token that somebody presents: an access token for the
---API, or a session token of a Virtual MCP server.
---
---    local validator = scalekit.check(tokens.new { env_url = "https://name.scalekit.dev" })
---    local claims, err = validator:validate_session_token(token, { audience = MY_URL })
---    if not claims and err.kind == "unauthorized" then return respond(401) end
---
---The keys come from the environment's `/keys` (see `scalekit.jwks`), and the
---algorithm is the key's, never the token's word: RS256 or ES256. Whatever is
---presented, nothing is thrown. An error of kind "unauthorized" or "forbidden"
---is about the token, with a `code` (see `scalekit.jwt`); every other kind
---means that the keys could not be had, so that nothing can be said of it.
---@class scalekit.tokens
local tokens = {}

---@class scalekit.tokens.new.options
---@field env_url? string the environment; SCALEKIT_ENV_URL by default
---@field issuer? string|boolean what `iss` has to be; by default the environment's URL, where the token has an `iss`; false: anything
---@field transport? function how the keys are fetched; by default libcurl, inside nginx cosockets
---@field timeout? number|string seconds (or "500ms" …) that fetching them may take (default 10)
---@field max_age? number|string seconds (or "1h" …) that they are kept (default 3600)
---@field leeway? number|string seconds by which clocks may differ (default 0)
---@field allow_insecure_http? boolean fetches keys over plain http from another machine, so that whoever is in between can sign (default false)
---@field shared_dict? string|boolean as for `scalekit.new` (default "scalekit")

---Makes a validator. Fetches nothing yet.
---@param opts? scalekit.tokens.new.options
---@return scalekit.tokens.validator?
---@return scalekit.error? # kind "configuration"
function tokens.new(opts) end

return tokens
