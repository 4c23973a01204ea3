/*
** request.c - what a transfer is going to send, checked byte by byte: nothing
** that is put in here can become another header, another host or another
** scheme.
*/
#include <stdint.h>
#include <string.h>

#include "loop.h"

int sk_has_prefix(const char *p, size_t n, const char *prefix) {
  size_t i;
  for (i = 0; prefix[i]; i++) {
    char c = i < n ? p[i] : 0;
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != prefix[i]) return 0;
  }
  return 1;
}

/* Eight bytes at a time: white space or a control character, DEL, `other`. A word
   that has none of them has none in any of its bytes; `all_ascii`: nor one from
   0x80 on. */
static int is_clean(const char *p, size_t n, char other, int all_ascii) {
  const uint64_t one = 0x0101010101010101u, top = one << 7;
  uint64_t high = all_ascii ? top : 0, bad = 0;
  for (; n > 0; p += 8) {
    uint64_t word = one * 'a', a, b;
    size_t part = n < 8 ? n : 8;
    if (n >= 8)
      memcpy(&word, p, 8);
    else
      memcpy(&word, p, part);
    a = word ^ one * 0x7f;
    b = word ^ one * (unsigned char)other;
    bad |= ((word - one * 0x21) & ~word & top) | ((a - one) & ~a & top) | ((b - one) & ~b & top) |
           (word & high);
    n -= part;
  }
  return bad == 0;
}

sk_status sk_transfer_url(sk_transfer *t, const char *url, size_t n) {
  size_t i, host;
  sk_status rc;
  host = sk_has_prefix(url, n, "http://") ? 7 : sk_has_prefix(url, n, "https://") ? 8 : 0;
  if (host == 0) return SK_INVALID;
  if (!is_clean(url, n, '\\', 0)) return SK_INVALID;
  for (i = host; i < n && url[i] != '/' && url[i] != '?' && url[i] != '#'; i++)
    if (url[i] == '@') return SK_INVALID; /* credentials do not belong in a URL */
  if (i == host) return SK_INVALID;
  t->origin = i;
  t->url.len = 0;
  rc = sk_buf_add(&t->url, url, n);
  return rc == SK_OK ? sk_buf_add(&t->url, "", 1) : rc;
}

const char *sk_transfer_asked(const sk_transfer *t, size_t *n, const sk_buf **body) {
  *n = t->url.len - 1; /* a zero byte ends it */
  *body = t->has_body ? &t->body : NULL;
  return t->url.p;
}

int sk_is_token(const char *p, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) {
    char c = p[i];
    if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
          (c && strchr("!#$%&'*+-.^_`|~", c))))
      return 0;
  }
  return n > 0;
}

sk_status sk_header_line(sk_buf *line, const char *name, size_t name_len, const char *value,
                         size_t value_len) {
  sk_status rc;
  size_t i;
  if (!sk_is_token(name, name_len)) return SK_INVALID;
  for (i = 0; i < value_len; i++) {
    unsigned char c = (unsigned char)value[i];
    if ((c < ' ' && c != '\t') || c == 0x7f) return SK_INVALID;
  }
  /* "Name;" is how libcurl is asked for an empty value; "Name:" removes it */
  if ((rc = sk_buf_add(line, name, name_len)) == SK_OK &&
      (rc = sk_buf_adds(line, value_len ? ": " : ";")) == SK_OK &&
      (rc = sk_buf_add(line, value, value_len)) == SK_OK)
    rc = sk_buf_add(line, "", 1);
  return rc;
}

void sk_transfer_headers(sk_transfer *t, sk_headers *h) {
  h->references++;
  sk_headers_release(t->headers);
  t->headers = h;
}

sk_status sk_transfer_bearer(sk_transfer *t, const char *token, size_t n) {
  static const char name[] = "Authorization: Bearer ";
  sk_status rc;
  if (!is_clean(token, n, 0, 1)) return SK_INVALID;
  t->auth.len = 0;
  if ((rc = sk_buf_add(&t->auth, name, sizeof name - 1)) == SK_OK &&
      (rc = sk_buf_add(&t->auth, token, n)) == SK_OK)
    rc = sk_buf_add(&t->auth, "", 1);
  if (rc != SK_OK) t->auth.len = 0;
  return rc;
}

sk_status sk_transfer_body(sk_transfer *t, const char *bytes, size_t n) {
  t->has_body = 1;
  return sk_buf_add(&t->body, bytes, n);
}
