std = "min"
max_line_length = 110
exclude_files = { "build" }
files["lua/scalekit/host/nginx.lua"].std = "ngx_lua"
files["lua/scalekit/vmcp/store/shdict.lua"].std = "ngx_lua"
files["spec"].std = "+busted"
files["spec/**/*_spec.lua"].ignore = { "212/self" }
files["spec/nginx"].std = "ngx_lua"
