/*
** json_span.c - checks JSON text and finds spans in it.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

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
  size_t count, cap, rewrites;
  const char *message;
} check;

static sk_status fail(check *c, const char *message) {
  c->message = message;
  return SK_INVALID;
}

static int is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static const char *skip_space(const char *p, const char *end) {
  while (p < end && is_space(*p)) p++;
  return p;
}

/* --- names: compared as decoded, without decoding them into memory --------- */

/* Four hex digits at p, or -1. */
static long hex4(const char *p, const char *end) {
  long v = 0;
  int i;
  if (end - p < 4) return -1;
  for (i = 0; i < 4; i++) {
    char c = p[i];
    if (is_digit(c)) v = v << 4 | (c - '0');
    else if (c >= 'a' && c <= 'f') v = v << 4 | (c - 'a' + 10);
    else if (c >= 'A' && c <= 'F') v = v << 4 | (c - 'A' + 10);
    else return -1;
  }
  return v;
}

/*
** Length of the escape at p and its code point; 0 where it is none. A high
** surrogate needs its low half: alone neither is a character.
*/
static size_t escape(const char *p, const char *end, long *point) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *at;
  long high, low;
  if (end - p < 2 || p[1] == '\0') return 0;
  if ((at = strchr(from, p[1])) != NULL) {
    *point = to[at - from];
    return 2;
  }
  if (p[1] != 'u' || (high = hex4(p + 2, end)) < 0) return 0;
  *point = high;
  if (high < 0xD800 || high > 0xDFFF) return 6;
  if (high > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u') return 0;
  low = hex4(p + 8, end);
  if (low < 0xDC00 || low > 0xDFFF) return 0;
  *point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  return 12;
}

/* The next code point of checked text; -1 at its end. */
static long next_point(const char **p, const char *end) {
  const unsigned char *s = (const unsigned char *)*p;
  long point = -1;
  size_t size;
  if (*p >= end) return -1;
  if (**p == '\\') {
    size = escape(*p, end, &point);
  } else {
    size = sk_utf8_sequence(*p, (size_t)(end - *p));
    if (size == 1) point = s[0];
    if (size == 2) point = (s[0] & 31L) << 6 | (s[1] & 63);
    if (size == 3) point = (s[0] & 15L) << 12 | (s[1] & 63L) << 6 | (s[2] & 63);
    if (size == 4)
      point = (s[0] & 7L) << 18 | (s[1] & 63L) << 12 | (s[2] & 63L) << 6 | (s[3] & 63);
  }
  if (size == 0) return -1;
  *p += size;
  return point;
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
      c = next_point(&p, a->p + a->n);
      d = next_point(&q, b->p + b->n);
    } while (c == d && c >= 0);
    return (c > d) - (c < d);
  }
}

/* Sorting finds a repeated name in O(n log n) even for names made to collide. */
static sk_status close_object(check *c, size_t first) {
  size_t i;
  if (c->count - first > 1) {
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

/* At a quote. Where `k` is given it learns what stands between the quotes. */
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

static sk_status string(check *c, key *k) {
  const char *start = ++c->p;
  uint32_t escaped = 0;
  for (;;) {
    size_t size;
    long point;
    c->p = skip_plain(c->p, c->end);
    if (c->p == c->end) return fail(c, "unfinished string");
    if (*c->p == '"') break;
    if ((unsigned char)*c->p < 0x20) return fail(c, "control character in a string");
    if (*c->p == '\\') {
      escaped = 1;
      if ((size = escape(c->p, c->end, &point)) == 0) return fail(c, "bad escape in a string");
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
    size_t cap = c->cap ? c->cap * 2 : 32;
    key *keys = (key *)realloc(c->keys, cap * sizeof *keys);
    if (keys == NULL) return SK_NOMEM;
    c->keys = keys;
    c->cap = cap;
  }
  if (string(c, &c->keys[c->count]) != SK_OK) return SK_INVALID;
  c->count++;
  c->p = skip_space(c->p, c->end);
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
  size_t whole;
  int integer = 1;
  if (*c->p == '-') c->p++;
  if (c->end - c->p > 1 && c->p[0] == '0' && is_digit(c->p[1]))
    return fail(c, "number with a leading zero");
  if ((whole = digits(c)) == 0) return fail(c, "expected a digit");
  if (c->p < c->end && *c->p == '.') {
    integer = 0;
    c->p++;
    if (digits(c) == 0) return fail(c, "expected a digit");
  }
  if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
    integer = 0;
    c->p++;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-')) c->p++;
    if (digits(c) == 0) return fail(c, "expected a digit");
  }
  c->rewrites += integer && whole > 18;
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
    c->p = skip_space(c->p, c->end);
    if (fresh && c->p < c->end && *c->p == top->close) {
      c->rewrites += top->close == ']';
    } else {
      if (top != NULL && top->close == '}') {
        if ((status = member_name(c)) != SK_OK) return status;
        c->p = skip_space(c->p, c->end);
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
      c->p = skip_space(c->p, c->end);
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
  check c = {text, text + n, NULL, 0, 0, 0, NULL};
  sk_status status = SK_FULL;
  if (n < UINT32_MAX) /* so that a key fits 16 bytes */
    status = run(&c, max_depth < SK_JSON_DEPTH ? max_depth : SK_JSON_DEPTH);
  free(c.keys);
  report->message = c.message;
  report->offset = (size_t)(c.p - text);
  report->rewrites = c.rewrites;
  return status;
}

/* --- spans of checked text -------------------------------------------------- */

/* Past the string whose opening quote is at p. */
static const char *skip_string(const char *p, const char *end) {
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\' && end - p > 1) p++;
  return p < end ? p + 1 : end;
}

/* Past the value at p: brackets are only counted, for the text is checked. */
static const char *skip_value(const char *p, const char *end) {
  size_t depth = 0;
  while (p < end) {
    if (*p == '"') {
      p = skip_string(p, end);
    } else if (*p == '{' || *p == '[') {
      depth++;
      p++;
    } else if (*p == '}' || *p == ']') {
      if (depth == 0) return p; /* the bracket is the container's */
      depth--;
      p++;
    } else if (depth > 0) {
      p++;
      continue;
    } else {
      while (p < end && !is_space(*p) && strchr(",:]}", *p) == NULL) p++;
    }
    if (depth == 0) return p;
  }
  return end;
}

size_t sk_json_mark(const char *text, size_t n, const char *mark, size_t mark_len, char *out) {
  const char *p = text, *end = text + n, *q;
  char *o = out;
  while (p < end) {
    if (*p == '[' && (q = skip_space(p + 1, end)) < end && *q == ']') {
      *o++ = '[';
      *o++ = '"';
      memcpy(o, mark, mark_len);
      o += mark_len;
      *o++ = '"';
      *o++ = ']';
      p = q + 1;
      continue;
    }
    q = p + 1;
    if (*p == '"') q = skip_string(p, end);
    else if (*p == '-' || is_digit(*p)) q = skip_value(p, end);
    memcpy(o, p, (size_t)(q - p));
    o += q - p;
    if (*p == '-' || is_digit(*p)) {
      const char *whole = *p == '-' ? p + 1 : p, *d = whole;
      while (d < q && is_digit(*d)) d++;
      if (d == q && d - whole > 18) {
        *o++ = 'e';
        *o++ = '0';
      }
    }
    p = q;
  }
  return (size_t)(o - out);
}

/* Whether the JSON string from its quote at p to q spells `name`. */
static int spells(const char *p, const char *q, const char *name, size_t n) {
  const char *name_end = name + n, *end = q - 1;
  for (p++; p < end && *p != '\\'; p++, name++)
    if (name == name_end || *name != *p) return 0;
  while (p < end && name < name_end) {
    long c = next_point(&p, end);
    /* read `name` as plain text: a backslash in it means itself */
    long d = *name == '\\' ? (name++, '\\') : next_point(&name, name_end);
    if (c != d || c < 0) return 0;
  }
  return p == end && name == name_end;
}

int sk_json_member(sk_json_span *span, const char *name, size_t name_len) {
  const char *end = span->p + span->n, *p = skip_space(span->p, end);
  if (p == end || *p != '{') return 0;
  p = skip_space(p + 1, end);
  while (p < end && *p == '"') {
    const char *start = p, *behind = skip_string(p, end), *value;
    p = skip_space(behind, end);
    if (p == end || *p != ':') return 0;
    value = skip_space(p + 1, end);
    p = skip_value(value, end);
    if (spells(start, behind, name, name_len)) {
      span->p = value;
      span->n = (size_t)(p - value);
      return 1;
    }
    p = skip_space(p, end);
    if (p == end || *p != ',') return 0;
    p = skip_space(p + 1, end);
  }
  return 0;
}

int sk_json_is(sk_json_span span, const char *text, size_t n) {
  return span.n >= 2 && *span.p == '"' && spells(span.p, span.p + span.n, text, n);
}
