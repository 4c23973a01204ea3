/*
** json.c - the checker against a second reader of RFC 8259 that is slow and
** recursive; then marks and member spans of what both accept.
** Input: depth, text.
*/
#include "fuzz.h"
#include "json.h"

/* --- the second reader ---------------------------------------------------------- */

typedef struct member {
  char *name; /* decoded, in a block of its own */
  size_t name_len;
  const char *value;
  size_t value_len;
} member;

typedef struct reader {
  const char *p, *end;
  member *top; /* members of the outermost object */
  size_t count;
} reader;

static int value(reader *r, int room, int outermost);

static void space(reader *r) {
  while (r->p < r->end && memchr(" \t\r\n", *r->p, 4)) r->p++;
}

static int is(reader *r, char c) {
  return r->p < r->end && *r->p == c ? (r->p++, 1) : 0;
}

static int hex(reader *r, unsigned long *out) {
  static const char digits[] = "0123456789abcdef0123456789ABCDEF";
  int i;
  for (*out = 0, i = 0; i < 4; i++, r->p++) {
    const char *at = r->p < r->end ? (const char *)memchr(digits, *r->p, 32) : NULL;
    if (at == NULL) return 0;
    *out = *out * 16 + (unsigned long)(at - digits) % 16;
  }
  return 1;
}

static size_t put(char *o, unsigned long c) {
  if (c < 0x80) return o[0] = (char)c, 1;
  if (c < 0x800) return o[0] = (char)(0xC0 | c >> 6), o[1] = (char)(0x80 | (c & 63)), 2;
  if (c < 0x10000) {
    o[0] = (char)(0xE0 | c >> 12);
    o[1] = (char)(0x80 | (c >> 6 & 63));
    return o[2] = (char)(0x80 | (c & 63)), 3;
  }
  o[0] = (char)(0xF0 | c >> 18);
  o[1] = (char)(0x80 | (c >> 12 & 63));
  o[2] = (char)(0x80 | (c >> 6 & 63));
  return o[3] = (char)(0x80 | (c & 63)), 4;
}

static int escaped(reader *r, char *out, size_t *n) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  unsigned long c, low;
  const char *at;
  if (r->p == r->end) return 0;
  if ((at = (const char *)memchr(from, *r->p, 8)) != NULL) {
    r->p++;
    out[(*n)++] = to[at - from];
    return 1;
  }
  if (!is(r, 'u') || !hex(r, &c)) return 0;
  if (c >= 0xDC00 && c < 0xE000) return 0;
  if (c >= 0xD800 && c < 0xDC00) {
    if (!is(r, '\\') || !is(r, 'u') || !hex(r, &low) || low < 0xDC00 || low > 0xDFFF) return 0;
    c = 0x10000 + (c - 0xD800) * 0x400 + (low - 0xDC00);
  }
  *n += put(out + *n, c);
  return 1;
}

/* A string, decoded into a new block; NULL where it is none. */
static char *string(reader *r, size_t *n) {
  char *out;
  size_t points;
  int good = 1;
  if (!is(r, '"')) return NULL;
  out = (char *)block((size_t)(r->end - r->p) + 4);
  *n = 0;
  while (good && r->p < r->end && *r->p != '"' && (unsigned char)*r->p >= 0x20) {
    if (is(r, '\\')) good = escaped(r, out, n);
    else out[(*n)++] = *r->p++;
  }
  if (good && is(r, '"') && sk_utf8_count(out, *n, &points) == SK_OK) return out;
  free(out);
  return NULL;
}

static int digits(reader *r) {
  const char *start = r->p;
  while (r->p < r->end && *r->p >= '0' && *r->p <= '9') r->p++;
  return r->p > start;
}

static int number(reader *r) {
  (void)is(r, '-');
  if (!is(r, '0') && !digits(r)) return 0;
  if (is(r, '.') && !digits(r)) return 0;
  if (!is(r, 'e') && !is(r, 'E')) return 1;
  if (!is(r, '-')) (void)is(r, '+');
  return digits(r);
}

static int word(reader *r, const char *text) {
  for (; *text; text++)
    if (!is(r, *text)) return 0;
  return 1;
}

static void forget(member *list, size_t count) {
  while (count > 0) free(list[--count].name);
  free(list);
}

static int object(reader *r, int room, int outermost) {
  member *list = NULL, m;
  size_t count = 0, i;
  int good = 0;
  space(r);
  if (is(r, '}')) return 1;
  do {
    space(r);
    if ((m.name = string(r, &m.name_len)) == NULL) break;
    list = (member *)realloc(list, (count + 1) * sizeof m);
    if (list == NULL) abort();
    list[count++] = m;
    space(r);
    if (!is(r, ':')) break;
    space(r);
    list[count - 1].value = r->p;
    if (!value(r, room, 0)) break;
    list[count - 1].value_len = (size_t)(r->p - list[count - 1].value);
    for (i = 0; i + 1 < count; i++)
      if (list[i].name_len == m.name_len && memcmp(list[i].name, m.name, m.name_len) == 0) break;
    if (i + 1 < count) break;
    space(r);
    good = is(r, '}');
  } while (!good && is(r, ','));
  if (good && outermost) {
    r->top = list;
    r->count = count;
  } else {
    forget(list, count);
  }
  return good;
}

static int array(reader *r, int room) {
  space(r);
  if (is(r, ']')) return 1;
  do {
    space(r);
    if (!value(r, room, 0)) return 0;
    space(r);
  } while (is(r, ','));
  return is(r, ']');
}

static int value(reader *r, int room, int outermost) {
  size_t n;
  char *text;
  if (r->p == r->end) return 0;
  switch (*r->p) {
    case '{': return room > 0 && (r->p++, object(r, room - 1, outermost));
    case '[': return room > 0 && (r->p++, array(r, room - 1));
    case '"':
      text = string(r, &n);
      free(text);
      return text != NULL;
    case 't': return word(r, "true");
    case 'f': return word(r, "false");
    case 'n': return word(r, "null");
    default: return number(r);
  }
}

/* --- rules -------------------------------------------------------------------------- */

static void try_mark(const char *p, size_t n, int depth, size_t rewrites) {
  static const char mark[] = "mark";
  sk_json_report report;
  char *out = (char *)block(SK_JSON_MARKED(n, rewrites, 4));
  size_t size = sk_json_mark(p, n, mark, 4, out);
  MUST(size <= SK_JSON_MARKED(n, rewrites, 4));
  MUST(sk_json_check(out, size, depth, &report) == SK_OK);
  MUST(report.rewrites == 0);
  MUST(rewrites > 0 || (size == n && memcmp(out, p, n) == 0));
  free(out);
}

static void try_members(const reader *r, const char *p, size_t n) {
  size_t i;
  for (i = 0; i < r->count; i++) {
    const member *m = &r->top[i];
    sk_json_span span = {p, n};
    reader inner = {m->value, p + n, NULL, 0};
    size_t len;
    char *text;
    MUST(sk_json_member(&span, m->name, m->name_len));
    MUST(span.p == m->value && span.n == m->value_len);
    text = string(&inner, &len);
    if (text) {
      MUST(sk_json_is(span, text, len));
      MUST(len == 0 || !sk_json_is(span, text, len - 1));
      text[len] = 'x';
      MUST(!sk_json_is(span, text, len + 1));
    } else {
      MUST(!sk_json_is(span, "", 0));
    }
    free(text);
  }
}

static void try_stranger(const reader *r, const char *p, size_t n) {
  static const char *const names[] = {"a", "alg", "access_token", "", "\\u0061", "\xC3\xA9"};
  size_t k, i;
  for (k = 0; k < sizeof names / sizeof *names; k++) {
    sk_json_span span = {p, n};
    size_t len = strlen(names[k]);
    int there = sk_json_member(&span, names[k], len), expected = 0;
    for (i = 0; i < r->count; i++)
      expected |= r->top[i].name_len == len && memcmp(r->top[i].name, names[k], len) == 0;
    MUST(there == expected);
    MUST(there || (span.p == p && span.n == n));
  }
}

/* Each member in its order, its value in the span; it gives up at the first that is no
   plain string or word. */
static void try_flat(const reader *r, const char *p, size_t n) {
  sk_json_span name, value;
  size_t at = 0, i;
  for (i = 0;; i++) {
    const member *m = i < r->count ? &r->top[i] : NULL;
    sk_flat kind = sk_json_flat(p, n, &at, &name, &value);
    if (kind == SK_FLAT_NOT) return;
    MUST(at <= n);
    if (kind == SK_FLAT_END) {
      MUST(m == NULL);
      return;
    }
    MUST(m != NULL && name.n == m->name_len && memcmp(name.p, m->name, name.n) == 0);
    MUST(kind == SK_FLAT_STRING ? value.p == m->value + 1 && value.n + 2 == m->value_len
                                : *m->value != '"');
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  int depth = (int)(take_byte(&in) % 66);
  char *p = exact(in);
  sk_json_report report;
  sk_status status;
  reader r = {p, p + in.n, NULL, 0};
  int good;
  n = in.n;
  status = sk_json_check(p, n, depth, &report);
  space(&r);
  good = value(&r, depth, 1);
  if (good) space(&r);
  good = good && r.p == r.end;
  MUST(status == (good ? SK_OK : SK_INVALID));
  MUST(report.offset <= n && (report.message == NULL) == good);
  if (good) {
    try_mark(p, n, depth, report.rewrites);
    try_members(&r, p, n);
    try_stranger(&r, p, n);
    try_flat(&r, p, n);
    MUST(sk_json_check(p, n, SK_JSON_DEPTH, &report) == SK_OK);
  }
  forget(r.top, r.count);
  free(p);
  return 0;
}
