-- What each client scenario of the official suite has to report, so that a
-- client that does nothing, or less than before, does not pass: some scenarios
-- are content when they see no request at all.
--
-- Each entry: the scenario, the revisions it runs at, how many checks of each
-- id succeed, and how many are skipped because there is nothing to check.
-- `timed`: a check measures how long something took. Left out are extensions of
-- the protocol, and OAuth with a user at a browser.

local LEGACY, MODERN = "2025-11-25", "2026-07-28"

local SCHEMA_KEPT = {
  ["json-schema-2020-12-client-tool-found"] = 1,
  ["json-schema-2020-12-client-echo-completed"] = 1,
  ["json-schema-2020-12-client-$schema-preserved"] = 1,
  ["json-schema-2020-12-client-$defs-preserved"] = 1,
  ["json-schema-2020-12-client-additionalProperties-preserved"] = 1,
  ["sep-2106-client-composition-keywords-preserved"] = 1,
  ["sep-2106-client-conditional-keywords-preserved"] = 1,
  ["sep-2106-client-anchor-keyword-preserved"] = 1,
  ["wire-schema-valid"] = 1,
}

return {
  { "initialize", { "2025-06-18", LEGACY }, { ["mcp-client-initialization"] = 1 } },

  { "tools_call", { "2025-06-18", LEGACY, MODERN }, {
    ["tool-add-numbers"] = 1,
    ["wire-schema-valid"] = 1,
  } },

  { "elicitation-sep1034-client-defaults", { LEGACY }, {
    ["client-elicitation-sep1034-string-default"] = 1,
    ["client-elicitation-sep1034-integer-default"] = 1,
    ["client-elicitation-sep1034-number-default"] = 1,
    ["client-elicitation-sep1034-enum-default"] = 1,
    ["client-elicitation-sep1034-boolean-default"] = 1,
  } },

  { "sse-retry", { LEGACY }, {
    ["client-sse-graceful-reconnect"] = 1,
    ["client-sse-retry-timing"] = 1,
    ["client-sse-last-event-id"] = 1,
  }, timed = true },

  { "request-metadata", { MODERN }, {
    ["sep-2575-http-client-sends-version-header"] = 1,
    ["sep-2575-client-populates-meta"] = 1,
    ["sep-2575-client-sends-client-info"] = 1,
    ["sep-2575-http-version-header-matches-meta"] = 1,
    ["sep-2575-client-declares-sampling-capability"] = 1,
    ["sep-2575-client-declares-elicitation-capability"] = 1,
    ["sep-2575-client-retry-supported-version"] = 1,
  }, {
    ["sep-2575-client-declares-roots-capability"] = 1, -- a client over HTTP has no roots
  } },

  -- one check for each method, and one more for each that has a name
  { "http-standard-headers", { MODERN }, {
    ["sep-2243-client-includes-standard-headers"] = 9,
  }, {
    ["sep-2243-client-includes-standard-headers"] = 2, -- the handshake of the older era
  } },

  { "http-custom-headers", { MODERN }, {
    ["sep-2243-client-supports-custom-headers"] = 1,
    ["sep-2243-client-mirrors-designated-params"] = 6,
    ["sep-2243-client-encode-values"] = 3,
    ["sep-2243-client-base64-unsafe"] = 7,
    ["sep-2243-client-omit-null"] = 1,
  } },

  { "http-invalid-tool-headers", { MODERN }, {
    ["sep-2243-client-reject-invalid-tool"] = 1,
    ["sep-2243-x-mcp-header-not-empty"] = 1,
    ["sep-2243-x-mcp-header-primitive-only"] = 4,
    ["sep-2243-x-mcp-header-unique"] = 2,
    ["sep-2243-x-mcp-header-charset"] = 4,
  } },

  { "json-schema-ref-no-deref", { MODERN }, { ["sep-2106-no-network-ref-deref"] = 1 } },
  { "json-schema-2020-12-preservation", { LEGACY, MODERN }, SCHEMA_KEPT },

  { "sep-2322-client-request-state", { MODERN }, {
    ["sep-2322-client-request-state-echoed"] = 1,
    ["sep-2322-client-jsonrpc-id-different"] = 1,
    ["sep-2322-client-no-state-omitted"] = 1,
    ["sep-2322-client-parallel-isolation"] = 1,
    ["sep-2322-default-result-type-complete"] = 1,
  } },
}
