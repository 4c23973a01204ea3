/*
** encode.c - base64, percent encoding, digits and UTF-8. Every decoder is strict:
** what it accepts is exactly what the encoder beside it produces.
*/
#include <stdint.h>
#include <string.h>

#include "wire.h"

static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char urlsafe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t sk_base64(const void *bytes, size_t n, int url, char *out) {
  const unsigned char *p = (const unsigned char *)bytes;
  const char *set = url ? urlsafe : common;
  char *o = out;
  for (; n >= 3; n -= 3, p += 3) {
    *o++ = set[p[0] >> 2];
    *o++ = set[(p[0] & 3) << 4 | p[1] >> 4];
    *o++ = set[(p[1] & 15) << 2 | p[2] >> 6];
    *o++ = set[p[2] & 63];
  }
  if (n > 0) {
    *o++ = set[p[0] >> 2];
    *o++ = set[(p[0] & 3) << 4 | (n == 2 ? p[1] >> 4 : 0)];
    if (n == 2) *o++ = set[(p[1] & 15) << 2];
    else if (!url) *o++ = '=';
    if (!url) *o++ = '=';
  }
  return (size_t)(o - out);
}

/* Value of one base64 character, or 64. */
static unsigned sextet(char c, int url) {
  if (c >= 'A' && c <= 'Z') return (unsigned)(c - 'A');
  if (c >= 'a' && c <= 'z') return (unsigned)(c - 'a') + 26;
  if (c >= '0' && c <= '9') return (unsigned)(c - '0') + 52;
  if (c == (url ? '-' : '+')) return 62;
  if (c == (url ? '_' : '/')) return 63;
  return 64;
}

sk_status sk_unbase64(const char *text, size_t n, int url, void *out, size_t *len) {
  unsigned char *o = (unsigned char *)out;
  unsigned bits = 0, v;
  size_t i;
  if (!url) {
    if (n % 4 != 0) return SK_INVALID;
    if (n > 0 && text[n - 1] == '=') n--;
    if (n % 4 == 3 && text[n - 1] == '=') n--;
  }
  if (n % 4 == 1) return SK_INVALID;
  for (i = 0; i < n; i++) {
    if ((v = sextet(text[i], url)) > 63) return SK_INVALID;
    bits = bits << 6 | v;
    switch (i % 4) {
      case 1: *o++ = (unsigned char)(bits >> 4); bits &= 15; break;
      case 2: *o++ = (unsigned char)(bits >> 2); bits &= 3; break;
      case 3: *o++ = (unsigned char)bits; bits = 0; break;
      default: break;
    }
  }
  if (bits != 0) return SK_INVALID; /* a second spelling of the same bytes */
  *len = (size_t)(o - (unsigned char *)out);
  return SK_OK;
}

static int unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         c == '-' || c == '.' || c == '_' || c == '~';
}

size_t sk_percent(const char *text, size_t n, char *out) {
  static const char hex[] = "0123456789ABCDEF";
  char *o = out;
  size_t i;
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if (unreserved(c)) {
      *o++ = (char)c;
    } else {
      *o++ = '%';
      *o++ = hex[c >> 4];
      *o++ = hex[c & 15];
    }
  }
  return (size_t)(o - out);
}

static int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

sk_status sk_unpercent(const char *text, size_t n, char *out, size_t *len) {
  char *o = out;
  size_t i;
  for (i = 0; i < n; i++) {
    if (text[i] == '%') {
      int high, low;
      if (n - i < 3) return SK_INVALID;
      high = nibble(text[i + 1]);
      low = nibble(text[i + 2]);
      if (high < 0 || low < 0) return SK_INVALID;
      *o++ = (char)(high << 4 | low);
      i += 2;
    } else {
      *o++ = text[i];
    }
  }
  *len = (size_t)(o - out);
  return SK_OK;
}

size_t sk_decimal(long long v, char out[SK_DECIMAL_SIZE]) {
  char digits[SK_DECIMAL_SIZE], *o = out, *d = digits;
  unsigned long long left = v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v;
  if (v < 0) *o++ = '-';
  do *d++ = (char)('0' + left % 10); while ((left /= 10) > 0);
  while (d > digits) *o++ = *--d;
  return (size_t)(o - out);
}

size_t sk_utf8_sequence(const char *p, size_t n) {
  const unsigned char *s = (const unsigned char *)p;
  unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte */
  size_t size, i;
  if (n == 0) return 0;
  if (s[0] < 0x80) return 1;
  if (s[0] < 0xC2) return 0;
  if (s[0] < 0xE0) {
    size = 2;
  } else if (s[0] < 0xF0) {
    size = 3;
    if (s[0] == 0xE0) low = 0xA0;  /* shorter forms exist */
    if (s[0] == 0xED) high = 0x9F; /* surrogates          */
  } else if (s[0] < 0xF5) {
    size = 4;
    if (s[0] == 0xF0) low = 0x90;
    if (s[0] == 0xF4) high = 0x8F; /* above U+10FFFF */
  } else {
    return 0;
  }
  if (n < size || s[1] < low || s[1] > high) return 0;
  for (i = 2; i < size; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  return size;
}

sk_status sk_utf8_count(const char *p, size_t n, size_t *points) {
  size_t count = 0;
  while (n > 0) {
    size_t size;
    uint64_t eight;
    if (n >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
      p += 8;
      n -= 8;
      count += 8;
      continue;
    }
    size = (unsigned char)*p < 0x80 ? 1 : sk_utf8_sequence(p, n);
    if (size == 0) return SK_INVALID;
    p += size;
    n -= size;
    count++;
  }
  *points = count;
  return SK_OK;
}
