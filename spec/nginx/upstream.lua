-- Runs inside nginx: an environment whose token endpoint does as it is told, for
-- spec/nginx_shared_spec.lua. Its state is in the shared dict `upstream`.

local upstream = {}

local function state() return ngx.shared.upstream end

--- Answers with the next token, `delay:<n>` seconds late, good for `life` seconds.
function upstream.token()
  local dict = state()
  local n = dict:incr("tokens", 1, 0)
  ngx.sleep(dict:get("delay:" .. n) or 0)
  dict:incr("answered", 1, 0)
  ngx.print(('{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}'):format(
    n, dict:get "life" or 3600))
end

--- Answers a call, or refuses the token named `refused`.
function upstream.call()
  local dict = state()
  local token = (ngx.var.http_authorization or ""):match "^Bearer (.*)$"
  dict:incr("calls", 1, 0)
  if token == dict:get "refused" then
    ngx.status = 401
    return ngx.print '{"code":16,"message":"token expired"}'
  end
  ngx.print(('{"configs":[{"id":"cfg_1","name":"%s"}],"total_size":1}'):format(token))
end

--- Answers with the keys.
function upstream.keys()
  local dict = state()
  dict:incr("keys", 1, 0)
  ngx.sleep(0.05)
  ngx.print(dict:get "jwks")
end

return upstream
