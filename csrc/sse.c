/*
** sse.c - splits an event stream into events, whatever way the bytes arrive.
** Rules: WHATWG HTML, "Interpreting an event stream"; one departure: a block
** with an id or a retry but empty data is reported too, since MCP servers
** prime streams with such events.
*/
#include <string.h>

#include "wire.h"

void sk_sse_init(sk_sse *s, size_t max) {
  memset(s, 0, sizeof *s);
  s->max = max;
  s->retry = -1;
  sk_buf_init(&s->line, max);
  sk_buf_init(&s->data, max);
  sk_buf_init(&s->event, max);
  sk_buf_init(&s->id, max);
}

void sk_sse_free(sk_sse *s) {
  sk_buf_free(&s->line);
  sk_buf_free(&s->data);
  sk_buf_free(&s->event);
  sk_buf_free(&s->id);
}

enum { MAX_NAME = 1024 }; /* of an id or an event type: each event carries a copy */

static sk_status replace(sk_buf *b, const char *p, size_t n) {
  if (n > MAX_NAME) return SK_FULL;
  b->len = 0;
  return sk_buf_add(b, p, n);
}

static int is_name(const char *p, size_t n, const char *name) {
  return n == strlen(name) && memcmp(p, name, n) == 0;
}

static void set_retry(sk_sse *s, const char *p, size_t n) {
  long ms = 0;
  size_t i;
  if (n == 0 || n > 9) return; /* beyond 11 days it is no hint worth having */
  for (i = 0; i < n; i++) {
    if (p[i] < '0' || p[i] > '9') return;
    ms = ms * 10 + (p[i] - '0');
  }
  s->retry = ms;
}

static sk_status field(sk_sse *s, const char *line, size_t n) {
  const char *colon = (const char *)memchr(line, ':', n);
  const char *value = "";
  size_t name_len = n, len = 0;
  if (colon == line) return SK_OK; /* a comment */
  if (colon) {
    name_len = (size_t)(colon - line);
    value = colon + 1;
    len = n - name_len - 1;
    if (len && *value == ' ') value++, len--;
  }
  if (is_name(line, name_len, "data")) {
    sk_status rc = s->has_data ? sk_buf_add(&s->data, "\n", 1) : SK_OK;
    if (rc != SK_OK) return rc;
    s->has_data = 1;
    return sk_buf_add(&s->data, value, len);
  }
  if (is_name(line, name_len, "event")) return replace(&s->event, value, len);
  if (is_name(line, name_len, "id")) {
    if (memchr(value, 0, len)) return SK_OK;
    s->has_id = 1;
    return replace(&s->id, value, len);
  }
  if (is_name(line, name_len, "retry")) set_retry(s, value, len);
  return SK_OK;
}

static sk_status dispatch(sk_sse *s, sk_sse_sink sink, void *ud) {
  sk_status rc = SK_OK;
  if (s->has_data || s->has_id || s->retry >= 0) {
    sk_event e;
    memset(&e, 0, sizeof e);
    e.data = s->data.len ? s->data.p : "";
    e.data_len = s->data.len;
    if (s->event.len) e.event = s->event.p, e.event_len = s->event.len;
    if (s->id.len) e.id = s->id.p, e.id_len = s->id.len;
    e.retry = s->retry;
    rc = sink(ud, &e);
  }
  s->data.len = s->event.len = 0;
  s->has_data = s->has_id = 0;
  s->retry = -1;
  return rc;
}

static sk_status line_end(sk_sse *s, sk_sse_sink sink, void *ud) {
  const char *p = s->line.p;
  size_t n = s->line.len;
  sk_status rc;
  if (!s->started) {
    s->started = 1;
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) p += 3, n -= 3;
  }
  rc = n ? field(s, p, n) : dispatch(s, sink, ud);
  s->line.len = 0;
  return rc;
}

sk_status sk_sse_feed(sk_sse *s, const char *bytes, size_t n, sk_sse_sink sink, void *ud) {
  const char *p = bytes, *end = bytes + n;
  sk_status rc;
  while (p < end) {
    const char *q = p;
    if (s->skip_lf) { /* the LF of a CRLF that two reads tore apart */
      s->skip_lf = 0;
      if (*p == '\n' && ++p == end) return SK_OK;
      q = p;
    }
    while (q < end && *q != '\n' && *q != '\r') q++;
    if (s->line.len + (size_t)(q - p) + s->data.len > s->max) return SK_FULL;
    if ((rc = sk_buf_add(&s->line, p, (size_t)(q - p))) != SK_OK) return rc;
    if (q == end) return SK_OK;
    s->skip_lf = *q == '\r';
    if ((rc = line_end(s, sink, ud)) != SK_OK) return rc;
    p = q + 1;
  }
  return SK_OK;
}
