/*
** chaos.c - /chaos/<percent>/<seed>/…: good answers, and a fault for so many
** percent of the paths. Which path has which fault depends on the seed and the
** path alone, so a run can be repeated.
*/
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBER = 1 << 20 };

static atomic_uchar visits[MAX_NUMBER]; /* by the number in the path */
static atomic_long visits_seed;

static fate close_silent(conn *c, request *r) { (void)c, (void)r; return CLOSE; }
static fate reset(conn *c, request *r) { (void)c, (void)r; return RESET; }

static fate half_status(conn *c, request *r) {
  (void)r;
  conn_puts(c, "HTTP/1.1 20");
  return CLOSE;
}

static fate cut_body(conn *c, request *r) {
  (void)r;
  conn_puts(c, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"token\":\"");
  return RESET;
}

static fate cut_chunk(conn *c, request *r) {
  (void)r;
  conn_puts(c, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{\"token\":\"");
  return CLOSE;
}

static fate bad_chunk(conn *c, request *r) {
  (void)r;
  conn_puts(c, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n");
  return CLOSE;
}

static fate html(conn *c, request *r) {
  (void)r;
  return http1_answer(c, 200, "content-type: text/html\r\n", "<html></html>", 13);
}

static fate cut_json(conn *c, request *r) {
  (void)r;
  return http1_json(c, 200, NULL, "{\"token\":\"t");
}

static fate failed(conn *c, request *r) {
  (void)r;
  return http1_json(c, 500, NULL, "{\"code\":13,\"message\":\"oops\"}");
}

static fate unavailable(conn *c, request *r) {
  (void)r;
  return http1_json(c, 503, "retry-after: 0\r\n", "{}");
}

static fate limited(conn *c, request *r) {
  (void)r;
  return http1_json(c, 429, "retry-after: 0\r\n", "{}");
}

static fate garbage(conn *c, request *r) {
  (void)r;
  conn_puts(c, "garbage\r\n\r\n");
  return CLOSE;
}

static fate close_after(conn *c, request *r) {
  (void)http1_good(c, r);
  return CLOSE;
}

static fate slow(conn *c, request *r) {
  pause_ms(20);
  return http1_good(c, r);
}

static fate unauthorized(conn *c, request *r) {
  if (r->nth > 1) return http1_good(c, r);
  return http1_json(c, 401, NULL, "{\"code\":16,\"message\":\"expired\"}");
}

static const struct {
  const char *name;
  act run;
} mix[] = {
  {"close", close_silent}, {"reset", reset}, {"half_status", half_status},
  {"cut_body", cut_body}, {"cut_chunk", cut_chunk}, {"bad_chunk", bad_chunk}, {"html", html},
  {"cut_json", cut_json}, {"failed", failed}, {"unavailable", unavailable},
  {"limited", limited}, {"garbage", garbage}, {"close_after", close_after}, {"slow", slow},
  {"unauthorized", unauthorized},
};

enum { MIX = sizeof mix / sizeof *mix };

const char *chaos_name(int i) {
  return i < MIX ? mix[i].name : NULL;
}

static unsigned long scramble(const char *text, unsigned long h) {
  h += 0x9e3779b97f4a7c15ul;
  while (*text) {
    h ^= (unsigned char)*text++;
    h *= 0xbf58476d1ce4e5b9ul;
    h ^= h >> 29;
  }
  h *= 0x94d049bb133111ebul;
  return h ^ h >> 32;
}

/* How often that number has come under this seed, this time included. */
static int visit(const char *path, long seed) {
  const char *at = strstr(path, "cfg_");
  long number = at ? atol(at + 4) : -1;
  if (number < 0 || number >= MAX_NUMBER) return 1;
  if (atomic_exchange(&visits_seed, seed) != seed) memset((void *)visits, 0, sizeof visits);
  return ++visits[number];
}

fate chaos_serve(conn *c, request *r) {
  unsigned percent, which;
  long seed;
  unsigned long h;
  if (!http1_body(c, r)) return CLOSE;
  if (strstr(r->path, "/oauth/token")) {
    seen.tokens++;
    return http1_token(c);
  }
  if (sscanf(r->path, "/chaos/%u/%ld/", &percent, &seed) != 2) return CLOSE;
  seen.requests++;
  r->nth = visit(r->path, seed);
  if (r->nth > 1) seen.again++;
  h = scramble(r->path, (unsigned long)seed);
  if (h % 100 >= percent) return http1_good(c, r);
  which = (unsigned)(h / 100 % MIX);
  if (r->nth == 1) seen_chaos[which]++;
  return mix[which].run(c, r);
}
