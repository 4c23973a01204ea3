/*
** http1.c - reads requests, finds the fault that their path names, and has
** the answers that are no fault.
**
**   /fault/<name>/…             the fault; …/oauth/token under it gives a token,
**                               unless the name starts with "token"
**   /chaos/<percent>/<seed>/…   a mix: see chaos.c
*/
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* --- requests -------------------------------------------------------------------- */

static void note_header(request *r, const char *line) {
  if (strncasecmp(line, "content-length:", 15) == 0) r->length = atoll(line + 15);
  if (strncasecmp(line, "transfer-encoding:", 18) == 0) r->length = -1;
  if (strncasecmp(line, "authorization:", 14) == 0) r->credentials = 1;
  if (strncasecmp(line, "cookie:", 7) == 0) r->credentials = 1;
  if (strcasecmp(line, "connection: close") == 0) r->close = 1;
}

static int read_head(conn *c, request *r) {
  char line[16 * 1024];
  memset(r, 0, sizeof *r);
  if (conn_line(c, line, sizeof line) < 0) return 0;
  if (sscanf(line, "%15s %2047s HTTP/1.1", r->method, r->path) != 2) return 0;
  if (r->path[0] != '/') return 0;
  for (;;) {
    long n = conn_line(c, line, sizeof line);
    if (n < 0) return 0;
    if (n == 0) return 1;
    note_header(r, line);
  }
}

static int read_part(conn *c, request *r, long long n) {
  char block[8192];
  while (n > 0) {
    long i, got = conn_read(c, block, n < (long long)sizeof block ? (size_t)n : sizeof block);
    if (got <= 0) return 0;
    for (i = 0; i < got; i++) r->sum = r->sum * 31 + (unsigned char)block[i];
    r->body += got;
    n -= got;
  }
  return 1;
}

int http1_body(conn *c, request *r) {
  char line[256];
  if (r->length >= 0) return read_part(c, r, r->length);
  for (;;) {
    long long n;
    if (conn_line(c, line, sizeof line) < 0) return 0;
    n = strtoll(line, NULL, 16);
    if (n == 0) return conn_line(c, line, sizeof line) == 0;
    if (!read_part(c, r, n) || conn_line(c, line, sizeof line) != 0) return 0;
  }
}

/* --- answers that are no fault ------------------------------------------------------- */

static fate answer(conn *c, const char *lines, const char *body, size_t n) {
  char head[4096];
  int len = snprintf(head, sizeof head, "%scontent-length: %zu\r\n\r\n", lines, n);
  char *all = (char *)malloc((size_t)len + n);
  int ok;
  if (all == NULL) return CLOSE;
  memcpy(all, head, (size_t)len); /* one write, or Nagle makes it slow */
  memcpy(all + len, body, n);
  ok = conn_write(c, all, (size_t)len + n);
  free(all);
  return ok ? KEEP : CLOSE;
}

fate http1_answer(conn *c, int status, const char *headers, const char *body, size_t n) {
  char lines[2048];
  snprintf(lines, sizeof lines, "HTTP/1.1 %d Whatever\r\n%s", status, headers ? headers : "");
  return answer(c, lines, body, n);
}

fate http1_json(conn *c, int status, const char *headers, const char *json) {
  char all[512];
  snprintf(all, sizeof all, "content-type: application/json\r\n%s", headers ? headers : "");
  return http1_answer(c, status, all, json, strlen(json));
}

fate http1_token(conn *c) {
  char json[128];
  snprintf(json, sizeof json,
           "{\"access_token\":\"token-%ld\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
           (long)seen.tokens);
  return http1_json(c, 200, NULL, json);
}

static int ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

fate http1_good(conn *c, const request *r) {
  static const char config[] =
    "{\"id\":\"cfg_1\",\"name\":\"one\",\"mcp_server_url\":\"http://127.0.0.1/mcp\"}";
  char json[512], id[64] = "";
  const char *at = strstr(r->path, "/configs/");
  if (at) sscanf(at, "/configs/%63[^/?]", id);
  if (ends_with(r->path, "/tokens"))
    snprintf(json, sizeof json,
             "{\"token\":\"minted-%s\",\"expires_at\":\"2030-01-01T00:00:00Z\"}", id);
  else if (ends_with(r->path, "/configs") && strcmp(r->method, "GET") == 0)
    snprintf(json, sizeof json, "{\"configs\":[%s],\"total_size\":1}", config);
  else if (strstr(r->path, "/configs"))
    snprintf(json, sizeof json, "{\"config\":%s}", config);
  else
    snprintf(json, sizeof json, "{\"received\":%lld,\"sum\":%u}", r->body, r->sum);
  return http1_json(c, 200, NULL, json);
}

fate http1_verbatim(conn *c, request *r) {
  size_t n = r->length > 0 && r->length < 1 << 20 ? (size_t)r->length : 0, first = 0;
  char *bytes = (char *)malloc(n + 1);
  if (bytes != NULL && conn_read_all(c, bytes, n)) {
    if (*r->rest == '/') first = strtoul(r->rest + 1, NULL, 10);
    if (first > n) first = n;
    if (first > 0 && conn_write(c, bytes, first)) pause_ms(2);
    (void)conn_write(c, bytes + first, n - first);
  }
  free(bytes);
  return CLOSE;
}

/* --- who answers ------------------------------------------------------------------------- */

static const fault *find(const char *name, size_t n, int *place) {
  int i;
  for (i = 0; i < raw_count() + acted_count(); i++) {
    const fault *f = i < raw_count() ? raw_faults + i : acted_faults + (i - raw_count());
    if (strlen(f->name) == n && memcmp(f->name, name, n) == 0) {
      *place = i;
      return f;
    }
  }
  return NULL;
}

static fate run(conn *c, request *r) {
  const char *name = r->path + 7, *end = strchr(name, '/');
  size_t n = end ? (size_t)(end - name) : strcspn(name, "?");
  const fault *f;
  int place;
  r->rest = name + n;
  if (ends_with(r->path, "/oauth/token") && strncmp(name, "token", 5) != 0) {
    seen.tokens++;
    return http1_body(c, r) ? http1_token(c) : CLOSE;
  }
  f = find(name, n, &place);
  if (f == NULL) {
    if (!http1_body(c, r)) return CLOSE;
    return http1_json(c, 404, NULL, "{\"message\":\"no such fault\"}");
  }
  if (ends_with(r->path, "/oauth/token"))
    seen.tokens++;
  else
    seen.requests++;
  r->nth = ++seen_fault[place];
  if (!f->early && !http1_body(c, r)) return CLOSE;
  if (f->run) return f->run(c, r);
  if (f->head) return answer(c, f->head, f->bytes, f->n);
  return conn_write(c, f->bytes, f->n) ? f->then : CLOSE;
}

static fate control(conn *c, const request *r) {
  char json[16 * 1024];
  if (strcmp(r->path, "/reset") == 0) stats_reset();
  return http1_answer(c, 200, "connection: close\r\n", json, stats_write(json, sizeof json));
}

static fate stray(conn *c, const request *r) {
  if (r->credentials) seen.strayed++;
  return http1_good(c, r);
}

void http1_serve(conn *c) {
  fate then = KEEP;
  while (then == KEEP) {
    request r;
    if (!read_head(c, &r)) {
      then = CLOSE;
      break;
    }
    if (c->from->control)
      (void)control(c, &r), then = CLOSE;
    else if (strncmp(r.path, "/fault/", 7) == 0)
      then = run(c, &r);
    else if (strncmp(r.path, "/chaos/", 7) == 0)
      then = chaos_serve(c, &r);
    else
      then = http1_body(c, &r) ? stray(c, &r) : CLOSE;
    if (r.close && then == KEEP) then = CLOSE;
  }
  conn_end(c, then);
}
