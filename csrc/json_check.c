/*
** json_check.c - checks JSON text.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { FEW = 16 };

typedef struct key {
  const char *p; /* between the quotes */
  uint32_t n, escaped;
} key;

typedef struct level {
  size_t first; /* of its keys, in check.keys */
  char close;
} level;

typedef struct check {
  const char *p, *end;
  key *keys; /* of the objects that are open now */
  size_t count, cap;
  const char *message;
  int escapes;
  key few[FEW]; /* the first of them */
} check;

static sk_status fail(check *c, const char *message) {
  c->message = message;
  return SK_INVALID;
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Order of code points, which for UTF-8 is the order of bytes. */
static int compare_keys(const void *x, const void *y) {
  const key *a = (const key *)x, *b = (const key *)y;
  if (!a->escaped && !b->escaped) {
    int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
  } else {
    const char *p = a->p, *q = b->p;
    long c, d;
    do {
      c = sk_json_next_point(&p, a->p + a->n);
      d = sk_json_next_point(&q, b->p + b->n);
    } while (c == d && c >= 0);
    return (c > d) - (c < d);
  }
}

/* Whether no two of a few keys are the same; comparing each pair is quicker than to sort. */
static int differ(const key *keys, size_t n) {
  size_t i, k;
  for (i = 1; i < n; i++)
    for (k = 0; k < i; k++)
      if ((keys[i].n == keys[k].n || keys[i].escaped || keys[k].escaped) &&
          compare_keys(&keys[i], &keys[k]) == 0)
        return 0;
  return 1;
}

/* Sorting finds a repeated name in O(n log n) even for names made to collide. */
static sk_status close_object(check *c, size_t first) {
  size_t i, n = c->count - first;
  if (n > FEW || !differ(c->keys + first, n)) {
    qsort(c->keys + first, c->count - first, sizeof *c->keys, compare_keys);
    for (i = first + 1; i < c->count; i++) {
      const key *a = &c->keys[i - 1], *b = &c->keys[i];
      if (compare_keys(a, b) == 0) {
        c->p = (a->p > b->p ? a->p : b->p) - 1;
        return fail(c, "repeated member name");
      }
    }
  }
  c->count = first;
  return SK_OK;
}

/* --- the checker ----------------------------------------------------------- */

/* Past the bytes that need no second look, eight at a time: no control, no
   quote, no backslash, no byte of a longer sequence. */
static const char *skip_plain(const char *p, const char *end) {
  const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
  for (;;) {
    const char *stop;
    while (end - p >= 8) {
      uint64_t w, quote, slash;
      memcpy(&w, p, 8);
      quote = w ^ (ones * '"');
      slash = w ^ (ones * '\\');
      if ((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & high) break;
      p += 8;
    }
    for (stop = end - p < 8 ? end : p + 8; p < stop; p++)
      if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x80 || *p == '"' || *p == '\\') return p;
    if (p == end) return p; /* else the eight looked worse than they were */
  }
}

/* At a quote. Where `k` is given it learns what stands between the quotes. */
static sk_status string(check *c, key *k) {
  const char *start = ++c->p;
  const char *quote = (const char *)memchr(start, '"', (size_t)(c->end - start));
  uint32_t escaped = 0;
  if (quote != NULL && sk_json_is_plain(start, (size_t)(quote - start))) c->p = quote;
  for (;;) {
    size_t size;
    long point;
    if (c->p != quote) c->p = skip_plain(c->p, c->end);
    if (c->p == c->end) return fail(c, "unfinished string");
    if (*c->p == '"') break;
    if ((unsigned char)*c->p < 0x20) return fail(c, "control character in a string");
    if (*c->p == '\\') {
      escaped = 1;
      c->escapes = 1;
      if ((size = sk_json_escape(c->p, c->end, &point)) == 0) return fail(c, "bad escape in a string");
    } else if ((size = sk_utf8_sequence(c->p, (size_t)(c->end - c->p))) == 0) {
      return fail(c, "invalid UTF-8");
    }
    c->p += size;
  }
  if (k != NULL) {
    k->p = start;
    k->n = (uint32_t)(c->p - start);
    k->escaped = escaped;
  }
  c->p++;
  return SK_OK;
}

static sk_status member_name(check *c) {
  if (c->p == c->end || *c->p != '"') return fail(c, "expected a member name");
  if (c->count == c->cap) {
    key *keys = (key *)malloc(c->cap * 2 * sizeof *keys);
    if (keys == NULL) return SK_NOMEM;
    memcpy(keys, c->keys, c->count * sizeof *keys);
    if (c->keys != c->few) free(c->keys);
    c->keys = keys;
    c->cap *= 2;
  }
  if (string(c, &c->keys[c->count]) != SK_OK) return SK_INVALID;
  c->count++;
  c->p = sk_json_space(c->p, c->end);
  if (c->p == c->end || *c->p != ':') return fail(c, "expected ':'");
  c->p++;
  return SK_OK;
}

static size_t digits(check *c) {
  const char *start = c->p;
  while (c->p < c->end && is_digit(*c->p)) c->p++;
  return (size_t)(c->p - start);
}

static sk_status number(check *c) {
  if (*c->p == '-') c->p++;
  if (c->end - c->p > 1 && c->p[0] == '0' && is_digit(c->p[1]))
    return fail(c, "number with a leading zero");
  if (digits(c) == 0) return fail(c, "expected a digit");
  if (c->p < c->end && *c->p == '.') {
    c->p++;
    if (digits(c) == 0) return fail(c, "expected a digit");
  }
  if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
    c->p++;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-')) c->p++;
    if (digits(c) == 0) return fail(c, "expected a digit");
  }
  return SK_OK;
}

static sk_status word(check *c, const char *text) {
  size_t n = strlen(text);
  if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
    return fail(c, "expected a value");
  c->p += n;
  return SK_OK;
}

static sk_status scalar(check *c) {
  switch (*c->p) {
    case '"': return string(c, NULL);
    case 't': return word(c, "true");
    case 'f': return word(c, "false");
    case 'n': return word(c, "null");
    default:
      if (*c->p == '-' || is_digit(*c->p)) return number(c);
      return fail(c, "expected a value");
  }
}

static sk_status run(check *c, int max_depth) {
  level open[SK_JSON_DEPTH];
  int depth = 0, fresh = 0; /* fresh: just behind an opening bracket */
  for (;;) {
    sk_status status = SK_OK;
    level *top = depth > 0 ? &open[depth - 1] : NULL;
    c->p = sk_json_space(c->p, c->end);
    if (!fresh || c->p == c->end || *c->p != top->close) {
      if (top != NULL && top->close == '}') {
        if ((status = member_name(c)) != SK_OK) return status;
        c->p = sk_json_space(c->p, c->end);
      }
      if (c->p == c->end) return fail(c, "unexpected end");
      if (*c->p == '{' || *c->p == '[') {
        if (depth >= max_depth) return fail(c, "nested too deeply");
        open[depth].first = c->count;
        open[depth++].close = *c->p++ == '{' ? '}' : ']';
        fresh = 1;
        continue;
      }
      if ((status = scalar(c)) != SK_OK) return status;
    }
    fresh = 0;
    for (;;) { /* behind a value: close what ends here */
      c->p = sk_json_space(c->p, c->end);
      if (depth == 0) return c->p == c->end ? SK_OK : fail(c, "text after the value");
      if (c->p == c->end) return fail(c, "unexpected end");
      top = &open[depth - 1];
      if (*c->p == ',') break;
      if (*c->p != top->close)
        return fail(c, top->close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
      if (top->close == '}' && (status = close_object(c, top->first)) != SK_OK) return status;
      c->p++;
      depth--;
    }
    c->p++; /* the comma */
  }
}

sk_status sk_json_check(const char *text, size_t n, int max_depth, sk_json_report *report) {
  sk_status status = SK_FULL;
  check c; /* most of it as it is */
  c.p = text;
  c.end = text + n;
  c.keys = c.few;
  c.count = 0;
  c.cap = FEW;
  c.message = NULL;
  c.escapes = 0;
  if (n < UINT32_MAX) /* so that a key fits 16 bytes */
    status = run(&c, max_depth < SK_JSON_DEPTH ? max_depth : SK_JSON_DEPTH);
  if (c.keys != c.few) free(c.keys);
  report->message = c.message;
  report->escapes = c.escapes;
  report->offset = (size_t)(c.p - text);
  return status;
}
