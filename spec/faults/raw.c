/*
** raw.c - faults that are a few bytes, and how the connection ends after them.
*/
#include "server.h"

#define OK_JSON "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
#define CHUNKED OK_JSON "transfer-encoding: chunked\r\n\r\n"
#define LENGTH(n) OK_JSON "content-length: " n "\r\n\r\n"
#define STREAM "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
#define LONG "and more of what the line before has said: there has been none; "
#define SEND(name, bytes, then) {name, 0, 0, bytes, sizeof(bytes) - 1, then, 0}
/* a proper answer with that body */
#define WHOLE(name, status, headers, body) \
  {name, 0, "HTTP/1.1 " status "\r\n" headers, body, sizeof(body) - 1, KEEP, 0}
#define JSON(name, body) WHOLE(name, "200 OK", "content-type: application/json\r\n", body)

const fault raw_faults[] = {
  /* no answer, or no HTTP */
  SEND("silence", "", HOLD),
  SEND("close", "", CLOSE),
  SEND("reset", "", RESET),
  SEND("half-status", "HTTP/1.1 20", CLOSE),
  SEND("half-status-reset", "HTTP/1.1 20", RESET),
  SEND("half-status-held", "HTTP/1.1 20", HOLD),
  SEND("status-word", "HTTP/1.1 fine OK\r\ncontent-length: 0\r\n\r\n", CLOSE),
  SEND("status-1000", "HTTP/1.1 1000 OK\r\ncontent-length: 0\r\n\r\n", CLOSE),
  SEND("version-3.7", "HTTP/3.7 200 OK\r\ncontent-length: 2\r\n\r\n{}", CLOSE),
  SEND("http-0.9", "{\"token\":\"t\"}", CLOSE),
  SEND("other-protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", CLOSE),
  SEND("zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", CLOSE),

  /* header lines */
  SEND("half-header", "HTTP/1.1 200 OK\r\ncontent-ty", CLOSE),
  SEND("half-header-held", "HTTP/1.1 200 OK\r\ncontent-ty", HOLD),
  SEND("header-nul", "HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\n{}", KEEP),
  SEND("header-folded", "HTTP/1.1 200 OK\r\n " LONG LONG LONG LONG "\r\n"
       "content-length: 2\r\n\r\n{}", KEEP),
  SEND("continue-then-close", "HTTP/1.1 100 Continue\r\n\r\n", CLOSE),
  SEND("switching", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
       "upgrade: websocket\r\n\r\n", CLOSE),
  SEND("early-hints", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" LENGTH("13")
       "{\"token\":\"t\"}", KEEP),

  /* lengths */
  SEND("length-more", LENGTH("100") "{\"token\":\"t\"}", CLOSE),
  SEND("length-more-reset", LENGTH("100") "{\"token\":\"t\"}", RESET),
  SEND("length-more-held", LENGTH("100") "{\"token\":\"t\"}", HOLD),
  SEND("length-less", LENGTH("5") "{\"token\":\"t\"}", CLOSE),
  SEND("length-negative", LENGTH("-5") "{\"token\":\"t\"}", CLOSE),
  SEND("length-word", LENGTH("many") "{\"token\":\"t\"}", CLOSE),
  SEND("length-endless", LENGTH("99999999999999999999999999") "{\"token\":\"t\"}", CLOSE),
  SEND("length-over", LENGTH("104857600") "{\"token\":\"t\"}", HOLD),
  SEND("length-twice", OK_JSON "content-length: 13\r\ncontent-length: 5\r\n\r\n{\"token\":\"t\"}",
       CLOSE),
  SEND("no-content-length", OK_JSON "\r\n{\"token\":\"t\"}", CLOSE),
  SEND("no-content-body", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", CLOSE),

  /* chunks */
  SEND("chunk-word", CHUNKED "zebra\r\n{\"token\":\"t\"}\r\n0\r\n\r\n", CLOSE),
  SEND("chunk-cut", CHUNKED "40\r\n{\"token\"", CLOSE),
  SEND("chunk-cut-reset", CHUNKED "40\r\n{\"token\"", RESET),
  SEND("chunk-huge", CHUNKED "ffffffffffffffffffff\r\n{}", CLOSE),
  SEND("chunk-negative", CHUNKED "-5\r\n{\"token\":\"t\"}\r\n0\r\n\r\n", CLOSE),
  SEND("chunk-no-end", CHUNKED "d\r\n{\"token\":\"t\"}\r\n", CLOSE),
  SEND("chunk-no-crlf", CHUNKED "d\r\n{\"token\":\"t\"}xx0\r\n\r\n", CLOSE),
  SEND("chunk-trailing", CHUNKED "d\r\n{\"token\":\"t\"}\r\n0\r\nx-late: 1\r\n\r\n", KEEP),

  /* encodings */
  WHOLE("encoding-unknown", "200 OK", "content-encoding: rot13\r\n", "{}"),
  WHOLE("gzip-corrupt", "200 OK", "content-encoding: gzip\r\n",
        "\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
  WHOLE("gzip-not", "200 OK", "content-encoding: gzip\r\n", "{\"token\":\"t\"}"),
  WHOLE("br-not", "200 OK", "content-encoding: br\r\n", "{\"token\":\"t\"}"),
  WHOLE("zstd-not", "200 OK", "content-encoding: zstd\r\n", "{\"token\":\"t\"}"),
  WHOLE("gzip-cut", "200 OK", "content-encoding: gzip\r\n",
        "\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\x56\x2a\xc9"),

  /* what is no JSON, or not the right one */
  WHOLE("html", "200 OK", "content-type: text/html\r\n", "<html>please log in</html>"),
  WHOLE("html-502", "502 Bad Gateway", "content-type: text/html\r\n", "<html>nginx/1</html>"),
  JSON("json-cut", "{\"token\":\""),
  JSON("json-nul", "{\"token\":\"t\0\"}"),
  JSON("json-nul-after", "{\"token\":\"t\"}\0xx"),
  JSON("json-utf8", "{\"token\":\"\xc3\x28\xff\"}"),
  JSON("json-surrogate", "{\"token\":\"\\ud800\"}"),
  JSON("json-twice", "{\"token\":\"a\",\"token\":\"b\"}"),
  JSON("json-two", "{\"token\":\"t\"} {}"),
  JSON("json-array", "[]"),
  JSON("json-null", "null"),
  JSON("json-nan", "{\"token\":NaN}"),
  JSON("json-none", ""),

  /* event streams, from the second part on in acts.c */
  SEND("events-cut", "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
       "transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n7\r\ndata: 2", CLOSE),
  SEND("events-reset", STREAM "data: 1\n\ndata: 2", RESET),
  SEND("events-held", STREAM "data: 1\n\n", HOLD),
  WHOLE("events-html", "200 OK", "content-type: text/html\r\n", "<html></html>"),
  SEND("events-none", STREAM, CLOSE),
  SEND("events-failed", "HTTP/1.1 500 Oops\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n",
       CLOSE),

  /* the token endpoint */
  WHOLE("token-html", "200 OK", "content-type: text/html\r\n", "<html></html>"),
  WHOLE("token-500", "500 Oops", "", ""),
  WHOLE("token-401", "401 No", "content-type: application/json\r\n",
        "{\"error\":\"invalid_client\"}"),
  JSON("token-none", "{\"token_type\":\"Bearer\"}"),
  JSON("token-empty", "{\"access_token\":\"\"}"),
  JSON("token-number", "{\"access_token\":1}"),
  JSON("token-injects", "{\"access_token\":\"a\\r\\nX-Evil: yes\"}"),
  SEND("token-close", "", CLOSE),
  SEND("token-silence", "", HOLD),
};

int raw_count(void) {
  return (int)(sizeof raw_faults / sizeof *raw_faults);
}
