/*
** acts.c - faults of HTTP/1.1 that take more than a few fixed bytes.
*/
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OK_JSON "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
#define CHUNKED OK_JSON "transfer-encoding: chunked\r\n\r\n"
#define STREAM "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"

/* A block of 64 KiB of one byte. */
static const char *block_of(char byte) {
  static _Thread_local char block[65536];
  memset(block, byte, sizeof block);
  return block;
}

static int repeat(conn *c, const char *bytes, size_t n, long times) {
  while (times-- > 0)
    if (!conn_write(c, bytes, n)) return 0;
  return 1;
}

/* Byte by byte, for ever. */
static fate drip(conn *c, const char *text) {
  while (*text) {
    if (!conn_write(c, text, 1)) return CLOSE;
    pause_ms(15);
    if (!*++text) text--;
  }
  return CLOSE;
}

/* --- header lines -------------------------------------------------------------------- */

static fate endless_headers(conn *c, request *r) {
  long i;
  char line[64];
  (void)r;
  if (!conn_puts(c, OK_JSON)) return CLOSE;
  for (i = 0; i < 10000000; i++) {
    int n = snprintf(line, sizeof line, "x-header-%ld: %ld\r\n", i, i);
    if (!conn_write(c, line, (size_t)n)) return CLOSE;
  }
  return CLOSE;
}

static fate endless_header(conn *c, request *r) {
  (void)r;
  if (conn_puts(c, OK_JSON "x-long: ")) repeat(c, block_of('a'), 65536, 100000);
  return CLOSE;
}

static fate header_100k(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, OK_JSON "x-long: ") || !repeat(c, block_of('a'), 51200, 2)) return CLOSE;
  return conn_puts(c, "\r\ncontent-length: 2\r\n\r\n{}") ? KEEP : CLOSE;
}

/* Many lines, each modest, 100 KB in all. */
static fate headers_100k(conn *c, request *r) {
  int i;
  (void)r;
  if (!conn_puts(c, OK_JSON)) return CLOSE;
  for (i = 0; i < 100; i++)
    if (!conn_puts(c, "x-part: ") || !conn_write(c, block_of('a'), 1000) || !conn_puts(c, "\r\n"))
      return CLOSE;
  return conn_puts(c, "content-length: 2\r\n\r\n{}") ? KEEP : CLOSE;
}

static fate informational(conn *c, const char *status) {
  while (conn_puts(c, status)) continue;
  return CLOSE;
}

static fate flood_100(conn *c, request *r) {
  (void)r;
  return informational(c, "HTTP/1.1 100 Continue\r\n\r\n");
}

static fate flood_103(conn *c, request *r) {
  (void)r;
  return informational(c, "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n");
}

static fate endless_trailers(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, CHUNKED "2\r\n{}\r\n0\r\n")) return CLOSE;
  while (conn_puts(c, "x-late: so many of them, and still no end of it\r\n")) continue;
  return CLOSE;
}

/* What follows ';' in the size line means nothing and may be long. */
static fate endless_extension(conn *c, request *r) {
  (void)r;
  if (conn_puts(c, CHUNKED "2;")) repeat(c, block_of('x'), 65536, 100000);
  return CLOSE;
}

/* A gzip head with a file name that has no end: input without output. */
static fate endless_gzip_name(conn *c, request *r) {
  (void)r;
  if (conn_puts(c, OK_JSON "content-encoding: gzip\r\n\r\n") &&
      conn_write(c, "\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10))
    repeat(c, block_of('n'), 65536, 100000);
  return CLOSE;
}

/* --- slowness ------------------------------------------------------------------------ */

static fate drip_status(conn *c, request *r) {
  (void)r;
  return drip(c, "HTTP/1.1 200 OKKKKKKK");
}

static fate drip_headers(conn *c, request *r) {
  (void)r;
  return drip(c, "HTTP/1.1 200 OK\r\nx-slow: aaaa");
}

static fate drip_body(conn *c, request *r) {
  (void)r;
  return drip(c, OK_JSON "content-length: 1000000\r\n\r\n{         ");
}

static fate drip_chunks(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, CHUNKED)) return CLOSE;
  while (conn_puts(c, "1\r\n \r\n")) pause_ms(15);
  return CLOSE;
}

/* Takes the body a byte at a time. */
static fate slow_read(conn *c, request *r) {
  char b;
  int turns;
  (void)r;
  for (turns = 0; turns < 100 && conn_read(c, &b, 1) == 1; turns++) pause_ms(15);
  return RESET;
}

/* --- sizes --------------------------------------------------------------------------- */

static fate body_100m(conn *c, request *r) {
  (void)r;
  if (conn_puts(c, CHUNKED "6400000\r\n")) repeat(c, block_of(' '), 65536, 1600);
  return conn_puts(c, "\r\n0\r\n\r\n") ? KEEP : CLOSE;
}

static fate endless_body(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, OK_JSON "\r\n")) return CLOSE;
  repeat(c, block_of('['), 65536, 1000000);
  return CLOSE;
}

static fate deep(conn *c, request *r) {
  static char json[20010];
  (void)r;
  snprintf(json, sizeof json, "{\"x\":");
  memset(json + 5, '[', 10000);
  memset(json + 10005, ']', 10000);
  strcpy(json + 20005, "}");
  return http1_json(c, 200, NULL, json);
}

/* --- elsewhere, later, once ---------------------------------------------------------- */

static fate redirect(conn *c, request *r) {
  char where[128];
  snprintf(where, sizeof where, "location: http://127.0.0.1:%d/stolen\r\n", port_of("other"));
  return http1_json(c, r->nth % 2 ? 302 : 307, where, "{}");
}

static fate retry_at(conn *c, int status, long seconds) {
  char when[64], line[128];
  time_t at = time(NULL) + seconds;
  struct tm t;
  gmtime_r(&at, &t);
  strftime(when, sizeof when, "%a, %d %b %Y %H:%M:%S GMT", &t);
  snprintf(line, sizeof line, "retry-after: %s\r\n", when);
  return http1_json(c, status, line, "{\"message\":\"not now\"}");
}

static fate busy_429(conn *c, request *r) {
  (void)r;
  return http1_json(c, 429, "retry-after: 7\r\n", "{\"code\":8,\"message\":\"slow down\"}");
}

static fate busy_429_date(conn *c, request *r) {
  (void)r;
  return retry_at(c, 429, 7);
}

static fate busy_503(conn *c, request *r) {
  (void)r;
  return http1_json(c, 503, "retry-after: 7\r\n", "{\"code\":14,\"message\":\"not now\"}");
}

static fate busy_503_date(conn *c, request *r) {
  (void)r;
  return retry_at(c, 503, 7);
}

static fate busy_once(conn *c, request *r) {
  if (r->nth > 1) return http1_good(c, r);
  return http1_json(c, 503, "retry-after: 0\r\n", "{}");
}

static fate busy_once_date(conn *c, request *r) {
  return r->nth > 1 ? http1_good(c, r) : retry_at(c, 503, 0);
}

static fate refuse(conn *c) {
  return http1_json(c, 401, NULL, "{\"code\":16,\"message\":\"token expired\"}");
}

static fate refuse_once(conn *c, request *r) {
  return r->nth > 1 ? http1_good(c, r) : refuse(c);
}

static fate refuse_always(conn *c, request *r) {
  (void)r;
  return refuse(c);
}

/* Well the first time; then the kept connection goes without an answer. */
static fate second_close(conn *c, request *r) {
  return r->nth == 2 ? CLOSE : http1_good(c, r);
}

static fate second_reset(conn *c, request *r) {
  return r->nth == 2 ? RESET : http1_good(c, r);
}

/* Another answer behind the one that was asked for, which nobody may take for the
   answer to the next request. */
#define SURPLUS "HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{\"token\":\"evil\"}"

static fate surplus(conn *c, request *r) {
  static const char both[] = OK_JSON "content-length: 13\r\n\r\n{\"token\":\"t\"}" SURPLUS;
  (void)r;
  return conn_write(c, both, sizeof both - 1) ? KEEP : CLOSE;
}

static fate surplus_late(conn *c, request *r) {
  if (http1_good(c, r) != KEEP) return CLOSE;
  pause_ms(30);
  return conn_puts(c, SURPLUS) ? KEEP : CLOSE;
}

/* Says that it keeps the connection, and closes it once the answer is out. */
static fate close_after(conn *c, request *r) {
  (void)http1_good(c, r);
  return CLOSE;
}

static fate good(conn *c, request *r) {
  return http1_good(c, r);
}

static fate late(conn *c, request *r) {
  pause_ms(60);
  return http1_good(c, r);
}

/* --- answers before the request is out ----------------------------------------------- */

static fate early_413(conn *c, request *r) {
  (void)r;
  (void)http1_json(c, 413, "connection: close\r\n", "{\"message\":\"too large\"}");
  return CLOSE;
}

static fate early_200(conn *c, request *r) {
  (void)http1_json(c, 200, NULL, "{\"early\":true}");
  return http1_body(c, r) ? KEEP : CLOSE;
}

static fate early_reset(conn *c, request *r) {
  char b[1000];
  (void)r;
  (void)conn_read(c, b, sizeof b);
  return RESET;
}

static fate never_read(conn *c, request *r) {
  (void)c, (void)r;
  pause_ms(1500);
  return RESET;
}

/* --- event streams ------------------------------------------------------------------- */

static fate events_endless(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, STREAM)) return CLOSE;
  while (conn_puts(c, "data: and another one, of a length that events have\n\n")) continue;
  return CLOSE;
}

static fate events_giant(conn *c, request *r) {
  int i;
  (void)r;
  if (!conn_puts(c, STREAM)) return CLOSE;
  for (i = 0; i < 2000; i++)
    if (!conn_puts(c, "data: ") || !conn_write(c, block_of('e'), 65536) || !conn_puts(c, "\n"))
      return CLOSE;
  return CLOSE;
}

static fate events_line(conn *c, request *r) {
  (void)r;
  if (conn_puts(c, STREAM "data: ")) repeat(c, block_of('e'), 65536, 100000);
  return CLOSE;
}

static fate events_drip(conn *c, request *r) {
  (void)r;
  return conn_puts(c, STREAM "data: 1\n\n") ? drip(c, "data: slow") : CLOSE;
}

/* What nobody reads must not be sent: at most 256 MiB all the same. */
static fate flood(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n\r\n"))
    return CLOSE;
  repeat(c, block_of('f'), 65536, 4096);
  return CLOSE;
}

/* 16 MiB with an end. */
static fate large(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, "HTTP/1.1 200 OK\r\ncontent-length: 16777216\r\n\r\n")) return CLOSE;
  return repeat(c, block_of('l'), 65536, 256) ? KEEP : CLOSE;
}

static fate token_huge(conn *c, request *r) {
  (void)r;
  if (!conn_puts(c, OK_JSON "content-length: 104857600\r\n\r\n{\"access_token\":\"")) return CLOSE;
  repeat(c, block_of('t'), 65536, 1600);
  return CLOSE;
}

static fate token_late(conn *c, request *r) {
  if (strstr(r->path, "/oauth/token") == NULL) return http1_good(c, r);
  pause_ms(120);
  return http1_token(c);
}

/* A token larger than any header may be, in an answer that is not too large. */
static fate token_long(conn *c, request *r) {
  static char json[48 * 1024 + 32];
  (void)r;
  strcpy(json, "{\"access_token\":\"");
  memset(json + 17, 't', 48 * 1024);
  strcpy(json + 17 + 48 * 1024, "\"}");
  return http1_json(c, 200, NULL, json);
}

const fault acted_faults[] = {
#define ACT(name, run) {name, run, 0, 0, 0, KEEP, 0}
#define EARLY(name, run) {name, run, 0, 0, 0, KEEP, 1}
  EARLY("verbatim", http1_verbatim), ACT("good", good), ACT("late", late), ACT("large", large), ACT("flood", flood),
  ACT("endless-headers", endless_headers), ACT("endless-header", endless_header),
  ACT("header-100k", header_100k), ACT("headers-100k", headers_100k),
  ACT("flood-100", flood_100), ACT("flood-103", flood_103),
  ACT("endless-extension", endless_extension), ACT("endless-gzip-name", endless_gzip_name),
  ACT("surplus", surplus), ACT("surplus-late", surplus_late),
  ACT("endless-trailers", endless_trailers), ACT("drip-status", drip_status),
  ACT("drip-headers", drip_headers), ACT("drip-body", drip_body),
  ACT("drip-chunks", drip_chunks), EARLY("slow-read", slow_read),
  EARLY("never-read", never_read), ACT("body-100m", body_100m),
  ACT("endless-body", endless_body), ACT("json-deep", deep), ACT("bomb-gzip", bomb_gzip),
  ACT("bomb-br", bomb_br), ACT("bomb-zstd", bomb_zstd), ACT("redirect", redirect),
  ACT("token-redirect", redirect),
  ACT("429", busy_429), ACT("429-date", busy_429_date), ACT("503", busy_503),
  ACT("503-date", busy_503_date), ACT("503-once", busy_once),
  ACT("503-once-date", busy_once_date), ACT("401-once", refuse_once),
  ACT("401", refuse_always), ACT("second-close", second_close),
  ACT("second-reset", second_reset), ACT("close-after", close_after),
  EARLY("early-413", early_413), EARLY("early-200", early_200),
  EARLY("early-reset", early_reset), ACT("events-endless", events_endless),
  ACT("events-giant", events_giant), ACT("events-line", events_line),
  ACT("events-drip", events_drip), ACT("token-huge", token_huge),
  ACT("token-long", token_long), ACT("token-late", token_late),
};

int acted_count(void) {
  return (int)(sizeof acted_faults / sizeof *acted_faults);
}
