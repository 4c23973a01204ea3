/*
** json_text.c - what stands in JSON text that has been checked: escapes, numbers,
** members.
*/
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static int is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* --- strings --------------------------------------------------------------- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Sets the high bit of a byte, at least, where one of the eight at p is a control
   character or beyond ASCII; the second does so for a backslash too. */
static uint64_t odd_ones(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w | (w - EACH(0x20));
}

static uint64_t odd_or_slash(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w | (w - EACH(0x20)) | ((w ^ EACH('\\')) - EACH(1));
}

/* A borrow touches only what is above a byte that is not plain itself. */
int sk_json_is_plain(const char *p, size_t n) {
  const char *end = p + n;
  uint64_t odd = 0;
  if (n < 8) {
    for (; p < end; p++)
      if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x80 || *p == '\\') return 0;
    return 1;
  }
  if (n >= 64) {
    if (memchr(p, '\\', n) != NULL) return 0;
    for (; end - p >= 32; p += 32)
      odd |= odd_ones(p) | odd_ones(p + 8) | odd_ones(p + 16) | odd_ones(p + 24);
  }
  for (; end - p >= 8; p += 8) odd |= odd_or_slash(p);
  odd |= odd_or_slash(end - 8);
  return (odd & EACH(0x80)) == 0;
}

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

size_t sk_json_escape(const char *p, const char *end, long *point) {
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

long sk_json_next_point(const char **p, const char *end) {
  const unsigned char *s = (const unsigned char *)*p;
  long point = -1;
  size_t size;
  if (*p >= end) return -1;
  if (**p == '\\') {
    size = sk_json_escape(*p, end, &point);
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

static char *put_point(char *out, long c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xC0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = (char)(0xE0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  } else {
    *out++ = (char)(0xF0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

size_t sk_json_unescape(const char *p, size_t n, char *out) {
  const char *end = p + n;
  char *o = out;
  while (p < end) {
    const char *slash = (const char *)memchr(p, '\\', (size_t)(end - p));
    size_t plain = (size_t)((slash ? slash : end) - p), size;
    long point = 0;
    memcpy(o, p, plain);
    o += plain;
    if (slash == NULL || (size = sk_json_escape(slash, end, &point)) == 0) break;
    o = put_point(o, point);
    p = slash + size;
  }
  return (size_t)(o - out);
}

/* --- numbers --------------------------------------------------------------- */

#define EXACT 9007199254740992.0 /* 2^53 */

/* strtod wants the decimal point of the locale, and an end. */
static sk_status to_double(const char *p, size_t n, double *out) {
  const char *point = localeconv()->decimal_point;
  size_t point_len = strlen(point);
  char small[64], *text = small, *o;
  if (n + point_len + 1 > sizeof small && (text = (char *)malloc(n + point_len + 1)) == NULL)
    return SK_NOMEM;
  for (o = text; n > 0; n--, p++) {
    if (*p != '.') {
      *o++ = *p;
    } else {
      memcpy(o, point, point_len);
      o += point_len;
    }
  }
  *o = '\0';
  *out = strtod(text, NULL);
  if (text != small) free(text);
  return *out - *out == 0 ? SK_OK : SK_INVALID;
}

sk_status sk_json_number(const char *p, size_t n, int *is_integer, double *out) {
  const char *end = p + n, *digit = *p == '-' ? p + 1 : p;
  sk_status status = SK_OK;
  long long v = 0;
  if (n < 16) {
    while (digit < end && is_digit(*digit)) v = v * 10 + (*digit++ - '0');
    if (digit == end) {
      *is_integer = 1;
      *out = (double)(*p == '-' ? -v : v);
      return SK_OK;
    }
  }
  status = to_double(p, n, out);
  *is_integer = status == SK_OK && *out >= -EXACT && *out <= EXACT &&
                *out == (double)(long long)*out;
  return status;
}

/* --- spans of checked text -------------------------------------------------- */

const char *sk_json_string_end(const char *p, const char *end) {
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\' && end - p > 1) p++;
  return p < end ? p + 1 : end;
}

const char *sk_json_value_end(const char *p, const char *end) {
  size_t depth = 0;
  while (p < end) {
    if (*p == '"') {
      p = sk_json_string_end(p, end);
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

/* Whether the JSON string from its quote at p to q spells `name`. */
static int spells(const char *p, const char *q, const char *name, size_t n) {
  const char *name_end = name + n, *end = q - 1;
  for (p++; p < end && *p != '\\'; p++, name++)
    if (name == name_end || *name != *p) return 0;
  while (p < end && name < name_end) {
    long c = sk_json_next_point(&p, end);
    /* read `name` as plain text: a backslash in it means itself */
    long d = *name == '\\' ? (name++, '\\') : sk_json_next_point(&name, name_end);
    if (c != d || c < 0) return 0;
  }
  return p == end && name == name_end;
}

int sk_json_member(sk_json_span *span, const char *name, size_t name_len) {
  const char *end = span->p + span->n, *p = sk_json_space(span->p, end);
  if (p == end || *p != '{') return 0;
  p = sk_json_space(p + 1, end);
  while (p < end && *p == '"') {
    const char *start = p, *behind = sk_json_string_end(p, end), *value;
    p = sk_json_space(behind, end);
    if (p == end || *p != ':') return 0;
    value = sk_json_space(p + 1, end);
    p = sk_json_value_end(value, end);
    if (spells(start, behind, name, name_len)) {
      span->p = value;
      span->n = (size_t)(p - value);
      return 1;
    }
    p = sk_json_space(p, end);
    if (p == end || *p != ',') return 0;
    p = sk_json_space(p + 1, end);
  }
  return 0;
}

int sk_json_is(sk_json_span span, const char *text, size_t n) {
  return span.n >= 2 && *span.p == '"' && spells(span.p, span.p + span.n, text, n);
}
