--- URLs that others give us, before they stand in a header or are called.
local url = {}

--- Whether a text is an http or https URL and nothing else: no user or password in it, no white
-- space, no control characters, ASCII only.
function url.is_plain(text)
  local rest = text:match "^https?://[%w._:%[%]-]+(.*)$"
  return rest ~= nil and rest:match "^[/?#]?" == rest:sub(1, 1)
    and not rest:find "[%s%c\128-\255\"<>\\]"
end

return url
