/*
** sse.c - an event stream means the same however its bytes arrive, and means
** what a plain reading of the rules says.
** Input: seed of the cuts, ceiling, stream.
*/
#include "fuzz.h"
#include "wire.h"

/* What a parser said: events one behind the other, in bytes. */
typedef struct story {
  sk_buf log;
  size_t max;
  int events, stop_at; /* refuse that event; 0: none */
} story;

static void tell(sk_buf *log, const char *p, size_t n) {
  MUST(p != NULL || n == 0);
  MUST(sk_buf_add(log, &n, sizeof n) == SK_OK);
  MUST(sk_buf_add(log, p, n) == SK_OK);
}

static void tell_event(sk_buf *log, const sk_event *e) {
  tell(log, e->data, e->data_len);
  tell(log, e->event, e->event_len);
  tell(log, e->id, e->id_len);
  MUST(sk_buf_add(log, &e->retry, sizeof e->retry) == SK_OK);
}

static int has_line_end(const char *p, size_t n) {
  return n > 0 && (memchr(p, '\n', n) || memchr(p, '\r', n));
}

static sk_status hear(void *ud, const sk_event *e) {
  story *s = (story *)ud;
  MUST(e->data != NULL);
  MUST(e->data_len <= s->max && e->event_len <= s->max && e->id_len <= s->max);
  MUST(e->data_len == 0 || memchr(e->data, '\r', e->data_len) == NULL);
  MUST(!has_line_end(e->event, e->event_len) && !has_line_end(e->id, e->id_len));
  MUST(e->id_len == 0 || memchr(e->id, 0, e->id_len) == NULL);
  MUST(e->retry >= -1 && e->retry <= 999999999);
  if (++s->events == s->stop_at) return SK_NOMEM;
  tell_event(&s->log, e);
  return SK_OK;
}

static unsigned next_cut(unsigned *seed) {
  *seed = *seed * 1103515245u + 12345u;
  return (*seed >> 16 & 15) + 1;
}

/* Feeds it all in pieces; `seed` 0: in one. */
static sk_status feed(story *s, const char *p, size_t n, unsigned seed) {
  sk_sse sse;
  sk_status rc = SK_OK;
  int cut = seed != 0;
  sk_sse_init(&sse, s->max);
  sk_buf_init(&s->log, (size_t)-1 / 2);
  s->events = 0;
  while (rc == SK_OK && n > 0) {
    size_t size = cut ? next_cut(&seed) : n;
    input part;
    char *piece;
    if (size > n) size = n;
    part.p = (const uint8_t *)p;
    part.n = size;
    piece = exact(part);
    rc = sk_sse_feed(&sse, piece, size, hear, s);
    free(piece);
    p += size;
    n -= size;
  }
  sk_sse_free(&sse);
  return rc;
}

/* --- the rules, read plainly: the whole stream at hand, no ceiling --------------- */

typedef struct reading {
  char *data, *event, *id;
  size_t data_len, event_len, id_len;
  long retry;
  int has_data, has_id;
} reading;

static int named(const char *line, size_t name_len, const char *name) {
  return name_len == strlen(name) && memcmp(line, name, name_len) == 0;
}

static void read_field(reading *r, const char *line, size_t n) {
  const char *colon = (const char *)memchr(line, ':', n);
  size_t name_len = colon ? (size_t)(colon - line) : n, i;
  const char *value = colon ? colon + 1 : line + n;
  size_t len = (size_t)(line + n - value);
  if (colon && len && *value == ' ') value++, len--;
  if (named(line, name_len, "data")) {
    if (r->has_data++) r->data[r->data_len++] = '\n';
    if (len) memcpy(r->data + r->data_len, value, len);
    r->data_len += len;
  } else if (named(line, name_len, "event")) {
    if (len) memcpy(r->event, value, len);
    r->event_len = len;
  } else if (named(line, name_len, "id") && (len == 0 || !memchr(value, 0, len))) {
    if (len) memcpy(r->id, value, len);
    r->id_len = len;
    r->has_id = 1;
  } else if (named(line, name_len, "retry") && len > 0 && len < 10) {
    for (i = 0; i < len && value[i] >= '0' && value[i] <= '9'; i++) continue;
    if (i < len) return;
    for (r->retry = 0, i = 0; i < len; i++) r->retry = r->retry * 10 + value[i] - '0';
  }
}

static void end_block(reading *r, sk_buf *log) {
  sk_event e;
  memset(&e, 0, sizeof e);
  e.data = r->data;
  e.data_len = r->data_len;
  if (r->event_len) e.event = r->event, e.event_len = r->event_len;
  if (r->id_len) e.id = r->id, e.id_len = r->id_len;
  e.retry = r->retry;
  if (r->has_data || r->has_id || r->retry >= 0) tell_event(log, &e);
  r->data_len = r->event_len = 0;
  r->has_data = r->has_id = 0;
  r->retry = -1;
}

static void read_plainly(const char *p, size_t n, sk_buf *log) {
  const char *end = p + n;
  reading r;
  memset(&r, 0, sizeof r);
  r.data = (char *)block(n);
  r.event = (char *)block(n);
  r.id = (char *)block(n);
  r.retry = -1;
  if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) p += 3;
  for (;;) {
    const char *q = p;
    while (q < end && *q != '\n' && *q != '\r') q++;
    if (q == end) break; /* an unfinished line says nothing */
    if (q > p) read_field(&r, p, (size_t)(q - p));
    else end_block(&r, log);
    p = q + (*q == '\r' && q + 1 < end && q[1] == '\n' ? 2 : 1);
  }
  free(r.data);
  free(r.event);
  free(r.id);
}

static int same(const sk_buf *a, const sk_buf *b) {
  return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  unsigned seed = take_byte(&in) + 1, ceiling = take_byte(&in);
  const char *p = (const char *)in.p;
  story whole, pieces;
  sk_status rc;
  memset(&whole, 0, sizeof whole);
  memset(&pieces, 0, sizeof pieces);
  whole.max = pieces.max = ceiling < 128 ? (size_t)1 << 20 : ceiling - 127;
  rc = feed(&whole, p, in.n, 0);
  MUST(rc == SK_OK || (rc == SK_FULL && whole.max < in.n));
  MUST(feed(&pieces, p, in.n, seed) == rc);
  MUST(same(&whole.log, &pieces.log));
  sk_buf_free(&pieces.log);
  if (rc == SK_OK) {
    sk_buf plain;
    sk_buf_init(&plain, (size_t)-1 / 2);
    read_plainly(p, in.n, &plain);
    MUST(same(&whole.log, &plain));
    sk_buf_free(&plain);
  }
  if (whole.events > 0) {
    pieces.stop_at = 1 + (int)(seed % (unsigned)whole.events);
    MUST(feed(&pieces, p, in.n, seed) == SK_NOMEM);
    MUST(pieces.events == pieces.stop_at);
    sk_buf_free(&pieces.log);
  }
  sk_buf_free(&whole.log);
  return 0;
}
