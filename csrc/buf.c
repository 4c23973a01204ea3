/*
** buf.c - a growing buffer that knows its ceiling, and the wipe.
*/
#include <stdlib.h>
#include <string.h>

#include "wire.h"

/* Called through a pointer that the compiler cannot see through, so that the
   call stays although nobody reads the bytes again. */
static void *(*const volatile wipe)(void *, int, size_t) = memset;

void sk_wipe(void *p, size_t n) {
  wipe(p, 0, n);
}

void sk_buf_init(sk_buf *b, size_t max) {
  memset(b, 0, sizeof *b);
  b->max = max;
}

/* Apart, so that an addition that finds room saves no register. */
__attribute__((noinline)) static sk_status grow(sk_buf *b, const void *bytes, size_t n) {
  size_t cap = b->cap ? b->cap : 256, len = b->len + n;
  char *p;
  if (n == 0) return SK_OK;
  while (cap < len) cap += cap;
  if (cap > b->max && b->max >= len) cap = b->max;
  p = (char *)malloc(cap); /* not realloc: the old block is wiped */
  if (p == NULL) return SK_NOMEM;
  if (b->len) memcpy(p, b->p, b->len);
  memcpy(p + b->len, bytes, n);
  if (b->p) {
    sk_wipe(b->p, b->cap);
    free(b->p);
  }
  b->p = p;
  b->len = len;
  b->cap = cap;
  return SK_OK;
}

sk_status sk_buf_add(sk_buf *b, const void *bytes, size_t n) {
  size_t len = b->len;
  if (n > b->max || len > b->max - n) return SK_FULL;
  if (n == 0 || len + n > b->cap) return grow(b, bytes, n);
  b->len = len + n;
  memcpy(b->p + len, bytes, n);
  return SK_OK;
}

sk_status sk_buf_adds(sk_buf *b, const char *text) {
  return sk_buf_add(b, text, strlen(text));
}

void sk_buf_shift(sk_buf *b, size_t n) {
  if (n >= b->len) {
    b->len = 0;
    return;
  }
  memmove(b->p, b->p + n, b->len - n);
  b->len -= n;
}

void sk_buf_free(sk_buf *b) {
  if (b->p) {
    sk_wipe(b->p, b->cap);
    free(b->p);
  }
  b->p = NULL;
  b->len = b->cap = 0;
}
