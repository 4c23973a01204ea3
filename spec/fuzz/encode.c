/*
** encode.c - whatever is encoded decodes to itself, and whatever decodes had
** the one spelling that the encoder gives.
** Input: any bytes, taken as plain and as encoded text.
*/
#include "fuzz.h"
#include "wire.h"

static void try_base64(const char *p, size_t n, int url) {
  size_t cap = SK_BASE64_SIZE(n), len = 0, size;
  char *text = (char *)block(cap), *back = (char *)block(SK_UNBASE64_SIZE(cap));
  size = sk_base64(p, n, url, text);
  MUST(url ? size <= cap && cap - size < 3 : size == cap);
  MUST(sk_unbase64(text, size, url, back, &len) == SK_OK);
  MUST(len == n && memcmp(back, p, n) == 0);
  free(text);
  free(back);
}

static void try_unbase64(const char *p, size_t n, int url) {
  char *out = (char *)block(SK_UNBASE64_SIZE(n));
  size_t len = 0;
  sk_status rc = sk_unbase64(p, n, url, out, &len);
  MUST(rc == SK_OK || rc == SK_INVALID);
  if (rc == SK_OK) {
    char *text = (char *)block(SK_BASE64_SIZE(len));
    MUST(sk_base64(out, len, url, text) == n);
    MUST(memcmp(text, p, n) == 0);
    free(text);
  }
  free(out);
}

static void try_percent(const char *p, size_t n) {
  static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";
  char *text = (char *)block(3 * n), *back = (char *)block(3 * n);
  size_t size = sk_percent(p, n, text), len = 0, i;
  MUST(size >= n && size <= 3 * n);
  for (i = 0; i < size; i++) MUST(text[i] != 0 && strchr(plain, text[i]) != NULL);
  MUST(sk_unpercent(text, size, back, &len) == SK_OK);
  MUST(len == n && memcmp(back, p, n) == 0);
  free(back);
  back = (char *)block(n);
  if (sk_unpercent(p, n, back, &len) == SK_OK) {
    MUST(len <= n);
    MUST(memchr(p, '%', n) != NULL || (len == n && memcmp(back, p, n) == 0));
  } else {
    MUST(memchr(p, '%', n) != NULL);
  }
  free(back);
  free(text);
}

/* UTF-8 by the definition: decode, then see whether it was the shortest way. */
static size_t plain_sequence(const unsigned char *s, size_t n) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t size = s[0] < 0x80 ? 1 : s[0] < 0xC0 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3
                : s[0] < 0xF8 ? 4 : 0, i;
  uint32_t point = size > 1 ? s[0] & (0x7Fu >> size) : s[0];
  if (size == 0 || size > n) return 0;
  for (i = 1; i < size; i++) {
    if (s[i] >> 6 != 2) return 0;
    point = point << 6 | (s[i] & 63u);
  }
  if (point < least[size] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return 0;
  return size;
}

static void try_utf8(const char *p, size_t n) {
  size_t count = 0, points = 0, at = 0, size = 1;
  while (at < n && size > 0) {
    size = plain_sequence((const unsigned char *)p + at, n - at);
    MUST(sk_utf8_sequence(p + at, n - at) == size);
    at += size;
    count++;
  }
  if (sk_utf8_count(p, n, &points) == SK_OK) MUST(size > 0 && points == count);
  else MUST(size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  char *p = exact(in);
  int url;
  for (url = 0; url < 2; url++) {
    try_base64(p, n, url);
    try_unbase64(p, n, url);
  }
  try_percent(p, n);
  try_utf8(p, n);
  free(p);
  return 0;
}
