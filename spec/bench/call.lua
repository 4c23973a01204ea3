-- What wrk sends: a tools/call as an agent would.
wrk.method = "POST"
wrk.body = os.getenv "BENCH_BODY"
wrk.headers["content-type"] = "application/json"
wrk.headers["accept"] = "application/json, text/event-stream"
