-- What wrk sends: the mint request, as the client does.
wrk.method = "POST"
wrk.body = '{"expiry":"3600s","identifier":"user_0000000001","mcp_config_id":"cfg_1"}'
wrk.headers["content-type"] = "application/json"
wrk.headers["accept"] = "application/json"
wrk.headers["authorization"] = "Bearer eyJ0.eyJ1.c2ln"
