/*
** head.c - walking the header lines of an answer, whatever they are: every
** line once, nothing outside them.
** Input: the head.
*/
#include "fuzz.h"
#include "loop.h"

static int blank(char c) {
  return c == ' ' || c == '\t';
}

/* Lines that have a colon and are no status line. */
static size_t count_fields(const char *p, size_t n) {
  size_t count = 0;
  while (n > 0) {
    const char *lf = (const char *)memchr(p, '\n', n);
    size_t len = lf ? (size_t)(lf - p) : n;
    count += memchr(p, ':', len) != NULL && !sk_has_prefix(p, len, "http/");
    p += len;
    n -= len;
    if (n > 0) p++, n--;
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  const char *head = (const char *)bytes, *end = head + n;
  const char *name, *value, *last = NULL;
  size_t at = 0, name_len, value_len, before = 0, count = 0;
  while (sk_next_header(head, n, &at, &name, &name_len, &value, &value_len)) {
    MUST(at > before && at <= n + 1);
    MUST(name >= (last ? last : head) && name + name_len < end);
    MUST(value > name + name_len && value + value_len <= end);
    MUST(name[name_len] == ':' && !memchr(name, ':', name_len));
    MUST(!memchr(name, '\n', name_len) && (!value_len || !memchr(value, '\n', value_len)));
    if (value_len > 0) {
      MUST(!blank(value[0]) && !blank(value[value_len - 1]) && value[value_len - 1] != '\r');
    }
    last = value + value_len;
    before = at;
    count++;
  }
  MUST(count == count_fields(head, n));
  MUST(!sk_next_header(head, n, &at, &name, &name_len, &value, &value_len));
  return 0;
}
