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

/* Apart, so that an addition that finds room needs no more than a few registers. */
__attribute__((noinline)) static sk_status grow(sk_buf *b, size_t len) {
  size_t cap = b->cap ? b->cap : 256;
  char *p;
  while (cap < len) cap += cap;
  if (cap > b->max && b->max >= len) cap = b->max;
  p = (char *)malloc(cap); /* not realloc: the old block is wiped */
  if (p == NULL) return SK_NOMEM;
  if (b->len) memcpy(p, b->p, b->len);
  if (b->p) {
    sk_wipe(b->p, b->cap);
    free(b->p);
  }
  b->p = p;
  b->cap = cap;
  return SK_OK;
}

sk_status sk_buf_add(sk_buf *b, const void *bytes, size_t n) {
  size_t len = b->len;
  if (n > b->max || len > b->max - n) return SK_FULL;
  if (len + n > b->cap && grow(b, len + n) != SK_OK) return SK_NOMEM;
  b->len = len + n;
  if (n) memcpy(b->p + len, bytes, n);
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
