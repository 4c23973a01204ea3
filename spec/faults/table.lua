-- What can go wrong, what is asked of the server, and what the caller must hear.
--
-- A row is { name, request, expect }.
-- request: `ask`: "mint" (the default: a token request, then an unsafe POST on the
-- kept connection), "get" (the same with a safe GET), "post" and "fetch" (one
-- request on a connection of its own), "events", "chunks" (streams, read to the
-- end); `fault`: a name in spec/faults/{raw,acts}.c, or `at`: a port of the server,
-- or `url`; `timeout`; `times`; see spec/support/fault_case.lua.
-- expect: `kind`, `outcome`, `status` of the error, `says`: a pattern for its
-- message, `retry_after`: seconds, `pieces`: how many of a stream came before it,
-- `requests`, `tokens`: how many the server saw; without a kind the request
-- succeeds, and `token` or `status` is what it gets.

local BIG = ("x"):rep(8 * 1024 * 1024)
local TINY = "{}"
local SHORT = 0.25 -- a deadline that is meant to pass

local DEADLINE = "deadline passed"
local LARGE = "larger than allowed"
local NOT_JSON = "not the JSON"

-- What an unsafe request gets that reached the server and was not answered.
local function lost(extra)
  local expect = { kind = "outcome_unknown", outcome = "unknown", requests = 1 }
  for name, value in pairs(extra or {}) do expect[name] = value end
  return expect
end

-- What makes no sense, as an answer to an unsafe request.
local function nonsense(says, status)
  return { kind = "protocol", outcome = "unknown", says = says, status = status, requests = 1 }
end

local function late(requests)
  return { kind = "timeout", outcome = "unknown", says = DEADLINE, requests = requests or 1 }
end

local NOT_SENT = { kind = "network", outcome = "none", requests = 0 }
local BAD_TLS = { kind = "tls", outcome = "none", requests = 0 }
local NETWORK = { kind = "network", outcome = "unknown" }

local function no_token(kind, says, status)
  return { kind = kind, outcome = "none", says = says, status = status, requests = 0, tokens = 1 }
end

return {
  -- connecting
  { "nobody listens", { at = "closed" }, NOT_SENT },
  { "a host that does not exist", { url = "http://nowhere.invalid", ask = "fetch" }, NOT_SENT },
  { "a connection that nobody takes", { at = "full", ask = "post", timeout = SHORT },
    { kind = "timeout", outcome = "none", says = DEADLINE } },
  { "a connection that nobody takes, within the time to connect",
    { at = "full", ask = "post", connect_timeout = SHORT }, { kind = "timeout", outcome = "none" } },
  { "a peer that takes nothing", { at = "silent", ask = "post", timeout = SHORT }, late(0) },
  { "a reset before the request", { at = "reset", ask = "post" }, { kind = "network" } },
  { "a close before the request", { at = "close", ask = "post" }, { kind = "network" } },

  -- TLS
  { "a handshake that stalls", { at = "silent", scheme = "https", ask = "post", timeout = SHORT },
    { kind = "timeout", outcome = "none", says = "connecting" } },
  { "TLS to a plain port", { at = "plain", scheme = "https", ask = "post" }, BAD_TLS },
  { "no TLS to a TLS port", { at = "tls", scheme = "http", ask = "post" },
    { kind = "network", outcome = "unknown", requests = 0 } },
  { "a certificate for another host", { at = "tls-wrong-host" }, BAD_TLS },
  { "a certificate that has expired", { at = "tls-expired" }, BAD_TLS },
  { "a certificate that is not valid yet", { at = "tls-future" }, BAD_TLS },
  { "a certificate of an unknown authority", { at = "tls-foreign" }, BAD_TLS },
  { "a certificate that signs itself", { at = "tls-self-signed" }, BAD_TLS },
  { "a file of authorities that is not there", { at = "tls", ca_file = "/nowhere.pem" }, BAD_TLS },
  { "a TLS version that is too old", { at = "tls-1.2", tls_min = "1.3" }, BAD_TLS },
  { "a client certificate that we do not have", { at = "tls-asks-1.2", ask = "post" }, BAD_TLS },
  { "the same with TLS 1.3, where it comes after the handshake", { at = "tls-asks", ask = "post" },
    { kind = "tls", requests = 0 } },
  { "a client certificate that we have", { at = "tls-asks", fault = "good", cert = true },
    { token = "minted-cfg_1" } },

  -- no answer, half an answer, no HTTP
  { "no answer", { fault = "silence", timeout = SHORT }, late() },
  { "no answer to a safe request", { fault = "silence", ask = "get", timeout = SHORT }, late() },
  { "a close instead of an answer", { fault = "close" }, lost() },
  { "a close instead of an answer, first request of a connection", { fault = "close", ask = "post" },
    { kind = "network", outcome = "unknown", requests = 1 } },
  { "a reset instead of an answer", { fault = "reset" }, lost() },
  { "half a status line", { fault = "half-status" }, lost() },
  { "half a status line, first request of a connection", { fault = "half-status", ask = "post" },
    { kind = "network", outcome = "unknown", requests = 1 } },
  { "half a status line and a reset", { fault = "half-status-reset" }, lost() },
  { "half a status line and silence", { fault = "half-status-held", timeout = SHORT }, late() },
  { "a status that is a word", { fault = "status-word" }, nonsense() },
  { "a status of four digits", { fault = "status-1000" }, nonsense() },
  { "HTTP 3.7 on TCP", { fault = "version-3.7" }, nonsense() },
  { "HTTP 0.9", { fault = "http-0.9" }, nonsense() },
  { "another protocol", { fault = "other-protocol" }, nonsense() },
  { "zeros", { fault = "zeros" }, nonsense() },

  -- header lines
  { "half a header line", { fault = "half-header" }, lost() },
  { "half a header line and silence", { fault = "half-header-held", timeout = SHORT }, late() },
  { "a header line with NUL", { fault = "header-nul" }, nonsense() },
  { "header lines without end", { fault = "endless-headers" }, nonsense(LARGE) },
  { "a header line without end", { fault = "endless-header" }, nonsense(LARGE) },
  { "a header line of 100 KB", { fault = "header-100k" }, nonsense(LARGE) },
  { "100 KB of header lines", { fault = "headers-100k" }, nonsense(LARGE) },
  { "trailers without end", { fault = "endless-trailers" }, nonsense(LARGE) },
  { "100 without end", { fault = "flood-100" }, nonsense(LARGE) },
  { "103 without end", { fault = "flood-103" }, nonsense(LARGE) },
  { "100 and a close", { fault = "continue-then-close" }, lost() },
  { "101", { fault = "switching" }, lost() },
  { "103 and then an answer", { fault = "early-hints" }, { token = "t" } },

  -- lengths
  { "a body that is cut", { fault = "length-more" }, lost() },
  { "a body that is cut by a reset", { fault = "length-more-reset" }, lost() },
  { "a body that stalls", { fault = "length-more-held", timeout = SHORT }, late() },
  { "a body that is longer than it says", { fault = "length-less" }, nonsense(NOT_JSON, 200) },
  { "a negative length", { fault = "length-negative" }, nonsense() },
  { "a length that is a word", { fault = "length-word" }, nonsense() },
  { "a length that no number holds", { fault = "length-endless" }, nonsense() },
  { "a length of 100 MB", { fault = "length-over" }, nonsense(LARGE) },
  { "two lengths", { fault = "length-twice" }, nonsense(NOT_JSON) },
  { "no length, and a close at the end", { fault = "no-content-length" }, { token = "t" } },
  { "204 with a body, to a request that wants one", { fault = "no-content-body" },
    { kind = "protocol", outcome = "unknown", status = 204 } },

  -- chunks: libcurl reports a bad one as it does a lost connection
  { "a chunk size that is a word", { fault = "chunk-word" }, lost() },
  { "a chunk that is cut", { fault = "chunk-cut" }, lost() },
  { "a chunk that is cut by a reset", { fault = "chunk-cut-reset" }, lost() },
  { "a chunk size that no number holds", { fault = "chunk-huge" }, lost() },
  { "a negative chunk size", { fault = "chunk-negative" }, lost() },
  { "no last chunk", { fault = "chunk-no-end" }, lost() },
  { "a chunk that goes on behind its end", { fault = "chunk-no-crlf" }, lost() },
  { "a chunk extension without end", { fault = "endless-extension", timeout = SHORT }, late() },
  { "trailers", { fault = "chunk-trailing" }, { token = "t" } },

  -- slowness: every byte in time, the whole never
  { "a slow status line", { fault = "drip-status", timeout = SHORT }, late() },
  { "slow header lines", { fault = "drip-headers", timeout = SHORT }, late() },
  { "a slow body", { fault = "drip-body", timeout = SHORT }, late() },
  { "slow chunks", { fault = "drip-chunks", timeout = SHORT }, late() },
  { "a slow reader", { fault = "slow-read", ask = "post", body = BIG, timeout = SHORT }, late() },
  { "a peer that never reads the body",
    { fault = "never-read", ask = "post", body = BIG, timeout = SHORT }, late() },

  -- size
  { "a body of 100 MB", { fault = "body-100m" }, nonsense(LARGE) },
  { "a body without end", { fault = "endless-body" }, nonsense(LARGE) },
  { "a gzip bomb", { fault = "bomb-gzip", needs = "gzip" }, nonsense(LARGE) },
  { "a brotli bomb", { fault = "bomb-br", needs = "br" }, nonsense(LARGE) },
  { "a zstd bomb", { fault = "bomb-zstd", needs = "zstd" }, nonsense(LARGE) },
  { "a gzip bomb, read in chunks", { fault = "bomb-gzip", ask = "chunks", needs = "gzip" },
    { kind = "protocol", says = LARGE } },
  { "a gzip file name without end",
    { fault = "endless-gzip-name", needs = "gzip", timeout = SHORT }, late() },
  { "broken gzip", { fault = "gzip-corrupt", needs = "gzip" }, nonsense() },
  { "gzip that is none", { fault = "gzip-not", needs = "gzip" }, nonsense() },
  { "gzip that is cut", { fault = "gzip-cut", needs = "gzip" }, nonsense() },
  { "an encoding that nobody asked for", { fault = "encoding-unknown" }, nonsense() },

  -- bodies
  { "HTML instead of JSON", { fault = "html" }, nonsense(NOT_JSON, 200) },
  { "HTML of a proxy", { fault = "html-502" },
    { kind = "unavailable", outcome = "unknown", status = 502, requests = 1 } },
  { "JSON that is cut", { fault = "json-cut" }, nonsense(NOT_JSON, 200) },
  { "JSON 10 000 deep", { fault = "json-deep" }, nonsense(NOT_JSON, 200) },
  { "JSON with NUL", { fault = "json-nul" }, nonsense(NOT_JSON, 200) },
  { "JSON with NUL behind it", { fault = "json-nul-after" }, nonsense(NOT_JSON, 200) },
  { "JSON with bad UTF-8", { fault = "json-utf8" }, nonsense(NOT_JSON, 200) },
  { "JSON with half a character", { fault = "json-surrogate" }, nonsense(NOT_JSON, 200) },
  { "JSON with a member twice", { fault = "json-twice" }, nonsense(NOT_JSON, 200) },
  { "two JSON values", { fault = "json-two" }, nonsense(NOT_JSON, 200) },
  { "a JSON array", { fault = "json-array" }, nonsense(NOT_JSON, 200) },
  { "a JSON null", { fault = "json-null" }, nonsense(NOT_JSON, 200) },
  { "JSON with NaN", { fault = "json-nan" }, nonsense(NOT_JSON, 200) },
  { "nothing at all", { fault = "json-none" }, nonsense(nil, 200) },

  -- statuses
  { "a redirect to another host", { fault = "redirect" },
    { kind = "protocol", outcome = "none", status = 302, says = "redirect", requests = 1 } },
  { "a redirect of a safe request", { fault = "redirect", ask = "get", times = 2 },
    { kind = "protocol", outcome = "none", status = 307, says = "redirect", requests = 2 } },
  { "429", { fault = "429", attempts = 3 },
    { kind = "rate_limited", outcome = "none", status = 429, retry_after = 7, requests = 1 } },
  { "429 until a date", { fault = "429-date", attempts = 3 },
    { kind = "rate_limited", outcome = "none", status = 429, retry_after = 7, requests = 1 } },
  { "503", { fault = "503", attempts = 3 },
    { kind = "unavailable", outcome = "none", status = 503, retry_after = 7, requests = 1 } },
  { "503 until a date beyond the deadline", { fault = "503-date", ask = "get", attempts = 3 },
    { kind = "unavailable", status = 503, retry_after = 7, requests = 1 } },
  { "503 once, to a safe request", { fault = "503-once", ask = "get", attempts = 2 }, { requests = 2 } },
  { "503 once with a date, to a safe request",
    { fault = "503-once-date", ask = "get", attempts = 2 }, { requests = 2 } },
  { "503 once, to an unsafe request", { fault = "503-once", attempts = 2 },
    { kind = "unavailable", outcome = "none", status = 503, requests = 1 } },
  { "401 once", { fault = "401-once" }, { token = "minted-cfg_1", requests = 2, tokens = 2 } },
  { "401 always", { fault = "401", attempts = 4 },
    { kind = "unauthorized", outcome = "none", status = 401, requests = 2, tokens = 2 } },

  -- kept connections
  { "a close at the second request", { fault = "second-close", times = 2 }, lost { requests = 2 } },
  { "a reset at the second request", { fault = "second-reset", times = 2 }, lost { requests = 2 } },
  { "a close at the second safe request, repeated", { fault = "second-close", ask = "get", times = 2 },
    { requests = 3 } },
  { "a reset at the second safe request, repeated", { fault = "second-reset", ask = "get", times = 2 },
    { requests = 3 } },
  { "a connection that was closed meanwhile", { fault = "close-after", times = 2, wait = 0.3 },
    { token = "minted-cfg_1", requests = 2 } },
  { "a TLS connection that was closed meanwhile",
    { at = "tls", fault = "close-after", times = 2, wait = 0.3 }, { token = "minted-cfg_1", requests = 2 } },
  { "an answer too many", { fault = "surplus", times = 2 }, { token = "t", requests = 2 } },
  { "an answer too many, later", { fault = "surplus-late", times = 2, wait = 0.2 },
    { token = "minted-cfg_1", requests = 2 } },
  { "an answer too many, later, over TLS", { at = "tls", fault = "surplus-late", times = 2, wait = 0.2 },
    { token = "minted-cfg_1", requests = 2 } },

  -- answers before the request is out
  { "a refusal before the body is out", { fault = "early-413", ask = "post", body = BIG },
    { status = 413, requests = 1 } },
  { "an answer before the body is out", { fault = "early-200", ask = "post", body = BIG },
    { status = 200, requests = 1 } },
  { "a reset before the body is out", { fault = "early-reset", ask = "post", body = BIG },
    { kind = "network", outcome = "unknown", requests = 1 } },

  -- event streams
  { "a stream that is cut", { fault = "events-cut", ask = "events" },
    { kind = "network", outcome = "unknown", pieces = 1 } },
  { "a stream that is reset", { fault = "events-reset", ask = "events" }, { kind = "network" } },
  { "a stream that falls silent", { fault = "events-held", ask = "events", idle = SHORT },
    { kind = "timeout", says = "nothing came", pieces = 1 } },
  { "a stream beyond the deadline", { fault = "events-held", ask = "events", timeout = SHORT },
    { kind = "timeout", says = DEADLINE, pieces = 1 } },
  { "a stream that drips", { fault = "events-drip", ask = "events", idle = 5, timeout = SHORT },
    { kind = "timeout", says = DEADLINE, pieces = 1 } },
  { "no stream", { fault = "events-html", ask = "events" }, { status = 200 } },
  { "a stream of nothing", { fault = "events-none", ask = "events" }, { status = 200, pieces = 0 } },
  { "a failure that looks like a stream", { fault = "events-failed", ask = "events" }, { status = 500 } },
  { "a stream without end, left after a while",
    { fault = "events-endless", ask = "events", pieces = 1000 }, { status = 200, pieces = 1000 } },
  { "a giant event", { fault = "events-giant", ask = "events", max_body = 1e6 },
    { kind = "protocol", says = LARGE, pieces = 0 } },
  { "a line without end", { fault = "events-line", ask = "events", max_body = 1e6 },
    { kind = "protocol", says = LARGE, pieces = 0 } },
  { "chunks without end", { fault = "flood", ask = "chunks" }, { kind = "protocol", says = LARGE } },

  -- the token endpoint
  { "HTML for a token", { fault = "token-html" }, no_token("protocol", "access_token", 200) },
  { "500 for a token", { fault = "token-500" }, no_token("internal", nil, 500) },
  { "401 for a token", { fault = "token-401", attempts = 4 },
    no_token("unauthorized", "invalid_client", 401) },
  { "an answer without a token", { fault = "token-none" }, no_token("protocol", "access_token", 200) },
  { "an empty token", { fault = "token-empty" }, no_token("protocol", "access_token", 200) },
  { "a token that is a number", { fault = "token-number" }, no_token("protocol", "access_token", 200) },
  { "a token that is a header", { fault = "token-injects" }, no_token("protocol", "access_token", 200) },
  { "a token of 48 KB", { fault = "token-long" }, no_token("protocol", "access_token", 200) },
  { "a token of 100 MB", { fault = "token-huge" }, no_token("protocol", LARGE) },
  { "a close for a token", { fault = "token-close" }, no_token "network" },
  { "silence for a token", { fault = "token-silence", timeout = SHORT }, no_token("timeout", DEADLINE) },
  { "a redirect for a token", { fault = "token-redirect" }, no_token("protocol", "redirect", 302) },

  -- HTTP/2
  { "h2: no fault", { at = "h2-good", ask = "post", body = TINY, times = 2 },
    { status = 200, requests = 2, connections = 1 } },
  { "h2: GOAWAY, request not looked at", { at = "h2-goaway-unseen", ask = "post", body = TINY }, NETWORK },
  { "h2: GOAWAY, the request failed", { at = "h2-goaway-failed", ask = "post", body = TINY }, NETWORK },
  { "h2: GOAWAY amid an answer", { at = "h2-goaway-midway", ask = "post", body = TINY }, NETWORK },
  { "h2: GOAWAY, and the answer", { at = "h2-goaway-served", ask = "post", body = TINY, times = 2 },
    { status = 200, requests = 2, connections = 2 } },
  { "h2: GOAWAY for the second request", { at = "h2-goaway-failed-later" }, lost { requests = 2 } },
  { "h2: GOAWAY before the second request", { at = "h2-goaway-unseen-later" }, lost { requests = 2 } },
  { "h2: RST_STREAM", { at = "h2-rst-internal", ask = "post", body = TINY }, NETWORK },
  { "h2: RST_STREAM, cancelled", { at = "h2-rst-cancel", ask = "post", body = TINY }, NETWORK },
  { "h2: RST_STREAM amid an answer", { at = "h2-rst-midway", ask = "post", body = TINY }, NETWORK },
  { "h2: RST_STREAM for the second request", { at = "h2-rst-later" }, lost { requests = 2 } },
  { "h2: an unsafe request refused", { at = "h2-refused", ask = "post", body = TINY },
    { kind = "network", requests = 1 } },
  { "h2: a safe request refused, and again", { at = "h2-refused", ask = "fetch" }, NETWORK },
  { "h2: a refusal before the body is out", { at = "h2-early-413", ask = "post", body = BIG },
    { status = 413, requests = 1 } },
  { "h2: a close", { at = "h2-close", ask = "post", body = TINY }, NETWORK },
  { "h2: a close for the second request", { at = "h2-close-later" }, lost { requests = 2 } },
  { "h2: a close amid an answer", { at = "h2-close-midway", ask = "post", body = TINY }, NETWORK },
  { "h2: a reset amid an answer", { at = "h2-reset-midway", ask = "post", body = TINY }, NETWORK },
  { "h2: silence", { at = "h2-silence", ask = "post", body = TINY, timeout = SHORT }, late() },
  { "h2: silence for the second request", { at = "h2-silence-later", timeout = SHORT }, late(2) },
  { "h2: an answer that stalls",
    { at = "h2-stalled-midway", ask = "post", body = TINY, timeout = SHORT }, late() },
  { "h2: a slow answer", { at = "h2-drip", ask = "post", body = TINY, timeout = SHORT }, late() },
  { "h2: no window for the body", { at = "h2-no-window", ask = "post", body = TINY, timeout = SHORT },
    late() },
  { "h2: a bad setting", { at = "h2-bad-settings", ask = "post", body = TINY }, { kind = "network" } },
  { "h2: HTTP/1.1 instead", { at = "h2-garbage", ask = "post", body = TINY }, NETWORK },
  { "h2: a body before its header", { at = "h2-data-first", ask = "post", body = TINY }, NETWORK },
  { "h2: a broken header block", { at = "h2-bad-hpack", ask = "post", body = TINY }, NETWORK },
  { "h2: a header block without end", { at = "h2-continuation", ask = "post", body = TINY },
    { outcome = "unknown" } },
  { "h2: empty CONTINUATION without end", { at = "h2-empty-continuation", ask = "post", body = TINY },
    { outcome = "unknown" } },
  { "h2: 103 without end", { at = "h2-informational", ask = "post", body = TINY },
    { kind = "protocol", says = LARGE } },
  { "h2: a body beyond its window", { at = "h2-over-window", ask = "post", body = TINY },
    { outcome = "unknown" } },
  { "h2: thousands of PING", { at = "h2-pings", ask = "post", body = TINY, timeout = SHORT },
    { outcome = "unknown" } },
  { "h2: hundreds of SETTINGS", { at = "h2-settings", ask = "post", body = TINY, timeout = SHORT },
    { outcome = "unknown" } },
  { "h2: a promise that nobody wants", { at = "h2-push", ask = "post", body = TINY }, NETWORK },
}
